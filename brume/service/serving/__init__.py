"""NB and SB on sockets: the same for a cloud and a lab, whatever writes the databases.

    ovn-nbctl --unix, tcp, ssl--> Endpoint: ovsdb.server --> Store of NB --> compiler
                                                 |
                                              a file, if there is one

    databases.py NB and SB of one network together
    places.py    where to listen or whom to call: what was asked for, what is usual
    options.py   the same as options of a command
    endpoint.py  one database's sockets
    tls.py       keys for pssl: and ssl: remotes
    files.py     databases in files: opened, compacted while serving

NB and SB have an endpoint each, as they have an ovsdb-server each in OVN: who connects to one sees only that one.
"""
