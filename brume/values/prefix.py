"""Prefix: a network (192.168.10.0/24). InterfaceAddress: an address in its network (192.168.10.1/24).

Not address allocation: which address is free is the cloud's business.

Rules: a Prefix never has host bits set; networks of two families never overlap nor contain one another.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from brume.values.address import IpAddress, Ipv4Address, Ipv6Address, parse_address


class Prefix(msgspec.Struct, frozen=True, order=True, gc=False):
    """A network: its first address and how many leading bits all its addresses share."""

    network: IpAddress
    length: int

    def __post_init__(self) -> None:
        bits = self.network.BITS
        if not 0 <= self.length <= bits:
            raise ValueError(f"prefix length {self.length} of {self.network} is not within 0 to {bits}")
        if self.network.value & (1 << bits - self.length) - 1:
            right = Prefix.containing(self.network, self.length)
            raise ValueError(f"{self.network}/{self.length} has host bits set; the network is {right}")

    @classmethod
    def parse(cls, text: str) -> Prefix:
        """Read `network/length` (or `network/netmask` for IPv4); a bare address is a network of one."""
        address, length = _split(text)
        return cls(address, length)

    @classmethod
    def containing(cls, address: IpAddress, length: int) -> Prefix:
        """The network of that length in which an address lies."""
        host_bits = address.BITS - length
        if not 0 <= host_bits <= address.BITS:
            raise ValueError(f"prefix length {length} of {address} is not within 0 to {address.BITS}")
        return cls(type(address)(address.value >> host_bits << host_bits), length)

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.network.VERSION

    @property
    def size(self) -> int:
        """How many addresses it spans, network and broadcast included."""
        return 1 << self.network.BITS - self.length

    @property
    def mask(self) -> int:
        """The netmask as a number."""
        bits = self.network.BITS
        return (1 << bits) - (1 << bits - self.length)

    @property
    def netmask(self) -> IpAddress:
        """The netmask as an address."""
        return type(self.network)(self.mask)

    @property
    def last(self) -> IpAddress:
        """The highest address; the broadcast address of an IPv4 network."""
        return type(self.network)(self.network.value | (1 << self.network.BITS - self.length) - 1)

    def __contains__(self, address: IpAddress) -> bool:
        mine = self.network
        host_bits = mine.BITS - self.length
        return type(address) is type(mine) and address.value >> host_bits == mine.value >> host_bits

    def covers(self, other: Prefix) -> bool:
        """True when every address of the other network lies in this one."""
        return self.length <= other.length and other.network in self

    def overlaps(self, other: Prefix) -> bool:
        """True when some address lies in both."""
        return self.covers(other) or other.covers(self)

    def hosts(self) -> Iterator[IpAddress]:
        """Addresses a host may have, lowest first: without network and broadcast in IPv4 (RFC 3021 keeps both
        of a /31), without the subnet-router anycast address in IPv6."""
        first, last = self.network.value, self.last.value
        if self.size > 2:
            first += 1
            last -= 1 if self.version == 4 else 0
        make = type(self.network)
        return (make(value) for value in range(first, last + 1))

    def __str__(self) -> str:
        return f"{self.network}/{self.length}"

    def __repr__(self) -> str:
        return f"Prefix({str(self)!r})"


class InterfaceAddress(msgspec.Struct, frozen=True, order=True, gc=False):
    """An address together with the length of the network it lies in, as an interface is given it."""

    address: IpAddress
    length: int

    def __post_init__(self) -> None:
        if not 0 <= self.length <= self.address.BITS:
            bits = self.address.BITS
            raise ValueError(f"prefix length {self.length} of {self.address} is not within 0 to {bits}")

    @classmethod
    def parse(cls, text: str) -> InterfaceAddress:
        """Read `address/length`."""
        address, length = _split(text)
        return cls(address, length)

    @property
    def prefix(self) -> Prefix:
        """The network on the link."""
        return Prefix.containing(self.address, self.length)

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"

    def __repr__(self) -> str:
        return f"InterfaceAddress({str(self)!r})"


def _split(text: str) -> tuple[IpAddress, int]:
    """Read an address and a length; without a length, the whole address."""
    head, slash, tail = text.partition("/")
    try:
        address = parse_address(head)
        if not slash:
            return address, address.BITS
        return address, _length(tail, address)
    except ValueError:
        raise ValueError(f"{text!r} is not a network, as 192.168.10.0/24 or fd00::/64") from None


def _length(text: str, address: IpAddress) -> int:
    if text.isascii() and text.isdigit():
        length = int(text)
        if length > address.BITS:
            raise ValueError(text)
        return length
    if isinstance(address, Ipv6Address):
        raise ValueError(text)
    inverted = Ipv4Address.parse(text).value ^ 0xFFFF_FFFF
    if inverted & inverted + 1:
        raise ValueError(text)
    return 32 - inverted.bit_length()
