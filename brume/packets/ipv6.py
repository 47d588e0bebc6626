"""IPv6 (RFC 8200) and its extension headers, with the walk from the IPv6 header to the transport header."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from brume.packets.header import (
    NO_V6,
    U1,
    U2,
    U8,
    U13,
    U16,
    U20,
    U32,
    V6,
    Buffer,
    Constant,
    Header,
    LengthOf,
    OctetTail,
    Wire,
)

HOP_BY_HOP: Final = 0
ROUTING: Final = 43
FRAGMENT: Final = 44
ESP: Final = 50
AUTHENTICATION: Final = 51
NO_NEXT_HEADER: Final = 59
DESTINATION_OPTIONS: Final = 60

DEFAULT_HOP_LIMIT: Final = 64
MINIMUM_MTU: Final = 1280


class Ipv6(Header, frozen=True):
    """The fixed header."""

    version: ClassVar[Wire] = Constant(6, bits=4)
    traffic_class: U8 = 0
    flow_label: U20 = 0
    payload_length: U16 = 0
    next_header: U8 = NO_NEXT_HEADER
    hop_limit: U8 = DEFAULT_HOP_LIMIT
    source: V6 = NO_V6
    destination: V6 = NO_V6


class Ipv6Options(Header, frozen=True):
    """Hop-by-hop options, destination options, or routing: the same shape (sections 4.3, 4.4, 4.6)."""

    next_header: U8 = NO_NEXT_HEADER
    length: ClassVar[Wire] = LengthOf("data", bits=8, unit=8, plus=-6)
    data: OctetTail = bytes(6)


class Ipv6Fragment(Header, frozen=True):
    """The fragment header (section 4.5)."""

    next_header: U8 = NO_NEXT_HEADER
    reserved: U8 = 0
    fragment_offset: U13 = 0
    reserved2: U2 = 0
    more_fragments: U1 = 0
    identification: U32 = 0


class Ipv6Authentication(Header, frozen=True):
    """The authentication header (RFC 4302), which counts in words of four octets."""

    next_header: U8 = NO_NEXT_HEADER
    length: ClassVar[Wire] = LengthOf("data", bits=8, unit=4, plus=-6)
    data: OctetTail = bytes(10)


EXTENSIONS: Final[dict[int, type[Ipv6Options | Ipv6Fragment | Ipv6Authentication]]] = {
    HOP_BY_HOP: Ipv6Options,
    ROUTING: Ipv6Options,
    DESTINATION_OPTIONS: Ipv6Options,
    FRAGMENT: Ipv6Fragment,
    AUTHENTICATION: Ipv6Authentication,
}


class Transport(msgspec.Struct, frozen=True):
    """Where the extension headers end: the protocol there, its offset, and the fragment header if one was
    passed."""

    protocol: int
    offset: int
    fragment: Ipv6Fragment | None


def transport(next_header: int, data: Buffer, offset: int) -> Transport:
    """Walk the extension headers that begin at `offset`; in a later fragment the walk ends at the fragment
    header."""
    fragment: Ipv6Fragment | None = None
    while (extension := EXTENSIONS.get(next_header)) is not None:
        header = extension.parse(data, offset)
        offset += header.size()
        next_header = header.next_header
        if isinstance(header, Ipv6Fragment):
            fragment = header
            if header.fragment_offset:
                break
    return Transport(next_header, offset, fragment)
