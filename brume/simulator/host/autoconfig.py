"""Autoconfig: IPv6 addresses, the default route and name servers from router advertisements (RFC 4862, RFC 8106).

An advertisement with the flag M (managed) starts the DHCPv6 client; with O (other) alone, it asks for the rest, but
for no address. Duplicate address detection is left out: addresses are made from MACs, which the cloud keeps apart.
Lifetimes of zero are honoured, others do not run out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from brume.packets import icmp6, nd
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv6 import Ipv6
from brume.packets.nd import (
    ND_OPTIONS,
    LinkLayerOption,
    MtuOption,
    PrefixOption,
    RouterAdvertisement,
    RouterSolicitation,
)
from brume.simulator.clock import Timer
from brume.simulator.host.routes import DEFAULT6
from brume.values import InterfaceAddress, Ipv6Address, MacAddress, Prefix

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


FIRST_INTERVAL: Final = 4.0
LONGEST_INTERVAL: Final = 3600.0
"""RFC 7559; Linux has the same in net.ipv6.conf.eth0.router_solicitation_interval and _max_interval."""


class RouterSearch:
    """Asks who routes here, at doubling intervals, until somebody advertises."""

    __slots__ = ("_attempts", "_timer", "host")

    def __init__(self, host: Host) -> None:
        self.host = host
        self._attempts = 0
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin anew."""
        self.stop()
        self._attempts = 0
        self._ask()

    def stop(self) -> None:
        """A router was found, or the host loses power."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _ask(self) -> None:
        interval = min(FIRST_INTERVAL * (1 << min(self._attempts, 12)), LONGEST_INTERVAL)
        self._attempts += 1
        self._timer = self.host.scheduler.call_later(interval, self._ask)  # first: a switch may answer at once
        self.host.internet.send(
            Ipv6Address.ALL_ROUTERS,
            Icmp6(icmp6.ROUTER_SOLICITATION),
            RouterSolicitation(),
            LinkLayerOption(nd.SOURCE_LINK_LAYER, self.host.mac),
            ttl=nd.HOP_LIMIT,
        )


def receive_advertisement(host: Host, header: Ipv6, body: bytes) -> None:
    """Take a router advertisement."""
    if header.hop_limit != nd.HOP_LIMIT or not header.source.is_link_local:
        host.drops["router advertisement from off the link"] += 1
        return
    advertisement = RouterAdvertisement.parse(body)
    host.router_search.stop()
    for option in ND_OPTIONS.parse(body, advertisement.size()):
        octets = option.pack()
        if option.type == nd.SOURCE_LINK_LAYER and len(option.data) == 6:
            host.neighbors.learn(header.source, MacAddress.from_packed(option.data))
        elif option.type == nd.PREFIX_INFORMATION:
            _take_prefix(host, PrefixOption.parse(octets))
        elif option.type == nd.RECURSIVE_DNS:
            host.learn_name_servers("ra", _name_servers(option.data))
        elif option.type == nd.MTU:
            host.mtu = max(1280, min(host.mtu, MtuOption.parse(octets).mtu))
    if advertisement.router_lifetime:
        host.routes.add_default(header.source, "ra")
    else:
        host.routes.remove(DEFAULT6)
    _ask_further(host, advertisement)


def _ask_further(host: Host, advertisement: RouterAdvertisement) -> None:
    """Once: later advertisements say the same."""
    if not (advertisement.managed or advertisement.other) or host.dhcp6.state not in ("INIT", "INFORMED"):
        return
    if advertisement.managed:
        host.dhcp6.start()
    elif host.dhcp6.state == "INIT":
        host.dhcp6.inform()


def _name_servers(data: bytes) -> list[Ipv6Address]:
    """What follows the reserved octets and the lifetime of option 25; nobody, when its lifetime is over."""
    if not int.from_bytes(data[2:6], "big"):
        return []
    return [Ipv6Address.from_packed(data[at : at + 16]) for at in range(6, len(data) - 15, 16)]


def _take_prefix(host: Host, option: PrefixOption) -> None:
    if option.autonomous and option.prefix_length == 64 and option.valid_lifetime:
        address = Ipv6Address.from_mac(option.prefix.value, host.mac)
        host.add_address(InterfaceAddress(address, 64), via="ra")
    elif option.on_link and option.prefix_length <= 128 and option.valid_lifetime:
        host.routes.add(Prefix.containing(option.prefix, option.prefix_length), None, "ra")
