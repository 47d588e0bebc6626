"""SecurityGroup -> Port_Group; SecurityGroupRule -> ACL; and the group that drops what no rule allows.

Matches are written as ML2/OVN writes them, down to the blank. A remote group is matched by the address set that
northd makes of that group's port group.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.cloud.network.protocols import ICMP, ICMPV6, protocol_number
from brume.cloud.network.resources import SecurityGroup, SecurityGroupRule
from brume.derive.rules import rule
from brume.derive.view import View
from brume.northbound.from_cloud import names
from brume.northbound.from_cloud.facts import Cloud, is_stateful
from brume.northbound.schema import ACL, PortGroup
from brume.tables.map import Map
from brume.tables.row import Member
from brume.values import derive_uuid

PRIORITY_ALLOW = 1002
PRIORITY_DROP = 1001
"""ML2/OVN up to 2025; newer ones make room between the two and drop at 1000."""

TRANSPORT = {6: "tcp", 17: "udp", 132: "sctp"}


@rule(Cloud)
def drop_group(cloud: Cloud, view: View) -> Iterator[PortGroup | ACL | Member]:
    """Every port with port security is in this group: what no rule allows is dropped."""
    group = names.group_uuid(names.DROP_GROUP)
    yield PortGroup(uuid=group, name=names.DROP_GROUP)
    for direction, side in (("from-lport", "inport"), ("to-lport", "outport")):
        uuid = derive_uuid("ACL", names.DROP_GROUP, direction)
        yield ACL(
            uuid=uuid,
            priority=PRIORITY_DROP,
            direction=direction,  # type: ignore[arg-type]
            match=f"{side} == @{names.DROP_GROUP} && ip",
            action="drop",
        )
        yield Member(PortGroup.acls, group, uuid)


@rule(SecurityGroup)
def port_group(group: SecurityGroup, view: View) -> Iterator[PortGroup]:
    """The group of the ports that have it."""
    name = names.group_name(group.id)
    yield PortGroup(uuid=names.group_uuid(name), name=name, external_ids=Map({"neutron:security_group_id": group.id}))


@rule(SecurityGroupRule)
def allow(wanted: SecurityGroupRule, view: View) -> Iterator[ACL | Member]:
    """A rule allows; whether it remembers connections is the group's choice."""
    stateful = is_stateful(view, wanted.security_group_id)
    if stateful is None:
        return
    uuid = derive_uuid("ACL", wanted.id)
    yield ACL(
        uuid=uuid,
        priority=PRIORITY_ALLOW,
        direction="to-lport" if wanted.direction == "ingress" else "from-lport",
        match=match_of(wanted),
        action="allow-related" if stateful else "allow-stateless",
        external_ids=Map({"neutron:security_group_rule_id": wanted.id}),
    )
    yield Member(PortGroup.acls, names.group_uuid(names.group_name(wanted.security_group_id)), uuid)


def match_of(wanted: SecurityGroupRule) -> str:
    """The rule as a match."""
    ingress = wanted.direction == "ingress"
    family = "ip4" if wanted.ethertype == "IPv4" else "ip6"
    parts = [f"{'outport' if ingress else 'inport'} == @{names.group_name(wanted.security_group_id)}", family]
    remote = f"{family}.{'src' if ingress else 'dst'}"
    if wanted.normalized_cidr:
        parts.append(f"{remote} == {wanted.normalized_cidr}")
    if wanted.remote_group_id:
        parts.append(f"{remote} == ${names.address_set_name(wanted.remote_group_id, family)}")
    return " && ".join([*parts, *_protocol(wanted, family)])


def _protocol(wanted: SecurityGroupRule, family: str) -> list[str]:
    number = protocol_number(wanted.protocol)
    low, high = wanted.port_range_min, wanted.port_range_max
    if number is None:
        return []
    if number in TRANSPORT:
        return [TRANSPORT[number], *_ports(TRANSPORT[number], low, high)]
    if number in (ICMP, ICMPV6):
        name = "icmp4" if family == "ip4" else "icmp6"
        kind = [f"{name}.type == {low}"] if low is not None else []
        return [name, *kind, *([f"{name}.code == {high}"] if high is not None else [])]
    return [f"ip.proto == {number}"]


def _ports(name: str, low: int | None, high: int | None) -> list[str]:
    if low is not None and low == high:
        return [f"{name}.dst == {low}"]
    least = [f"{name}.dst >= {low}"] if low is not None else []
    return [*least, *([f"{name}.dst <= {high}"] if high is not None else [])]
