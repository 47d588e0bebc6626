"""What one chassis installs in br-int, beside and out of the shared flows.

    southbound ─────────────┐
    own rows (rows.py) ─────┼─Engine(CHASSIS_RULES)──▶ PhysicalFlow ──┐
    shared multicast reach ─┘                                         ├─▶ installer ──▶ FlowChange ...
    shared flows ──union (places, residences)─────────────────────────┘

    stage.py       puts it together; what the simulator's chassis and the agent use
    locality.py    which datapaths are local: those with a port here, and what patch ports lead to
    neighborhood.py    what is there: local datapaths, ports, groups, zones, places
    nearness.py    which ports of a local datapath a chassis has to do with
    binding.py     claiming ports: the observed columns of Port_Binding
    gateways.py    where a gateway port is
    zones.py       connection tracking zones
    union.py       the shared flows that are wanted here
    installer.py   flows from several makers, one flow in the switch
    registration.py    the chassis's own rows: Chassis, Encap, Chassis_Private
    resolving.py   names that the southbound knows
    memberships.py who joined which multicast group, as rows
    learning.py    what packets teach, as rows       announcing.py   what to announce by gratuitous ARP
    probing.py     which backends of load balancers to probe
    advertising.py which routers to advertise
    peers.py       the other chassis, to each of which a tunnel leads

    physical flows (ovn-controller's physical.c), as rules over the chassis's rows:
    fixed.py  tunnels.py  ports.py (and vif.py, patch.py, redirect.py, localnet.py, remote.py)  multicast.py
    local_output.py  secured_ports.py (and port_security*.py)
    common.py      encapsulation and metadata, the words these share

Start reading in `rows.py`, then `stage.py`.
"""
