"""Storage: a database in a file, in the standalone format of ovsdb(5), shared with ovsdb-server and ovsdb-tool.

    open:    log.py records -> readers.py, contents.py rows -> checks.py -> a store
    append:  change set -> writing.py -> log.py
    compact: rows -> compaction.py -> a new log in the old one's place

    file.py         open_file, DatabaseFile: what others use
    loading.py      a log to its end, torn records, other versions of the schema
    contents.py     records folded into rows; readers.py: how their columns are read
    checks.py       references and indexes of what was read
    gathering.py    several change sets as one
    writing.py      change sets and rows as records
    compaction.py   a snapshot in slices, and when it is due
    log.py          records on disk: torn tails, failed writes, replacement
    lock.py         the lock that ovsdb-server takes too

Start reading in `file.py`. A file in the cluster format is refused: `ovsdb-tool cluster-to-standalone` makes a
standalone one of it.
"""
