"""Frames by which neighbours find each other: ARP (RFC 826) and neighbour discovery (RFC 4861); asked and answered."""

from __future__ import annotations

from typing import Final

from brume.packets import PacketError, icmp6, nd
from brume.packets.arp import REPLY, REQUEST, Arp
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.header import Header
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv6 import Ipv6
from brume.packets.layers import walk
from brume.packets.nd import LinkLayerOption, NeighborAdvertisement, NeighborSolicitation
from brume.values import IpAddress, Ipv4Address, Ipv6Address, MacAddress

BROADCAST: Final = MacAddress(0xFFFF_FFFF_FFFF)


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


def reply_to(asked: bytes, mac: MacAddress) -> bytes | None:
    """What the host that has the address answers; None if the frame asks for no neighbour."""
    link, found = Ethernet.parse(asked), _headers(asked)
    request, solicitation, ip = found.get(Arp), found.get(NeighborSolicitation), found.get(Ipv6)
    if isinstance(request, Arp):
        answer = Arp(REPLY, mac, request.target_ip, request.sender_mac, request.sender_ip)
        return stack(Ethernet(request.sender_mac, mac), answer)
    if isinstance(solicitation, NeighborSolicitation) and isinstance(ip, Ipv6):
        return stack(
            Ethernet(link.source, mac),
            Ipv6(hop_limit=nd.HOP_LIMIT, source=solicitation.target, destination=ip.source),
            Icmp6(type=icmp6.NEIGHBOR_ADVERTISEMENT),
            NeighborAdvertisement(solicited=1, override=1, target=solicitation.target),
            LinkLayerOption(type=nd.TARGET_LINK_LAYER, mac=mac),
        )
    return None


def _headers(frame: bytes) -> dict[type[Header], Header]:
    try:
        return {type(layer.content): layer.content for layer in walk(frame) if isinstance(layer.content, Header)}
    except PacketError:
        return {}


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
