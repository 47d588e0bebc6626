"""Who gets which address: ovn-northd's choices, for one switch at a time. Pure; `dynamic_addresses.py` reads and
writes.

    settings = read_switch(other_config)           what the switch says: subnet, exclude_ips, ipv6_prefix, mac_only
    request = read_request(addresses)              what a port asks for: all of it, or some given and the rest asked for
    Plan(settings, pool, macs).answers([...])      the dynamic_addresses of each port

What was given stays, if it still may; then the others get the first free address, in the order in which they ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from brume.southbound.from_northbound.facts.addresses import (
    PortAddresses,
    dynamic_request,
    parse_mac,
    parse_port_addresses,
)
from brume.values import InterfaceAddress, Ipv4Address, Ipv6Address, MacAddress, parse_address

MAC_SPACE: Final = 0xFFFFFF
"""What is left of a MAC after the prefix."""
_IPV4: Final = r"\d+(?:\.\d+){3}"
_EXCLUDED: Final = re.compile(rf"\s*({_IPV4})(?:\s*\.\.\s*({_IPV4}))?")


class Settings(NamedTuple):
    """What a switch says about addresses: `start` is the first address, `size` how many numbers there are from it to
    the broadcast address, both 0 without a subnet."""

    start: int = 0
    size: int = 0
    excluded: frozenset[int] = frozenset()
    ipv6: Ipv6Address | None = None


class Request(NamedTuple):
    """What a port asks for; what is None is chosen for it."""

    mac: str | None
    ipv4: int | None
    ipv6: str | None
    present: PortAddresses | None
    """What it was given before."""
    text: str = ""
    """The same, as it is written."""
    before: int | None = None
    """The IPv4 address of it."""


def read_switch(config: Mapping[str, str]) -> Settings | None:
    """The settings of a switch; None if it gives no addresses."""
    start, size = _subnet(config.get("subnet", ""))
    excluded = frozenset(_excluded(config.get("exclude_ips", ""), start, size)) if size else frozenset()
    ipv6 = _prefix(config.get("ipv6_prefix", ""))
    mac_only = config.get("mac_only") == "true" and "subnet" not in config and "ipv6_prefix" not in config
    return Settings(start, size, excluded, ipv6) if size or ipv6 is not None or mac_only else None


def _subnet(text: str) -> tuple[int, int]:
    try:
        interface = InterfaceAddress.parse(text)
    except ValueError:
        return 0, 0
    prefix = interface.prefix
    if not isinstance(prefix.network, Ipv4Address) or interface.length == 32:
        return 0, 0
    return prefix.network.value + 1, prefix.last.value - prefix.network.value


def _excluded(text: str, start: int, size: int) -> Iterator[int]:
    """`10.0.0.4 10.0.0.20..10.0.0.50`; what comes after something else is not read."""
    at = 0
    while (found := _EXCLUDED.match(text, at)) is not None:
        at = found.end()
        first, last = _number(found[1]), _number(found[2] or found[1])
        if first is None or last is None:
            return
        yield from range(max(first, start), min(last + 1, start + size))


def _number(text: str) -> int | None:
    try:
        return Ipv4Address.parse(text).value
    except ValueError:
        return None


def _prefix(text: str) -> Ipv6Address | None:
    address, slash, length = text.partition("/")
    try:
        found = parse_address(address)
    except ValueError:
        return None
    if not isinstance(found, Ipv6Address) or (slash and length != "64"):
        return None
    return Ipv6Address(found.value >> 64 << 64)


def read_request(addresses: Iterable[str], present: str | None) -> Request | None:
    """What a port asks for: the first of its addresses that asks at all; None if none does."""
    for text in sorted(addresses):
        found = dynamic_request(text)
        if found is not None:
            mac = parse_mac(found["mac"]) if found["mac"] else None
            ipv4 = _number(found["ipv4"]) if found["ipv4"] else None
            before = parse_port_addresses(present) if present is not None else None
            number = _number(before.ipv4[0]) if before is not None and before.ipv4 else None
            return Request(mac, ipv4, found["ipv6"], before, present or "", number)
    return None


class Pool:
    """The IPv4 addresses of a switch."""

    def __init__(self, settings: Settings, taken: Iterable[int]) -> None:
        self._start, self._end = settings.start, settings.start + settings.size
        self._taken = {settings.start, *settings.excluded, *taken}
        self._next = settings.start

    def may_have(self, address: int) -> bool:
        """Whether the address is one of the switch's and free; the last one is the broadcast address."""
        return self._start <= address < self._end - 1 and address not in self._taken

    def take(self, address: int) -> None:
        """Somebody has it now."""
        self._taken.add(address)

    def first_free(self) -> int | None:
        """The first free address; None when all are taken."""
        while self._next in self._taken:
            self._next += 1
        return self._next if self._next < self._end - 1 else None


