"""The client of OVSDB: a typed replica of somebody's database, and transactions on it.

    bytes -> session.py -> replica.py -> brume.tables.Database      what the server has, as our row classes
                 ^                            |
                 |                       publisher.py               our own database compared with it, row by row
                 |                            v
               <- - - - - - - - - - transaction.py                  what differs, as operations

    decoding.py      columns and rows from JSON, by readers made once a column
    replica.py       dumps and updates (v1, v2, v3) become one transaction of a `Database` each
    session.py       one connection's conversation, without a socket: _Server, monitors, locks, replies, probes
    transaction.py   operations from typed rows, and what became of them
    connection.py    the edge: sockets, several remotes, back-off, the leader of a cluster, verify and retry
    publisher.py     keeps tables of a server equal to those of a `Database` of ours

The replica's database holds what the server said and nothing else: nobody but the replica writes it. Who wants to
change rows sends a transaction (the change comes back as an update before the reply), or keeps a database of his own
and lets a publisher carry the difference.

Start reading in `replica.py`, then `connection.py`.
"""
