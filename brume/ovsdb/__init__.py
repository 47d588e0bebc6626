"""OVSDB (RFC 7047): typed tables, references that hold, transactions with ovsdb-server's answers.

    request (JSON) -> transact.py -> operations.py -> work.py: drafts over a store
                                                        |  integrity.py, unique.py: may it be?
                                                        v
                                                brume.tables.Database -> change set -> derivation, monitors

    types.py columns.py schema.py    what a table is: row classes, and their .ovsschema JSON
    schema_reader.py members.py      the same, read from JSON
    data.py data_text.py rows.py     values between Python, JSON and the text of messages
    codecs.py                        the same for a column, compiled: what transactions and monitors call
    codecs.py                        the same for each column, compiled
    conditions.py mutations.py       the small languages of `where` and `mutations`
    store.py                         a database through its schema: uuids, who refers to whom, versions
    drafts.py work.py operations.py  a transaction while it runs
    integrity.py unique.py           what must hold when it commits
    consequences.py                  the same for what rules write beside rows of others
    errors.py json_text.py           the error object, and JSON as messages print it
    differences.py                   what turns one value into another, for files and monitors
    data_text_reader.py              values as people write them after `ovn-nbctl set`

Start reading in `columns.py`, then `transact.py`. The northbound and southbound schemas are declared with it.

Around it:

    wire/      JSON messages on a byte stream        server/   databases served, sessions, monitors, locks
    client/    replicas of somebody's database       storage/  databases in files that ovsdb-server reads too
    tls.py     contexts for `ssl:`                   authority.py  keys and certificates for them, of one's own

The server calls `transact` with `random_uuid`, the locks of the session and the milliseconds since the first try; its
change set goes to the file, then to the monitors, and then the client is answered.
"""