class MacPool:
    """The MAC addresses of a deployment: three octets are its own, three are chosen."""

    def __init__(self, prefix: int, is_taken: Callable[[str], bool]) -> None:
        self._prefix = prefix
        self._beginning = str(MacAddress(prefix))[:9]
        self._is_taken = is_taken
        self._given: set[str] = set()

    def is_own(self, mac: str) -> bool:
        """Whether it begins as those that are given here."""
        return mac.startswith(self._beginning)

    def choose(self, ipv4: int) -> str:
        """A free MAC: its last octets are the address's plus one, or the next."""
        for offset in range(MAC_SPACE - 1):
            suffix = ((ipv4 & MAC_SPACE) + offset) % (MAC_SPACE - 1) + 1
            mac = str(MacAddress(self._prefix | suffix))
            if mac not in self._given and not self._is_taken(mac):
                break
        self._given.add(mac)
        return mac


class Plan:
    """The answers to the ports of one switch."""

    def __init__(self, settings: Settings, pool: Pool, macs: MacPool) -> None:
        self._settings = settings
        self._pool = pool
        self._macs = macs
        self.disputed = False
        """Whether somebody new got what he asked for and may not keep: it is another one's, or no address of this
        switch. He loses it at the next look."""

    def answers(self, requests: Sequence[Request]) -> list[str]:
        """The dynamic addresses for each request."""
        kept = [self._kept(request) for request in requests]
        return [self._answer(request, ipv4) for request, ipv4 in zip(requests, kept, strict=True)]

    def _kept(self, request: Request) -> int | None:
        """The IPv4 address that a port was given before, if it may keep it, and asks for no other that it may have."""
        address = request.before
        if address is None or not self._settings.size or not self._pool.may_have(address):
            return None
        if request.ipv4 is not None and request.ipv4 != address:
            return None
        self._pool.take(address)
        return address

    def _answer(self, request: Request, kept: int | None) -> str:
        if kept is not None and self._may_stay(request):
            return request.text
        ipv4 = kept
        if ipv4 is None and request.ipv4 is not None and self._may_ask(request):
            ipv4 = request.ipv4
            self.disputed = self.disputed or not self._pool.may_have(ipv4)
        elif ipv4 is None and self._settings.size:
            ipv4 = self._pool.first_free()
        if ipv4 is not None:
            self._pool.take(ipv4)
        mac = self._mac(request, ipv4 or 0)
        words = [mac, *([str(Ipv4Address(ipv4))] if ipv4 is not None else []), *self._ipv6(request, mac)]
        return " ".join(words)

    def _may_stay(self, request: Request) -> bool:
        """Whether nothing but its IPv4 address is to be looked at, which stays: so it is for most ports."""
        said = request.present
        plain = request.mac is None and request.ipv6 is None and self._settings.ipv6 is None
        return plain and said is not None and not said.ipv6 and self._macs.is_own(said.mac)

    def _may_ask(self, request: Request) -> bool:
        """A new port gets what it asks for, wherever it is; one that had an address only what is free in the subnet."""
        if request.present is None:
            return True
        return bool(self._settings.size) and self._pool.may_have(request.ipv4 or 0)

    def _mac(self, request: Request, ipv4: int) -> str:
        if request.mac is not None:
            return request.mac
        if request.present is not None and self._macs.is_own(request.present.mac):
            return request.present.mac
        return self._macs.choose(ipv4)

    def _ipv6(self, request: Request, mac: str) -> list[str]:
        prefix = self._settings.ipv6
        if request.ipv6 is not None and (prefix is not None or request.present is None):
            try:
                asked = Ipv6Address.parse(request.ipv6)
            except ValueError:
                return []
            fits = prefix is not None and asked.value >> 64 == prefix.value >> 64
            if request.present is None or fits:
                self.disputed = self.disputed or not fits
                return [str(asked)]
        if prefix is None:
            return []
        return [str(Ipv6Address(prefix.value | Ipv6Address.link_local(MacAddress.parse(mac)).value & (1 << 64) - 1))]
