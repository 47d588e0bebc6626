"""Names: what a story calls a thing, and what that stands for: an identifier, an address, a MAC address, a number.

vm1           its first address             vm1.blue     its address on the network blue
vm1.mac       its MAC address               vm1.ipv6     its first IPv6 address
blue.id       its identifier                blue.vni     the network's number in Geneve headers
router.blue   the router's address there    vm1.key      its port's number in Geneve headers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brume.service.outside import FAR_AWAY
from brume.southbound.schema import DatapathBinding, PortBinding

if TYPE_CHECKING:
    from tests.stories.world import World

COLLECTIONS = {
    "network": ("/network/v2.0/networks", "network"),
    "subnet": ("/network/v2.0/subnets", "subnet"),
    "port": ("/network/v2.0/ports", "port"),
    "router": ("/network/v2.0/routers", "router"),
    "group": ("/network/v2.0/security-groups", "security_group"),
    "rule": ("/network/v2.0/security-group-rules", "security_group_rule"),
    "floating IP": ("/network/v2.0/floatingips", "floatingip"),
    "server": ("/compute/v2.1/servers", "server"),
}
"""A story's word for a kind of thing: its path, and what JSON calls it."""


class Names:
    """What was made so far."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ids: dict[str, tuple[str, str]] = {}

    def remember(self, kind: str, name: str, identity: str) -> None:
        """A thing has this name; one name, one thing."""
        if name in self._ids:
            raise AssertionError(f"there is a {self._ids[name][0]} {name} already")
        self._ids[name] = kind, identity

    def forget(self, name: str) -> None:
        """The thing is gone."""
        del self._ids[name]

    def kind(self, name: str) -> str:
        """What sort of thing has this name."""
        if name not in self._ids:
            raise AssertionError(f"there is no {name}; there are {', '.join(self._ids)}")
        return self._ids[name][0]

    def find(self, kind: str, name: str) -> str:
        """The identifier of a thing of this kind. A server's name stands for its (first) port, too."""
        if kind == "group" and name == "default":
            return self._default_group()
        if kind == "port" and self._ids.get(name.partition(".")[0], ("",))[0] in ("server", "router"):
            return self.port_of(name)["id"]
        if name not in self._ids:
            raise AssertionError(f"there is no {kind} {name}; there are {', '.join(self._ids) or 'no names yet'}")
        found, identity = self._ids[name]
        if found != kind:
            raise AssertionError(f"{name} is a {found}, not a {kind}")
        return identity

    def show(self, kind: str, name: str) -> dict[str, Any]:
        """A thing, as the API shows it now."""
        path, noun = COLLECTIONS[kind]
        found: dict[str, Any] = self._world.api.ask("GET", f"{path}/{self.find(kind, name)}", operator=True)[noun]
        return found

    def port_of(self, name: str) -> dict[str, Any]:
        """The port of a server or router: the first, or the one on a network."""
        device, _, network = name.partition(".")
        found = self._world.api.ask(
            "GET", f"/network/v2.0/ports?device_id={self._ids[device][1]}&sort_key=created_at", operator=True
        )["ports"]
        wanted = self.find("network", network) if network else None
        for port in found:
            if wanted in (None, port["network_id"]):
                assert isinstance(port, dict)
                return port
        raise AssertionError(f"{name} has no such port")

    def in_command(self, word: str) -> str:
        """A word of a command: an address, if it is somebody's name."""
        return self.look_up(word) if word == "outside" or word.partition(".")[0] in self._ids else word

    def look_up(self, text: str) -> str:
        """What a name in a text stands for."""
        name, _, facet = text.partition(".")
        if name == "outside":
            return str(self._world.host(name).mac) if facet == "mac" else str(FAR_AWAY.address)
        if name == "default" and facet == "id":
            return self._default_group()
        if name not in self._ids:
            raise AssertionError(f"{text}: there is no {name}; there are {', '.join(self._ids)}")
        kind, identity = self._ids[name]
        if facet == "id":
            return identity
        if kind == "floating IP":
            return str(self.show(kind, name)["floating_ip_address"])
        if kind == "network" and facet == "vni":
            return hex(self._tunnel_key(f"neutron-{identity}"))
        if kind == "port":
            return self._of_port(self.show(kind, name), facet)
        if kind in ("server", "router"):
            network, _, last = facet.rpartition(".")
            if last not in ("mac", "ipv6", "key"):
                network, last = facet, ""
            return self._of_port(self.port_of(f"{name}.{network}" if network else name), last)
        raise AssertionError(f"{text}: a {kind} has no such thing")

    def _of_port(self, port: dict[str, Any], facet: str) -> str:
        if facet == "mac":
            return str(port["mac_address"])
        if facet == "key":
            bindings = self._world.cloud.southbound.southbound.rows(PortBinding)
            return next(str(row.tunnel_key) for row in bindings if row.logical_port == port["id"])
        addresses = [fixed["ip_address"] for fixed in port["fixed_ips"]]
        addresses.sort(key=lambda address: (":" in address) != (facet == "ipv6"))
        if not addresses:
            raise AssertionError(f"the port {port['id']} has no address")
        return str(addresses[0])

    def _tunnel_key(self, switch: str) -> int:
        for row in self._world.cloud.southbound.southbound.rows(DatapathBinding):
            if row.external_ids.get("name") == switch:
                return row.tunnel_key
        raise AssertionError(f"no datapath {switch}")

    def _default_group(self) -> str:
        project = self._world.api.project_id()
        path = f"/network/v2.0/security-groups?name=default&project_id={project}"
        return str(self._world.api.ask("GET", path, operator=True)["security_groups"][0]["id"])
