"""Autoconfig: IPv6 addresses and the default route from router advertisements (RFC 4862).

Duplicate address detection is left out: addresses are made from MACs, which the cloud keeps apart. Lifetimes of zero
are honoured, others do not run out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from brume.simulator.host.routes import DEFAULT6
from brume.values import InterfaceAddress, Ipv6Address, MacAddress, Prefix

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


def solicit_routers(host: Host) -> None:
    """Ask who routes here."""
    host.internet.send(
        Ipv6Address.ALL_ROUTERS,
        Icmp6(icmp6.ROUTER_SOLICITATION),
        RouterSolicitation(),
        LinkLayerOption(nd.SOURCE_LINK_LAYER, host.mac),
        ttl=nd.HOP_LIMIT,
    )


def receive_advertisement(host: Host, header: Ipv6, body: bytes) -> None:
    """Take a router advertisement."""
    if header.hop_limit != nd.HOP_LIMIT or not header.source.is_link_local:
        host.drops["router advertisement from off the link"] += 1
        return
    advertisement = RouterAdvertisement.parse(body)
    for option in ND_OPTIONS.parse(body, advertisement.size()):
        octets = option.pack()
        if option.type == nd.SOURCE_LINK_LAYER and len(option.data) == 6:
            host.neighbors.learn(header.source, MacAddress.from_packed(option.data))
        elif option.type == nd.PREFIX_INFORMATION:
            _take_prefix(host, PrefixOption.parse(octets))
        elif option.type == nd.MTU:
            host.mtu = max(1280, min(host.mtu, MtuOption.parse(octets).mtu))
    if advertisement.router_lifetime:
        host.routes.add_default(header.source, "ra")
    else:
        host.routes.remove(DEFAULT6)


def _take_prefix(host: Host, option: PrefixOption) -> None:
    if option.autonomous and option.prefix_length == 64 and option.valid_lifetime:
        address = Ipv6Address.from_mac(option.prefix.value, host.mac)
        host.add_address(InterfaceAddress(address, 64), via="ra")
    elif option.on_link and option.prefix_length <= 128 and option.valid_lifetime:
        host.routes.add(Prefix.containing(option.prefix, option.prefix_length), None, "ra")
