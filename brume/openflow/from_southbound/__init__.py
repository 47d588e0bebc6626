"""Southbound rows to flows that every chassis shares: rules, one feature a file.

    logical_flows.py      a logical flow, on each of its datapaths
    set_elements.py       the elements of address sets and port groups: one flow each
    neighbors.py          MAC_Binding and Static_MAC_Binding: next hops
    stations.py           FDB: learned MAC addresses
    load_balancers.py     who asks a load balancer and is chosen itself
    multicast_reach.py    which chassis have a port in a multicast group
    names.py              what a match or action may ask for: numbers of ports, sets, groups
    residences.py         is_chassis_resident(): a flow for each outcome, tagged with its condition
    matches.py            the matches of a translation as matches of OpenFlow
    conjunctions.py       their conjunction ids, the same on every run
    actions/              logical actions to OpenFlow actions

A flow depends on the chassis in two ways only, and both are tags (`brume.openflow.rows`): its place (a datapath, and
perhaps a port of it), and residence conditions. What else depends on the chassis is in `brume.openflow.chassis`.

Start reading in `logical_flows.py`.
"""
