"""Tables: immutable typed rows in memory, found by key, by index and through relations.

    Row         one immutable fact; its `key()` tells which
    Member      one element of a set-valued column: (relation, parent key, child)
    Index       a declared way to look rows up
    Relation    a set-valued column kept as pairs, so that adding the 10,001st element is constant work
    Database    tables and relations changed together by a Transaction
    ChangeSet   what one transaction did: the only thing other rooms react to
    buckets.py  what lies under a value of an index
    Map         an immutable mapping, for columns that are maps
    collector.py  lets Python's garbage collector rest while a whole database is made

Not here: constraints, references and the wire format of OVSDB (`ovsdb`), rules (`derive`), SQL (`cloud`).
Start reading in `row.py`, then `database.py`.
"""
