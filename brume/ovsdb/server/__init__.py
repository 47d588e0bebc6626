"""An OVSDB server: what ovsdb-server 3.1 does for its clients, as sans-IO sessions and a thin edge of sockets.

    octets -> session.py: Session --- methods.py --> host.py: Host -> served.py: Served --> transact, keeping.py
    octets <- output.py: Output  <-- groups.py: updates, made once <-- watchers.py <-- change sets

    host.py         databases served together, and the sessions that talk to them; `_Server`
    served.py       one database: its transactions, and in which order others hear of them
    keeping.py      when what happened is written     watchers.py    who is told of it
    session.py      one client's conversation, without sockets: give it octets, take octets from its output
    methods.py      what each method answers
    requests.py     monitor requests, read
    watching.py     one table as a monitor sees it     conditions.py  which of its rows
    changes.py      what a change set did, by row      groups.py      equal monitors, told together
    dumps.py        everything they see                pieces.py      printed while somebody reads
    history.py      the last transactions, by id       merging.py     and what those missed who do not read
    locks.py        who holds which lock               waiting.py     transactions that `wait`
    output.py       what a client has not read yet, bounded
    server.py       the edge: a host and its entrances
    entrance.py     remotes, and on which terms        sockets.py     one client's socket
    listener.py     ptcp, pssl, punix: listened on     caller.py      tcp, ssl, unix: called (backoff.py: how often)
    connections.py  remotes that a database's rows ask for

Whoever changes a served database - a client, a compiler - does it through `Database.apply`; its change set goes to
the file first, then to the monitors. A transaction is answered when its record is written; its own updates come
before its answer. Time, timers and ids are given to the host. Start reading in `host.py`.
"""
