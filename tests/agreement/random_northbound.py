"""Random northbounds: small, and with every kind of row that the compiler knows. The same seed gives the same one."""

from __future__ import annotations

import random

from brume.tables.database import Database
from brume.tables.map import Map
from tests.agreement.random_balancers import add_balancers
from tests.agreement.random_router_features import add_router_features
from tests.agreement.random_switch_features import add_switch_features
from tests.southbound.builder import uuid
from tests.southbound.router_topologies import RouterBuilder

CHASSIS = ("compute1", "compute2")
ROUTES = (("0.0.0.0/0", "10.0.0.200"), ("192.168.0.0/16", "10.1.0.200"), ("::/0", "fd00:1::99"))
ACTIONS = ("allow", "allow-related", "allow-stateless", "drop", "reject")


class Draw:
    """One random northbound being built."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.build = RouterBuilder(**({"default_acl_drop": "true"} if self.by_chance(0.2) else {}))
        self.switches = [f"s{number}" for number in range(self.random.randint(1, 4))]
        self.routers = [f"r{number}" for number in range(self.random.randint(0, 3))]
        self.hosts = [f"vm{number}" for number in range(self.random.randint(1, 8))]

    def by_chance(self, share: float) -> bool:
        return self.random.random() < share

    def northbound(self) -> Database:
        self.build.chassis_group("group", *CHASSIS)
        for switch in self.switches:
            self.build.switch(switch, **({"vlan-passthru": "true"} if self.by_chance(0.15) else {}))
            if self.by_chance(0.4):
                self.build.localnet(switch, f"provnet-{switch}", tag=self.random.choice([None, 7]))
        for number, router in enumerate(self.routers):
            self.router(number, router)
        four = self.build.dhcp4("10.0.0.0/16", "10.0.0.1")
        six = self.build.dhcp("six", "fd00::/64", server_id="fa:16:3e:00:00:01")
        for number, host in enumerate(self.hosts):
            self.host(number, host, four, six)
        for name in ("pg1", "pg2"):
            self.group(name)
        for number, router in enumerate(self.routers):
            self.translations(number, router)
        add_router_features(self)
        add_balancers(self)
        add_switch_features(self)
        return self.build.apply()

    def router(self, number: int, router: str) -> None:
        self.build.router(router, **({"chassis": "compute1"} if self.by_chance(0.2) else {}))
        for place, switch in enumerate(self.switches):
            if self.by_chance(0.6):
                self.interface(number, router, place, switch)
        for prefix, nexthop in ROUTES:
            if self.by_chance(0.4):
                self.build.route(router, prefix, nexthop)

    def interface(self, number: int, router: str, place: int, switch: str) -> None:
        networks = [f"10.{place}.{number}.1/16"]
        networks += [f"fd00:{place}::{number + 1}/64"] if self.by_chance(0.4) else []
        networks += [f"10.{place + 50}.0.1/24"] if self.by_chance(0.2) else []
        options = {"reside-on-redirect-chassis": "true"} if self.by_chance(0.2) else {}
        options |= {"gateway_mtu": "1400"} if self.by_chance(0.15) else {}
        kind = self.random.choice(["gateway", "gateway", "group", "inside", "inside", "inside"])
        key = self.build.interface(
            router,
            switch,
            f"fa:16:3e:aa:{number:02x}:{place:02x}",
            *networks,
            gateways=CHASSIS if kind == "gateway" else (),
            nat_addresses=self.by_chance(0.5),
            options=Map(options),
        )
        if kind == "group":
            self.build.on_group(key, uuid("ha", "group"))

    def host(self, number: int, name: str, four: str, six: str) -> None:
        place = self.random.randrange(len(self.switches))
        address = f"fa:16:3e:00:{place:02x}:{number:02x} 10.{place}.9.{number}"
        address += f" fd00:{place}::9:{number}" if self.by_chance(0.4) else ""
        addresses = [address] if self.by_chance(0.9) else []
        addresses += ["unknown"] if self.by_chance(0.2) else []
        kind = self.random.choice(["", "", "", "", "localport", "external"])
        self.build.port(
            self.switches[place],
            name,
            *addresses,
            secured=self.by_chance(0.7),
            type=kind,
            enabled=self.random.choice([None, True, True, False]),
            dhcpv4_options=four if self.by_chance(0.5) else None,
            dhcpv6_options=six if self.by_chance(0.3) else None,
            ha_chassis_group=uuid("ha", "group") if kind == "external" and self.by_chance(0.7) else None,
            options=Map({"mcast_flood_reports": "true"}) if self.by_chance(0.5) else Map(),
        )

    def group(self, name: str) -> None:
        key = self.build.group(name, *[host for host in self.hosts if self.by_chance(0.5)])
        for port in range(self.random.randint(0, 3)):
            direction = self.random.choice(["to-lport", "from-lport"])
            action = self.random.choice(ACTIONS)
            self.build.acl(key, direction, f"ip4 && tcp.dst == {port}", action, 1000 + port, log=self.by_chance(0.3),
                           meter=self.random.choice([None, None, "meter0", "meter1"]))  # fmt: skip

    def translations(self, number: int, router: str) -> None:
        self.build.address_set("partners", "10.2.0.0/16", "10.3.0.9")  # of one family, as ovn-nb(5) asks
        for host in range(len(self.hosts)):
            if not self.by_chance(0.3):
                continue
            kind = self.random.choice(["central", "with port", "distributed"])
            external = f"10.{self.random.randrange(3)}.{number}.{100 + host}"
            self.build.nat(
                router,
                "dnat_and_snat",
                external,
                f"10.0.9.{host}",
                logical_port=None if kind == "central" else f"vm{host}",
                external_mac=f"fa:16:3e:cc:00:{host:02x}" if kind == "distributed" else None,
                options=Map({name: "true" for name in ("stateless", "add_route") if self.by_chance(0.2)}),
                **self.for_some(),
            )
        if self.by_chance(0.5):
            self.build.nat(router, "snat", f"10.0.{number}.1", "10.1.0.0/16", **self.for_some())
        if self.by_chance(0.2):
            self.build.nat(router, "dnat", f"10.0.{number}.99", "10.1.9.1", **self.for_some())

    def for_some(self) -> dict[str, object]:
        """Columns of a NAT that is for some addresses outside, or takes some ports."""
        found: dict[str, object] = {"external_port_range": "1024-2048"} if self.by_chance(0.1) else {}
        for column in ("allowed_ext_ips", "exempted_ext_ips"):
            found |= {column: uuid("set", "partners")} if self.by_chance(0.15) else {}
        return found
