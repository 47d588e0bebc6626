"""Stories of neighbours that are forgotten. Time is moved by hand."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from brume.simulator.clock import Scheduler
from brume.southbound.neighbor_aging import NeighborAging
from brume.southbound.schema import MACBinding
from brume.tables.database import Database, Transaction
from tests.southbound.builder import Builder, uuid

START = 1_700_000_000.0


class Story:
    """Two routers; only `old` forgets."""

    def __init__(self, **options: str) -> None:
        self.build = Builder(**options)
        self.build.router("old", mac_binding_age_threshold="60")
        self.build.router("new")
        self.northbound, self.southbound = self.build.apply(), Database("southbound")
        self.clock = Scheduler(START)
        aging = NeighborAging(self.northbound, self.southbound, self.clock.now, self.clock.call_at)
        aging.start()
        self.northbound.subscribe(aging.follow_northbound)
        self.southbound.subscribe(aging.follow_southbound)

    def learn(self, router: str, ip: str, at: float) -> None:
        transaction = Transaction()
        row = MACBinding(
            uuid=uuid("neighbor", router, ip),
            logical_port=router,
            ip=ip,
            mac="fa:16:3e:00:00:01",
            timestamp=round((START + at) * 1000),
            datapath=uuid("router", router),
        )
        transaction.put(row)
        self.southbound.apply(transaction)

    def known(self, at: float) -> list[str]:
        """Who is known, so many seconds after the start."""
        self.clock.run_until(START + at)
        return sorted(row.ip for row in self.southbound.rows(MACBinding))


def test_a_neighbour_goes_when_its_time_has_come() -> None:
    story = Story()
    story.learn("old", "10.0.0.1", 0)
    story.learn("old", "10.0.0.2", 20)
    story.learn("new", "10.0.0.3", 0)
    assert story.known(59.9) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert story.known(60) == ["10.0.0.2", "10.0.0.3"]
    story.learn("old", "10.0.0.2", 65)
    assert story.known(124) == ["10.0.0.2", "10.0.0.3"]
    assert story.known(1000) == ["10.0.0.3"]
    assert len(story.clock) == 0


def test_a_router_that_is_told_to_forget_later_does() -> None:
    story = Story()
    story.learn("new", "10.0.0.3", 0)
    assert story.known(100) == ["10.0.0.3"]
    story.build.router("new", mac_binding_age_threshold="300")
    story.build.apply()
    assert story.known(299) == ["10.0.0.3"]
    story.build.router("new", mac_binding_age_threshold="200")
    story.build.router("old", mac_binding_age_threshold="no number")
    story.build.apply()
    story.learn("old", "10.0.0.1", 300)
    assert story.known(300) == ["10.0.0.1"]
    assert story.known(10_000) == ["10.0.0.1"]


def test_no_more_than_the_limit_go_at_a_time() -> None:
    story = Story(mac_binding_removal_limit="2")
    for number in range(5):
        story.learn("old", f"10.0.0.{number}", 0)
    assert [len(story.known(at)) for at in (59, 60, 64, 65, 70)] == [5, 3, 3, 1, 0]


def test_one_neighbour_more_is_the_same_work() -> None:
    """A timer that is due earlier is kept; nobody looks through all neighbours."""
    story = Story()
    for number in range(1000):
        story.learn("old", f"10.0.{number >> 8}.{number & 255}", number / 1000)
    assert len(story.clock) == 1


def test_who_stays_is_not_looked_at() -> None:
    """A thousand go one after the other, each at a time of its own."""
    story = Story()
    counted = CountedRows("southbound")
    aging = NeighborAging(story.northbound, counted, story.clock.now, story.clock.call_at)
    counted.subscribe(aging.follow_southbound)
    story.southbound = counted
    for number in range(1000):
        story.learn("old", f"10.0.{number >> 8}.{number & 255}", number / 1000)
    assert story.known(61) == []
    assert counted.looked_at <= 1000


class CountedRows(Database):
    """Counts the rows that somebody looks at one by one or by an index."""

    looked_at = 0

    def get(self, row_type: Any, key: Hashable) -> Any:
        self.looked_at += 1
        return super().get(row_type, key)

    def find(self, index: Any, value: Hashable) -> Any:
        found = super().find(index, value)
        self.looked_at += len(found)
        return found
