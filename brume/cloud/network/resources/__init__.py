"""The declarations of Neutron's resources; from them come tables, validation and JSON.

    network          Network, SegmentAllocation              router           Router, FloatingIp
    subnet           Subnet, Pool, Route                     security_group   SecurityGroup, SecurityGroupRule, ...
    port             Port, FixedIp, IpAllocation, ...        chassis          Chassis, shown as agents
    standard         what all of them have

The rules about them lie beside this folder, one noun a file. Attributes that Neutron has and that are not declared
(qos_policy_id, address scopes, ...) are shown with Neutron's empty value by the face and refused in requests.
"""

from brume.cloud.network.resources.chassis import Chassis
from brume.cloud.network.resources.network import Network, SegmentAllocation
from brume.cloud.network.resources.port import (
    AddressPair,
    DhcpOption,
    FixedIp,
    IpAllocation,
    Port,
    PortSecurityGroup,
)
from brume.cloud.network.resources.router import FloatingIp, GatewayInfo, Router
from brume.cloud.network.resources.security_group import DefaultSecurityGroup, SecurityGroup, SecurityGroupRule
from brume.cloud.network.resources.standard import Standard
from brume.cloud.network.resources.subnet import Pool, Route, Subnet

__all__ = [
    "AddressPair",
    "Chassis",
    "DefaultSecurityGroup",
    "DhcpOption",
    "FixedIp",
    "FloatingIp",
    "GatewayInfo",
    "IpAllocation",
    "Network",
    "Pool",
    "Port",
    "PortSecurityGroup",
    "Route",
    "Router",
    "SecurityGroup",
    "SecurityGroupRule",
    "SegmentAllocation",
    "Standard",
    "Subnet",
]
