"""ICMP for IPv4 (RFC 792). The first four octets are common to all messages; what follows is one of the
others."""

from __future__ import annotations

from typing import Final

from brume.packets.header import U8, U16, U32, Header

ECHO_REPLY: Final = 0
UNREACHABLE: Final = 3
REDIRECT: Final = 5
ECHO_REQUEST: Final = 8
TIME_EXCEEDED: Final = 11
PARAMETER_PROBLEM: Final = 12

NETWORK_UNREACHABLE: Final = 0
HOST_UNREACHABLE: Final = 1
PROTOCOL_UNREACHABLE: Final = 2
PORT_UNREACHABLE: Final = 3
FRAGMENTATION_NEEDED: Final = 4
COMMUNICATION_PROHIBITED: Final = 13

ERRORS: Final = frozenset({UNREACHABLE, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM})
"""Messages that quote the packet they are about, and are never answered with an error (RFC 1122 section
3.2.2)."""


class Icmp4(Header, frozen=True):
    """What every message begins with."""

    type: U8 = 0
    code: U8 = 0
    checksum: U16 = 0


class Echo(Header, frozen=True):
    """The rest of an echo request or reply, in ICMP and ICMPv6 alike; then the data."""

    identifier: U16 = 0
    sequence: U16 = 0


class Unreachable(Header, frozen=True):
    """The rest of destination unreachable; then the packet quoted. The MTU is told with
    FRAGMENTATION_NEEDED."""

    unused: U16 = 0
    next_hop_mtu: U16 = 0


class ErrorRest(Header, frozen=True):
    """The rest of the other errors, in ICMP and ICMPv6 alike (ICMPv6: the MTU of "packet too big")."""

    value: U32 = 0
