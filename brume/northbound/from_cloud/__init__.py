"""Rules from the cloud's rows to OVN_Northbound: one feature a file.

    names           how OVN's rows are called, and their uuids: the one place
    facts           what rules read of other rows, behind `@derived`, so that a revision number disturbs nobody
    networks        Network            -> Logical_Switch, localnet port
    ports           Port               -> Logical_Switch_Port, membership in port groups
    virtual_ports   which ports are virtual: reserved addresses that others may use
    dhcp            Subnet, Port       -> DHCP_Options, by the names of dhcp_names, in the notation of dhcp_values
    routers         Router             -> Logical_Router, extra routes
    router_ports    Port               -> Logical_Router_Port, gateway chassis, default routes, SNAT
    floating_ips    FloatingIp         -> NAT (dnat_and_snat)
    security_groups SecurityGroup(Rule)-> Port_Group, ACL
    rules           all of them

A rule reads through `facts` and never a whole set that grows with the network: one port costs a constant number of
rules. Where Neutron writes a random value (the DHCP server's MAC), these derive one from identities.
"""
