"""Whatever users do to a whole cloud, in any order: no answer is a 500, everything can be derived, nothing stops the
stages, and a cloud that starts anew on the same directory derives the same network.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brume.openflow.messages.flow_text import format_flow
from brume.southbound.schema import LogicalFlow
from tests.stories.conftest import new_cloud
from tests.stories.world import World

V2 = "/network/v2.0"
ADDRESSES = ["10.0.0.5", "10.0.0.6", "10.0.1.5", "192.0.2.9", "203.0.113.77", "fd00::5", "0.0.0.0", "224.0.0.1"]
PREFIXES = ["10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/8", "0.0.0.0/0", "fd00::/64", "::/0", "10.0.0.5/32"]
MACS = ["fa:16:3e:00:00:05", "02:00:00:00:00:01"]

flags = st.booleans()
some = st.integers(0, 7)
"""Which of the things that are there."""


UNUSABLE = ("Logical_Router_Static_Route",)
"""Where Neutron takes what OVN cannot do: a route to IPv4 by IPv6, or two routes to one network."""


class User:
    """Makes requests about things that are there, by number; the answers decide what that is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.there: dict[str, list[str]] = {}
        self.answers: dict[int, int] = {}
        image = self.ask("GET", "/image/v2/images")["images"][0]["id"]
        flavor = self.ask("GET", "/compute/v2.1/flavors")["flavors"][0]["id"]
        self.server = {"name": "vm", "imageRef": image, "flavorRef": flavor}
        external = {"router:external": True, "provider:network_type": "flat", "provider:physical_network": "physnet1"}
        self.external = self.make("networks", "network", {"name": "public", **external}) or ""
        subnet = {"network_id": self.external, "cidr": "203.0.113.0/24", "ip_version": 4, "enable_dhcp": False}
        self.ask("POST", f"{V2}/subnets", {"subnet": subnet})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        api = self.world.api
        status, _, content = api.exchange(method, path, body, api._token("admin", "demo"))
        self.answers[status] = self.answers.get(status, 0) + 1
        assert status < 500 or status == 501, (method, path, body, content)
        return json.loads(content) if content and status < 300 else None

    def make(self, collection: str, noun: str, wish: dict[str, Any]) -> str | None:
        prefix = "/compute/v2.1" if noun == "server" else V2
        made = self.ask("POST", f"{prefix}/{collection}", {noun: wish})
        if made is None:
            return None
        self.there.setdefault(noun, []).append(made[noun]["id"])
        return str(made[noun]["id"])

    def one(self, noun: str, number: int) -> str:
        found = self.there.get(noun)
        return found[number % len(found)] if found else "nothing"

    def do(self, step: tuple[str, dict[str, Any]]) -> None:
        name, given_ = step
        getattr(self, name)(**given_)

    def network(self, vlan: bool, secured: bool, mtu: int | None) -> None:
        wish: dict[str, Any] = {"port_security_enabled": secured}
        if vlan:
            wish |= {"provider:network_type": "vlan", "provider:physical_network": "physnet1"}
        self.make("networks", "network", wish | ({"mtu": mtu} if mtu else {}))

    def subnet(self, network: int, prefix: str, dhcp: bool, mode: str | None, gateway: bool) -> None:
        wish: dict[str, Any] = {"network_id": self.one("network", network), "cidr": prefix, "enable_dhcp": dhcp}
        wish["ip_version"] = 6 if ":" in prefix else 4
        if mode and ":" in prefix:
            wish |= {"ipv6_ra_mode": mode, "ipv6_address_mode": mode}
        self.make("subnets", "subnet", wish if gateway else wish | {"gateway_ip": None})

    def port(self, network: int, address: str | None, group: int, wild: bool) -> None:
        wish: dict[str, Any] = {"network_id": self.one("network", network)}
        if address:
            wish["fixed_ips"] = [{"ip_address": address}]
        if group:
            wish["security_groups"] = [self.one("security_group", group)]
        self.make("ports", "port", wish | ({"device_owner": "network:wild", "device_id": "x"} if wild else {}))

    def alter_port(self, port: int, address: str, mac: str | None, what: int) -> None:
        pair = {"ip_address": address} | ({"mac_address": mac} if mac else {})
        changes: list[dict[str, Any]] = [
            {"allowed_address_pairs": [pair]},
            {"fixed_ips": [{"ip_address": address}]},
            {"fixed_ips": []},
            {"security_groups": []},
            {"port_security_enabled": False},
            {"port_security_enabled": True},
            {"admin_state_up": False},
            {"extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1300"}, {"opt_name": "42", "opt_value": address}]},
            {"mac_address": mac or MACS[0]},
        ]
        self.ask("PUT", f"{V2}/ports/{self.one('port', port)}", {"port": changes[what % len(changes)]})

    def router(self, gateway: bool) -> None:
        info = {"external_gateway_info": {"network_id": self.external}} if gateway else {}
        self.make("routers", "router", info)

    def interface(self, router: int, subnet: int, add: bool) -> None:
        action = "add_router_interface" if add else "remove_router_interface"
        path = f"{V2}/routers/{self.one('router', router)}/{action}"
        self.ask("PUT", path, {"subnet_id": self.one("subnet", subnet)})

    def alter_router(self, router: int, up: bool, snat: bool, gateway: bool, prefix: str, address: str) -> None:
        info = {"network_id": self.external, "enable_snat": snat} if gateway else {}
        wish = {"admin_state_up": up, "external_gateway_info": info}
        self.ask("PUT", f"{V2}/routers/{self.one('router', router)}", {"router": wish})
        routes = {"routes": [{"destination": prefix, "nexthop": address}]}
        self.ask("PUT", f"{V2}/routers/{self.one('router', router)}", {"router": routes})

    def floating(self, port: int, associated: bool) -> None:
        wish = {"floating_network_id": self.external}
        self.make("floatingips", "floatingip", wish | ({"port_id": self.one("port", port)} if associated else {}))

    def move_floating(self, floating: int, port: int, to: bool) -> None:
        target = self.one("port", port) if to else None
        self.ask("PUT", f"{V2}/floatingips/{self.one('floatingip', floating)}", {"floatingip": {"port_id": target}})

    def group(self, stateful: bool) -> None:
        self.make("security-groups", "security_group", {"name": "g", "stateful": stateful})

    def rule(self, group: int, other: int | None, ingress: bool, protocol: Any, ports: Any, prefix: str | None) -> None:
        version = "IPv6" if prefix and ":" in prefix else "IPv4"
        wish = {"direction": "ingress" if ingress else "egress", "ethertype": version, "protocol": protocol}
        wish |= {"port_range_min": ports[0], "port_range_max": ports[1]} if ports else {}
        wish |= {"remote_group_id": self.one("security_group", other)} if other is not None else {}
        wish |= {"remote_ip_prefix": prefix} if prefix and other is None else {}
        body = {"security_group_id": self.one("security_group", group), **wish}
        self.make("security-group-rules", "security_group_rule", body)

    def machine(self, network: int, port: int | None, node: int) -> None:
        nic = {"port": self.one("port", port)} if port is not None else {"uuid": self.one("network", network)}
        place = {"availability_zone": f"nova:compute{node % 2 + 1}"}
        self.make("servers", "server", {**self.server, "networks": [nic], **place})

    def act(self, server: int, action: str) -> None:
        body = {action: {"type": "HARD"} if action == "reboot" else None}
        self.ask("POST", f"/compute/v2.1/servers/{self.one('server', server)}/action", body)

    def delete(self, noun: str, number: int) -> None:
        identity = self.one(noun, number)
        prefix = "/compute/v2.1" if noun == "server" else V2
        collection = noun.replace("_", "-") + "s"
        if self.external != identity:
            self.ask("DELETE", f"{prefix}/{collection}/{identity}")

    def alter_subnet(self, subnet: int, dhcp: bool, prefix: str, address: str) -> None:
        wish = {"enable_dhcp": dhcp, "host_routes": [{"destination": prefix, "nexthop": address}]}
        self.ask("PUT", f"{V2}/subnets/{self.one('subnet', subnet)}", {"subnet": wish})

    def time(self, seconds: int) -> None:
        self.world.pass_time(seconds)


