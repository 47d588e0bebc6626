"""IPv4 (RFC 791, RFC 2474 for the DSCP, RFC 3168 for ECN)."""

from __future__ import annotations

from typing import ClassVar, Final

from brume.packets.header import (
    NO_V4,
    U1,
    U2,
    U6,
    U8,
    U13,
    U16,
    V4,
    Constant,
    Header,
    LengthOf,
    OctetTail,
    Wire,
)

ICMP: Final = 1
IGMP: Final = 2
TCP: Final = 6
UDP: Final = 17
GRE: Final = 47
ICMP6: Final = 58
SCTP: Final = 132

DEFAULT_TTL: Final = 64  # RFC 1340, and Linux
MINIMUM_MTU: Final = 68


class Ipv4(Header, frozen=True):
    """The IPv4 header; `options` is a multiple of four octets."""

    version: ClassVar[Wire] = Constant(4, bits=4)
    header_length: ClassVar[Wire] = LengthOf("options", bits=4, unit=4, plus=20)
    dscp: U6 = 0
    ecn: U2 = 0
    total_length: U16 = 0
    identification: U16 = 0
    reserved: U1 = 0
    dont_fragment: U1 = 0
    more_fragments: U1 = 0
    fragment_offset: U13 = 0
    ttl: U8 = DEFAULT_TTL
    protocol: U8 = 0
    checksum: U16 = 0
    source: V4 = NO_V4
    destination: V4 = NO_V4
    options: OctetTail = b""
