"""Address_Set and Port_Group: the names that matches use as $name and @name.

A port group has one southbound row for each switch where it has ports, named <tunnel key of the switch>_<name>: a
chassis needs only those of its own switches. And it has two address sets, <name>_ip4 and <name>_ip6, of its ports'
addresses. An address set of the same name that the northbound has itself goes before.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from brume.derive.rules import Output, Problem, derived, rule
from brume.derive.view import View
from brume.northbound.schema import AddressSet as NorthboundAddressSet
from brume.northbound.schema import PortGroup as NorthboundPortGroup
from brume.northbound.schema import address_set_by_name
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.bindings.unreadable import is_element
from brume.southbound.from_northbound.facts.groups import GroupPlacement
from brume.southbound.from_northbound.facts.ports import SwitchPort
from brume.southbound.schema import AddressSet, PortGroup
from brume.tables.row import Member
from brume.values.uuids import derive_uuid


@lru_cache(maxsize=65536)
def port_group_uuid(group: str, switch: str) -> str:
    """The uuid of a port group's row for one switch."""
    return derive_uuid("Port_Group", group, switch)


@lru_cache(maxsize=65536)
def group_set_uuid(group: str, family: str) -> str:
    """The uuid of a port group's address set."""
    return derive_uuid("Address_Set", group, family)


@rule(NorthboundAddressSet)
def address_set(row: NorthboundAddressSet, view: View) -> Iterator[Output]:
    yield AddressSet(uuid=row.uuid, name=row.name)


@rule(NorthboundAddressSet.addresses)
def set_address(member: Member, view: View) -> Iterator[Output]:
    yield Member(AddressSet.addresses, member.parent, member.child)
    if not is_element(str(member.child)):
        message = f"{member.child!r} is not an address: it is passed over"
        yield Problem(table="Address_Set", row=str(member.parent), message=message)


@rule(NorthboundPortGroup)
def group_address_sets(group: NorthboundPortGroup, view: View) -> Iterator[Output]:
    for family in ("ip4", "ip6"):
        if not view.find(address_set_by_name, f"{group.name}_{family}"):
            yield AddressSet(uuid=group_set_uuid(group.uuid, family), name=f"{group.name}_{family}")


@rule(GroupPlacement)
def group_on_switch(placement: GroupPlacement, view: View) -> Iterator[Output]:
    group = view.get(NorthboundPortGroup, placement.group)
    key = view.get(TunnelKey, placement.switch)
    if group is not None and key is not None:
        uuid = port_group_uuid(placement.group, placement.switch)
        yield PortGroup(uuid=uuid, name=f"{key.number}_{group.name}")


@derived
def has_own_sets(view: View, group: str) -> tuple[bool, bool]:
    """Whether the group's two address sets are its own, and not the northbound's under the same name."""
    row = view.get(NorthboundPortGroup, group)
    if row is None:
        return (False, False)
    taken = [bool(view.find(address_set_by_name, f"{row.name}_{family}")) for family in ("ip4", "ip6")]
    return (not taken[0], not taken[1])


@rule(NorthboundPortGroup.ports)
def group_port(member: Member, view: View) -> Iterator[Output]:
    group = str(member.parent)
    port = view.get(SwitchPort, member.child)
    if port is None:
        return
    yield Member(PortGroup.ports, port_group_uuid(group, port.switch), port.name)
    ip4, ip6 = has_own_sets(view, group)
    for addresses in port.addresses[: len(port.own_macs)]:
        if ip4:
            for address in addresses.ipv4:
                yield Member(AddressSet.addresses, group_set_uuid(group, "ip4"), address)
        if ip6:
            for address in addresses.ipv6:
                yield Member(AddressSet.addresses, group_set_uuid(group, "ip6"), address)


RULES = (address_set, set_address, group_address_sets, group_on_switch, group_port)
