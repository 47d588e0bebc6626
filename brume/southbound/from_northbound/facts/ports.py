"""What rules need to know of a port: its place, its parsed addresses, and what it makes true of its switch.

A port that is on no switch or router, or that cannot be understood, makes no fact; what cannot be understood is said
as a Problem.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final

from brume.derive.rules import Output, Problem, derived, rule
from brume.derive.view import View
from brume.expressions.constants import quote
from brume.northbound.schema import (
    LogicalRouter,
    LogicalRouterPort,
    LogicalSwitch,
    LogicalSwitchPort,
    router_port_by_name,
    switch_port_by_name,
)
from brume.southbound.allocation import KeyRequest
from brume.southbound.from_northbound.facts.addresses import (
    Network,
    PortAddresses,
    is_dynamic,
    link_local,
    parse_mac,
    parse_network,
    parse_port_addresses,
    unread,
)
from brume.southbound.from_northbound.facts.settings import number
from brume.tables.map import Map
from brume.tables.row import Index, Row
from brume.values.address import parse_address
from brume.values.uuids import derive_uuid

WORDS: Final = frozenset(("unknown", "router"))
"""Addresses that are no addresses."""
SHAPED: Final = ("qos_min_rate", "qos_max_rate", "qos_burst")
HOSTS: Final = "a port that is not a connected router port"
FLOODED: Final = "an enabled port"
FLOODED_L2: Final = "an enabled port that is not a router port"
UNKNOWN: Final = "an enabled port with unknown addresses"
REPORTS: Final = "an enabled port that gets all multicast reports"
STATIC: Final = "an enabled port that gets all multicast"


class SwitchHas(Row, frozen=True, kw_only=True):
    """Something that is true of a switch because of at least one of its ports."""

    switch: str
    what: str

    def key(self) -> Hashable:
        return (self.switch, self.what)


class SwitchPort(Row, frozen=True, kw_only=True):
    """A port of a switch.

    `quoted` is its name as flows write it, `peer` the router port it is connected to. `addresses` are those it is
    known to have, the router port's included if it says "router"; `own_macs` only those it says itself. `floods` says
    which floods reach it.
    """

    uuid: str
    switch: str
    name: str
    quoted: str
    type: str
    enabled: bool
    addresses: tuple[PortAddresses, ...]
    own_macs: tuple[str, ...]
    unknown: bool
    router_addresses: bool
    secured: bool
    dhcpv4: str | None
    dhcpv6: str | None
    peer: str | None
    floods: tuple[str, ...]
    options: Map[str, str]

    def key(self) -> Hashable:
        return self.uuid


class RouterPort(Row, frozen=True, kw_only=True):
    """A port of a router. A gateway port is bound to one chassis, as the port `redirect` (cr-<name>)."""

    uuid: str
    router: str
    name: str
    quoted: str
    mac: str
    ipv4: tuple[Network, ...]
    ipv6: tuple[Network, ...]
    enabled: bool
    gateway: bool
    redirect: str
    switch_port: str | None
    options: Map[str, str]

    def key(self) -> Hashable:
        return self.uuid


switch_port_by_router_port = Index(
    LogicalSwitchPort, "router-port", lambda port: port.options.get("router-port") if port.type == "router" else None
)
connected_router_ports = Index(SwitchPort, "switch", lambda port: port.switch if port.peer else None)
localnet_ports = Index(SwitchPort, "switch", lambda port: port.switch if port.type == "localnet" else None)
external_ports = Index(SwitchPort, "switch", lambda port: port.switch if port.type == "external" else None)
router_ports = Index(RouterPort, "router", lambda port: port.router)
gateway_ports = Index(RouterPort, "router", lambda port: port.router if port.gateway else None)


def gateways_of(view: View, router: str) -> list[RouterPort]:
    """The gateway ports of a router, in the order of an OVSDB set of references; where one counts, the first does."""
    return sorted(view.find(gateway_ports, router), key=lambda port: port.uuid)


def network_of(port: RouterPort, address: str) -> Network | None:
    """The network of the port in which an address lies."""
    networks = port.ipv6 if ":" in address else port.ipv4
    try:
        wanted = parse_address(address)
    except ValueError:
        return None
    return next((network for network in networks if wanted in network.interface.prefix), None)


def redirect_uuid(router_port: str) -> str:
    """The uuid of the port binding that stands for a gateway port on its chassis."""
    return derive_uuid("chassisredirect", router_port)


def requested_key(options: Map[str, str]) -> int:
    """The tunnel key asked for by option; 0 if none."""
    return number(options, "requested-tnl-key")


@rule(LogicalSwitch)
def switch_key(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    yield KeyRequest(owner=switch.uuid, space="", requested=requested_key(switch.other_config))


@rule(LogicalRouter)
def router_key(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield KeyRequest(owner=router.uuid, space="", requested=requested_key(router.options))


@derived
def is_there(view: View, row_type: type[LogicalSwitch] | type[LogicalRouter], uuid: str) -> bool:
    """Whether the switch or router is there; as for northd, a router that is switched off is not."""
    row = view.get(row_type, uuid)
    return row is not None and not (isinstance(row, LogicalRouter) and row.enabled is False)


def switch_of(view: View, port: str) -> str | None:
    """The switch a port is on; None if it is on none."""
    owners = view.owners(LogicalSwitch.ports, port)
    return owners[0] if owners and is_there(view, LogicalSwitch, owners[0]) else None


def router_of(view: View, port: str) -> str | None:
    """The router a router port is on; None if it is on none."""
    owners = view.owners(LogicalRouter.ports, port)
    return owners[0] if owners and is_there(view, LogicalRouter, owners[0]) else None


@rule(LogicalSwitchPort)
def switch_port(port: LogicalSwitchPort, view: View) -> Iterator[Output]:
    switch = switch_of(view, port.uuid)
    if switch is not None:
        fact = _switch_port(port, switch, view)
        yield fact
        yield KeyRequest(owner=port.uuid, space=switch, requested=requested_key(port.options))
        if fact.peer is None:
            yield SwitchHas(switch=switch, what=HOSTS)
        for what in fact.floods:
            yield SwitchHas(switch=switch, what=what)
        if port.dynamic_addresses is None and any(is_dynamic(text) for text in port.addresses):
            message = "asks for dynamic addresses; the switch has no other_config:subnet, ipv6_prefix or mac_only"
            yield Problem(table="Logical_Switch_Port", row=port.uuid, message=message)
        for name in SHAPED if port.options else ():
            if name in port.options:
                message = f"options:{name}: a node that runs Open vSwitch shapes it; Brume's own nodes do not"
                yield Problem(table="Logical_Switch_Port", row=port.uuid, message=message)
        for text in port.addresses:
            rest = unread(text) if text not in WORDS and not is_dynamic(text) else ""
            if rest:
                message = f"addresses {text!r}: not a MAC and IP addresses from {rest!r} on"
                yield Problem(table="Logical_Switch_Port", row=port.uuid, message=message)


def _switch_port(port: LogicalSwitchPort, switch: str, view: View) -> SwitchPort:
    peer = _peer(port, view) if port.type == "router" else None
    texts = [text for text in sorted(port.addresses) if not is_dynamic(text)]
    parsed = [parse_port_addresses(text) for text in (*texts, port.dynamic_addresses or "")]
    addresses = [one for one in parsed if one is not None]
    own_macs = tuple([one.mac for one in addresses])
    router_addresses = "router" in port.addresses
    if router_addresses and peer is not None:
        addresses.append(_router_addresses(peer))
    return SwitchPort(
        uuid=port.uuid,
        switch=switch,
        name=port.name,
        quoted=quote(port.name),
        type=port.type,
        enabled=port.enabled is not False,
        addresses=tuple(addresses),
        own_macs=own_macs,
        unknown="unknown" in port.addresses,
        router_addresses=router_addresses,
        secured=bool(port.port_security),
        dhcpv4=port.dhcpv4_options,
        dhcpv6=port.dhcpv6_options,
        peer=None if peer is None else peer.uuid,
        floods=_floods(port) if port.enabled is not False else (),
        options=port.options,
    )


def _floods(port: LogicalSwitchPort) -> tuple[str, ...]:
    floods = [FLOODED]
    if port.type != "router":
        floods.append(FLOODED_L2)
    if "unknown" in port.addresses and port.type != "external":
        floods.append(UNKNOWN)
    if port.options.get("mcast_flood_reports") == "true":
        floods.append(REPORTS)
    if port.options.get("mcast_flood") == "true":
        floods.append(STATIC)
    return tuple(floods)


def _peer(port: LogicalSwitchPort, view: View) -> LogicalRouterPort | None:
    peer = view.one(router_port_by_name, port.options.get("router-port"))
    usable = peer is not None and _is_usable(peer) and router_of(view, peer.uuid) is not None
    return peer if usable else None


def _is_usable(port: LogicalRouterPort) -> bool:
    return parse_mac(port.mac) is not None and any(parse_network(text) for text in port.networks)


def _router_addresses(peer: LogicalRouterPort) -> PortAddresses:
    mac = peer.mac.lower()
    ipv4, ipv6 = _networks(peer)
    return PortAddresses(mac, tuple(network.address for network in ipv4), tuple(network.address for network in ipv6))


def _networks(port: LogicalRouterPort) -> tuple[tuple[Network, ...], tuple[Network, ...]]:
    """The port's IPv4 and IPv6 networks; to the latter OVN adds the link-local address that goes with the MAC."""
    parsed = [parse_network(text) for text in sorted(port.networks)]
    local = parse_network(f"{link_local(port.mac)}/64")
    ipv4 = tuple(network for network in parsed if network and network.interface.address.VERSION == 4)
    ipv6 = tuple(network for network in (*parsed, local) if network and network.interface.address.VERSION == 6)
    return ipv4, ipv6


