"""Stories of routers: what runs again for a route more, what a group came from, what BFD sessions do to routes."""

from __future__ import annotations

from msgspec.structs import replace

from brume.derive.rules import Problem
from brume.northbound.schema import BFD as NorthboundBFD
from brume.northbound.schema import Copp, LogicalRouter, LogicalRouterStaticRoute, LogicalSwitch
from brume.southbound.bfd_status import BfdStatus
from brume.southbound.compiler import Compiler
from brume.southbound.schema import BFD, LogicalFlow
from brume.tables.database import Database, Transaction
from tests.southbound.builder import chassis, uuid
from tests.southbound.router_topologies import RouterBuilder, edge


class Lab:
    """A router that is being built, with its southbound, and BFD told back to NB."""

    def __init__(self, build: RouterBuilder, southbound: Database | None = None) -> None:
        self.build = build
        self.northbound = build.apply()
        self.southbound = Database("southbound") if southbound is None else southbound
        self.compiler = Compiler(self.northbound, self.southbound)
        self.compiler.start()
        self.status = BfdStatus(self.northbound, self.southbound)
        self.northbound.subscribe(self.compiler.update)
        self.southbound.subscribe(self.status.follow)
        self.status.start()

    def flows(self, stage: str, *parts: str) -> list[LogicalFlow]:
        return [
            flow
            for flow in self.southbound.rows(LogicalFlow)
            if flow.external_ids["stage-name"] == stage
            and all(part in f"{flow.match} {flow.actions}" for part in parts)
        ]

    def problems(self) -> list[str]:
        return sorted(problem.message for problem in self.southbound.rows(Problem))

    def sessions(self) -> dict[str, BFD]:
        return {row.dst_ip: row for row in self.southbound.rows(BFD)}

    def told(self) -> dict[str, str | None]:
        """What NB says of the sessions."""
        return {row.dst_ip: row.status for row in self.northbound.rows(NorthboundBFD)}

    def chassis_says(self, neighbor: str, status: str) -> None:
        transaction = Transaction("a chassis")
        transaction.put(replace(self.sessions()[neighbor], status=status))  # type: ignore[arg-type]
        self.southbound.apply(transaction)


def rules_for_one_more_route(routes: int) -> int:
    lab = Lab(edge())
    for number in range(routes):
        lab.build.way("edge", f"10.{number >> 8}.{number & 255}.0/24", "192.0.2.9")
    for hop in ("192.0.2.9", "198.51.100.9"):
        lab.build.way("edge", "0.0.0.0/0", hop)
    lab.build.apply()
    lab.build.way("edge", "203.0.113.0/24", "192.0.2.9")
    lab.build.apply()
    return lab.compiler.ran()


def rules_for_one_more_router(routers: int) -> int:
    """On an external network, as Neutron makes them."""
    build = RouterBuilder()
    build.switch("public")
    build.localnet("public", "provnet")
    for number in range(routers):
        add_router(build, number)
    lab = Lab(build, chassis("compute1"))
    add_router(lab.build, routers)
    lab.build.apply()
    return lab.compiler.ran()


def add_router(build: RouterBuilder, number: int) -> None:
    place = f"{number >> 8}.{(number & 255) + 1}"
    mac = f"fa:16:3e:bb:{number >> 8:02x}:{number & 255:02x}"
    build.router(f"router{number}", dynamic_neigh_routers="true")
    build.interface(f"router{number}", "public", mac, f"172.16.{place}/16", gateways=("compute1",))
    build.nat(f"router{number}", "dnat_and_snat", f"172.17.{place}", "10.0.0.1")


def test_one_more_router_runs_a_constant_number_of_rules() -> None:
    assert rules_for_one_more_router(5) == rules_for_one_more_router(300) < 100


def test_one_more_route_runs_a_constant_number_of_rules() -> None:
    assert rules_for_one_more_route(5) == rules_for_one_more_route(500) < 10


def test_a_second_route_makes_a_group_and_takes_it_along() -> None:
    lab = Lab(edge())
    first = lab.build.way("edge", "0.0.0.0/0", "192.0.2.9")
    lab.build.apply()
    assert lab.flows("lr_in_ip_routing", "0.0.0.0/0", "reg0 = 192.0.2.9")
    second = lab.build.way("edge", "0.0.0.0/0", "198.51.100.9")
    lab.build.apply()
    (choice,) = lab.flows("lr_in_ip_routing", "0.0.0.0/0")
    assert "select(1, 2)" in choice.actions
    assert len(lab.flows("lr_in_ip_routing_ecmp", "reg8[16..31]")) == 2
    origins = {reason.source.uuid for reason in lab.compiler.because((LogicalFlow, choice.key()))}  # type: ignore[union-attr]
    assert origins == {min(first, second)}
    transaction = Transaction()
    transaction.delete(LogicalRouterStaticRoute, first)
    transaction.remove(LogicalRouter.static_routes, uuid("router", "edge"), first)
    lab.northbound.apply(transaction)
    (way,) = lab.flows("lr_in_ip_routing", "0.0.0.0/0")
    assert "reg0 = 198.51.100.9" in way.actions
    assert not lab.flows("lr_in_ip_routing_ecmp", "reg8[16..31]")


