"""The commands: `brume exec`, `trace`, `flows`, `pcap`, `status`, `down` talk to a running cloud through its control
socket; `brume up`, which starts one, is in `service`.

    paths.py      where a cloud keeps its state, and what the files there are called
    control.py    the control protocol, and its client
    commands.py   the commands
    certificate.py  keys for clients of NB and SB: the only command that needs nothing running

The control socket is a Unix socket with mode 0600 in the data directory: whoever may read the directory is the
operator of that cloud. Nothing of it is reachable over the network.
"""
