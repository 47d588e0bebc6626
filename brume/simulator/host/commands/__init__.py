"""Commands of a simulated host's console, one file each.

    ip.py (ip_change.py: add, del, set), arp.py, arping.py, hostname.py      what the host has and knows
    dhclient.py                                                              ask for addresses
    ping.py, traceroute.py                                                   measure
    nc.py (listen.py: nc -l), curl.py                                        connect
    host.py                                                                  ask for names
    words.py                                                                 command lines, as getopt reads them

A file has `run(host, argv, job)`: it reads its words with `words.py`, prints on the job, and finishes it, now or from
a callback. What measures (`Ping`, `Traceroute`) or connects (`Tcp`) is not here: here is how it is asked for and
printed.

Start reading in `ping.py`.
"""
