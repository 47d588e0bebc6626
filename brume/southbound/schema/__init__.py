"""The OVN_Southbound schema of OVN 23.03: one row class a table, fields named as OVN's columns.

    flows.py       Datapath_Binding, Logical_Flow, Multicast_Group, Address_Set, Port_Group
    ports.py       Port_Binding, Chassis, Encap, gateway and HA chassis
    learned.py     MAC_Binding, FDB, multicast, service monitors, BFD, events
    services.py    DHCP option codes, DNS, Load_Balancer, Meter, Mirror
    control.py     SB_Global, Connection, SSL, roles
    database.py    SOUTHBOUND: all of them as one schema

Each row is keyed by `uuid`, but a `LogicalFlow`: its identity is what it says, and `row_uuid` derives its uuid.
Unlimited sets of references (`MulticastGroup.ports`), `AddressSet.addresses` and `PortGroup.ports` are relations of
(parent uuid, child). Indexes stand beside their tables (`port_binding_by_logical_port`). Columns in `OBSERVED` are
written by chassis, never by derivation.
"""

from brume.southbound.schema.control import (
    SSL,
    Connection,
    RBACPermission,
    RBACRole,
    SBGlobal,
)
from brume.southbound.schema.database import (
    SOUTHBOUND,
)
from brume.southbound.schema.flows import (
    AddressSet,
    DatapathBinding,
    LogicalDPGroup,
    LogicalFlow,
    MulticastGroup,
    PortGroup,
    address_set_by_name,
    datapath_by_tunnel_key,
    flow_by_datapath,
    flow_cookie,
    flow_uuid,
    multicast_group_by_datapath,
    multicast_group_by_name,
    multicast_group_by_tunnel_key,
    port_group_by_name,
    row_uuid,
)
from brume.southbound.schema.learned import (
    BFD,
    FDB,
    ControllerEvent,
    IGMPGroup,
    IPMulticast,
    MACBinding,
    ServiceMonitor,
    StaticMACBinding,
    fdb_by_datapath_key,
    fdb_by_mac,
    mac_binding_by_datapath,
    mac_binding_by_port_and_ip,
    static_mac_binding_by_datapath,
)
from brume.southbound.schema.ports import (
    Chassis,
    ChassisPrivate,
    Encap,
    GatewayChassis,
    HAChassis,
    HAChassisGroup,
    PortBinding,
    chassis_by_name,
    chassis_private_by_name,
    encap_by_chassis_name,
    ha_chassis_group_by_name,
    port_binding_by_chassis,
    port_binding_by_datapath,
    port_binding_by_logical_port,
    port_binding_by_parent_port,
    port_binding_by_tunnel_key,
)
from brume.southbound.schema.services import (
    DNS,
    ChassisTemplateVar,
    DHCPOptions,
    DHCPv6Options,
    LoadBalancer,
    Meter,
    MeterBand,
    Mirror,
    dhcp_option_by_name,
    dhcpv6_option_by_name,
    meter_by_name,
)

__all__ = [
    "BFD",
    "DNS",
    "FDB",
    "SOUTHBOUND",
    "SSL",
    "AddressSet",
    "Chassis",
    "ChassisPrivate",
    "ChassisTemplateVar",
    "Connection",
    "ControllerEvent",
    "DHCPOptions",
    "DHCPv6Options",
    "DatapathBinding",
    "Encap",
    "GatewayChassis",
    "HAChassis",
    "HAChassisGroup",
    "IGMPGroup",
    "IPMulticast",
    "LoadBalancer",
    "LogicalDPGroup",
    "LogicalFlow",
    "MACBinding",
    "Meter",
    "MeterBand",
    "Mirror",
    "MulticastGroup",
    "PortBinding",
    "PortGroup",
    "RBACPermission",
    "RBACRole",
    "SBGlobal",
    "ServiceMonitor",
    "StaticMACBinding",
    "address_set_by_name",
    "chassis_by_name",
    "chassis_private_by_name",
    "datapath_by_tunnel_key",
    "dhcp_option_by_name",
    "dhcpv6_option_by_name",
    "encap_by_chassis_name",
    "fdb_by_datapath_key",
    "fdb_by_mac",
    "flow_by_datapath",
    "flow_cookie",
    "flow_uuid",
    "ha_chassis_group_by_name",
    "mac_binding_by_datapath",
    "mac_binding_by_port_and_ip",
    "meter_by_name",
    "multicast_group_by_datapath",
    "multicast_group_by_name",
    "multicast_group_by_tunnel_key",
    "port_binding_by_chassis",
    "port_binding_by_datapath",
    "port_binding_by_logical_port",
    "port_binding_by_parent_port",
    "port_binding_by_tunnel_key",
    "port_group_by_name",
    "row_uuid",
    "static_mac_binding_by_datapath",
]
