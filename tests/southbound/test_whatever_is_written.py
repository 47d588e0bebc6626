"""Whatever clients write into NB, it is compiled: nothing raises, and following equals compiling from nothing."""

from __future__ import annotations

from typing import Any

import pytest

from brume.southbound.compiler import Compiler
from brume.southbound.schema import SOUTHBOUND, DatapathBinding, PortBinding
from brume.southbound.strangers import DERIVED, DERIVED_SETS
from brume.tables.database import Database, Transaction
from tests.northbound.hand import assert_sound
from tests.northbound.random_writer import RandomWriter
from tests.southbound.builder import chassis
from tests.southbound.topologies import neutron

SEEDS = range(12)
STEPS = 40


def compiled(northbound: Database, southbound: Database) -> Database:
    """SB compiled from nothing, with the keys that were given out."""
    fresh, keys = chassis("compute1"), Transaction()
    for row_type in (DatapathBinding, PortBinding):
        for row in southbound.rows(row_type):
            keys.put(row)
    fresh.apply(keys)
    Compiler(northbound, fresh).start()
    return fresh


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_written_is_compiled(seed: int) -> None:
    northbound, southbound = neutron(), chassis("compute1")
    compiler = Compiler(northbound, southbound)
    compiler.start()
    northbound.subscribe(compiler.update)
    southbound.subscribe(compiler.observe)
    writer = RandomWriter(northbound, seed)
    for _ in range(STEPS):
        writer.step()
    assert_sound(northbound)
    assert_sound(southbound, SOUTHBOUND)
    fresh = compiled(northbound, southbound)
    for table in DERIVED:
        assert fresh.table(table).rows == southbound.table(table).rows, table
    for relation in DERIVED_SETS:
        assert members(fresh, relation) == members(southbound, relation)


def members(database: Database, relation: Any) -> set[tuple[object, object]]:
    return {(member.parent, member.child) for member in database.all_members(relation)}
