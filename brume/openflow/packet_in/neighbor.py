"""nd_na { ... }, nd_na_router { ... } and nd_ns { ... }: answer and ask in IPv6 neighbour discovery (RFC 4861)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.openflow.packet_in.headers import parse, reply
from brume.openflow.packet_in.messages import KEPT, Answer, Await, PacketIn
from brume.packets.ethernet import Ethernet
from brume.packets.icmp6 import NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, Icmp6
from brume.packets.ipv6 import Ipv6
from brume.packets.nd import (
    HOP_LIMIT,
    SOURCE_LINK_LAYER,
    TARGET_LINK_LAYER,
    LinkLayerOption,
    NeighborAdvertisement,
    NeighborSolicitation,
)
from brume.values import Ipv6Address, MacAddress


def advertise(packet_in: PacketIn) -> Iterator[Answer]:
    """Answer a solicitation for the address it asks for."""
    yield from _advertise(packet_in, router=0)


def advertise_router(packet_in: PacketIn) -> Iterator[Answer]:
    """The same, saying that it is a router."""
    yield from _advertise(packet_in, router=1)


def _advertise(packet_in: PacketIn, router: int) -> Iterator[Answer]:
    packet = parse(packet_in)
    link, ip = packet.ethernet, packet.require(Ipv6)
    question = packet.require(NeighborSolicitation)
    yield reply(
        packet_in,
        packet,
        Ethernet(link.source, link.destination),
        Ipv6(hop_limit=HOP_LIMIT, source=question.target, destination=ip.source),
        Icmp6(type=NEIGHBOR_ADVERTISEMENT),
        NeighborAdvertisement(router=router, solicited=1, override=1, target=question.target),
        LinkLayerOption(type=TARGET_LINK_LAYER, mac=link.destination),
    )


def solicit(packet_in: PacketIn) -> Iterator[Answer]:
    """Ask for the MAC address of the packet's destination, and keep the packet meanwhile."""
    packet = parse(packet_in)
    link, ip = packet.ethernet, packet.require(Ipv6)
    yield Await(packet_in.datapath, packet_in.outport, packet_in.next_hop6, packet_in.data, packet_in.key & KEPT)
    group = ip.destination.solicited_node
    yield reply(
        packet_in,
        packet,
        Ethernet(multicast_mac(group), link.source),
        Ipv6(hop_limit=HOP_LIMIT, source=Ipv6Address.link_local(link.source), destination=group),
        Icmp6(type=NEIGHBOR_SOLICITATION),
        NeighborSolicitation(target=ip.destination),
        LinkLayerOption(type=SOURCE_LINK_LAYER, mac=link.source),
    )


def multicast_mac(group: Ipv6Address) -> MacAddress:
    """The Ethernet address of an IPv6 multicast group (RFC 2464 section 7)."""
    return MacAddress(0x3333 << 32 | group.value & 0xFFFFFFFF)
