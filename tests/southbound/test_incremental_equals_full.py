"""After any random changes of a northbound, the southbound kept up to date equals one compiled from nothing.

Tunnel keys and the source ports of BFD are the exception: they depend on the order of events, so that a full compile is
given the same ones.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from brume.northbound.schema import (
    ACL,
    AddressSet,
    LogicalRouter,
    LogicalRouterPolicy,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    LogicalSwitch,
    LogicalSwitchPort,
    PortGroup,
)
from brume.southbound.compiler import Compiler
from brume.southbound.schema import BFD, DatapathBinding, PortBinding
from brume.southbound.strangers import DERIVED, DERIVED_SETS
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.tables.row import Relation, Row
from tests.southbound.builder import chassis, uuid
from tests.southbound.router_topologies import RouterBuilder

switches = st.sampled_from(["red", "blue"])
numbers = st.integers(0, 3)
groups = st.sampled_from(["pg_one", "pg_two"])
prefixes = st.sampled_from(["0.0.0.0/0", "192.168.0.0/16"])
for_some = st.sampled_from([{}, {"allowed_ext_ips": uuid("set", "partners")}])
tables = st.sampled_from(["", "red", "blue"])
ACTIONS = ("allow-related", "allow", "drop", "reject", "allow-stateless")
KINDS = ("", "localnet", "localport", "router", "external")


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.build = RouterBuilder()
        self.build.dhcp4("10.0.0.0/24", "10.0.0.1")
        self.northbound = self.build.apply()
        self.southbound = chassis("compute1")
        self.compiler = Compiler(self.northbound, self.southbound)
        self.compiler.start()
        self.northbound.subscribe(self.compiler.update)
        self.is_compared = False
        for database in (self.northbound, self.southbound):
            database.subscribe(self.compare_again)

    @rule(name=switches, snoop=st.sampled_from(["true", "false"]))
    def put_switch(self, name: str, snoop: str) -> None:
        self.build.switch(name, **{"vlan-passthru": snoop})

    @rule(name=switches)
    def delete_switch(self, name: str) -> None:
        self.delete(LogicalSwitch, uuid("switch", name))
        for number in range(4):
            self.forget(LogicalSwitch.ports, uuid("switch", name), uuid("port", f"vm{number}"))

    @rule(switch=switches, number=numbers, kind=st.sampled_from(KINDS), unknown=st.booleans(), enabled=st.booleans())
    def put_port(self, switch: str, number: int, kind: str, unknown: bool, enabled: bool) -> None:
        for other in ("red", "blue"):
            self.forget(LogicalSwitch.ports, uuid("switch", other), uuid("port", f"vm{number}"))
        addresses = [f"fa:16:3e:00:00:{number:02x} 10.0.0.{number} fd00::{number}"] + ["unknown"] * unknown
        options = Map({"router-port": f"lrp{number}"}) if kind == "router" else Map({"requested-chassis": "compute1"})
        self.build.port(
            switch, f"vm{number}", *addresses, *["router"] * (kind == "router"), type=kind, enabled=enabled,
            options=options, dhcpv4_options=uuid("dhcp", "10.0.0.0/24"),
        )  # fmt: skip

    @rule(number=numbers)
    def delete_port(self, number: int) -> None:
        self.delete(LogicalSwitchPort, uuid("port", f"vm{number}"))

    @rule(group=groups, number=numbers, joins=st.booleans())
    def membership(self, group: str, number: int, joins: bool) -> None:
        self.build.transaction.put(PortGroup(uuid=uuid("group", group), name=group))
        if joins:
            self.build.transaction.add(PortGroup.ports, uuid("group", group), uuid("port", f"vm{number}"))
        else:
            self.forget(PortGroup.ports, uuid("group", group), uuid("port", f"vm{number}"))

    @rule(group=groups, number=numbers, action=st.sampled_from(ACTIONS))
    def put_acl(self, group: str, number: int, action: str) -> None:
        key = uuid("acl", group, str(number))
        acl = ACL(uuid=key, direction="to-lport", match=f"ip4 && tcp.dst == {number}", action=action, priority=1002)  # type: ignore[arg-type]
        self.build.transaction.put(acl)
        self.build.transaction.add(PortGroup.acls, uuid("group", group), key)

    @rule(group=groups, number=numbers)
    def delete_acl(self, group: str, number: int) -> None:
        key = uuid("acl", group, str(number))
        self.delete(ACL, key)
        self.forget(PortGroup.acls, uuid("group", group), key)

    @rule(number=numbers, gateway=st.booleans())
    def put_router_port(self, number: int, gateway: bool) -> None:
        self.build.router("router")
        key = uuid("router port", str(number))
        networks = frozenset({f"10.0.0.{number + 100}/24"})
        options = Map({"route_table": "red"} if number == 3 else {})
        row = LogicalRouterPort(
            uuid=key, name=f"lrp{number}", mac=f"fa:16:3e:aa:00:{number:02x}", networks=networks, options=options
        )
        self.build.transaction.put(row)
        self.build.transaction.add(LogicalRouter.ports, uuid("router", "router"), key)
        if gateway:
            self.build.on_group(key, self.build.chassis_group("group", "compute1"))

    @rule(name=st.sampled_from(["partners", "others"]))
    def put_address_set(self, name: str) -> None:
        self.build.transaction.put(AddressSet(uuid=uuid("set", "partners"), name=name))

    @rule(number=numbers, distributed=st.booleans(), some=for_some)
    def put_nat(self, number: int, distributed: bool, some: dict[str, str]) -> None:
        mac = f"fa:16:3e:cc:00:{number:02x}" if distributed else None
        external, logical = f"203.0.113.{number}", f"10.0.0.{number}"
        self.build.nat("router", "dnat_and_snat", external, logical, external_mac=mac, logical_port=f"vm{number}",
                       **some)  # fmt: skip

    @rule(prefix=prefixes, number=numbers, table=tables, symmetric=st.booleans(), watched=st.booleans())
    def put_route(self, prefix: str, number: int, table: str, symmetric: bool, watched: bool) -> None:
        hop = f"10.0.0.{number + 200}"
        session = self.build.session(f"lrp{number}", hop) if watched else None
        key = uuid("route", prefix, str(number))
        row = LogicalRouterStaticRoute(
            uuid=key, ip_prefix=prefix, nexthop=hop, route_table=table, bfd=session,
            options=Map({"ecmp_symmetric_reply": "true"} if symmetric else {}),
        )  # fmt: skip
        self.build.transaction.put(row)
        self.build.transaction.add(LogicalRouter.static_routes, uuid("router", "router"), key)

    @rule(prefix=prefixes, number=numbers)
    def delete_route(self, prefix: str, number: int) -> None:
        key = uuid("route", prefix, str(number))
        self.delete(LogicalRouterStaticRoute, key)
        self.forget(LogicalRouter.static_routes, uuid("router", "router"), key)

    @rule(number=numbers, status=st.sampled_from([None, "up", "down"]))
    def put_session(self, number: int, status: str | None) -> None:
        self.build.session(f"lrp{number}", f"10.0.0.{number + 200}", status=status)

    @rule(number=numbers, hops=st.sets(st.integers(0, 3)), action=st.sampled_from(["allow", "drop", "reroute"]))
    def put_policy(self, number: int, hops: set[int], action: str) -> None:
        self.build.policy("router", number, "ip4", action, *(f"10.0.0.{hop + 200}" for hop in hops))

    @rule(number=numbers)
    def delete_policy(self, number: int) -> None:
        key = uuid("policy", "router", str(number), "ip4")
        self.delete(LogicalRouterPolicy, key)
        self.forget(LogicalRouter.policies, uuid("router", "router"), key)

    @rule(number=numbers, other=numbers)
    def put_neighbor(self, number: int, other: int) -> None:
        self.build.neighbor(f"lrp{number}", f"10.0.0.{other}", f"fa:16:3e:dd:00:{number:02x}")

    @rule()
    def commit(self) -> None:
        self.build.apply()

    def delete(self, row_type: type[Row], key: str) -> None:
        self.build.transaction.delete(row_type, key)

    def forget(self, relation: Relation, parent: str, child: str) -> None:
        self.build.transaction.remove(relation, parent, child)

    def observed(self) -> Transaction:
        """What a full compile is given: the numbers that are remembered."""
        told = Transaction()
        for row_type in (DatapathBinding, PortBinding, BFD):
            for row in self.southbound.rows(row_type):
                told.put(row)
        return told

    def compare_again(self, changes: ChangeSet) -> None:
        self.is_compared = False

    @invariant()
    def incremental_equals_full(self) -> None:
        if self.is_compared:
            return  # nothing has been committed since
        fresh = chassis("compute1")
        fresh.apply(self.observed())
        Compiler(self.northbound, fresh).start()
        assert_same_rows(fresh, self.southbound)
        self.is_compared = True


def assert_same_rows(fresh: Database, southbound: Database) -> None:
    """What is derived is the same in both."""
    for table in DERIVED:
        assert fresh.table(table).rows == southbound.table(table).rows
    for relation in DERIVED_SETS:
        assert members(fresh, relation) == members(southbound, relation)


def members(database: Database, relation: Relation) -> set[tuple[object, object]]:
    return {(member.parent, member.child) for member in database.all_members(relation)}


TestIncrementalEqualsFull = Machine.TestCase
TestIncrementalEqualsFull.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
