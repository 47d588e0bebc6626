"""Ipv4Address and Ipv6Address: one address of a host.

Not networks (see `prefix.py`), and not the standard library's `ipaddress`: these are made and compared some
five times faster, which is felt when a frame is parsed or ten thousand ports are compiled. Text goes through
the C library's inet_pton/inet_ntop, so it is strict (no leading zeros, no short forms) and prints as OVS and
OVN print.

Rule: an IPv4 and an IPv6 address are never equal, even with the same number inside.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import msgspec

if TYPE_CHECKING:
    from brume.values.mac import MacAddress


class Ipv4Address(msgspec.Struct, frozen=True, order=True, gc=False):
    """32 bits."""

    value: int

    VERSION: ClassVar[int] = 4
    BITS: ClassVar[int] = 32
    ANY: ClassVar[Ipv4Address]
    BROADCAST: ClassVar[Ipv4Address]

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 0xFFFF_FFFF:
            raise ValueError(f"IPv4 address {self.value:#x} does not fit 32 bits")

    @classmethod
    def parse(cls, text: str) -> Ipv4Address:
        """Read dotted decimal."""
        try:
            return cls(int.from_bytes(inet_pton(AF_INET, text), "big"))
        except (OSError, ValueError):
            raise ValueError(f"{text!r} is not an IPv4 address: 0 to 255 four times, as 192.168.10.5") from None

    @classmethod
    def from_packed(cls, octets: bytes) -> Ipv4Address:
        """Read four octets as they stand in a packet."""
        if len(octets) != 4:
            raise ValueError(f"an IPv4 address has 4 octets, got {len(octets)}")
        return cls(int.from_bytes(octets, "big"))

    @property
    def packed(self) -> bytes:
        """The four octets as they stand in a packet."""
        return self.value.to_bytes(4, "big")

    @property
    def is_unspecified(self) -> bool:
        """True for 0.0.0.0."""
        return self.value == 0

    @property
    def is_multicast(self) -> bool:
        """True in 224.0.0.0/4 (RFC 5771)."""
        return self.value >> 28 == 0xE

    @property
    def is_broadcast(self) -> bool:
        """True for 255.255.255.255."""
        return self.value == 0xFFFF_FFFF

    @property
    def is_link_local(self) -> bool:
        """True in 169.254.0.0/16 (RFC 3927)."""
        return self.value >> 16 == 0xA9FE

    @property
    def is_loopback(self) -> bool:
        """True in 127.0.0.0/8."""
        return self.value >> 24 == 127

    def __add__(self, offset: int) -> Ipv4Address:
        return Ipv4Address(self.value + offset)

    def __int__(self) -> int:
        return self.value

    def __str__(self) -> str:
        return inet_ntop(AF_INET, self.value.to_bytes(4, "big"))

    def __repr__(self) -> str:
        return f"Ipv4Address({str(self)!r})"


class Ipv6Address(msgspec.Struct, frozen=True, order=True, gc=False):
    """128 bits."""

    value: int

    VERSION: ClassVar[int] = 6
    BITS: ClassVar[int] = 128
    ANY: ClassVar[Ipv6Address]
    ALL_NODES: ClassVar[Ipv6Address]
    ALL_ROUTERS: ClassVar[Ipv6Address]

    def __post_init__(self) -> None:
        if not 0 <= self.value < 1 << 128:
            raise ValueError(f"IPv6 address {self.value:#x} does not fit 128 bits")

    @classmethod
    def parse(cls, text: str) -> Ipv6Address:
        """Read RFC 4291 text, without a zone."""
        try:
            return cls(int.from_bytes(inet_pton(AF_INET6, text), "big"))
        except (OSError, ValueError):
            raise ValueError(f"{text!r} is not an IPv6 address: groups of hex digits, as fd00::5") from None

    @classmethod
    def from_packed(cls, octets: bytes) -> Ipv6Address:
        """Read sixteen octets as they stand in a packet."""
        if len(octets) != 16:
            raise ValueError(f"an IPv6 address has 16 octets, got {len(octets)}")
        return cls(int.from_bytes(octets, "big"))

    @classmethod
    def from_mac(cls, prefix: int, mac: MacAddress) -> Ipv6Address:
        """The modified EUI-64 address (RFC 4291 appendix A) of an interface under the upper 64 bits of
        `prefix`."""
        value = mac.value ^ 1 << 41
        interface = (value >> 24) << 40 | 0xFFFE << 24 | value & 0xFFFFFF
        return cls(prefix >> 64 << 64 | interface)

    @classmethod
    def link_local(cls, mac: MacAddress) -> Ipv6Address:
        """The fe80::/64 address of an interface (RFC 4862 section 5.3, EUI-64 form)."""
        return cls.from_mac(0xFE80 << 112, mac)

    @property
    def packed(self) -> bytes:
        """The sixteen octets as they stand in a packet."""
        return self.value.to_bytes(16, "big")

    @property
    def solicited_node(self) -> Ipv6Address:
        """The multicast group asked when this address is looked for (RFC 4291 section 2.7.1)."""
        return Ipv6Address(0xFF02_0000_0000_0000_0000_0001_FF00_0000 | self.value & 0xFFFFFF)

    @property
    def is_unspecified(self) -> bool:
        """True for `::`."""
        return self.value == 0

    @property
    def is_multicast(self) -> bool:
        """True in ff00::/8."""
        return self.value >> 120 == 0xFF

    @property
    def is_link_local(self) -> bool:
        """True in fe80::/10."""
        return self.value >> 118 == 0xFE80 >> 6

    @property
    def is_loopback(self) -> bool:
        """True for ::1."""
        return self.value == 1

    def __add__(self, offset: int) -> Ipv6Address:
        return Ipv6Address(self.value + offset)

    def __int__(self) -> int:
        return self.value

    def __str__(self) -> str:
        return inet_ntop(AF_INET6, self.value.to_bytes(16, "big"))

    def __repr__(self) -> str:
        return f"Ipv6Address({str(self)!r})"


IpAddress: TypeAlias = Ipv4Address | Ipv6Address

Ipv4Address.ANY = Ipv4Address(0)
Ipv4Address.BROADCAST = Ipv4Address(0xFFFF_FFFF)
Ipv6Address.ANY = Ipv6Address(0)
Ipv6Address.ALL_NODES = Ipv6Address.parse("ff02::1")
Ipv6Address.ALL_ROUTERS = Ipv6Address.parse("ff02::2")


def parse_address(text: str) -> IpAddress:
    """Read an address of either family."""
    try:
        return Ipv6Address.parse(text) if ":" in text else Ipv4Address.parse(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address, as 192.168.10.5 or fd00::5") from None
