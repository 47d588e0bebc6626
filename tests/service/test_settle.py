"""Commits are taken through all stages, whatever happens on the way."""

import pytest

from benchmarks.inside import Inside
from brume.northbound.schema import LogicalSwitch


@pytest.fixture
def lab(tmp_path):
    made = Inside(tmp_path)
    yield made
    made.cloud.close()
    made.loop.close()


def test_a_step_that_raises_costs_no_other_commit(lab):
    told = []
    lab.cloud.settle()
    lab.cloud.on_work = lambda: told.append("work")
    first = lab.network("first", "10.1.0.0/24")
    second = lab.network("second", "10.2.0.0/24")
    follow, lab.cloud.instances.follow = lab.cloud.instances.follow, fail
    with pytest.raises(ZeroDivisionError):
        lab.cloud.settle()
    lab.cloud.instances.follow = follow
    assert told == ["work", "work"]  # the second time: there are commits left
    lab.cloud.settle()
    names = {row.name for row in lab.cloud.network.northbound.rows(LogicalSwitch)}
    assert {f"neutron-{first}", f"neutron-{second}"} <= names


def fail(commit):
    return 1 // 0
