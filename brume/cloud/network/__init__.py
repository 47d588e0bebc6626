"""The network as tenants ask for it: Neutron's resources and the rules about them.

    resources/           what there is: one declaration a noun       settings    what an operator decides
    networks  segments   networks, and the identifiers they take     records     identity, times, revision, quota
    subnets              ranges, gateways, pools                     checks      values in Neutron's words
    ports     addresses  ports, and how they get their addresses     errors      Neutron's errors
    binding              where a port's host has its end             *_errors    routers, groups
    routers   interfaces  gateways  gateway_scheduling               floating_ips  floating_addresses
    security_groups      rule_checks  protocols                      agents      chassis as observed

    face (apis/network) --values--> rule --rows--> store --commit--> northbound

A rule takes (context, session, settings, ...) and answers rows, or raises one of `errors`; what it wrote before it
raised is undone with the transaction. Observed state comes in by `ports.set_port_status` and `agents.observe_chassis`.
Start reading in `ports.py`.
"""
