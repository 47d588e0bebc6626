"""What a security group rule may say. Pure: values in, canonical values out, or an error in Neutron's words."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from brume.cloud.network.protocols import ICMP, ICMPV6, IPV6_ONLY, WITH_PORTS, protocol_number
from brume.cloud.network.records import Values
from brume.cloud.network.security_group_errors import (
    SecurityGroupEthertypeConflictWithProtocol,
    SecurityGroupInvalidIcmpValue,
    SecurityGroupInvalidPortRange,
    SecurityGroupInvalidPortValue,
    SecurityGroupInvalidProtocolForPort,
    SecurityGroupMissingIcmpType,
    SecurityGroupMultipleRemoteEntites,
    SecurityGroupNotFound,
    SecurityGroupProtocolRequiredWithPorts,
    SecurityGroupRuleParameterConflict,
)
from brume.values import InterfaceAddress

ANYWHERE = ("0.0.0.0/0", "::/0", None)
ALL_PORTS = (1, 65535)
COMPARED = (
    "direction",
    "ethertype",
    "port_range_max",
    "port_range_min",
    "remote_group_id",
    "remote_address_group_id",
    "security_group_id",
)


def checked(values: Values) -> dict[str, Any]:
    """The values in canonical form."""
    rule = {
        "ethertype": "IPv4",
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        **values,
    }
    rule["protocol"] = canonical_protocol(rule["ethertype"], rule["protocol"])
    if (rule["port_range_min"], rule["port_range_max"]) == ALL_PORTS:
        rule["port_range_min"] = rule["port_range_max"] = None
    _check_ports(rule)
    _check_prefix(rule)
    if rule["ethertype"] == "IPv4" and rule["protocol"] in IPV6_ONLY:
        raise SecurityGroupEthertypeConflictWithProtocol(ethertype="IPv4", protocol=rule["protocol"])
    remotes = ("remote_ip_prefix", "remote_group_id", "remote_address_group_id")
    if sum(bool(rule.get(name)) for name in remotes) > 1:
        raise SecurityGroupMultipleRemoteEntites()
    if rule.get("remote_address_group_id"):
        raise SecurityGroupNotFound(f"Address group {rule['remote_address_group_id']} could not be found.")
    return rule


def canonical_protocol(ethertype: str, protocol: str | None) -> str | None:
    """ICMP over IPv6 by its one right name."""
    if ethertype == "IPv6":
        if protocol in ("icmp", "icmpv6"):
            return "ipv6-icmp"
        if protocol == str(ICMP):
            return str(ICMPV6)
    return protocol


def _check_ports(rule: dict[str, Any]) -> None:
    low, high = rule["port_range_min"], rule["port_range_max"]
    if low is None and high is None:
        return
    if not rule["protocol"]:
        raise SecurityGroupProtocolRequiredWithPorts()
    number = protocol_number(rule["protocol"])
    if number in WITH_PORTS.values():
        if low == 0 or high == 0:
            raise SecurityGroupInvalidPortValue(port=0)
        if low is None or high is None or low > high:
            raise SecurityGroupInvalidPortRange()
    elif number in (ICMP, ICMPV6):
        _check_icmp(low, high)
    else:
        shown = ", ".join(name.upper() for name in WITH_PORTS)
        raise SecurityGroupInvalidProtocolForPort(protocol=number, valid_port_protocols=shown)


def _check_icmp(kind: int | None, code: int | None) -> None:
    for attribute, field, value in (("port_range_min", "type", kind), ("port_range_max", "code", code)):
        if value is not None and not 0 <= value <= 255:
            raise SecurityGroupInvalidIcmpValue(field=field, attr=attribute, value=value)
    if kind is None and code is not None:
        raise SecurityGroupMissingIcmpType(value=code)


def _check_prefix(rule: dict[str, Any]) -> None:
    text = rule["remote_ip_prefix"]
    if not text:
        rule["remote_ip_prefix"] = rule["normalized_cidr"] = None
        return
    prefix = InterfaceAddress.parse(text).prefix
    if rule["ethertype"] != f"IPv{prefix.version}":
        raise SecurityGroupRuleParameterConflict(ethertype=rule["ethertype"], cidr=text)
    rule["normalized_cidr"] = str(prefix)


def identity_of(rule: Values) -> Hashable:
    """What makes two rules the same to Neutron: anywhere equals no prefix, a protocol equals its number."""
    prefix = rule.get("remote_ip_prefix")
    protocol = protocol_number(rule.get("protocol"))
    return (*(rule.get(name) for name in COMPARED), None if prefix in ANYWHERE else prefix, protocol)
