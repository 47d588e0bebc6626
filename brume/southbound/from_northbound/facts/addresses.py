"""The texts in which the northbound gives addresses, parsed the way OVN does.

"fa:16:3e:00:00:01 10.0.0.5 fd00::5" is a MAC with IP addresses; parsing stops at the first word that is neither.
Addresses are kept as the texts that flows are made of; a router port's also as values, for what is computed with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Final

import msgspec

from brume.values.address import Ipv6Address, parse_address
from brume.values.mac import MacAddress
from brume.values.prefix import InterfaceAddress

_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\Z")


_REQUEST: Final = re.compile(
    r"dynamic(?: (?P<ipv4>\d+(?:\.\d+){3}))?(?: (?P<ipv6>[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*))?"
    r"|(?P<mac>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}) dynamic"
)


class PortAddresses(msgspec.Struct, frozen=True, gc=False):
    """One MAC of a port and the IP addresses it uses it for."""

    mac: str
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()


class Network(msgspec.Struct, frozen=True, gc=False):
    """One address of a router port and the network on its link, as flows write them."""

    address: str
    prefix: str
    broadcast: str
    length: int
    interface: InterfaceAddress

    def contains(self, address: str) -> bool:
        """Whether an address lies in the network."""
        return parse_address(address) in self.interface.prefix


def parse_mac(text: str) -> str | None:
    """The MAC in lower case, or None."""
    return text.lower() if _MAC.match(text) else None


def dynamic_request(text: str) -> re.Match[str] | None:
    """An element of a port's addresses that asks for some: what it gives itself is in mac, ipv4, ipv6."""
    return _REQUEST.fullmatch(text) if "dynamic" in text else None


def is_dynamic(text: str) -> bool:
    """Whether an element of a port's addresses asks for some."""
    return dynamic_request(text) is not None


def parse_port_addresses(text: str) -> PortAddresses | None:
    """A MAC and its IP addresses; None if it does not begin with a MAC."""
    words = text.split()
    mac = parse_mac(words[0]) if words else None
    if mac is None:
        return None
    ipv4, ipv6 = parse_ip_addresses(words[1:])
    return PortAddresses(mac, ipv4, ipv6)


def parse_ip_addresses(words: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The IPv4 and the IPv6 addresses up to the first word that is neither; a prefix length is passed over."""
    ipv4: list[str] = []
    ipv6: list[str] = []
    for word in words:
        address = word.partition("/")[0]
        try:
            if ":" in address:
                ipv6.append(inet_ntop(AF_INET6, inet_pton(AF_INET6, address)))
            else:
                inet_pton(AF_INET, address)
                ipv4.append(address)
        except (OSError, ValueError):  # ValueError: a null character
            break
    return tuple(ipv4), tuple(ipv6)


def unread(text: str) -> str:
    """The words of a port's addresses from the first on that is not what stands there: a MAC, then IP addresses."""
    words = text.split()
    found = parse_port_addresses(text)
    return text if found is None else " ".join(words[1 + len(found.ipv4) + len(found.ipv6) :])


def is_address(text: str) -> bool:
    """Whether a text is one IPv4 or IPv6 address and nothing else."""
    try:
        parse_address(text)
    except ValueError:
        return False
    return True


def solicited_node(address: str) -> str:
    """The multicast address on which neighbour solicitations for an IPv6 address arrive (RFC 4291, 2.7.1)."""
    return str(Ipv6Address.parse(address).solicited_node)


def link_local(mac: str) -> str:
    """The link-local IPv6 address that goes with a MAC (RFC 4291, appendix A)."""
    return str(Ipv6Address.link_local(MacAddress.parse(mac)))


def parse_network(text: str) -> Network | None:
    """An interface address as 10.0.0.1/24, or None."""
    try:
        interface = InterfaceAddress.parse(text)
    except ValueError:
        return None
    prefix = interface.prefix
    return Network(str(interface.address), str(prefix.network), str(prefix.last), interface.length, interface)
