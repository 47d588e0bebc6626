"""Connection tracking: what Open vSwitch's userspace tracker (lib/conntrack.c, 3.1) makes of a packet.

    tuples.py      who talks to whom: the connection a packet, or the packet inside an ICMP error, belongs to
    states.py      new, established, closing: per protocol, and for how long
    nat.py         another address and port, not yet in use; and writing them, inside ICMP errors too
    tracker.py     zones, lookups in both directions, commits, marks, labels, limits. Start reading here

Left out: sequence numbers and windows of TCP (as with OVS's tcp-bypass-seq-chk), checksum checks, FTP and TFTP
helpers, reassembly (a later fragment goes with its first one's ports, if that came by before).
"""
