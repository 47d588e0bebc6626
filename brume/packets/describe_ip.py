"""Describe, from the IP header on: addresses, ports, and what the transport carries. See `describe.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from brume.packets import dhcp, dhcp6, ethernet, ipv4, ipv6, tcp, udp
from brume.packets.describe_icmp import describe_icmp4, describe_icmp6
from brume.packets.dhcp import DhcpMessage
from brume.packets.dhcp6 import Dhcp6
from brume.packets.dns import AAAA, PTR, A, DnsMessage
from brume.packets.errors import PacketError
from brume.packets.geneve import Geneve, ovn_keys
from brume.packets.gre import Gre
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.tcp import TCP_OPTIONS, Tcp, TcpOption
from brume.packets.udp import Udp
from brume.packets.vxlan import Vxlan
from brume.values import IpAddress

Inner: TypeAlias = Callable[[int, bytes, int], str]
"""How a tunnelled frame or packet is described: by its ethertype, the data, and where it begins."""

_FLAGS: Final = (
    (tcp.FIN, "F"),
    (tcp.SYN, "S"),
    (tcp.RST, "R"),
    (tcp.PSH, "P"),
    (tcp.ACK, "."),
    (tcp.URG, "U"),
    (tcp.ECE, "E"),
    (tcp.CWR, "W"),
)
_TYPES: Final = {A: "A", AAAA: "AAAA", PTR: "PTR"}


def describe_ipv4(data: bytes, offset: int, inner: Inner) -> str:
    """An IPv4 packet."""
    header = Ipv4.parse(data, offset)
    length = header.total_length
    if length < header.size() or length > len(data) - offset:
        raise PacketError(f"total length is {length}, {len(data) - offset} octets are there", offset)
    data = data[: offset + length]
    offset += header.size()
    if header.fragment_offset:
        part = f"frag {header.fragment_offset * 8}, length {len(data) - offset}"
        return f"{header.source} > {header.destination}: ip-proto-{header.protocol} {part}"
    return _transport(header.source, header.destination, header.protocol, data, offset, inner)


def describe_ipv6(data: bytes, offset: int, inner: Inner) -> str:
    """An IPv6 packet."""
    header = Ipv6.parse(data, offset)
    start = offset + header.size()
    if start + header.payload_length > len(data):
        raise PacketError(f"payload length is {header.payload_length}, {len(data) - start} octets are there", offset)
    data = data[: start + header.payload_length]
    found = ipv6.transport(header.next_header, data, start)
    if found.fragment is not None and found.fragment.fragment_offset:
        part = f"frag ({found.fragment.fragment_offset * 8}|{len(data) - found.offset})"
        return f"{header.source} > {header.destination}: {part}"
    return _transport(header.source, header.destination, found.protocol, data, found.offset, inner)


def _transport(source: IpAddress, destination: IpAddress, protocol: int, data: bytes, offset: int, inner: Inner) -> str:
    addresses = f"{source} > {destination}: "
    match protocol:
        case ipv4.TCP:
            segment = Tcp.parse(data, offset)
            ports = f"{source}.{segment.source} > {destination}.{segment.destination}: "
            return ports + _tcp(segment, len(data) - offset - segment.size())
        case ipv4.UDP:
            datagram = Udp.parse(data, offset)
            ports = f"{source}.{datagram.source} > {destination}.{datagram.destination}: "
            return ports + _udp(datagram, data, offset, inner)
        case ipv4.ICMP:
            return addresses + describe_icmp4(data, offset)
        case ipv4.ICMP6:
            return addresses + describe_icmp6(data, offset)
        case ipv4.GRE:
            return addresses + _gre(data, offset, inner)
        case _:
            return f"{addresses}ip-proto-{protocol} {len(data) - offset}"


def _tcp(segment: Tcp, length: int) -> str:
    flags = "".join(letter for flag, letter in _FLAGS if segment.flags & flag) or "none"
    parts = [f"Flags [{flags}]"]
    if length:
        parts.append(f"seq {segment.sequence}:{segment.sequence + length & 0xFFFFFFFF}")
    elif segment.flags & (tcp.SYN | tcp.FIN | tcp.RST):
        parts.append(f"seq {segment.sequence}")
    if segment.has(tcp.ACK):
        parts.append(f"ack {segment.acknowledgment}")
    parts.append(f"win {segment.window}")
    if segment.options:
        options = (_tcp_option(option) for option in TCP_OPTIONS.parse(segment.options))
        parts.append(f"options [{','.join(options)}]")
    return ", ".join([*parts, f"length {length}"])


def _tcp_option(option: TcpOption) -> str:
    value = int.from_bytes(option.data, "big")
    match option.kind:
        case tcp.MAXIMUM_SEGMENT_SIZE:
            return f"mss {value}"
        case tcp.WINDOW_SCALE:
            return f"wscale {value}"
        case tcp.SACK_PERMITTED:
            return "sackOK"
        case tcp.TIMESTAMPS:
            return f"TS val {value >> 32} ecr {value & 0xFFFFFFFF}"
        case _:
            return f"unknown-{option.kind} 0x{option.data.hex()}"


def _udp(datagram: Udp, data: bytes, offset: int, inner: Inner) -> str:
    length = len(data) - offset - datagram.size()
    start = offset + datagram.size()
    ports = {datagram.source, datagram.destination}
    if ports & {udp.DHCP_CLIENT, udp.DHCP_SERVER} and length >= 240:
        return _dhcp(DhcpMessage.parse(data, start), length)
    if ports & {udp.DHCP6_CLIENT, udp.DHCP6_SERVER} and length >= Dhcp6.minimum():
        kind = Dhcp6.parse(data, start).type
        return f"dhcp6 {dhcp6.TCPDUMP_NAMES.get(kind, f'msgtype-{kind}')}"
    if udp.DNS in ports:
        return _dns(DnsMessage.parse(data, start), length)
    if datagram.destination == udp.GENEVE:
        return _geneve(data, start, inner)
    if datagram.destination == udp.VXLAN:
        header = Vxlan.parse(data, start)
        text = f"VXLAN, flags [I] (0x{header.flags:02x}), vni {header.vni}: "
        return text + inner(ethernet.TRANSPARENT_ETHERNET, data, start + header.size())
    return f"UDP, length {length}"


def _dhcp(message: DhcpMessage, length: int) -> str:
    if message.header.operation == dhcp.BOOT_REQUEST:
        text = f"BOOTP/DHCP, Request from {message.header.client_mac}, length {length}"
    else:
        text = f"BOOTP/DHCP, Reply, length {length}, your-IP {message.header.your_ip}"
    return f"{text}, {dhcp.MESSAGE_NAMES.get(message.type, 'BOOTP')}"


def _dns(message: DnsMessage, length: int) -> str:
    header = message.header
    if not header.response:
        asked = " ".join(f"{_TYPES.get(q.type, f'Type{q.type}')}? {q.name}." for q in message.questions)
        return f"{header.identifier}{'+' if header.recursion_desired else ''} {asked} ({length})"
    counts = f"{header.answers}/{header.authorities}/{header.additionals}"
    problem = {0: "", 3: " NXDomain"}.get(header.result, f" error {header.result}")
    marks = ("*" if header.authoritative else "") + ("" if header.recursion_available else "-")
    answers = "".join(f" {answer}" + ("," if answer is not message.answers[-1] else "") for answer in message.answers)
    return f"{header.identifier}{problem}{marks} {counts}{answers} ({length})"


def _geneve(data: bytes, offset: int, inner: Inner) -> str:
    header = Geneve.parse(data, offset)
    flags = ("O" if header.control else "") + ("C" if header.critical else "")
    keys = ovn_keys(header)
    options = f"options [{len(header.options)} bytes]"
    if keys is not None:
        options = f"options [OVN ingress {keys.ingress} egress {keys.egress}]"
    text = f"Geneve, Flags [{flags or 'none'}], vni 0x{header.vni:x}, {options}: "
    return text + inner(header.protocol, data, offset + header.size())


def _gre(data: bytes, offset: int, inner: Inner) -> str:
    header = Gre.parse(data, offset)
    key = f", key=0x{header.key:x}" if header.key is not None else ""
    sequence = f", seq {header.sequence}" if header.sequence is not None else ""
    text = f"GREv0{key}{sequence}, length {len(data) - offset}: "
    return text + inner(header.protocol, data, offset + header.size())
