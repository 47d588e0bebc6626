"""Which routers a chassis advertises by itself: ports of local routers that say so in their binding's options.

The options are those of ovn-northd (ipv6_ra_send_periodic, ipv6_ra_address_mode, ...); an advertisement whose options
make no sense is not sent (pinctrl.c, ipv6_ra_update_config).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from brume.openflow.from_southbound.actions.router_advertisement import (
    HOP_LIMIT,
    LIFETIME,
    MANAGED,
    OTHER,
    PREFERENCES,
    prefix_option,
    routes,
    search_list,
)
from brume.openflow.packet_in.advertisements import Advertisement
from brume.packets import nd
from brume.packets.nd import LinkLayerOption, MtuOption
from brume.southbound.schema import DatapathBinding, PortBinding, port_binding_by_logical_port
from brume.tables.database import Database
from brume.tables.row import Index
from brume.values import InterfaceAddress, Ipv6Address, MacAddress

FLAGS: Final = {"slaac": 0, "dhcpv6_stateless": OTHER, "dhcpv6_stateful": MANAGED}
LONGEST: Final = 600
LEAST, MOST = 1, 1800
"""Seconds between two advertisements (RFC 4861, 6.2.1, has 3 as the least)."""


def is_periodic(port: PortBinding) -> bool:
    """Whether a port advertises unasked."""
    return port.options.get("ipv6_ra_send_periodic", "") == "true"


advertising_port = Index(
    PortBinding, "datapath of port that advertises", lambda row: row.datapath if is_periodic(row) else None
)


def advertisements(southbound: Database, datapaths: Iterable[str]) -> dict[str, Advertisement]:
    """All advertisements of local datapaths, by the router port's name."""
    found: dict[str, Advertisement] = {}
    for datapath in datapaths:
        for port in southbound.find(advertising_port, datapath):
            one = advertisement(southbound, port)
            if one is not None:
                found[port.logical_port] = one
    return found


def advertisement(southbound: Database, port: PortBinding) -> Advertisement | None:
    """What a router port says through the switch port at its other end, unless it says nothing."""
    for peer in southbound.find(port_binding_by_logical_port, port.options.get("peer", "")):
        network = southbound.get(DatapathBinding, peer.datapath)
        if network is None or not is_periodic(port):
            continue
        try:
            return _advertisement(port.options, network.tunnel_key, peer.tunnel_key)
        except (KeyError, ValueError):
            return None  # as OVN does; what is wrong with ipv6_ra_configs, the compiler says
    return None


def concerned(southbound: Database, port: PortBinding) -> PortBinding | None:
    """The router port whose advertisement hangs on a binding that changed: itself, or its peer."""
    if is_periodic(port):
        return port
    if port.type != "patch":
        return None
    found = southbound.find(port_binding_by_logical_port, port.options.get("peer", ""))
    return found[0] if found and is_periodic(found[0]) else None


def _advertisement(options: Mapping[str, str], datapath: int, port: int) -> Advertisement:
    """KeyError or ValueError if the options are not what northd writes."""
    longest = int(options.get("ipv6_ra_max_interval", LONGEST))
    shortest = int(options.get("ipv6_ra_min_interval", longest // 3))
    if not LEAST <= shortest <= longest <= MOST:
        raise ValueError("an interval that northd does not write")
    mac = MacAddress.parse(options["ipv6_ra_src_eth"])
    source = Ipv6Address.parse(options["ipv6_ra_src_addr"])
    flags = FLAGS[options["ipv6_ra_address_mode"]]
    head = bytes((HOP_LIMIT, flags | PREFERENCES.get(options.get("ipv6_ra_prf", ""), 0)))
    body = head + LIFETIME.to_bytes(2, "big") + bytes(8) + b"".join(_options(options, mac, flags))
    return Advertisement(mac, source, body, shortest, longest, datapath, port)


def _options(options: Mapping[str, str], mac: MacAddress, flags: int) -> Iterator[bytes]:
    yield LinkLayerOption(nd.SOURCE_LINK_LAYER, mac).pack()
    if mtu := int(options.get("ipv6_ra_mtu", 0)):
        yield MtuOption(mtu=mtu).pack()
    for text in options.get("ipv6_ra_prefixes", "").split():
        address = InterfaceAddress.parse(text)
        yield prefix_option(address.address.value, address.length, flags)
    if "ipv6_ra_rdnss" in options:
        servers = Ipv6Address.parse(options["ipv6_ra_rdnss"]).packed
        yield bytes((nd.RECURSIVE_DNS, 3, 0, 0)) + b"\xff" * 4 + servers
    if "ipv6_ra_dnssl" in options:
        yield search_list(options["ipv6_ra_dnssl"])
    if "ipv6_ra_route_info" in options:
        yield from routes(options["ipv6_ra_route_info"])
