"""Neighbours: how a host finds the MAC address it sends to, by ARP or by neighbour discovery, and who answers.

    found = resolve(travel, station, hop)      Neighbor: who answered, and how; or the way of the question in vain

The question travels as any frame; it may be answered by a host, by a stage of the tables, or by the controller of a
chassis on behalf of a stage.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from brume.dataplane.explain.journey import Journey, Travel
from brume.dataplane.explain.tables import Tables
from brume.dataplane.explain.topology import Station
from brume.dataplane.trace import Told
from brume.packets import PacketError, icmp6, nd
from brume.packets.arp import REPLY, REQUEST, Arp
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv6 import Ipv6
from brume.packets.layers import walk
from brume.packets.nd import LinkLayerOption, NeighborAdvertisement, NeighborSolicitation
from brume.values import IpAddress, Ipv4Address, Ipv6Address, MacAddress

BROADCAST: Final = MacAddress(0xFFFF_FFFF_FFFF)


class Neighbor(NamedTuple):
    """Who answered a question for a MAC address, and how: a station, or (None) the tables themselves."""

    mac: MacAddress
    station: Station | None
    journey: Journey
    place: tuple[int, int]  # the hop and path by which the answer came


def resolve(travel: Travel, station: Station, address: IpAddress) -> Neighbor | Journey:
    """The MAC address that a host's question finds; when nobody would answer, the question's way."""
    source = station.address_towards(address)
    assert source is not None  # the station is about to send from one
    journey = travel.send(station, question(station.mac, source, address))
    for landing in journey.landings:
        told = answered(landing.frame)
        if landing.station.mac == station.mac and told is not None and told[0] == address:
            return Neighbor(told[1], None, journey, (landing.hop, landing.path))
    for landing in journey.landings:
        if landing.station.mac != station.mac and landing.station.has(address):
            return Neighbor(landing.station.mac, landing.station, journey, (landing.hop, landing.path))
    return journey


def question(mac: MacAddress, source: IpAddress, target: IpAddress) -> bytes:
    """Who has this address?"""
    if isinstance(source, Ipv6Address) and isinstance(target, Ipv6Address):
        group = target.solicited_node
        return stack(
            Ethernet(MacAddress(0x3333_0000_0000 | group.value & 0xFFFF_FFFF), mac),
            Ipv6(hop_limit=nd.HOP_LIMIT, source=source, destination=group),
            Icmp6(type=icmp6.NEIGHBOR_SOLICITATION),
            NeighborSolicitation(target=target),
            LinkLayerOption(type=nd.SOURCE_LINK_LAYER, mac=mac),
        )
    assert isinstance(source, Ipv4Address)
    assert isinstance(target, Ipv4Address)
    return stack(Ethernet(BROADCAST, mac), Arp(operation=REQUEST, sender_mac=mac, sender_ip=source, target_ip=target))


def answered(frame: bytes) -> tuple[IpAddress, MacAddress] | None:
    """The address and the MAC address that an ARP reply or a neighbour advertisement tells of, if it is one."""
    try:
        for layer in walk(frame):
            one = layer.content
            if isinstance(one, Arp) and one.operation == REPLY:
                return one.sender_ip, one.sender_mac
            if isinstance(one, NeighborAdvertisement):
                return _advertised(one, frame[layer.offset + one.size() :])
    except PacketError:
        return None
    return None


def _advertised(message: NeighborAdvertisement, options: bytes) -> tuple[IpAddress, MacAddress] | None:
    for option in nd.ND_OPTIONS.parse(options):
        if option.type == nd.TARGET_LINK_LAYER and len(option.data) == len(MacAddress.ZERO.packed):
            return message.target, MacAddress.from_packed(option.data)
    return None


def who_answered(found: Neighbor, tables: Tables) -> str:
    """A host, or a stage on some chassis."""
    if found.station is not None:
        return found.station.name
    for hop, path in found.journey.line(*found.place):
        steps = tables.steps(hop, path)
        if isinstance(path.end, Told):  # nd_na: the controller answers as this stage says
            return f"{steps[-1].title} on {hop.chassis}"
        for step in steps:
            if any(change.field == "arp_op" for change in step.headers):
                return f"{step.title} on {hop.chassis}"
    return "OVN"


def asked_and_told(found: Neighbor, address: IpAddress, tables: Tables) -> str:
    """The exchange in a line."""
    how = "ARP" if address.VERSION == 4 else "Neighbour discovery"
    return f"{how}: who has {address}? {found.mac}, says {who_answered(found, tables)}"
