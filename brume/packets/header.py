"""Header: how a protocol header is declared.

A header is a class whose annotated fields stand in the order of the wire; reading and writing is generated
from them (`codec.py`) the first time the class is used. So a protocol's file holds the picture of the RFC and
nothing else:

    class Udp(Header, frozen=True):
        source: U16 = 0
        destination: U16 = 0
        length: U16 = 0
        checksum: U16 = 0

What a field may be:
    Annotated[int, Bits(n)]            a number of n bits (U1 ... U64), or a MAC or IP address
    Annotated[bytes, Octets(n)]        n octets as they are
    Annotated[bytes, Tail()]           octets whose number a `LengthOf` field of the same header gives
    Annotated[int | None, Bits(n), Optional()]   there only if a `FlagOf` field says so
and on the wire only, thus class variables:
    Constant(value, bits)              must be just that
    LengthOf("options", bits, unit, plus)        (octets of `options` + plus) / unit
    FlagOf("key", bits=1)              1 if `key` is there

Rules: fields of fixed width come first; every field has a default; a header is immutable; what a protocol
leaves "reserved" is a field as any other, so that writing what was read gives the same octets.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Self, TypeAlias

import msgspec

from brume.values import Ipv4Address, Ipv6Address, MacAddress

Buffer: TypeAlias = bytes | bytearray | memoryview


class Bits(msgspec.Struct, frozen=True):
    """A number this many bits wide."""

    width: int


class Octets(msgspec.Struct, frozen=True):
    """This many octets."""

    width: int


class Tail(msgspec.Struct, frozen=True):
    """As many octets as the header's LengthOf says."""


class Optional(msgspec.Struct, frozen=True):
    """There only if the header's FlagOf says so."""


class Constant(msgspec.Struct, frozen=True):
    """A number that can only be this one."""

    value: int
    bits: int


class LengthOf(msgspec.Struct, frozen=True):
    """(octets of the tail + plus) / unit."""

    tail: str
    bits: int
    unit: int = 1
    plus: int = 0


class FlagOf(msgspec.Struct, frozen=True):
    """1 if the optional field is there."""

    optional: str
    bits: int = 1


Wire: TypeAlias = Constant | LengthOf | FlagOf

U1 = Annotated[int, Bits(1)]
U2 = Annotated[int, Bits(2)]
U3 = Annotated[int, Bits(3)]
U4 = Annotated[int, Bits(4)]
U5 = Annotated[int, Bits(5)]
U6 = Annotated[int, Bits(6)]
U7 = Annotated[int, Bits(7)]
U8 = Annotated[int, Bits(8)]
U9 = Annotated[int, Bits(9)]
U12 = Annotated[int, Bits(12)]
U13 = Annotated[int, Bits(13)]
U15 = Annotated[int, Bits(15)]
U16 = Annotated[int, Bits(16)]
U20 = Annotated[int, Bits(20)]
U24 = Annotated[int, Bits(24)]
U29 = Annotated[int, Bits(29)]
U32 = Annotated[int, Bits(32)]
U64 = Annotated[int, Bits(64)]
Mac = Annotated[MacAddress, Bits(48)]
V4 = Annotated[Ipv4Address, Bits(32)]
V6 = Annotated[Ipv6Address, Bits(128)]
OctetTail = Annotated[bytes, Tail()]

NO_MAC = MacAddress.ZERO
NO_V4 = Ipv4Address.ANY
NO_V6 = Ipv6Address.ANY


class Header(msgspec.Struct, frozen=True, gc=False):
    """What every header can do."""

    MINIMUM: ClassVar[int]

    @classmethod
    def parse(cls, data: Buffer, offset: int = 0) -> Self:
        """Read the header that begins at `offset`; raise PacketError when it is not all there."""
        _install(cls)
        return cls.parse(data, offset)

    def pack(self) -> bytes:
        """The header's octets; ValueError when a number does not fit its field."""
        _install(type(self))
        return self.pack()

    def size(self) -> int:
        """How many octets `pack` gives."""
        _install(type(self))
        return self.size()

    @classmethod
    def minimum(cls) -> int:
        """How many octets it has at least."""
        if "MINIMUM" not in cls.__dict__:
            _install(cls)
        return cls.MINIMUM


def _install(cls: type[Header]) -> None:
    """Generate the class's own reader and writer in the place of those above, which bring us here once."""
    from brume.packets.codec import generate

    if "MINIMUM" in cls.__dict__:
        raise TypeError(f"{cls.__name__} has a codec already")
    for name, function in generate(cls).items():
        setattr(cls, name, function)
