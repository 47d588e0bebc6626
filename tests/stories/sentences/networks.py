"""Sentences about who asks, and about networks, subnets and routers."""

from __future__ import annotations

from typing import Any

from tests.stories.language import sentence, value
from tests.stories.names import COLLECTIONS
from tests.stories.world import World

Settings = dict[str, str] | None


def attributes(world: World, settings: Settings) -> dict[str, Any]:
    """Settings as JSON values, with the names in them replaced."""
    return {name: world.fill_all(value(text)) for name, text in (settings or {}).items()}


def make(world: World, kind: str, name: str, values: dict[str, Any], *, operator: bool = False) -> dict[str, Any]:
    """Create a thing and remember its name."""
    path, noun = COLLECTIONS[kind]
    body = values if kind in ("rule", "floating IP") else {"name": name, **values}
    made: dict[str, Any] = world.ask("POST", path, {noun: body}, operator=operator)[noun]
    world.names.remember(kind, name, made["id"])
    return made


@sentence("Given When", "as PROJECT")
def speak_as(world: World, project: str) -> None:
    world.api.speak_as(project)


@sentence("Given When", "network NAME[ CIDR][ with SETTINGS]")
def network(world: World, name: str, cidr: str | None, settings: Settings) -> None:
    made = make(world, "network", name, attributes(world, settings))
    if cidr:
        _subnet(world, made["id"], cidr, {"name": name})


@sentence("Given When", "external network NAME CIDR[ with SETTINGS]")
def external_network(world: World, name: str, cidr: str, settings: Settings) -> None:
    before, world.api.project = world.api.project, "admin"
    provider = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
    values = {"router:external": True, **provider, **attributes(world, settings)}
    made = make(world, "network", name, values)
    _subnet(world, made["id"], cidr, {"enable_dhcp": False})
    world.api.project = before


@sentence("Given When", "subnet NAME CIDR on NETWORK[ with SETTINGS]")
def subnet(world: World, name: str, cidr: str, network: str, settings: Settings) -> None:
    values = {"name": name, **attributes(world, settings)}
    made = _subnet(world, world.names.find("network", network), cidr, values)
    world.names.remember("subnet", name, made["id"])


def _subnet(world: World, network_id: str, cidr: str, values: dict[str, Any]) -> dict[str, Any]:
    """Addresses are given out at random; in stories from .100 to .189 of a /24, so that others can be chosen."""
    pool = {}
    if cidr.endswith(".0/24") and "gateway_ip" not in values:
        stem = cidr.removesuffix("0/24")
        pool = {"allocation_pools": [{"start": f"{stem}100", "end": f"{stem}189"}]}
    body = {"network_id": network_id, "cidr": cidr, "ip_version": 6 if ":" in cidr else 4, **pool, **values}
    made: dict[str, Any] = world.ask("POST", "/network/v2.0/subnets", {"subnet": body})["subnet"]
    return made


@sentence("Given When", "router NAME[ between NETWORKS][, gateway NETWORK][ with SETTINGS]")
def router(world: World, name: str, networks: list[str] | None, network: str | None, settings: Settings) -> None:
    values = attributes(world, settings)
    if network:
        values["external_gateway_info"] = {"network_id": world.names.find("network", network)}
    make(world, "router", name, values)
    if networks:
        router_joins(world, name, networks)


@sentence("Given When", "router ROUTER joins NETWORKS")
def router_joins(world: World, router: str, networks: list[str]) -> None:
    _interfaces(world, router, networks, "add_router_interface")


@sentence("Given When", "router ROUTER leaves NETWORKS")
def router_leaves(world: World, router: str, networks: list[str]) -> None:
    _interfaces(world, router, networks, "remove_router_interface")


def _interfaces(world: World, router: str, places: list[str], action: str) -> None:
    """The places are networks (all their subnets), subnets or ports."""
    for place in places:
        kind = world.names.kind(place)
        if kind == "network":
            wishes = [{"subnet_id": one} for one in world.names.show("network", place)["subnets"]]
        else:
            wishes = [{f"{kind}_id": world.names.find(kind, place)}]
        for wish in wishes:
            world.ask("PUT", f"/network/v2.0/routers/{world.names.find('router', router)}/{action}", wish)


@sentence("Given When", "router ROUTER has gateway NETWORK[ with SETTINGS]")
def gateway(world: World, router: str, network: str, settings: Settings) -> None:
    info = {"network_id": world.names.find("network", network), **attributes(world, settings)}
    change(world, "router", router, {"external_gateway_info": info}, operator=bool(settings))


@sentence("Given When", "router ROUTER loses its gateway")
def no_gateway(world: World, router: str) -> None:
    change(world, "router", router, {"external_gateway_info": {}})


@sentence("Given When", "KIND ITEM becomes SETTINGS")
def becomes(world: World, kind: str, item: str, settings: Settings) -> None:
    change(world, kind, item, attributes(world, settings))


def change(world: World, kind: str, item: str, values: dict[str, Any], *, operator: bool = False) -> None:
    """Update a thing."""
    path, noun = COLLECTIONS[kind]
    world.ask("PUT", f"{path}/{world.names.find(kind, item)}", {noun: values}, operator=operator)


@sentence("Given When", "delete KIND ITEM")
def delete(world: World, kind: str, item: str) -> None:
    path, _ = COLLECTIONS[kind]
    world.ask("DELETE", f"{path}/{world.names.find(kind, item)}")
    if "." not in item and world.names.kind(item) == kind:
        world.names.forget(item)
