"""OVSDB (RFC 7047): typed tables, references that hold, transactions with ovsdb-server's answers - and on the wire.

    request (JSON) -> transact.py -> operations.py -> work.py: drafts over a store
                                                        |  integrity.py, unique.py: may it be?
                                                        v
                                                brume.tables.Database -> change set -> files, monitors, derivation

Values and schemas:
    types.py columns.py schema.py    what a table is: row classes, and their .ovsschema JSON
    schema_reader.py members.py      the same, read from JSON
    data.py codecs.py rows.py        values between Python and JSON; columns compiled to functions
    data_text.py json_text.py        values and JSON as messages and command lines print them
    encoding.py                      JSON as log files and connections have it
    data_text_reader.py              values as people write them after `ovn-nbctl set`
    errors.py                        the error object
    served_databases.py              `_Server`: what a server says it serves, for whom it is of use
    differences.py                   what turns one value into another: in log files, and in `update2`

Transactions:
    conditions.py mutations.py       the small languages of `where` and `mutations`
    store.py                         a database through its schema: uuids, who refers to whom, versions
    drafts.py work.py operations.py  a transaction while it runs
    permissions.py                   who may change what: roles of clients (RBAC)
    integrity.py unique.py           what must hold when it commits
    consequences.py                  the same for what rules write beside rows of others

Rooms of their own, each with its page:
    wire/      JSON-RPC messages on a stream, and how remotes are written; both sides use it
    server/    sessions, monitors, locks, listeners: what ovsdb-server does for its clients
    client/    a typed copy of a server's database, and transactions that are tried again
    storage/   a database in a file that ovsdb-tool and ovsdb-server open too
    tls.py authority.py              `ssl:`: contexts, and certificates of an authority of one's own
    bootstrap.py                     and how a client learns of another's
    whole_files.py                   how keys and certificates are written

Start reading in `columns.py`, then `transact.py`, then `server/host.py`. The northbound and southbound schemas are
declared with it.
"""
