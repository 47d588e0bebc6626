"""ICMPv6 (RFC 4443). Echo and errors have the same rest as in `icmp4.py`; neighbour discovery is in
`nd.py`."""

from __future__ import annotations

from typing import Final

from brume.packets.header import U8, U16, Header

UNREACHABLE: Final = 1
PACKET_TOO_BIG: Final = 2
TIME_EXCEEDED: Final = 3
PARAMETER_PROBLEM: Final = 4
ECHO_REQUEST: Final = 128
ECHO_REPLY: Final = 129
ROUTER_SOLICITATION: Final = 133
ROUTER_ADVERTISEMENT: Final = 134
NEIGHBOR_SOLICITATION: Final = 135
NEIGHBOR_ADVERTISEMENT: Final = 136

NO_ROUTE: Final = 0
PROHIBITED: Final = 1
ADDRESS_UNREACHABLE: Final = 3
PORT_UNREACHABLE: Final = 4


class Icmp6(Header, frozen=True):
    """What every message begins with."""

    type: U8 = 0
    code: U8 = 0
    checksum: U16 = 0
