"""DHCPv4 messages (RFC 2131): the BOOTP header, and the message with its options by name.

Not a client and not a server; options and their types are in `dhcp_options.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

import msgspec

from brume.packets.dhcp_options import OptionValue, Route, decode_options, encode_options
from brume.packets.header import (
    NO_MAC,
    NO_V4,
    U1,
    U8,
    U15,
    U16,
    U32,
    V4,
    Buffer,
    Constant,
    Header,
    Mac,
    Octets,
    Wire,
)
from brume.values import Ipv4Address

BOOT_REQUEST: Final = 1
BOOT_REPLY: Final = 2

DISCOVER: Final = 1
OFFER: Final = 2
REQUEST: Final = 3
DECLINE: Final = 4
ACK: Final = 5
NAK: Final = 6
RELEASE: Final = 7
INFORM: Final = 8

MESSAGE_NAMES: Final = {
    DISCOVER: "Discover",
    OFFER: "Offer",
    REQUEST: "Request",
    DECLINE: "Decline",
    ACK: "ACK",
    NAK: "NACK",
    RELEASE: "Release",
    INFORM: "Inform",
}

MINIMUM_MESSAGE: Final = 300  # RFC 1542 section 2.1: relays may drop shorter ones


class Dhcp(Header, frozen=True):
    """The fixed part up to and with the magic cookie."""

    operation: U8 = BOOT_REQUEST
    hardware_type: ClassVar[Wire] = Constant(1, bits=8)
    hardware_length: ClassVar[Wire] = Constant(6, bits=8)
    hops: U8 = 0
    transaction: U32 = 0
    seconds: U16 = 0
    broadcast: U1 = 0
    reserved: U15 = 0
    client_ip: V4 = NO_V4
    your_ip: V4 = NO_V4
    next_server: V4 = NO_V4
    relay: V4 = NO_V4
    client_mac: Mac = NO_MAC
    client_padding: Annotated[bytes, Octets(10)] = bytes(10)
    server_name: Annotated[bytes, Octets(64)] = bytes(64)
    boot_file: Annotated[bytes, Octets(128)] = bytes(128)
    cookie: ClassVar[Wire] = Constant(0x63825363, bits=32)


class DhcpMessage(msgspec.Struct, frozen=True):
    """A whole message."""

    header: Dhcp
    options: Mapping[str, OptionValue]

    @classmethod
    def parse(cls, data: Buffer, offset: int = 0) -> DhcpMessage:
        """Read a UDP payload; PacketError when it is short or an option is garbled."""
        header = Dhcp.parse(data, offset)
        return cls(header, decode_options(data, offset + header.size()))

    def pack(self) -> bytes:
        """A UDP payload, padded to the least that relays pass."""
        return (self.header.pack() + encode_options(self.options)).ljust(MINIMUM_MESSAGE, b"\0")

    @property
    def type(self) -> int:
        """DISCOVER ... INFORM, or 0 for plain BOOTP."""
        return self.number("message_type", 0)

    def number(self, name: str, default: int) -> int:
        """The value of a numeric option, or the default."""
        value = self.options.get(name)
        return value if isinstance(value, int) else default

    def address(self, name: str) -> Ipv4Address | None:
        """The value of an option that is one address."""
        value = self.options.get(name)
        return value if isinstance(value, Ipv4Address) else None

    def addresses(self, name: str) -> tuple[Ipv4Address, ...]:
        """The value of an option that is a list of addresses."""
        value = self.options.get(name)
        return tuple(one for one in value if isinstance(one, Ipv4Address)) if isinstance(value, tuple) else ()

    def routes(self, name: str = "classless_static_route") -> tuple[Route, ...]:
        """The value of an option that is a list of routes."""
        value = self.options.get(name)
        return tuple(one for one in value if isinstance(one, tuple)) if isinstance(value, tuple) else ()
