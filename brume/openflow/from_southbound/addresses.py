"""The addresses of a logical port as OVN writes them: `fa:16:3e:00:00:01 10.0.0.5 10.0.1.0/24 fd00::5`."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from brume.values import InterfaceAddress, MacAddress


class PortAddresses(NamedTuple):
    """One MAC address and the IP addresses used with it."""

    mac: MacAddress
    ipv4: tuple[InterfaceAddress, ...]
    ipv6: tuple[InterfaceAddress, ...]


@lru_cache(maxsize=16384)
def parse_port_addresses(text: str) -> PortAddresses | None:
    """The addresses; None when the text has no MAC address. The first word that is no address ends the list."""
    first, *rest = text.split() or [""]
    try:
        mac = MacAddress.parse(first)
    except ValueError:
        return None
    ipv4: list[InterfaceAddress] = []
    ipv6: list[InterfaceAddress] = []
    for word in rest:
        try:
            address = InterfaceAddress.parse(word)
        except ValueError:
            break
        (ipv4 if address.address.VERSION == 4 else ipv6).append(address)
    return PortAddresses(mac, tuple(ipv4), tuple(ipv6))
