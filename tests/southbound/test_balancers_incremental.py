"""After any random changes of load balancers, the southbound kept up to date equals one compiled from nothing.

What chassis found of backends changes too; a fresh compile is given the same findings, and the same tunnel keys.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from brume.northbound.schema import (
    NAT,
    LoadBalancer,
    LoadBalancerGroup,
    LogicalRouter,
    LogicalSwitch,
    LogicalSwitchPort,
    NBGlobal,
)
from brume.southbound.compiler import Compiler
from brume.southbound.schema import DatapathBinding, PortBinding, ServiceMonitor, port_binding_by_logical_port
from brume.tables.changes import ChangeSet
from brume.tables.database import Transaction
from brume.tables.map import Map
from tests.southbound.balancer_topologies import balancer, health_check
from tests.southbound.builder import Builder, chassis, uuid
from tests.southbound.test_incremental_equals_full import assert_same_rows

SWITCHES, ROUTERS = ("net", "other"), ("inside", "gate", "chassis")
VIPS = {
    "192.0.2.1:80": ("10.0.0.11:80", "10.0.0.11:80,10.0.0.12:80", "", "10.0.0.11"),
    "10.0.0.50": ("10.0.0.11", ""),
    "[fd00::99]:80": ("[fd00::11]:80", ""),
}
OPTIONS = {
    "reject": "true",
    "skip_snat": "true",
    "affinity_timeout": "9",
    "neighbor_responder": "all",
    "template": "true",
    "event": "true",
    "add_route": "true",
}
names = st.sampled_from(["one", "two"])
switches, routers = st.sampled_from(SWITCHES), st.sampled_from(ROUTERS)
some_vips = st.fixed_dictionaries({}, optional={vip: st.sampled_from(backends) for vip, backends in VIPS.items()})
some_options = st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in OPTIONS.items()})


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.build = Builder()
        for switch in SWITCHES:
            self.build.switch(switch)
        self.build.localnet("other", "provnet")
        for number in (11, 12):
            self.build.port("net", f"vm{number}", f"fa:16:3e:00:00:{number} 10.0.0.{number} fd00::{number}")
        for number, router in enumerate(ROUTERS, 1):
            self.put_router(router, "", number)
        self.northbound = self.build.apply()
        self.southbound = chassis("compute1")
        self.compiler = Compiler(self.northbound, self.southbound)
        self.compiler.start()
        self.northbound.subscribe(self.compiler.update)
        self.southbound.subscribe(self.compiler.observe)
        self.is_compared = False
        for database in (self.northbound, self.southbound):
            database.subscribe(self.compare_again)

    def put_router(self, router: str, forced: str, number: int) -> None:
        options = {"lb_force_snat_ip": forced} if forced else {}
        self.build.router(router, **options, **({"chassis": "compute1"} if router == "chassis" else {}))
        gateways = ("compute1",) if router == "gate" else ()
        mac = f"fa:16:3e:aa:00:0{number}"
        self.build.interface(router, "net", mac, f"10.0.0.{number}/24", gateways=gateways, nat_addresses=True)

    @rule(router=routers, forced=st.sampled_from(["", "router_ip", "192.0.2.9", "bad"]))
    def change_router(self, router: str, forced: str) -> None:
        self.put_router(router, forced, ROUTERS.index(router) + 1)

    @rule(name=names, vips=some_vips, options=some_options, probed=st.booleans())
    def put_balancer(self, name: str, vips: dict[str, str], options: dict[str, str], probed: bool) -> None:
        mappings = Map({"10.0.0.11": "vm11:10.0.0.250", "10.0.0.12": "vm12:10.0.0.250"})
        balancer(self.build, name, vips, "tcp", options=options, ip_port_mappings=mappings)
        if probed:
            health_check(self.build, name, "192.0.2.1:80", interval="1")

    @rule(name=names)
    def delete_balancer(self, name: str) -> None:
        self.build.transaction.delete(LoadBalancer, uuid("balancer", name))

    @rule(name=names, switch=switches, there=st.booleans())
    def on_switch(self, name: str, switch: str, there: bool) -> None:
        change = self.build.transaction.add if there else self.build.transaction.remove
        change(LogicalSwitch.load_balancer, uuid("switch", switch), uuid("balancer", name))

    @rule(name=names, router=routers, there=st.booleans())
    def on_router(self, name: str, router: str, there: bool) -> None:
        change = self.build.transaction.add if there else self.build.transaction.remove
        change(LogicalRouter.load_balancer, uuid("router", router), uuid("balancer", name))

    @rule(name=names, switch=switches, router=routers, joins=st.booleans(), there=st.booleans())
    def in_group(self, name: str, switch: str, router: str, joins: bool, there: bool) -> None:
        transaction, group = self.build.transaction, uuid("balancer group", "group")
        transaction.put(LoadBalancerGroup(uuid=group, name="group"))
        change = transaction.add if joins else transaction.remove
        change(LoadBalancerGroup.load_balancer, group, uuid("balancer", name))
        change = transaction.add if there else transaction.remove
        change(LogicalSwitch.load_balancer_group, uuid("switch", switch), group)
        change(LogicalRouter.load_balancer_group, uuid("router", router), group)

    @rule(router=routers, address=st.sampled_from(["192.0.2.1", "10.0.0.50"]), there=st.booleans())
    def put_nat(self, router: str, address: str, there: bool) -> None:
        key = self.build.nat(router, "dnat_and_snat", address, "10.0.0.11")
        if not there:
            self.build.transaction.delete(NAT, key)
            self.build.transaction.remove(LogicalRouter.nat, uuid("router", router), key)

    @rule(before=st.booleans())
    def put_settings(self, before: bool) -> None:
        options = {**self.build.options, "install_ls_lb_from_router": "true" if before else "false"}
        self.build.transaction.put(NBGlobal(uuid=uuid("global"), options=Map(options)))

    @rule(number=st.sampled_from([11, 12]), up=st.booleans(), enabled=st.booleans())
    def change_port(self, number: int, up: bool, enabled: bool) -> None:
        row = self.northbound.get(LogicalSwitchPort, uuid("port", f"vm{number}"))
        assert row is not None
        self.build.transaction.put(replace(row, enabled=enabled))
        transaction = Transaction()
        for binding in self.southbound.find(port_binding_by_logical_port, f"vm{number}"):
            transaction.put(replace(binding, up=up))
        self.southbound.apply(transaction)

    @rule(status=st.sampled_from(["online", "offline", None]))
    def find(self, status: str | None) -> None:
        transaction = Transaction()
        for row in self.southbound.rows(ServiceMonitor)[:1]:
            transaction.put(replace(row, status=status))  # type: ignore[arg-type]
        self.southbound.apply(transaction)

    @rule()
    def commit(self) -> None:
        self.build.apply()

    def compare_again(self, changes: ChangeSet) -> None:
        self.is_compared = False

    @invariant()
    def incremental_equals_full(self) -> None:
        if self.is_compared:
            return  # nothing has been committed since
        fresh = chassis("compute1")
        given = Transaction()
        for row_type in (DatapathBinding, PortBinding, ServiceMonitor):
            for row in self.southbound.rows(row_type):
                given.put(row)
        fresh.apply(given)
        Compiler(self.northbound, fresh).start()
        assert_same_rows(fresh, self.southbound)
        self.is_compared = True


TestBalancersIncremental = Machine.TestCase
TestBalancersIncremental.settings = settings(max_examples=25, stateful_step_count=50, deadline=None)
