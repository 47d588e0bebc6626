"""Logical actions to OpenFlow actions: what ovn-controller's ovnacts_encode does.

    steps of brume.expressions ──encode.encode_steps(steps, context)──▶ brume.openflow.messages.actions

    context.py       what an encoding depends on besides the step: pipeline, kind of datapath, port numbers
    basic.py         output, next, assignments, stack, TTL, queue
    conntrack.py     ct_next, ct_commit, NAT
    choice.py        ct_lb, select, fwd_group, set_meter: groups that choose, meters that limit
    lookups.py       tables that answer a question: MAC bindings, FDB, port security
    next_hops.py     commit_ecmp_nh, affinity.py: commit_lb_aff: flows that the switch learns
    controller.py    steps that the controller carries out on a packet: arp {}, icmp4 {}, put_arp, log ...
    dhcp.py          put_dhcp_opts, put_dhcpv6_opts; router_advertisement.py: put_nd_ra_opts
    encode.py        which step is encoded by whom

A step that is not encoded here raises CannotEncode with its name; the flow it stands in becomes a Problem row.
Start reading in `encode.py`.
"""
