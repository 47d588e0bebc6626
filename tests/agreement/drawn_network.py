"""A random network with both families, in a lab: two switches behind a router, and a network outside. A helper.

Who may send what to whom is drawn, and so are addresses that are translated and port security. The same seed gives the
same network.
"""

from __future__ import annotations

import random
from typing import Final, Literal

from brume.service.lab.lab import Lab
from brume.southbound.schema import MACBinding
from brume.tables.database import Database
from tests.agreement.test_exchange_northd import everything
from tests.southbound.builder import Builder

SWITCHES = ("a", "b")
HOSTS = ("a1", "a2", "b1", "b2")
MACS = {host: f"fa:16:3e:00:0{'ab'.index(host[0])}:1{host[1]}" for host in HOSTS}
ROUTER_MACS = {"a": "fa:16:3e:aa:00:01", "b": "fa:16:3e:aa:00:02", "public": "fa:16:3e:aa:00:03"}
OUTSIDE_MAC = "02:00:5e:00:53:01"
OUTSIDE = {4: "203.0.113.1", 6: "2001:db8::1"}
ROUTERS = {
    4: {"a": "10.0.0.1", "b": "10.0.1.1", "public": "203.0.113.10"},
    6: {"a": "fd00:0::1", "b": "fd00:1::1", "public": "2001:db8::10"},
}
FLOATING = {4: "203.0.113.20", 6: "2001:db8::20"}
FAMILIES: Final[tuple[Literal[4, 6], ...]] = (4, 6)


def address(host: str, family: int) -> str:
    place = "ab".index(host[0])
    return f"10.0.{place}.1{host[1]}" if family == 4 else f"fd00:{place}::1{host[1]}"


class Drawn:
    """A network, drawn."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.build = Builder()
        self.translated: set[int] = set()
        self.floating_for = {family: self.random.choice(HOSTS) for family in (4, 6)}

    def by_chance(self, share: float) -> bool:
        return self.random.random() < share

    def northbound(self) -> Database:
        build = self.build
        for switch in SWITCHES:
            build.switch(switch, mcast_snoop="false")
        for host in HOSTS:
            own = f"{MACS[host]} {address(host, 4)} {address(host, 6)}"
            build.port(host[0], host, own, secured=self.by_chance(0.7))
        build.switch("public")
        build.localnet("public", "provnet-public")
        build.router("router")
        for switch in SWITCHES:
            networks = [f"{ROUTERS[4][switch]}/24", f"{ROUTERS[6][switch]}/64"]
            build.interface("router", switch, ROUTER_MACS[switch], *networks)
        outer = [f"{ROUTERS[4]['public']}/24", f"{ROUTERS[6]['public']}/64"]
        build.interface("router", "public", ROUTER_MACS["public"], *outer, gateways=("compute1",))
        build.route("router", "0.0.0.0/0", OUTSIDE[4])
        build.route("router", "::/0", OUTSIDE[6])
        self.translations()
        self.rules()
        return build.apply()

    def translations(self) -> None:
        inside = {4: "10.0.0.0/16", 6: "fd00::/16"}
        for family in (4, 6):
            if self.by_chance(0.6):
                self.build.nat("router", "snat", ROUTERS[family]["public"], inside[family])
            if self.by_chance(0.6):
                inner = address(self.floating_for[family], family)
                self.build.nat("router", "dnat_and_snat", FLOATING[family], inner)
                self.translated.add(family)

    def rules(self) -> None:
        """A group whose members may send, as a rule, and receive what is drawn."""
        members = [host for host in HOSTS if self.by_chance(0.7)]
        if self.by_chance(0.8):
            self.build.drop_group(*members)
        group = self.build.group("pg", *members)
        if self.by_chance(0.8):
            self.build.acl(group, "from-lport", "inport == @pg && ip", "allow-related")
        for priority in range(1003, 1003 + self.random.randint(4, 10)):
            to_port = self.by_chance(0.7)
            direction, port = ("to-lport", "outport") if to_port else ("from-lport", "inport")
            action = self.random.choice(["allow-related", "allow-related", "allow", "drop"])
            self.build.acl(group, direction, f"{port} == @pg && {self.match()}", action, priority)

    def match(self) -> str:
        family = self.random.choice(FAMILIES)
        what = self.random.choice([f"icmp{family}", "tcp", "tcp.dst == 22", "udp", "udp.dst == 53", f"ip{family}"])
        text = f"ip{family} && {what}"
        if self.by_chance(0.4):
            text += f" && ip{family}.src == {address(self.random.choice(HOSTS), family)}"
        return text


def prepare(lab: Lab, northbound: Database) -> None:
    """Hosts with their addresses; the router knows who is outside, and outside knows what is behind the router."""
    lab.network.northbound.apply(everything(northbound))
    lab.start()
    lab.scheduler.run_for(1)
    for host in HOSTS:
        lab.bind(host, "compute1" if host[1] == "1" else "compute2")
    lab.scheduler.run_for(5)
    outside = lab.network.outside.host
    for number, prefix in ((4, "10.0.0.0/16"), (6, "fd00::/16")):
        outside.console.run(["ip", f"-{number}", "route", "add", prefix, "via", ROUTERS[number]["public"]])
        job = outside.console.run(["ping", f"-{number}", "-c", "1", ROUTERS[number]["public"]])
        lab.scheduler.run_while(lambda job=job: not job.done, 10)  # type: ignore[misc]
        assert job.exit_code == 0, job.lines
    known = {row.ip for row in lab.network.southbound.rows(MACBinding)}
    assert set(OUTSIDE.values()) <= known
