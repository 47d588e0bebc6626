"""The OVN_Northbound schema of OVN 23.03: one row class a table, fields named as OVN's columns.

    switch.py      Logical_Switch, Logical_Switch_Port, Forwarding_Group
    router.py      Logical_Router and what hangs on it
    security.py    ACL, Address_Set, Port_Group, QoS, Meter, Mirror, Copp
    services.py    load balancers, DHCP, DNS
    control.py     NB_Global, Connection, SSL, gateway and HA chassis
    database.py    NORTHBOUND: all of them as one schema

Each row is keyed by `uuid`. Unlimited sets of references (`LogicalSwitch.ports`) and `AddressSet.addresses` are
relations of (parent uuid, child). Indexes stand beside their tables (`switch_port_by_name`). Columns in `OBSERVED`
are written by what runs below, never by derivation.
"""

from brume.northbound.schema.control import (
    SSL,
    Connection,
    GatewayChassis,
    HAChassis,
    HAChassisGroup,
    NBGlobal,
    ha_chassis_group_by_name,
)
from brume.northbound.schema.database import (
    NORTHBOUND,
)
from brume.northbound.schema.router import (
    BFD,
    NAT,
    LogicalRouter,
    LogicalRouterPolicy,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    StaticMACBinding,
    nat_by_external_ip,
    nat_by_logical_port,
    router_by_name,
    router_port_by_name,
    router_port_by_peer,
    static_mac_by_port,
)
from brume.northbound.schema.security import (
    ACL,
    AddressSet,
    Copp,
    Meter,
    MeterBand,
    Mirror,
    PortGroup,
    QoS,
    address_set_by_name,
    meter_by_name,
    port_group_by_name,
)
from brume.northbound.schema.services import (
    DNS,
    ChassisTemplateVar,
    DHCPOptions,
    LoadBalancer,
    LoadBalancerGroup,
    LoadBalancerHealthCheck,
    load_balancer_by_name,
)
from brume.northbound.schema.switch import (
    ForwardingGroup,
    LogicalSwitch,
    LogicalSwitchPort,
    switch_by_name,
    switch_port_by_name,
)

__all__ = [
    "ACL",
    "BFD",
    "DNS",
    "NAT",
    "NORTHBOUND",
    "SSL",
    "AddressSet",
    "ChassisTemplateVar",
    "Connection",
    "Copp",
    "DHCPOptions",
    "ForwardingGroup",
    "GatewayChassis",
    "HAChassis",
    "HAChassisGroup",
    "LoadBalancer",
    "LoadBalancerGroup",
    "LoadBalancerHealthCheck",
    "LogicalRouter",
    "LogicalRouterPolicy",
    "LogicalRouterPort",
    "LogicalRouterStaticRoute",
    "LogicalSwitch",
    "LogicalSwitchPort",
    "Meter",
    "MeterBand",
    "Mirror",
    "NBGlobal",
    "PortGroup",
    "QoS",
    "StaticMACBinding",
    "address_set_by_name",
    "ha_chassis_group_by_name",
    "load_balancer_by_name",
    "meter_by_name",
    "nat_by_external_ip",
    "nat_by_logical_port",
    "port_group_by_name",
    "router_by_name",
    "router_port_by_name",
    "router_port_by_peer",
    "static_mac_by_port",
    "switch_by_name",
    "switch_port_by_name",
]