def step(name: str, **places: Any) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(places))


def maybe(values: Any) -> Any:
    return st.none() | values


prefixes, addresses, macs = st.sampled_from(PREFIXES), st.sampled_from(ADDRESSES), st.sampled_from(MACS)
modes = st.sampled_from(["slaac", "dhcpv6-stateful", "dhcpv6-stateless"])
protocols = st.sampled_from([None, "tcp", "udp", "icmp", "icmpv6", "132", "vrrp", 47])
ranges = st.sampled_from([(22, 22), (1, 65535), (8, 0), (80, 90)])
nouns = st.sampled_from(
    ["network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule", "server"]
)
actions = st.sampled_from(["os-stop", "os-start", "reboot"])
steps = st.one_of(
    step("network", vlan=flags, secured=flags, mtu=maybe(st.sampled_from([1280, 1400]))),
    step("subnet", network=some, prefix=prefixes, dhcp=flags, mode=maybe(modes), gateway=flags),
    step("port", network=some, address=maybe(addresses), group=some, wild=flags),
    step("alter_port", port=some, address=addresses, mac=maybe(macs), what=st.integers(0, 8)),
    step("router", gateway=flags),
    step("interface", router=some, subnet=some, add=flags),
    step("alter_router", router=some, up=flags, snat=flags, gateway=flags, prefix=prefixes, address=addresses),
    step("floating", port=some, associated=flags),
    step("move_floating", floating=some, port=some, to=flags),
    step("group", stateful=flags),
    step(
        "rule",
        group=some,
        other=maybe(some),
        ingress=flags,
        protocol=protocols,
        ports=maybe(ranges),
        prefix=maybe(prefixes),
    ),
    step("machine", network=some, port=maybe(some), node=some),
    step("act", server=some, action=actions),
    step("delete", noun=nouns, number=some),
    step("alter_subnet", subnet=some, dhcp=flags, prefix=prefixes, address=addresses),
    step("time", seconds=st.integers(0, 40)),
)
BEGINNING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("network", {"vlan": False, "secured": True, "mtu": None}),
    ("subnet", {"network": 1, "prefix": "10.0.0.0/24", "dhcp": True, "mode": None, "gateway": True}),
    ("network", {"vlan": True, "secured": True, "mtu": None}),
    ("subnet", {"network": 2, "prefix": "10.0.1.0/24", "dhcp": True, "mode": None, "gateway": True}),
    ("subnet", {"network": 1, "prefix": "fd00::/64", "dhcp": True, "mode": "slaac", "gateway": True}),
    ("router", {"gateway": True}),
    ("interface", {"router": 0, "subnet": 0, "add": True}),
    ("interface", {"router": 0, "subnet": 2, "add": True}),
    ("group", {"stateful": True}),
    ("port", {"network": 1, "address": None, "group": 0, "wild": False}),
    ("machine", {"network": 1, "port": 0, "node": 0}),
    ("machine", {"network": 2, "port": None, "node": 1}),
    ("floating", {"port": 0, "associated": True}),
)


