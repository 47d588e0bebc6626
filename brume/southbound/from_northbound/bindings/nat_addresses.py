"""Port_Binding.nat_addresses: what a chassis announces (gratuitous ARP) on a switch for the router behind a port.

The column is one set, so it is made again whole when a translation of the router changes.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.view import View
from brume.expressions.constants import quote
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.addresses import parse_port_addresses
from brume.southbound.from_northbound.facts.balanced import VIP, router_vips
from brume.southbound.from_northbound.facts.nat import RouterNat, nats_by_router
from brume.southbound.from_northbound.facts.ports import (
    RouterPort,
    SwitchPort,
    gateways_of,
    localnet_ports,
)
from brume.southbound.from_northbound.facts.settings import is_true


def nat_addresses(port: SwitchPort, peer: RouterPort, view: View) -> Iterator[str]:
    """The announcements for a switch port that is connected to the router port `peer`."""
    gateways = gateways_of(view, peer.router)
    router = view.get(LogicalRouter, peer.router)
    on_chassis = router is not None and "chassis" in router.options
    wanted = port.options.get("nat-addresses", "")
    if wanted == "router" and (on_chassis or gateways):
        vips = [] if is_true(port.options, "exclude-lb-vips-from-garp", False) else _vips(peer.router, view)
        yield from _translations(peer, gateways, vips, view)
    elif wanted and (on_chassis or gateways) and parse_port_addresses(wanted):
        yield wanted + _where(peer, gateways)
    if _announces_itself(port, peer, gateways, on_chassis, view):
        yield " ".join([peer.mac, *(network.address for network in peer.ipv4)]) + _where(peer, gateways)


def _where(peer: RouterPort, gateways: list[RouterPort]) -> str:
    """Announce only on the gateway chassis, if there is one."""
    if not gateways:
        return ""
    return f" is_chassis_resident({peer.redirect if peer.gateway else gateways[0].redirect})"


def _announces_itself(
    port: SwitchPort, peer: RouterPort, gateways: list[RouterPort], on_chassis: bool, view: View
) -> bool:
    if gateways:
        resides = is_true(peer.options, "reside-on-redirect-chassis", False) and len(gateways) == 1
        return peer.gateway or resides
    return on_chassis and bool(view.find(localnet_ports, port.switch))


def _vips(router: str, view: View) -> list[str]:
    """The router's virtual addresses, IPv4 first."""
    return sorted((vip.address for vip in view.find(router_vips, (router, VIP))), key=lambda text: (":" in text, text))


def _translations(peer: RouterPort, gateways: list[RouterPort], vips: list[str], view: View) -> Iterator[str]:
    own = {network.address for network in (*peer.ipv4, *peer.ipv6)}
    central: dict[str, None] = {}
    for nat in sorted(view.find(nats_by_router, peer.router), key=_uuid):
        if nat.is_ipv6 or not leaves_by(nat, peer, gateways):
            continue
        if gateways and nat.distributed:
            yield f"{nat.external_mac} {nat.external_ip} is_chassis_resident({quote(nat.logical_port or '')})"
        elif nat.external_ip not in own:
            central[nat.external_ip] = None
    central |= dict.fromkeys(vips)
    if central:
        where = f" is_chassis_resident({peer.redirect})" if peer.gateway else ""
        yield " ".join([peer.mac, *central]) + where


def _uuid(nat: RouterNat) -> str:
    """The order in which northd goes through a router's translations: that of an OVSDB set of references."""
    return nat.uuid


def leaves_by(nat: RouterNat, port: RouterPort, gateways: list[RouterPort]) -> bool:
    """Whether a translation belongs to this gateway port, if the router has several."""
    if len(gateways) < 2:
        return True
    if nat.gateway_port is not None:
        return nat.gateway_port == port.uuid
    networks = port.ipv6 if nat.is_ipv6 else port.ipv4
    return any(network.contains(nat.external_ip) for network in networks)
