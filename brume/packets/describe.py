"""Describe: one line about a frame, in tcpdump's words (`tcpdump -nn`), for traces and logs.

    describe(frame)                     IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64
    describe(frame, ethernet=True)      fa:16:... > fa:16:..., ethertype IPv4 (0x0800), length 98: ...

It differs from tcpdump where tcpdump says less: the DHCP message's type, OVN's keys in a Geneve option.

Rule: never raises; a frame cut short ends its line with "[|...]" and the reason.
"""

from __future__ import annotations

from typing import Final

from brume.packets import ethernet
from brume.packets.arp import REPLY, REQUEST, Arp
from brume.packets.describe_ip import describe_ipv4, describe_ipv6
from brume.packets.errors import PacketError
from brume.packets.ethernet import Ethernet, Vlan

ETHERTYPE_NAMES: Final = {
    ethernet.IPV4: "IPv4",
    ethernet.ARP: "ARP",
    ethernet.RARP: "Reverse ARP",
    ethernet.VLAN: "802.1Q",
    ethernet.IPV6: "IPv6",
    ethernet.SERVICE_VLAN: "802.1Q-QinQ",
}


def describe(frame: bytes, *, ethernet: bool = False) -> str:
    """The line."""
    try:
        header = Ethernet.parse(frame)
    except PacketError as error:
        return f"[|ether] {error}"
    prefix = _link(header, len(frame)) if ethernet else ""
    return prefix + _payload(header.ethertype, frame, header.size(), named=not ethernet)


def _link(header: Ethernet, length: int) -> str:
    return f"{header.source} > {header.destination}, {_type(header.ethertype)}, length {length}: "


def _type(ethertype: int) -> str:
    return f"ethertype {ETHERTYPE_NAMES.get(ethertype, 'Unknown')} (0x{ethertype:04x})"


def _payload(ethertype: int, frame: bytes, offset: int, *, named: bool) -> str:
    """What follows a type; protocols are named unless the link-level part of the line has done so."""
    try:
        match ethertype:
            case ethernet.IPV4:
                return ("IP " if named else "") + describe_ipv4(frame, offset, _inner)
            case ethernet.IPV6:
                return ("IP6 " if named else "") + describe_ipv6(frame, offset, _inner)
            case ethernet.ARP:
                return ("ARP, " if named else "") + _arp(Arp.parse(frame, offset), len(frame) - offset)
            case ethernet.VLAN | ethernet.SERVICE_VLAN:
                return _vlan(Vlan.parse(frame, offset), frame, offset)
            case _:
                return (f"{_type(ethertype)}, " if named else "") + f"length {len(frame) - offset}"
    except PacketError as error:
        return f"[|{ETHERTYPE_NAMES.get(ethertype, hex(ethertype)).lower()}] {error}"


def _inner(ethertype: int, data: bytes, offset: int) -> str:
    """A frame or packet inside a tunnel; a frame shows its MAC addresses only by what they carry."""
    if ethertype != ethernet.TRANSPARENT_ETHERNET:
        return _payload(ethertype, data, offset, named=True)
    header = Ethernet.parse(data, offset)
    return _payload(header.ethertype, data, offset + header.size(), named=True)


def _vlan(header: Vlan, frame: bytes, offset: int) -> str:
    dropped = ", DEI" if header.drop_eligible else ""
    tag = f"vlan {header.vlan}, p {header.priority}{dropped}, {_type(header.ethertype)}, "
    return tag + _payload(header.ethertype, frame, offset + header.size(), named=False)


def _arp(message: Arp, length: int) -> str:
    tail = f", length {length}"
    if message.operation == REQUEST:
        return f"Request who-has {message.target_ip} tell {message.sender_ip}{tail}"
    if message.operation == REPLY:
        return f"Reply {message.sender_ip} is-at {message.sender_mac}{tail}"
    return f"operation {message.operation}{tail}"
