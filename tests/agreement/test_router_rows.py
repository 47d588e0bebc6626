"""What a router has in SB beside flows is as ovn-northd makes it: BFD sessions, given neighbours; and who goes first.

Source ports and discriminators of BFD are drawn by ovn-northd, so only that they are there is compared.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from brume.northbound.schema import BFD as NorthboundBFD
from brume.northbound.schema import NORTHBOUND
from brume.southbound.bfd_status import BfdStatus
from brume.southbound.compiler import Compiler
from brume.southbound.schema import BFD, StaticMACBinding
from brume.tables.database import Database, Transaction
from tests.agreement.ovn_lab import OvnLab, commit, read_database, short_directory, why_not
from tests.agreement.test_logical_flows import comparable, difference
from tests.southbound.builder import chassis
from tests.southbound.router_topologies import known_neighbors, watched_next_hops

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")


@pytest.fixture(scope="module")
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


class Ours:
    """Our southbound of a northbound, and what NB is told of it."""

    def __init__(self, northbound: Database) -> None:
        self.northbound, self.southbound = northbound, chassis("compute1")
        compiler, status = Compiler(northbound, self.southbound), BfdStatus(northbound, self.southbound)
        compiler.start()
        northbound.subscribe(compiler.update)
        self.southbound.subscribe(status.follow)
        status.start()

    def chassis_says(self, neighbor: str, status: str) -> None:
        transaction = Transaction("a chassis")
        (row,) = [row for row in self.southbound.rows(BFD) if row.dst_ip == neighbor]
        transaction.put(replace(row, status=status))  # type: ignore[arg-type]
        self.southbound.apply(transaction)


def sessions(southbound: Database) -> set[tuple[Any, ...]]:
    rows = southbound.rows(BFD)
    assert all(49152 <= row.src_port <= 65535 and row.disc for row in rows)
    assert len({row.src_port for row in rows}) == len({row.disc for row in rows}) == len(rows)
    return {(row.logical_port, row.dst_ip, row.min_tx, row.min_rx, row.detect_mult, row.status) for row in rows}


def told(northbound: Database) -> set[tuple[str, str | None]]:
    return {(row.dst_ip, row.status) for row in northbound.rows(NorthboundBFD)}


def wait_for_told(lab: OvnLab, wanted: set[tuple[str, str | None]]) -> None:
    """Until ovn-northd has told NB this of the sessions, and has done what follows from it."""
    deadline = time.monotonic() + 60
    while told(read_database(lab.northbound, NORTHBOUND)) != wanted:
        assert time.monotonic() < deadline, told(read_database(lab.northbound, NORTHBOUND))
        lab.sync()
    lab.sync()


def test_sessions_and_the_routes_that_wait_for_them(lab: OvnLab) -> None:
    northbound = watched_next_hops()
    theirs = lab.compile(northbound, chassis("compute1"))
    ours = Ours(northbound)
    for neighbor, status in (("", ""), ("192.0.2.9", "up"), ("198.51.100.9", "init"), ("192.0.2.9", "down")):
        if neighbor:
            where = [["dst_ip", "==", neighbor]]
            commit(lab.southbound, [{"op": "update", "table": "BFD", "where": where, "row": {"status": status}}])
            ours.chassis_says(neighbor, status)
        wait_for_told(lab, told(ours.northbound))
        theirs = lab.read()
        assert sessions(ours.southbound) == sessions(theirs)
        assert difference(comparable(ours.southbound), comparable(theirs)) == ""


def test_neighbours_that_are_given(lab: OvnLab) -> None:
    northbound = known_neighbors()
    theirs = lab.compile(northbound, chassis("compute1"))
    ours = Ours(northbound).southbound

    def neighbors(southbound: Database) -> set[tuple[Any, ...]]:
        return {
            (row.logical_port, row.ip, row.mac, row.override_dynamic_mac) for row in southbound.rows(StaticMACBinding)
        }

    assert neighbors(ours) == neighbors(theirs)
    assert len(neighbors(ours)) == 2


def test_sessions_that_northd_began_keep_their_ports_when_our_compiler_takes_over(lab: OvnLab) -> None:
    northbound = watched_next_hops()
    southbound = lab.compile(northbound, chassis("compute1"))
    before = {row.dst_ip: (row.src_port, row.status) for row in southbound.rows(BFD)}
    Compiler(northbound, southbound).start()
    assert {row.dst_ip: (row.src_port, row.status) for row in southbound.rows(BFD)} == before
    assert sessions(southbound) == sessions(Ours(watched_next_hops()).southbound)
