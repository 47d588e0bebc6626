"""Describe ICMP, ICMPv6 and neighbour discovery. See `describe.py`."""

from __future__ import annotations

from typing import Final

from brume.packets import icmp4, icmp6, ipv4
from brume.packets.errors import PacketError
from brume.packets.icmp4 import Echo, ErrorRest, Icmp4
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6, transport
from brume.packets.nd import NeighborAdvertisement, NeighborSolicitation

_PROTOCOLS: Final = {ipv4.TCP: "tcp", ipv4.UDP: "udp"}
_PROHIBITED: Final = {
    9: "net {} unreachable - admin prohibited",
    10: "host {} unreachable - admin prohibited",
    13: "host {} unreachable - admin prohibited filter",
}


def describe_icmp4(data: bytes, offset: int) -> str:
    """An ICMP message that goes to the end of the data."""
    message = Icmp4.parse(data, offset)
    body = offset + message.size()
    return f"ICMP {_message4(message, data, body)}, length {len(data) - offset}"


def _message4(message: Icmp4, data: bytes, body: int) -> str:
    if message.type in (icmp4.ECHO_REQUEST, icmp4.ECHO_REPLY):
        return f"echo {'request' if message.type == icmp4.ECHO_REQUEST else 'reply'}, {_echo(data, body)}"
    if message.type == icmp4.UNREACHABLE:
        rest = ErrorRest.parse(data, body)
        return _unreachable4(message.code, rest.value & 0xFFFF, data[body + rest.size() :])
    if message.type == icmp4.TIME_EXCEEDED:
        return "time exceeded in-transit" if message.code == 0 else "ip reassembly time exceeded"
    if message.type == icmp4.PARAMETER_PROBLEM:
        return "parameter problem"
    return f"type-#{message.type}"


def _echo(data: bytes, offset: int) -> str:
    echo = Echo.parse(data, offset)
    return f"id {echo.identifier}, seq {echo.sequence}"


def _unreachable4(code: int, mtu: int, quoted: bytes) -> str:
    try:
        header = Ipv4.parse(quoted)
    except PacketError:
        return f"unreachable code {code}"
    destination = header.destination
    match code:
        case icmp4.NETWORK_UNREACHABLE:
            return f"net {destination} unreachable"
        case icmp4.HOST_UNREACHABLE:
            return f"host {destination} unreachable"
        case icmp4.PROTOCOL_UNREACHABLE:
            return f"{destination} protocol {header.protocol} unreachable"
        case icmp4.PORT_UNREACHABLE:
            return f"{destination} {_port(header.protocol, quoted, header.size())} unreachable"
        case icmp4.FRAGMENTATION_NEEDED:
            return f"{destination} unreachable - need to frag" + (f" (mtu {mtu})" if mtu else "")
        case _:
            return _PROHIBITED.get(code, f"{{}} unreachable - #{code}").format(destination)


def _port(protocol: int, quoted: bytes, offset: int) -> str:
    port = int.from_bytes(quoted[offset + 2 : offset + 4], "big")
    return f"{_PROTOCOLS.get(protocol, f'protocol {protocol}')} port {port}"


def describe_icmp6(data: bytes, offset: int) -> str:
    """An ICMPv6 message that goes to the end of the data."""
    message = Icmp6.parse(data, offset)
    body = offset + message.size()
    return f"ICMP6, {_message6(message, data, body)}, length {len(data) - offset}"


def _message6(message: Icmp6, data: bytes, body: int) -> str:
    match message.type:
        case icmp6.ECHO_REQUEST:
            return f"echo request, {_echo(data, body)}"
        case icmp6.ECHO_REPLY:
            return f"echo reply, {_echo(data, body)}"
        case icmp6.NEIGHBOR_SOLICITATION:
            return f"neighbor solicitation, who has {NeighborSolicitation.parse(data, body).target}"
        case icmp6.NEIGHBOR_ADVERTISEMENT:
            return f"neighbor advertisement, tgt is {NeighborAdvertisement.parse(data, body).target}"
        case icmp6.ROUTER_SOLICITATION:
            return "router solicitation"
        case icmp6.ROUTER_ADVERTISEMENT:
            return "router advertisement"
        case icmp6.UNREACHABLE | icmp6.PACKET_TOO_BIG | icmp6.TIME_EXCEEDED:
            return _error6(message, data, body)
        case _:
            return f"type-#{message.type}"


def _error6(message: Icmp6, data: bytes, body: int) -> str:
    rest = ErrorRest.parse(data, body)
    if message.type == icmp6.PACKET_TOO_BIG:
        return f"packet too big, mtu {rest.value}"
    quoted = data[body + rest.size() :]
    header = Ipv6.parse(quoted)
    destination = header.destination
    if message.type == icmp6.TIME_EXCEEDED:
        return f"time exceeded in-transit for {destination}"
    match message.code:
        case icmp6.NO_ROUTE:
            return f"destination unreachable, unreachable route {destination}"
        case icmp6.PROHIBITED:
            return f"destination unreachable, unreachable prohibited {destination}"
        case icmp6.ADDRESS_UNREACHABLE:
            return f"destination unreachable, unreachable address {destination}"
        case icmp6.PORT_UNREACHABLE:
            found = transport(header.next_header, quoted, header.size())
            port = _port(found.protocol, quoted, found.offset)
            return f"destination unreachable, unreachable port, {destination} {port}"
        case _:
            return f"destination unreachable, code {message.code}"
