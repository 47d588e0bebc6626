"""Facts: what the northbound says, put so that rules need constant work.

    addresses.py   the texts in which the northbound gives addresses, parsed
    ports.py       SwitchPort, RouterPort, and SwitchHas: what is true of a switch because of some port
    multicast.py   snooping, and who joined which multicast group
    relayed.py     groups that routers pass on
    virtual_ports.py   VirtualPort: a port without an interface, whose address several others may have
    groups.py      GroupPlacement: a port group has ports on a switch
    acls.py        AclPlacement: an ACL applies to a switch (its own, or a port group's); SwitchAcls: it has some
    load_balancers.py   BalancedVip: a virtual address of a load balancer and its backends
    balanced.py    VipOnSwitch, VipOnRouter and others: where load balancers are, and what they make true of a router
    probes.py      Probe: a backend is to be asked whether it lives
    nat.py         RouterNat: a translation of a router; RouterHas: what is true of a router because of one
    routes.py      Route: a static route that can be used; EcmpGroup: several lead to one destination
    policies.py    EcmpPolicy: a routing policy that chooses among next hops
    bfd.py         BfdSession: a session of the northbound, and whether a route depends on it
    settings.py    NB_Global's options, as far as rules heed them

Facts are rows derived from the northbound by rules, in two layers: `acls` reads what `groups` made. Nothing here is
written to any database outside.
"""