@derived
def router_port_of(view: View, uuid: str) -> RouterPort | None:
    """The fact of a router port, for rules that make facts themselves; None if there is none."""
    row = view.get(LogicalRouterPort, uuid)
    router = router_of(view, uuid) if row is not None and _is_usable(row) else None
    fact = _router_port(row, router, view) if row is not None and router is not None else None
    return None if fact is None or _taken(fact, view) else fact


@rule(LogicalRouterPort)
def router_port(port: LogicalRouterPort, view: View) -> Iterator[Output]:
    if not _is_usable(port):
        message = f"mac {port.mac!r} with networks {', '.join(sorted(port.networks))!r}: not a MAC and networks"
        yield Problem(table="Logical_Router_Port", row=port.uuid, message=message)
        return
    router = router_of(view, port.uuid)
    if router is not None:
        fact = _router_port(port, router, view)
        taken = _taken(fact, view)
        if taken:
            message = f"{taken} is the name of another port, which goes before"
            yield Problem(table="Logical_Router_Port", row=port.uuid, message=message)
            return
        yield fact
        requested = requested_key(port.options)
        yield KeyRequest(owner=port.uuid, space=router, requested=requested)
        if fact.gateway:
            yield KeyRequest(owner=redirect_uuid(port.uuid), space=router, requested=0)


