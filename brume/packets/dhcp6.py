"""DHCPv6 messages (RFC 8415): type, transaction, and options; an option may hold options itself.

Not a client and not a server. Messages of relays are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from brume.packets.errors import PacketError
from brume.packets.header import NO_V6, U8, U16, U24, U32, V6, Buffer, Header, LengthOf, OctetTail, Wire
from brume.packets.options import OptionList
from brume.values import Ipv6Address, MacAddress

SOLICIT: Final = 1
ADVERTISE: Final = 2
REQUEST: Final = 3
CONFIRM: Final = 4
RENEW: Final = 5
REBIND: Final = 6
REPLY: Final = 7
RELEASE: Final = 8
DECLINE: Final = 9
INFORMATION_REQUEST: Final = 11

MESSAGE_NAMES: Final = {
    SOLICIT: "Solicit",
    ADVERTISE: "Advertise",
    REQUEST: "Request",
    CONFIRM: "Confirm",
    RENEW: "Renew",
    REBIND: "Rebind",
    REPLY: "Reply",
    RELEASE: "Release",
    DECLINE: "Decline",
    INFORMATION_REQUEST: "Information-request",
}

TCPDUMP_NAMES: Final = {kind: name.lower() for kind, name in MESSAGE_NAMES.items()} | {INFORMATION_REQUEST: "inf-req"}

CLIENT_ID: Final = 1
SERVER_ID: Final = 2
IA_NA: Final = 3
IA_ADDRESS: Final = 5
OPTION_REQUEST: Final = 6
ELAPSED_TIME: Final = 8
STATUS_CODE: Final = 13
DNS_SERVERS: Final = 23
DOMAIN_SEARCH: Final = 24

ALL_SERVERS: Final = Ipv6Address.parse("ff02::1:2")
"""All_DHCP_Relay_Agents_and_Servers, of the link (section 7.1)."""
FOREVER: Final = 0xFFFF_FFFF


class Dhcp6(Header, frozen=True):
    """What every message begins with. Options follow."""

    type: U8 = 0
    transaction: U24 = 0


class Dhcp6Option(Header, frozen=True):
    """One option on the wire."""

    code: U16 = 0
    length: ClassVar[Wire] = LengthOf("data", bits=16)
    data: OctetTail = b""


class IaNa(Header, frozen=True):
    """An association of addresses (section 21.4): what its option begins with; options follow."""

    identity: U32 = 0
    renew: U32 = 0
    rebind: U32 = 0


class IaAddress(Header, frozen=True):
    """An address in an association (section 21.6); options may follow."""

    address: V6 = NO_V6
    preferred_lifetime: U32 = 0
    valid_lifetime: U32 = 0


DHCP6_OPTIONS: Final = OptionList(Dhcp6Option, "code")


class Dhcp6Message(msgspec.Struct, frozen=True):
    """A whole message."""

    header: Dhcp6
    options: tuple[Dhcp6Option, ...] = ()

    @classmethod
    def parse(cls, data: Buffer, offset: int = 0) -> Dhcp6Message:
        """Read a UDP payload; PacketError when it is short or an option is garbled."""
        header = Dhcp6.parse(data, offset)
        return cls(header, DHCP6_OPTIONS.parse(data, offset + header.size()))

    def pack(self) -> bytes:
        """The UDP payload."""
        return self.header.pack() + DHCP6_OPTIONS.pack(self.options)

    def get(self, code: int) -> bytes | None:
        """The octets of the first option with a code."""
        return next((option.data for option in self.options if option.code == code), None)

    def associations(self) -> Iterator[tuple[IaNa, tuple[IaAddress, ...]]]:
        """The associations with their addresses."""
        for option in self.options:
            if option.code == IA_NA:
                head = IaNa.parse(option.data)
                inner = DHCP6_OPTIONS.parse(option.data, head.size())
                yield head, tuple(IaAddress.parse(one.data) for one in inner if one.code == IA_ADDRESS)

    def name_servers(self) -> tuple[Ipv6Address, ...]:
        """Option 23 (RFC 3646)."""
        data = self.get(DNS_SERVERS) or b""
        if len(data) % 16:
            raise PacketError("DNS servers are not whole addresses", 0)
        return tuple(Ipv6Address.from_packed(data[at : at + 16]) for at in range(0, len(data), 16))


def duid(mac: MacAddress) -> bytes:
    """Who a client is: its link-layer address (DUID-LL over Ethernet, section 11.4)."""
    return b"\x00\x03\x00\x01" + mac.packed


def association(identity: int, *addresses: IaAddress) -> Dhcp6Option:
    """An association without lifetimes of the client's wish."""
    inner = DHCP6_OPTIONS.pack([Dhcp6Option(IA_ADDRESS, one.pack()) for one in addresses])
    return Dhcp6Option(IA_NA, IaNa(identity).pack() + inner)
