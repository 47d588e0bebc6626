"""Southbound rows that are not flows.

    datapaths.py         Datapath_Binding
    ports.py             Port_Binding of switch and router ports
    gateways.py          Port_Binding of gateway ports on their chassis, HA_Chassis_Group
    nat_addresses.py     what a gateway announces for its router (gratuitous ARP)
    router_advertisements.py  what chassis advertise for a router port: options of its Port_Binding
    static_neighbors.py  Static_MAC_Binding
    bfd.py               BFD
    load_balancers.py    Load_Balancer
    service_monitors.py  Service_Monitor
    multicast_groups.py  Multicast_Group: whom a flood reaches
    meters.py            Meter, Meter_Band
    sets.py              Address_Set, Port_Group
    mirrors.py           Mirror, and whose packets are copied
    multicast.py         IP_Multicast; Multicast_Group of who joined a group
    missing_sets.py      matches that name sets that are not there
    deployment.py        SB_Global, DHCP_Options and DHCPv6_Options (the codes of options)
    roles.py             RBAC_Role, RBAC_Permission: what a chassis may change
    unreadable.py        networks and DNS records that nobody can read
    problems.py          what of the northbound could not be understood

Rows keep the uuid of the northbound row they stand for, so that neither needs to be looked up to find the other.
"""
