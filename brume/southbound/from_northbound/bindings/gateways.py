"""Gateway ports on their chassis: Port_Binding of type chassisredirect, and the chassis to choose from.

A distributed router's gateway port lives on the first living chassis of a group. The northbound names the group, or
lists gateway chassis on the port; the southbound always has a group (of the port's name in the second case).
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.northbound.schema import GatewayChassis, LogicalRouterPort, LogicalSwitchPort, ha_chassis_group_by_name
from brume.northbound.schema import HAChassis as NorthboundHAChassis
from brume.northbound.schema import HAChassisGroup as NorthboundHAChassisGroup
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.bindings.ports import router_port_mac
from brume.southbound.from_northbound.facts.nat import DISTRIBUTED_NAT, RouterHas
from brume.southbound.from_northbound.facts.ports import RouterPort, redirect_uuid
from brume.southbound.schema import Chassis, HAChassis, HAChassisGroup, PortBinding, chassis_by_name
from brume.tables.map import Map
from brume.tables.row import Index, Member
from brume.values.uuids import derive_uuid

router_ports_by_group = Index(LogicalRouterPort, "ha_chassis_group", lambda port: port.ha_chassis_group)
external_ports_by_group = Index(
    LogicalSwitchPort, "ha_chassis_group", lambda port: port.ha_chassis_group if port.type == "external" else None
)


def gateway_group_uuid(router_port: str) -> str:
    """The uuid of the group made of the gateway chassis listed on a router port. Its name is the port's, unless the
    northbound has a group of that name."""
    return derive_uuid("HA_Chassis_Group", router_port)


@rule(RouterPort)
def redirect_binding(port: RouterPort, view: View) -> Iterator[Output]:
    row = view.get(LogicalRouterPort, port.uuid)
    key = view.get(TunnelKey, redirect_uuid(port.uuid)) if port.gateway else None
    if key is None or row is None:
        return
    yield PortBinding(
        uuid=key.owner,
        logical_port=f"cr-{port.name}",
        type="chassisredirect",
        datapath=key.space,
        tunnel_key=key.number,
        options=Map(_options(port, view)),
        ha_chassis_group=row.ha_chassis_group or gateway_group_uuid(port.uuid),
        mac=frozenset([router_port_mac(row)]),
        external_ids=row.external_ids,
        up=False,
    )


def _options(port: RouterPort, view: View) -> dict[str, str]:
    options = {"distributed-port": port.name}
    redirect_type = port.options.get("redirect-type")
    if redirect_type:
        options["redirect-type"] = redirect_type
    if redirect_type != "bridged" and view.get(RouterHas, (port.router, DISTRIBUTED_NAT)) is None:
        options["always-redirect"] = "true"
    return options


@derived
def chassis_uuid(view: View, name: str) -> str | None:
    """The chassis of that name, if it is there."""
    chassis: Chassis | None = view.one(chassis_by_name, name)
    return None if chassis is None else chassis.uuid


@rule(LogicalRouterPort.gateway_chassis)
def gateway_chassis(member: Member, view: View) -> Iterator[Output]:
    row = view.get(GatewayChassis, member.child)
    port = view.get(RouterPort, member.parent)
    port_row = view.get(LogicalRouterPort, member.parent)
    if row is None or port is None or not port.gateway or port_row is None or port_row.ha_chassis_group:
        return
    group = gateway_group_uuid(port.uuid)
    taken = view.find(ha_chassis_group_by_name, port.name)
    yield HAChassisGroup(uuid=group, name=f"{port.name}-{port.uuid}" if taken else port.name)
    yield Member(HAChassisGroup.ha_chassis, group, row.uuid)
    yield _ha_chassis(row.uuid, row.chassis_name, row.priority, view)


@rule(NorthboundHAChassisGroup.ha_chassis)
def group_chassis(member: Member, view: View) -> Iterator[Output]:
    row = view.get(NorthboundHAChassis, member.child)
    if row is None or not _is_used(str(member.parent), view):
        return
    yield Member(HAChassisGroup.ha_chassis, member.parent, row.uuid)
    yield _ha_chassis(row.uuid, row.chassis_name, row.priority, view)


@rule(NorthboundHAChassisGroup)
def chassis_group(group: NorthboundHAChassisGroup, view: View) -> Iterator[Output]:
    if _is_used(group.uuid, view):
        yield HAChassisGroup(uuid=group.uuid, name=group.name)


def _is_used(group: str, view: View) -> bool:
    """OVN writes a group on when a port refers to it."""
    return bool(view.find(router_ports_by_group, group) or view.find(external_ports_by_group, group))


def _ha_chassis(uuid: str, name: str, priority: int, view: View) -> HAChassis:
    return HAChassis(
        uuid=uuid, chassis=chassis_uuid(view, name), priority=priority, external_ids=Map({"chassis-name": name})
    )


RULES = (redirect_binding, gateway_chassis, group_chassis, chassis_group)