def watched() -> RouterBuilder:
    build = edge()
    for hop, port in (("192.0.2.9", "lrp-edge-left"), ("198.51.100.9", "lrp-edge-right")):
        build.way("edge", "0.0.0.0/0", hop, bfd=build.session(port, hop))
    return build


def test_a_route_is_there_while_its_session_is_up() -> None:
    lab = Lab(watched())
    assert lab.told() == {"192.0.2.9": "down", "198.51.100.9": "down"}
    assert not lab.flows("lr_in_ip_routing", "0.0.0.0/0")
    assert len(lab.problems()) == 2
    assert "simulated nodes do not speak BFD" in lab.problems()[0]
    lab.chassis_says("192.0.2.9", "up")
    assert lab.told() == {"192.0.2.9": "up", "198.51.100.9": "down"}
    assert lab.flows("lr_in_ip_routing", "0.0.0.0/0", "reg0 = 192.0.2.9")
    lab.chassis_says("198.51.100.9", "init")
    assert lab.flows("lr_in_ip_routing", "0.0.0.0/0", "select(1, 2)")
    assert lab.problems() == []
    lab.chassis_says("192.0.2.9", "down")
    assert lab.flows("lr_in_ip_routing", "0.0.0.0/0", "reg0 = 198.51.100.9")


def test_a_session_that_no_route_asks_for_is_switched_off_and_on_again() -> None:
    lab = Lab(watched())
    lab.chassis_says("192.0.2.9", "up")
    key = next(row.uuid for row in lab.northbound.rows(LogicalRouterStaticRoute) if row.nexthop == "192.0.2.9")
    member = (LogicalRouter.static_routes, uuid("router", "edge"), key)
    lab.build.transaction.remove(*member)
    lab.build.apply()
    assert lab.told()["192.0.2.9"] == lab.sessions()["192.0.2.9"].status == "admin_down"
    lab.build.transaction.add(*member)
    lab.build.apply()
    assert lab.told()["192.0.2.9"] == lab.sessions()["192.0.2.9"].status == "down"


def test_sessions_have_ports_of_their_own_and_keep_them_over_a_restart() -> None:
    lab = Lab(watched())
    lab.build.session("lrp-edge-left", "192.0.2.77")
    lab.build.apply()
    before = lab.sessions()
    assert {row.src_port for row in before.values()} == {49152, 49153, 49154}
    assert len({row.disc for row in before.values()}) == 3
    assert all(0 < row.disc < 1 << 32 for row in before.values())
    lab.chassis_says("192.0.2.9", "up")
    assert not Compiler(lab.northbound, lab.southbound).start()
    assert lab.sessions()["192.0.2.9"] == replace(before["192.0.2.9"], status="up")


def test_what_a_hand_writes_into_sessions_is_put_right_but_for_the_status() -> None:
    lab = Lab(watched())
    (row,) = [one for one in lab.southbound.rows(BFD) if one.dst_ip == "192.0.2.9"]
    transaction = Transaction("a hand")
    transaction.put(replace(row, min_tx=7, status="up"))
    lab.southbound.apply(transaction)
    corrections = lab.compiler.put_right(1.0)
    assert [(one.column, one.found) for one in corrections] == [("min_tx", 7)]
    assert lab.sessions()["192.0.2.9"] == replace(row, status="up")


def test_protection_and_sampling_are_said_not_to_be_compiled() -> None:
    build = RouterBuilder(debug_drop_collector_set="1")
    router, switch = build.router("guarded"), build.switch("guarded too")
    build.transaction.put(Copp(uuid=uuid("copp"), name="guard"))
    for row_type, key in ((LogicalRouter, router), (LogicalSwitch, switch)):
        row = build.transaction.rows[row_type, key]
        build.transaction.put(replace(row, copp=uuid("copp")))  # type: ignore[type-var]
    assert Lab(build).problems() == [
        "copp: what packets may cost the controller is not limited",
        "copp: what packets may cost the controller is not limited",
        "options:debug_drop_collector_set: dropped packets are not sampled",
    ]
