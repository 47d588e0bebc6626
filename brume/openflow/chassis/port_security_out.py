"""What a port may receive: table OUT_PORT_SECURITY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.openflow.chassis.port_security import FAIL, IPV4, IPV6, PASS, FieldValues, SecureFlow, allowed
from brume.openflow.from_southbound.addresses import PortAddresses
from brume.openflow.tables import Table
from brume.values import InterfaceAddress, Ipv6Address

TABLE: Final = Table.OUT_PORT_SECURITY
BROADCAST: Final = 0xFFFFFFFF
MULTICAST: Final = (0xE0000000, 0xF0000000)
MULTICAST_6: Final = (0xFF << 120, 0xFF << 120)


def flows_out(addresses: tuple[PortAddresses, ...]) -> Iterator[SecureFlow]:
    """All flows of one port; what is not addressed to it fails."""
    yield SecureFlow(TABLE, 80, {}, FAIL)
    for one in addresses:
        link: FieldValues = {"eth_dst": one.mac.value}
        yield SecureFlow(TABLE, 85, link, PASS)
        if one.ipv4 or one.ipv6:
            yield from _ipv4(one, link | {"eth_type": IPV4})
            yield from _ipv6(one, link | {"eth_type": IPV6})


def _ipv4(one: PortAddresses, link: FieldValues) -> Iterator[SecureFlow]:
    yield SecureFlow(TABLE, 90, link, FAIL)
    if not one.ipv4:
        return
    for address in one.ipv4:
        if _is_host_in_network(address):
            yield SecureFlow(TABLE, 95, link | {"ip_dst": _broadcast(address)}, PASS)
        yield SecureFlow(TABLE, 95, link | {"ip_dst": allowed(address)}, PASS)
    yield SecureFlow(TABLE, 95, link | {"ip_dst": BROADCAST}, PASS)
    yield SecureFlow(TABLE, 95, link | {"ip_dst": MULTICAST}, PASS)


def _ipv6(one: PortAddresses, link: FieldValues) -> Iterator[SecureFlow]:
    yield SecureFlow(TABLE, 90, link, FAIL)
    if not one.ipv6:
        return
    for address in one.ipv6:
        yield SecureFlow(TABLE, 95, link | {"ipv6_dst": allowed(address)}, PASS)
    yield SecureFlow(TABLE, 95, link | {"ipv6_dst": Ipv6Address.link_local(one.mac).value}, PASS)
    yield SecureFlow(TABLE, 95, link | {"ipv6_dst": MULTICAST_6}, PASS)


def _is_host_in_network(address: InterfaceAddress) -> bool:
    return address.length < 32 and bool(address.address.value & _hosts(address))


def _hosts(address: InterfaceAddress) -> int:
    return BROADCAST >> address.length


def _broadcast(address: InterfaceAddress) -> int:
    return address.address.value | _hosts(address)
