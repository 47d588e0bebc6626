"""Traces between hosts on rows by hand, where no datapath is to blame: no route at the host, a gateway that is silent,
no way in from outside or back from there.

Each function answers None for a host that is the cloud's, or when it knows no better than the general words.
"""

from __future__ import annotations

from brume.dataplane.explain.by_hand import disabled_router_port
from brume.dataplane.explain.by_hand_places import joined_by
from brume.dataplane.explain.explanation import Cause
from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.explain.topology import Station
from brume.northbound.neighbourhood import interfaces, routers_on
from brume.northbound.schema import (
    NAT,
    LoadBalancer,
    LogicalRouter,
    LogicalRouterPort,
    LogicalSwitch,
    LogicalSwitchPort,
    router_port_by_name,
    switch_port_by_name,
)
from brume.tables.database import Database
from brume.values import IpAddress, Ipv6Address, MacAddress, Prefix, parse_address


def host_without_route(provenance: Provenance, station: Station, destination: IpAddress) -> Cause | None:
    """No gateway is known to the host: its switch's router, if there is one by now."""
    switch = _switch_of(provenance, station)
    if switch is None:
        return None
    northbound = provenance.northbound.northbound
    who = f"{station.name} has no route to {destination}: no gateway is known to it"
    for port in routers_on(northbound, switch.uuid):
        for own in interfaces(port):
            if own.address.VERSION == destination.VERSION and any(
                own.address in mine.prefix for mine in station.addresses
            ):
                family = " -6" if own.address.VERSION == 6 else ""
                command = f"ip{family} route add default via {own.address}"
                return Cause(who, (f"brume ovn exec {station.name} {command}",))
    cure = f"no router is on switch {switch.name}: ovn-nbctl lrp-add ROUTER PORT MAC NETWORK, then bind the host again"
    return Cause(who, (cure,))


def gateway_is_silent(provenance: Provenance, station: Station, hop: IpAddress) -> Cause | None:
    """The router port that has the address asked for is disabled, or its router is, or no switch port leads to it."""
    switch = _switch_of(provenance, station)
    if switch is None:
        return None
    northbound = provenance.northbound.northbound
    connected = {port.uuid for port in routers_on(northbound, switch.uuid)}
    elsewhere = {port.options.get("router-port") for port in northbound.rows(LogicalSwitchPort)}
    owners = [
        port
        for port in northbound.rows(LogicalRouterPort)
        if _has(port, hop) and (port.uuid in connected or port.name not in elsewhere)
    ]
    for port in sorted(owners, key=lambda one: one.uuid not in connected):
        router = _router_of(northbound, port)
        if port.uuid not in connected:
            who = f"no port of switch {switch.name} leads to router port {port.name}, which has {hop}"
            return Cause(who, (joined_by(switch.name, port.name),))
        if router is not None and router.enabled is False:
            return Cause(
                f"router {router.name} is disabled", (f"ovn-nbctl set logical_router {router.name} enabled=true",)
            )
        if port.enabled is False:
            return disabled_router_port(port)
    return None


def balanced_address_is_silent(provenance: Provenance, station: Station, hop: IpAddress) -> Cause | None:
    """The address of a load balancer in a switch's own network: only routers answer ARP requests for such."""
    switch, northbound = _switch_of(provenance, station), provenance.northbound.northbound
    if switch is None:
        return None
    routers = [one for one in (_router_of(northbound, port) for port in routers_on(northbound, switch.uuid)) if one]
    for row in northbound.rows(LoadBalancer):
        owners = northbound.owners(LogicalRouter.load_balancer, row.uuid)
        if not _serves(row, hop) or any(one.uuid in owners for one in routers):
            continue
        who = f"{station.name} asks for the MAC address of {hop}, and nobody answers"
        cure = f"ovn-nbctl lr-lb-add {routers[0].name if routers else 'ROUTER'} {row.name}"
        other = "or give it an address of no switch: hosts ask their gateway for those"
        return Cause(f"{who}: no router has load balancer {row.name}", (cure, other))
    return None


def _serves(row: LoadBalancer, address: IpAddress) -> bool:
    return any(vip == str(address) or vip.startswith((f"{address}:", f"[{address}]:")) for vip in row.vips)


