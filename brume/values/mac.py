"""MacAddress: the 48-bit address of an Ethernet interface.

Not a vendor database and not a generator: who hands addresses out decides that.

Rule: one integer inside; text is lower case with colons, as `ip link` and OVN print it.
"""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

_TEXT = re.compile(r"[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}\Z")


class MacAddress(msgspec.Struct, frozen=True, order=True, gc=False):
    """Six octets, most significant first."""

    value: int

    BROADCAST: ClassVar[MacAddress]
    ZERO: ClassVar[MacAddress]

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 0xFFFF_FFFF_FFFF:
            raise ValueError(f"MAC address {self.value:#x} does not fit 48 bits")

    @classmethod
    def parse(cls, text: str) -> MacAddress:
        """Read `fa:16:3e:00:00:01` (or with dashes)."""
        if not _TEXT.match(text):
            raise ValueError(f"{text!r} is not a MAC address: six pairs of hex digits, as fa:16:3e:00:00:01")
        return cls(int(text.replace(text[2], ""), 16))

    @classmethod
    def from_packed(cls, octets: bytes) -> MacAddress:
        """Read six octets as they stand in a frame."""
        if len(octets) != 6:
            raise ValueError(f"a MAC address has 6 octets, got {len(octets)}")
        return cls(int.from_bytes(octets, "big"))

    @property
    def packed(self) -> bytes:
        """The six octets as they stand in a frame."""
        return self.value.to_bytes(6, "big")

    @property
    def is_multicast(self) -> bool:
        """True for group addresses, broadcast among them (IEEE 802: the first octet's lowest bit)."""
        return bool(self.value >> 40 & 1)

    @property
    def is_broadcast(self) -> bool:
        """True for ff:ff:ff:ff:ff:ff."""
        return self.value == 0xFFFF_FFFF_FFFF

    @property
    def is_local(self) -> bool:
        """True for locally administered addresses."""
        return bool(self.value >> 41 & 1)

    def __int__(self) -> int:
        return self.value

    def __str__(self) -> str:
        return self.value.to_bytes(6, "big").hex(":")

    def __repr__(self) -> str:
        return f"MacAddress({str(self)!r})"


MacAddress.BROADCAST = MacAddress(0xFFFF_FFFF_FFFF)
MacAddress.ZERO = MacAddress(0)
