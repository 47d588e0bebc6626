"""Translation of addresses (NAT): floating IPs (dnat_and_snat), SNAT and DNAT, at a router's gateway port.

    places.py     where a translation is done: at the gateway's chassis, or (distributed) at the port's own
    outside.py    with which addresses outside, and with which ports
    inbound.py    undo SNAT on replies, floating IP to fixed IP
    outbound.py   undo DNAT on replies, fixed IP to floating IP or to the router's address
    arp.py        answer for the outside addresses, find their MAC from inside
    force_snat.py   an address of the router as source of connections that were translated or balanced
    gateway_router.py   all of it, on a router that lives on one chassis as a whole
    loopback.py   what is for another translated address of the same router comes in again

A packet from outside meets: undo SNAT, DNAT, routing; one from inside: routing, undo DNAT, SNAT. Replies are
recognised by connection tracking, so each connection is translated the same way both ways.
"""
