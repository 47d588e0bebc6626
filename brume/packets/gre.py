"""GRE (RFC 2784) with key and sequence number (RFC 2890). Version 1 (PPTP) is refused."""

from __future__ import annotations

from typing import Annotated, ClassVar

from brume.packets.ethernet import TRANSPARENT_ETHERNET
from brume.packets.header import U1, U9, U16, Bits, Constant, FlagOf, Header, Optional, Wire


class Gre(Header, frozen=True):
    """Four octets and up to three optional words; `checksum` holds the reserved half of its word as well."""

    has_checksum: ClassVar[Wire] = FlagOf("checksum")
    routing: U1 = 0
    has_key: ClassVar[Wire] = FlagOf("key")
    has_sequence: ClassVar[Wire] = FlagOf("sequence")
    reserved: U9 = 0
    version: ClassVar[Wire] = Constant(0, bits=3)
    protocol: U16 = TRANSPARENT_ETHERNET
    checksum: Annotated[int | None, Bits(32), Optional()] = None
    key: Annotated[int | None, Bits(32), Optional()] = None
    sequence: Annotated[int | None, Bits(32), Optional()] = None
