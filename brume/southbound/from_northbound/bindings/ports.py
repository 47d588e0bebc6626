"""Port_Binding: one for each switch and router port, with its tunnel key.

A port's chassis, encap and `up` are observed: chassis write them. A new binding is not up.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouter, LogicalRouterPort, LogicalSwitch, LogicalSwitchPort
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.bindings.nat_addresses import nat_addresses
from brume.southbound.from_northbound.bindings.router_advertisements import advertised
from brume.southbound.from_northbound.facts.ports import RouterPort, SwitchPort, router_behind
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.schema import Chassis, PortBinding, chassis_by_name
from brume.tables.map import Map
from brume.tables.row import Index, Member

chassis_by_hostname = Index(Chassis, "hostname", lambda chassis: chassis.hostname)


@rule(LogicalSwitchPort)
def switch_port_binding(port: LogicalSwitchPort, view: View) -> Iterator[Output]:
    key = view.get(TunnelKey, port.uuid)
    if key is None:
        return
    if port.type == "router":
        yield _router_side(port, key, view)
        return
    requested = [chassis for name in _requested(port) for chassis in _chassis(name, view)]
    yield PortBinding(
        uuid=port.uuid,
        logical_port=port.name,
        type=port.type,
        datapath=key.space,
        tunnel_key=key.number,
        options=_options(port, key.space, view),
        parent_port=port.parent_name,
        tag=port.tag,
        mac=port.addresses,
        port_security=port.port_security,
        external_ids=_external_ids(port),
        ha_chassis_group=port.ha_chassis_group if port.type == "external" else None,
        requested_chassis=requested[0] if requested else None,
        up=False,
    )
    for chassis in requested[1:]:
        yield Member(PortBinding.requested_additional_chassis, port.uuid, chassis)


def _options(port: LogicalSwitchPort, switch: str, view: View) -> Map[str, str]:
    row = view.get(LogicalSwitch, switch)
    if row is not None and is_true(row.other_config, "vlan-passthru", False):
        return Map({**port.options, "vlan-passthru": "true"})
    return port.options


def _requested(port: LogicalSwitchPort) -> list[str]:
    text = port.options.get("requested-chassis")
    return [name for name in text.split(",") if name] if text else []


def _chassis(name: str, view: View) -> list[str]:
    found = view.one(chassis_by_name, name) or view.one(chassis_by_hostname, name)
    return [found.uuid] if found else []


def _external_ids(port: LogicalSwitchPort) -> Map[str, str]:
    name = port.external_ids.get("neutron:port_name")
    return Map({**port.external_ids, "name": name}) if name else port.external_ids


def _router_side(port: LogicalSwitchPort, key: TunnelKey, view: View) -> PortBinding:
    fact = view.get(SwitchPort, port.uuid)
    peer = view.get(RouterPort, fact.peer) if fact is not None and fact.peer else None
    router = view.get(LogicalRouter, peer.router) if peer is not None else None
    chassis = router.options.get("chassis") if router is not None else None
    options = {}
    if "router-port" in port.options:
        options["peer"] = port.options["router-port"]
    if chassis:
        options["l3gateway-chassis"] = chassis
    return PortBinding(
        uuid=port.uuid,
        logical_port=port.name,
        type="l3gateway" if chassis else "patch",
        datapath=key.space,
        tunnel_key=key.number,
        options=Map(options),
        parent_port=port.parent_name,
        tag=port.tag,
        mac=port.addresses,
        port_security=port.port_security,
        nat_addresses=frozenset(nat_addresses(fact, peer, view))
        if fact is not None and peer is not None
        else frozenset(),
        external_ids=_external_ids(port),
        up=False,
    )


@rule(RouterPort)
def router_port_binding(port: RouterPort, view: View) -> Iterator[Output]:
    key = view.get(TunnelKey, port.uuid)
    row = view.get(LogicalRouterPort, port.uuid)
    router = view.get(LogicalRouter, port.router)
    if key is None or row is None or router is None:
        return
    chassis = router.options.get("chassis")
    options = {}
    peer = _peer_name(port, row, view)
    if peer:
        options["peer"] = peer
        if row.ha_chassis_group or view.members(LogicalRouterPort.gateway_chassis, port.uuid):
            options["chassis-redirect-port"] = f"cr-{port.name}"
    if chassis:
        options["l3gateway-chassis"] = chassis
    options |= advertised(port, row)
    yield PortBinding(
        uuid=port.uuid,
        logical_port=port.name,
        type="l3gateway" if chassis else "patch",
        datapath=key.space,
        tunnel_key=key.number,
        options=Map(options),
        mac=frozenset([router_port_mac(row)]),
        external_ids=row.external_ids,
        up=False,
    )


def router_port_mac(row: LogicalRouterPort) -> str:
    """A router port's MAC and networks in one text, as its bindings carry them."""
    return " ".join([row.mac, *sorted(row.networks)])


def _peer_name(port: RouterPort, row: LogicalRouterPort, view: View) -> str | None:
    if port.switch_port is not None:
        switch_port = view.get(SwitchPort, port.switch_port)
        return switch_port.name if switch_port else None
    peer = router_behind(row, view)
    return None if peer is None else peer.name


RULES = (switch_port_binding, router_port_binding)
