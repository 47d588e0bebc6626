"""The client of OVSDB: a typed replica of somebody's database, and transactions on it.

    bytes -> session.py -> replica.py -> brume.tables.Database      what the server has, as our row classes
                 ^                            |
                 |                      working_copy.py             a database of ours: the same, with our changes in it
                 |                            v
               <- - - - - - - - - - transaction.py                  what differs, as operations

    decoding.py      rows from JSON, by readers made once a table
    replica.py       dumps and updates (v1, v2, v3) become one transaction of a `Database` each
    events.py        what a session tells: synchronized, updated, answered, a lock came or went; and the order to leave
    conversation.py  the messages of one connection, without a socket: requests, answers, signs of life
    locks.py         which locks a client wants, and has
    conditions.py    which rows it wants, while it watches
    session.py       one client and one server after the other: _Server, monitors, what is told
    encoding.py      rows as JSON, by writers made once a table
    transaction.py   operations from typed rows, and what became of them
    link.py          the edge: one socket that a session talks over
    pauses.py        how long to wait before the next server, or the next attempt
    connection.py    several remotes, back-off, the leader of a cluster; transactions, tried until they are answered
    unsent.py        what a working copy has written and the server has not answered for
    parts.py         what a refused proposal is divided into
    working_copy.py  what a compiler or a chassis writes into a `Database` is sent, what others write arrives there

The replica's database holds what the server said and nothing else: nobody but the replica writes it. Who wants to
change rows sends a transaction (the change comes back as an update before the reply), or works in a working copy.

Start reading in `replica.py`, then `connection.py`.
"""
