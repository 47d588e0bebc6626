"""Packet-in: what a chassis answers when a flow sends it a packet (ovn-controller's pinctrl).

    controller(userdata=opcode, arguments or nested actions)
        |
    PacketIn ──dispatch.respond──▶ Answer ...
                                     PacketOut     a packet put into the switch, with actions to run on it
                                     Resume        the same packet, changed, goes on where it was
                                     LearnMac, LearnFdb, BindVirtual, LearnMembership,
                                     ReportEvent, ProbeHeard, LogLine      observed: somebody writes them down

One file an action. Every handler is a pure function from a PacketIn to answers. What needs memory has its own noun:
`buffered.py` (packets that wait for an ARP answer), `announcements.py` (gratuitous ARP, when),
`memberships.py` (who joined which multicast group, until when),
`advertisements.py` (router advertisements that nobody asked for, when), `probes.py` (backends that are probed);
`deadlines.py` says what of many is due next.
Not here: the BFD and DHCPv6 relay actions; dispatch refuses them by name.

Start reading in `messages.py`, then `dispatch.py`.
"""
