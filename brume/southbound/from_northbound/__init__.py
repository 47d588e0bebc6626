"""The rules from the northbound to the southbound, one feature a file.

    facts/      what several rules need to know, as rows of their own: ports with their addresses, where port groups are
    bindings/   southbound rows that are not flows: datapaths, ports, groups, sets
    switch/     logical flows of switches, a file for each thing a switch does
    router/     logical flows of routers
    flows.py    how a rule writes a flow
    balancing.py, affinity.py   how the choice of a backend is written, on switches and on routers
    rules.py    all of them, in three layers

A rule reads what it needs and nothing that grows: a fact about a whole switch ("some port has an unknown address") is
a row of its own, made by every port that makes it true.

A flow that a northbound row is the reason for says so: `flow(..., hint=row.uuid)`, its stage-hint, for ovn-detrace
and other readers of OVN. It is what ovn-northd writes, and no part of the flow's identity. Of several rows that make
the same flow the one with the least uuid is named.
"""
