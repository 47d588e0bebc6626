"""What NB is told of SB: how far it has come, how far the chassis have, which ports are up."""

from __future__ import annotations

from msgspec.structs import replace

from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort, NBGlobal
from brume.southbound.compiler import Compiler
from brume.southbound.reports import Reports
from brume.southbound.schema import Chassis, ChassisPrivate, PortBinding
from brume.tables.database import Database, Transaction
from brume.tables.map import Map

NOTIFIES = Map({"port-up-notif": "true"})


class Bench:
    """A compiler with reports, and two chassis that do as they are told."""

    def __init__(self) -> None:
        self.northbound, self.southbound = Database("OVN_Northbound"), Database("OVN_Southbound")
        self.now = 100.0
        self.compiler = Compiler(self.northbound, self.southbound)
        self.compiler.start()
        self.northbound.subscribe(self.compiler.update)
        self.reports = Reports(self.northbound, self.southbound, lambda: self.now)
        self.southbound.subscribe(self.reports.follow)

    def put(self, database: Database, *rows) -> None:
        transaction = Transaction()
        for row in rows:
            transaction.put(row)
        database.apply(transaction)

    def ask(self, number: int) -> None:
        """As `ovn-nbctl --wait` does."""
        self.put(self.northbound, replace(self.settings, nb_cfg=number))

    def chassis(self, name: str, nb_cfg: int, when: int, **columns) -> None:
        row = Chassis(uuid=f"uuid of {name}", name=name, **columns)
        private = ChassisPrivate(
            uuid=f"private {name}", name=name, chassis=row.uuid, nb_cfg=nb_cfg, nb_cfg_timestamp=when
        )
        self.put(self.southbound, row, private)

    @property
    def settings(self) -> NBGlobal:
        (row,) = self.northbound.rows(NBGlobal)
        return row

    def port(self) -> LogicalSwitchPort:
        (row,) = self.northbound.rows(LogicalSwitchPort)
        return row

    def binding(self) -> PortBinding:
        (row,) = self.southbound.rows(PortBinding)
        return row

    def make_port(self, **columns) -> None:
        transaction = Transaction()
        transaction.put(LogicalSwitch(uuid="switch", name="s"))
        transaction.put(LogicalSwitchPort(uuid="port", name="p", **columns))
        transaction.add(LogicalSwitch.ports, "switch", "port")
        self.northbound.apply(transaction)


def test_without_chassis_there_is_nobody_to_wait_for() -> None:
    bench = Bench()
    bench.ask(1)
    assert (bench.settings.sb_cfg, bench.settings.hv_cfg) == (1, 1)
    assert (bench.settings.sb_cfg_timestamp, bench.settings.nb_cfg_timestamp) == (100_000, 100_000)


def test_the_slowest_chassis_counts() -> None:
    bench = Bench()
    bench.chassis("one", 0, 0)
    bench.chassis("two", 0, 0)
    bench.ask(7)
    assert (bench.settings.sb_cfg, bench.settings.hv_cfg) == (7, 0)
    bench.chassis("two", 7, 5000)
    assert bench.settings.hv_cfg == 0
    bench.chassis("one", 7, 4000)
    assert (bench.settings.hv_cfg, bench.settings.hv_cfg_timestamp) == (7, 5000)


def test_a_chassis_of_another_deployment_is_not_waited_for() -> None:
    bench = Bench()
    bench.chassis("far", 0, 0, other_config=Map({"is-remote": "true"}))
    bench.ask(3)
    assert bench.settings.hv_cfg == 3


def test_a_chassis_that_goes_away_holds_up_nobody() -> None:
    bench = Bench()
    bench.chassis("one", 4, 1000)
    bench.chassis("two", 0, 0)
    bench.ask(4)
    assert bench.settings.hv_cfg == 0
    transaction = Transaction()
    transaction.delete(ChassisPrivate, "private two")
    bench.southbound.apply(transaction)
    assert bench.settings.hv_cfg == 4


def test_a_port_is_down_until_a_chassis_says_that_it_is_up() -> None:
    bench = Bench()
    bench.chassis("one", 0, 0, other_config=NOTIFIES)
    bench.make_port()
    assert bench.port().up is False
    bench.put(bench.southbound, replace(bench.binding(), chassis="uuid of one"))
    assert bench.port().up is False
    bench.put(bench.southbound, replace(bench.binding(), up=True))
    assert bench.port().up is True
    bench.put(bench.southbound, replace(bench.binding(), up=False, chassis=None))
    assert bench.port().up is False


def test_a_claim_is_enough_from_a_chassis_that_does_not_notify() -> None:
    bench = Bench()
    bench.chassis("old", 0, 0)
    bench.make_port()
    bench.put(bench.southbound, replace(bench.binding(), chassis="uuid of old"))
    assert bench.port().up is True
    bench.chassis("old", 0, 0, other_config=NOTIFIES)
    assert bench.port().up is False


def test_what_somebody_writes_over_a_report_is_put_right() -> None:
    """As ovn-northd does after `ovn-nbctl set Logical_Switch_Port p up=false`."""
    bench = Bench()
    overwritten: list[bool] = []
    bench.northbound.subscribe(lambda changes: overwritten.append(bench.reports.is_overwritten(changes)))
    bench.chassis("one", 0, 0, other_config=NOTIFIES)
    bench.make_port()
    bench.put(bench.southbound, replace(bench.binding(), chassis="uuid of one", up=True))
    bench.ask(5)
    assert not any(overwritten)
    for up in (False, None):
        bench.put(bench.northbound, replace(bench.port(), up=up))
        assert overwritten[-1]
        bench.reports.put_right()
        assert bench.port().up is True
    bench.put(bench.northbound, replace(bench.settings, sb_cfg=9, hv_cfg=9))
    assert overwritten[-1]
    bench.reports.put_right()
    assert (bench.settings.sb_cfg, bench.settings.hv_cfg) == (5, 0)
    assert not overwritten[-1]


def test_a_routers_side_is_always_up() -> None:
    bench = Bench()
    bench.make_port(type="router")
    assert bench.port().up is True


def test_what_is_reported_is_the_same_from_nothing() -> None:
    """After any restart: `start` finds what `follow` would have said."""
    bench = Bench()
    bench.chassis("one", 0, 0, other_config=NOTIFIES)
    bench.make_port()
    bench.ask(2)
    bench.chassis("one", 2, 9000, other_config=NOTIFIES)
    bench.put(bench.southbound, replace(bench.binding(), chassis="uuid of one", up=True))
    told = (bench.port(), bench.settings)
    bench.put(bench.northbound, replace(bench.port(), up=None), replace(bench.settings, sb_cfg=0, hv_cfg=0))
    bench.reports.start()
    assert (bench.port(), bench.settings) == told
