"""What a port may send: tables IN_PORT_SECURITY and, inside ARP and neighbour discovery, IN_PORT_SECURITY_ND.

Kept as ovn-controller 23.03 has it, two oddities among it: solicitations are let through, and advertisements are
checked only with a TTL of 225 (255 is meant; RFC 4861 section 7.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.openflow.chassis.port_security import (
    ADVERTISEMENT,
    ARP,
    FAIL,
    ICMP6,
    IPV4,
    IPV6,
    PASS,
    SOLICITATION,
    UDP,
    FieldValues,
    SecureFlow,
    allowed,
)
from brume.openflow.from_southbound.addresses import PortAddresses
from brume.openflow.messages.actions import Actions, Resubmit
from brume.openflow.tables import Table
from brume.values import Ipv6Address

TABLE: Final = Table.IN_PORT_SECURITY
TABLE_ND: Final = Table.IN_PORT_SECURITY_ND
CHECK_FURTHER: Final[Actions] = (Resubmit(TABLE_ND),)

ODD_TTL: Final = 225
MULTICAST_LISTENER_REPORTS: Final = (131, 143)
LINK_LOCAL_MULTICAST: Final = (0xFF02 << 112, 0xFFFF << 112)


def flows_in(addresses: tuple[PortAddresses, ...]) -> Iterator[SecureFlow]:
    """All flows of one port; what no address allows fails."""
    yield SecureFlow(TABLE, 80, {}, FAIL)
    yield SecureFlow(TABLE, 95, {"eth_type": ARP}, CHECK_FURTHER)
    yield SecureFlow(TABLE_ND, 80, {"eth_type": ARP}, FAIL)
    yield SecureFlow(TABLE_ND, 80, _discovery(ADVERTISEMENT, ttl=255), FAIL)
    yield SecureFlow(TABLE_ND, 80, _discovery(SOLICITATION, ttl=255), PASS)
    for one in addresses:
        if not one.ipv4 and not one.ipv6:
            yield SecureFlow(TABLE, 90, {"eth_src": one.mac.value}, CHECK_FURTHER)
        yield from _ipv4(one)
        yield from _arp(one)
        yield from _ipv6(one)
        yield from _solicitations(one)
        yield from _advertisements(one)


def _ipv4(one: PortAddresses) -> Iterator[SecureFlow]:
    if not one.ipv4:
        return
    link: FieldValues = {"eth_src": one.mac.value, "eth_type": IPV4}
    for address in one.ipv4:
        yield SecureFlow(TABLE, 90, link | {"ip_src": allowed(address)}, PASS)
    request: FieldValues = {"ip_src": 0, "ip_dst": 0xFFFFFFFF, "nw_proto": UDP, "udp_src": 68, "udp_dst": 67}
    yield SecureFlow(TABLE, 90, link | request, PASS)


def _arp(one: PortAddresses) -> Iterator[SecureFlow]:
    link: FieldValues = {"eth_src": one.mac.value, "eth_type": ARP, "arp_sha": one.mac.value}
    if not one.ipv4 and not one.ipv6:
        yield SecureFlow(TABLE_ND, 90, link, PASS)
    for address in one.ipv4:
        yield SecureFlow(TABLE_ND, 90, link | {"arp_spa": allowed(address)}, PASS)


def _ipv6(one: PortAddresses) -> Iterator[SecureFlow]:
    if not one.ipv6:
        return
    link: FieldValues = {"eth_src": one.mac.value, "eth_type": IPV6}
    for address in one.ipv6:
        yield SecureFlow(TABLE, 90, link | {"ipv6_src": allowed(address)}, CHECK_FURTHER)
    yield SecureFlow(TABLE, 90, link | {"ipv6_src": Ipv6Address.link_local(one.mac).value}, CHECK_FURTHER)
    unaddressed = link | {"ipv6_src": 0, "ipv6_dst": LINK_LOCAL_MULTICAST, "nw_proto": ICMP6, "icmpv6_code": 0}
    for kind in MULTICAST_LISTENER_REPORTS:
        yield SecureFlow(TABLE, 90, unaddressed | {"icmpv6_type": kind}, PASS)
    yield SecureFlow(TABLE, 90, unaddressed | {"icmpv6_type": SOLICITATION}, CHECK_FURTHER)


def _solicitations(one: PortAddresses) -> Iterator[SecureFlow]:
    asked = _discovery(SOLICITATION, ttl=ODD_TTL) | {"icmpv6_code": 0}
    for mac in (0, one.mac.value):
        yield SecureFlow(TABLE_ND, 90, asked | {"nd_sll": mac}, PASS)


def _advertisements(one: PortAddresses) -> Iterator[SecureFlow]:
    said = _discovery(ADVERTISEMENT, ttl=ODD_TTL) | {"icmpv6_code": 0}
    for mac in (0, one.mac.value):
        if not one.ipv6:
            yield SecureFlow(TABLE_ND, 90, said | {"nd_tll": mac}, PASS)
            continue
        own: FieldValues = {"nd_tll": mac, "nd_target": Ipv6Address.link_local(one.mac).value}
        yield SecureFlow(TABLE_ND, 90, said | own, PASS)
    for address in one.ipv6:
        for mac in (0, one.mac.value):
            fields = _discovery(ADVERTISEMENT) | {"icmpv6_code": 0, "eth_src": one.mac.value, "nd_tll": mac}
            yield SecureFlow(TABLE_ND, 90, fields | {"nd_target": allowed(address)}, PASS)


def _discovery(kind: int, ttl: int | None = None) -> FieldValues:
    fields: FieldValues = {"eth_type": IPV6, "nw_proto": ICMP6, "icmpv6_type": kind}
    return fields if ttl is None else fields | {"nw_ttl": ttl}
