"""OVSDB (RFC 7047): typed tables, references that hold, transactions with ovsdb-server's answers.

    request (JSON) -> transact.py -> operations.py -> work.py: drafts over a store
                                                        |  integrity.py, unique.py: may it be?
                                                        v
                                                brume.tables.Database -> change set -> derivation, monitors

    types.py columns.py schema.py    what a table is: row classes, and their .ovsschema JSON
    schema_reader.py members.py      the same, read from JSON
    data.py data_text.py rows.py     values between Python, JSON and the text of messages
    codecs.py                        the same for a column, compiled: what transactions and monitors call
    conditions.py mutations.py       the small languages of `where` and `mutations`
    store.py                         a database through its schema: uuids, who refers to whom, versions
    drafts.py work.py operations.py  a transaction while it runs
    integrity.py unique.py           what must hold when it commits
    errors.py json_text.py           the error object, and JSON as messages print it

Start reading in `columns.py`, then `transact.py`. The northbound and southbound schemas are declared with it.

Not here yet, and where it will sit: the wire. `session.py` (one client's conversation, without sockets: echo, list_dbs,
get_schema, transact, monitor, lock), `monitor.py` (a `ChangeSet` of a `Store` as update messages; `Database.subscribe`
is where it listens), `waiting.py` (transactions whose `Outcome.results` is None, tried again after each change set),
`log_file.py` (change sets as ovsdb-server's log), `server.py` and `client.py` (the sockets). They call `transact` with
`random_uuid`, the locks of the session and the milliseconds since the first try, and keep the outcome's `durable`
promise. Who may do what (RBAC) is decided in the session, before `transact`.
"""