def router_behind(row: LogicalRouterPort, view: View) -> RouterPort | None:
    """The router port that a router port names as its `peer`: no switch is between them."""
    named = view.one(router_port_by_name, row.peer) if row.peer is not None else None
    return None if named is None else view.get(RouterPort, named.uuid)


def _taken(fact: RouterPort, view: View) -> str:
    """A name that the port would have in Port_Binding and another one has; empty if there is none."""
    if view.find(switch_port_by_name, fact.name):
        return fact.name
    redirect = f"cr-{fact.name}"
    others = [*view.find(switch_port_by_name, redirect), *view.find(router_port_by_name, redirect)]
    return redirect if fact.gateway and others else ""


def _router_port(port: LogicalRouterPort, router: str, view: View) -> RouterPort:
    on_chassis = bool(port.ha_chassis_group or view.members(LogicalRouterPort.gateway_chassis, port.uuid))
    row = view.get(LogicalRouter, router)
    connected = view.one(switch_port_by_router_port, port.name)
    switch_port = connected if connected and switch_of(view, connected.uuid) else None
    ipv4, ipv6 = _networks(port)
    return RouterPort(
        uuid=port.uuid,
        router=router,
        name=port.name,
        quoted=quote(port.name),
        mac=port.mac.lower(),
        ipv4=ipv4,
        ipv6=ipv6,
        enabled=port.enabled is not False,
        gateway=on_chassis and not (row and "chassis" in row.options),
        redirect=quote(f"cr-{port.name}"),
        switch_port=None if switch_port is None else switch_port.uuid,
        options=port.options,
    )


RULES = (switch_key, router_key, switch_port, router_port)
