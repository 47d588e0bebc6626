"""Logical flows of routers, a file for each thing a router does, in the order a packet meets them.

    admission.py         take only what is addressed to the router          lr_in_admission
    neighbors.py         who sent this, learn its MAC                       lr_in_lookup_neighbor, lr_in_learn_neighbor
    martians.py          addresses that no packet may have                  lr_in_ip_input
    own_addresses.py     answer for the router's own addresses              lr_in_ip_input
    bfd.py               packets that watch next hops                       lr_in_ip_input
    time_exceeded.py     packets that have been on their way too long       lr_in_ip_input
    nat/                 floating IPs and SNAT                              lr_in_unsnat ... lr_out_snat
    load_balancing/      connections to virtual addresses         lr_in_defrag, lr_in_dnat, lr_out_undnat
    advertisements.py    answer IPv6 router solicitations                   lr_in_nd_ra_options, lr_in_nd_ra_response
    routing.py           next hop and port                                  lr_in_ip_routing_pre, lr_in_ip_routing
    routable.py          addresses of other routers that ask for a route    lr_in_ip_routing, lr_in_arp_resolve
    ecmp.py              one of several equal routes                        lr_in_ip_routing_ecmp, lr_in_ecmp_stateful
    policies.py          exceptions to the routes                           lr_in_policy, lr_in_policy_ecmp
    arp_resolve.py       next hop to MAC                                    lr_in_arp_resolve
    multicast.py         groups that somebody behind the router joined      lr_in_ip_input, lr_in_ip_routing
    virtual_ports.py     addresses that move from port to port               lr_in_arp_resolve, lr_in_gw_redirect
    packet_length.py     what is too long for the way out                   lr_in_chk_pkt_len, lr_in_larger_pkts
    gateway.py           to the chassis where the gateway is                lr_in_gw_redirect
    arp_request.py       ask for a MAC that is not known                    lr_in_arp_request
    delivery.py          out of the port                                    lr_out_delivery
    ports.py             small questions about router ports that several of these ask

A gateway port is a router port that lives on one chassis at a time; `is_chassis_resident("cr-<port>")` is true there.
"""
