"""Sentences about servers, their ports and floating IPs."""

from __future__ import annotations

from typing import Any

from tests.stories.language import sentence
from tests.stories.names import COLLECTIONS
from tests.stories.sentences.networks import Settings, attributes, change, make
from tests.stories.world import World

SERVERS = COLLECTIONS["server"][0]


@sentence("Given When", "server NAME in NETWORKS[ on NODE][ at ADDRESS][ with groups GROUPS]")
def server(
    world: World, name: str, networks: list[str], node: str | None, address: str | None, groups: list[str] | None
) -> None:
    wishes: list[dict[str, Any]] = [{"uuid": world.names.find("network", one)} for one in networks]
    if address:
        wishes[0]["fixed_ip"] = address
    more = {"security_groups": [{"name": world.names.find("group", one)} for one in groups]} if groups else {}
    _make(world, name, node, {"networks": wishes, **more})


@sentence("Given When", "server NAME with ports PORTS[ on NODE]")
def server_with_ports(world: World, name: str, ports: list[str], node: str | None) -> None:
    _make(world, name, node, {"networks": [{"port": world.names.find("port", one)} for one in ports]})


def _make(world: World, name: str, node: str | None, values: dict[str, Any]) -> None:
    """Only an operator may say on which node a server runs."""
    image = world.api.ask("GET", "/image/v2/images")["images"][0]["id"]
    flavor = world.api.ask("GET", "/compute/v2.1/flavors")["flavors"][0]["id"]
    place = {"availability_zone": f"nova:{node}"} if node else {}
    values = {"imageRef": image, "flavorRef": flavor, **place, **values}
    made = make(world, "server", name, values, operator=node is not None)
    shown = world.api.ask("GET", f"{SERVERS}/{made['id']}", operator=True)["server"]
    if shown["status"] != "ACTIVE":
        raise AssertionError(f"the server is {shown['status']}: {shown.get('fault', {}).get('message')}")


@sentence("Given When", "port NAME on NETWORK[ with SETTINGS]")
def port(world: World, name: str, network: str, settings: Settings) -> None:
    make(world, "port", name, {"network_id": world.names.find("network", network), **attributes(world, settings)})


@sentence("Given When", "floating IP NAME on NETWORK[ for ITEM]")
def floating_ip(world: World, name: str, network: str, item: str | None) -> None:
    values = {"floating_network_id": world.names.find("network", network)}
    if item:
        values["port_id"] = world.names.find("port", item)
    make(world, "floating IP", name, values)


@sentence("Given When", "floating IP NAME moves to ITEM")
def floating_ip_moves(world: World, name: str, item: str) -> None:
    change(world, "floating IP", name, {"port_id": world.names.find("port", item)})


@sentence("Given When", "floating IP NAME is taken away")
def floating_ip_taken(world: World, name: str) -> None:
    change(world, "floating IP", name, {"port_id": None})


@sentence("Given When", "stop SERVER")
def stop(world: World, server: str) -> None:
    _act(world, server, {"os-stop": None})


@sentence("Given When", "start SERVER")
def start(world: World, server: str) -> None:
    _act(world, server, {"os-start": None})


@sentence("Given When", "reboot SERVER")
def reboot(world: World, server: str) -> None:
    _act(world, server, {"reboot": {"type": "HARD"}})


def _act(world: World, server: str, action: dict[str, Any]) -> None:
    world.ask("POST", f"{SERVERS}/{world.names.find('server', server)}/action", action)


@sentence("Given When", "attach network NETWORK to SERVER")
def attach_network(world: World, network: str, server: str) -> None:
    _attach(world, server, {"net_id": world.names.find("network", network)})


@sentence("Given When", "attach port PORT to SERVER")
def attach_port(world: World, port: str, server: str) -> None:
    _attach(world, server, {"port_id": world.names.find("port", port)})


def _attach(world: World, server: str, wish: dict[str, Any]) -> None:
    path = f"{SERVERS}/{world.names.find('server', server)}/os-interface"
    world.ask("POST", path, {"interfaceAttachment": wish})


@sentence("Given When", "detach PORT from SERVER")
def detach(world: World, port: str, server: str) -> None:
    port_id = world.names.find("port", port)
    world.ask("DELETE", f"{SERVERS}/{world.names.find('server', server)}/os-interface/{port_id}")
