"""Logical flows of switches, a file for each thing a switch does, in the order in which a packet meets it.

    admission.py         who may send and receive: port security, disabled ports, VLAN tags
    learning.py          learn the MACs behind ports with unknown addresses
    tracking.py          which packets go through connection tracking
    acl_hints.py         which kinds of ACL can concern a connection in this state
    acls.py              ACLs: allow, drop, reject
    acl_defaults.py      what passes or drops whatever the ACLs say, and what no ACL speaks of
    stateful.py          commit the connections that ACLs allowed
    load_balancing.py    give a new connection to a virtual address a backend
    affinity.py          and the next one of the same client the same
    hairpin.py           backends that ask their own load balancer
    health_checks.py     answer for the address that backends are probed from
    quality_of_service.py  mark packets, limit their rate
    arp_nd.py            answer ARP and neighbour solicitations
    virtual_ports.py     who has a virtual port's address now
    forwarding_groups.py   an address whose connections are spread over ports
    dhcp.py, dhcpv6.py   answer DHCP
    dns.py               answer DNS queries
    external.py          ports outside the cloud, served by one chassis
    l2_lookup.py         find the port of the destination MAC; flood
    multicast.py         multicast only to who joined
    router_addresses.py  ARP requests for a router's addresses go to that router

A rule on `LogicalSwitch` writes what every switch has, a rule on `SwitchPort` what a port adds.
"""