@pytest.mark.parametrize("distributed", [False, True])
def test_anything_goes(tmp_path_factory, distributed: bool) -> None:
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(steps, min_size=10, max_size=30))
    def attempt(wishes: list[tuple[str, dict[str, Any]]]) -> None:
        world = World(new_cloud(tmp_path_factory), distributed_floating_ips=distributed)
        try:
            user = User(world)
            for one in (*BEGINNING, *wishes):
                user.do(one)
                world.pass_time(0.1)
            world.pass_time(3)
            assert [one for one in world.cloud.problems() if one.table not in UNUSABLE] == []
            before = logical(world)
            flows = installed(world)
            world.restart()
            assert logical(world) == before
            assert installed(world) == flows
        finally:
            world.close()

    attempt()


def logical(world: World) -> set[tuple[str, ...]]:
    """All logical flows, as text."""
    rows = world.cloud.southbound.southbound.rows(LogicalFlow)
    return {
        (
            str(row.logical_datapath),
            row.pipeline,
            str(row.table_id),
            str(row.priority),
            str(row.match),
            str(row.actions),
        )
        for row in rows
    }


def installed(world: World) -> dict[str, int]:
    """How many flows each node has of what does not depend on numbers given out anew, or on what was learned."""
    learned = ("66,", "67,", "71,", "72,")
    return {
        name: sum(not format_flow(flow).partition("table=")[2].startswith(learned) for flow in chassis.flows())
        for name, chassis in world.cloud.nodes.items()
    }