def nobody_takes(provenance: Provenance, station: Station, mac: MacAddress) -> Cause | None:
    """The switch does not know that a router has this MAC address, and asks those whose addresses are unknown."""
    switch, northbound = _switch_of(provenance, station), provenance.northbound.northbound
    for uuid in northbound.members(LogicalSwitch.ports, switch.uuid) if switch is not None else ():
        port = northbound.get(LogicalSwitchPort, uuid)
        unknown = port is not None and port.type == "router" and "router" not in port.addresses
        name = port.options.get("router-port", "") if port is not None and unknown else ""
        for peer in northbound.find(router_port_by_name, name):
            if port is not None and peer.mac.lower() == str(mac):
                who = f"switch {switch.name if switch else ''} does not know that {port.name} has the MAC address {mac}"
                return Cause(who, (f"ovn-nbctl lsp-set-addresses {port.name} router",))
    return None


def no_way_back(provenance: Provenance, name: str, address: IpAddress) -> Cause | None:
    """Outside got a packet from an address that means nothing there."""
    northbound = provenance.northbound.northbound
    routers = [
        row for row in northbound.rows(LogicalRouter) if not provenance.northbound.because((LogicalRouter, row.uuid))
    ]
    who = f"{name} has no way back to {address}"
    for router in sorted(routers, key=lambda row: row.name):
        if any(
            _translates(northbound.get(NAT, one), address) for one in northbound.members(LogicalRouter.nat, router.uuid)
        ):
            cure = f"ovn-nbctl lrp-set-gateway-chassis PORT CHASSIS, for the port of {router.name} that leads outside"
            return Cause(
                f"{who}: router {router.name} translates it on its gateway chassis only, and has none", (cure,)
            )
    if not routers:
        return None
    router_name = routers[0].name if len(routers) == 1 else "ROUTER"
    cure = f"ovn-nbctl lr-nat-add {router_name} snat EXTERNAL_ADDRESS {address}"
    return Cause(f"{who}: no router translates it", (cure,))


def _translates(nat: NAT | None, address: IpAddress) -> bool:
    if nat is None or nat.type not in ("snat", "dnat_and_snat"):
        return False
    try:
        return address in Prefix.parse(nat.logical_ip if "/" in nat.logical_ip else f"{nat.logical_ip}/32")
    except ValueError:
        return False


def _switch_of(provenance: Provenance, station: Station) -> LogicalSwitch | None:
    """The switch of a host whose port is by hand."""
    northbound = provenance.northbound.northbound
    for port in northbound.find(switch_port_by_name, station.port_id or ""):
        if provenance.northbound.because((LogicalSwitchPort, port.uuid)):
            return None
        for uuid in northbound.owners(LogicalSwitch.ports, port.uuid):
            return northbound.get(LogicalSwitch, uuid)
    return None


def _router_of(northbound: Database, port: LogicalRouterPort) -> LogicalRouter | None:
    owners = northbound.owners(LogicalRouter.ports, port.uuid)
    return northbound.get(LogicalRouter, owners[0]) if owners else None


def _has(port: LogicalRouterPort, address: IpAddress) -> bool:
    if isinstance(address, Ipv6Address) and address.is_link_local:
        return address == Ipv6Address.link_local(MacAddress.parse(port.mac))
    return any(one.address == address for one in interfaces(port))


# from outside


def address_from_outside(provenance: Provenance, station: Station, family: int) -> IpAddress | Cause | None:
    """Where a host on a hand-written port is reached from outside: an address that is translated to its own, or its
    own on an external switch or in IPv6; a Cause if nowhere; None if the port is not by hand."""
    northbound = provenance.northbound.northbound
    ports = northbound.find(switch_port_by_name, station.port_id or "")
    if not ports or provenance.northbound.because((LogicalSwitchPort, ports[0].uuid)):
        return None
    found = [one.address for one in station.addresses if family == one.address.VERSION]
    own = [one for one in found if family == 4 or not one.is_link_local]
    for nat in northbound.rows(NAT):
        if nat.type != "snat" and _read(nat.logical_ip) in own:
            return _read(nat.external_ip)
    if own and (family == 6 or _is_external(northbound, ports[0])):
        return own[0]  # IPv6 is routed, unless somebody translates it
    if family == 6:
        return None
    address = own[0] if own else "ADDRESS"
    cure = f"ovn-nbctl lr-nat-add ROUTER dnat_and_snat EXTERNAL_ADDRESS {address}"
    return Cause(f"{station.name} cannot be reached from outside: no address is translated to {address}", (cure,))


def _read(text: str) -> IpAddress | None:
    try:
        return parse_address(text)
    except ValueError:
        return None


def _is_external(northbound: Database, port: LogicalSwitchPort) -> bool:
    siblings = (
        northbound.get(LogicalSwitchPort, uuid)
        for switch in northbound.owners(LogicalSwitch.ports, port.uuid)
        for uuid in northbound.members(LogicalSwitch.ports, switch)
    )
    return any(one is not None and one.type == "localnet" for one in siblings)
