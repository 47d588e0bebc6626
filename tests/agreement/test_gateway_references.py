"""HA_Chassis_Group.ref_chassis is what ovn-northd makes of it, while ports come to chassis and go."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.northbound.schema import LogicalSwitchPort
from brume.southbound.compiler import Compiler
from brume.southbound.gateway_references import GatewayReferences
from brume.southbound.schema import (
    Chassis,
    HAChassisGroup,
    chassis_by_name,
    port_binding_by_logical_port,
)
from brume.tables.database import Database, Transaction
from tests.agreement.ovn_lab import OvnLab, commit, short_directory, why_not
from tests.agreement.random_northbound import CHASSIS, Draw
from tests.southbound.builder import chassis

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
NAMES = (*CHASSIS, "compute3")


@pytest.fixture(scope="module")
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


def references(southbound: Database) -> dict[str, list[str]]:
    names = {row.uuid: row.name for row in southbound.rows(Chassis)}
    return {
        row.name: sorted(names[one] for one in southbound.members(HAChassisGroup.ref_chassis, row.uuid))
        for row in southbound.rows(HAChassisGroup)
    }


def claim(southbound: Database, places: dict[str, str | None]) -> None:
    """Ports come to chassis, or go (None)."""
    transaction = Transaction("chassis")
    for port, name in places.items():
        (row,) = southbound.find(port_binding_by_logical_port, port)
        found = southbound.find(chassis_by_name, name)
        transaction.put(replace(row, chassis=found[0].uuid if found else None))
    southbound.apply(transaction)


def claim_in(lab: OvnLab, places: dict[str, str | None]) -> None:
    uuids = {row.name: row.uuid for row in lab.read().rows(Chassis)}
    commit(
        lab.southbound,
        [
            {
                "op": "update",
                "table": "Port_Binding",
                "where": [["logical_port", "==", port]],
                "row": {"chassis": ["set", []] if name is None else ["uuid", uuids[name]]},
            }
            for port, name in places.items()
        ],
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_same_chassis_refer_to_the_same_groups(lab: OvnLab, seed: int) -> None:
    northbound, ours = Draw(seed).northbound(), chassis(*NAMES)
    Compiler(northbound, ours).start()
    follower = GatewayReferences(ours)
    follower.start()
    ours.subscribe(follower.follow)
    lab.compile(northbound, chassis(*NAMES))
    draw = random.Random(seed)
    hosts = sorted(row.name for row in northbound.rows(LogicalSwitchPort) if row.type == "")
    for _ in range(3):
        places = {host: draw.choice([None, *NAMES]) for host in hosts if draw.random() < 0.7}
        claim(ours, places)
        claim_in(lab, places)
        deadline = time.monotonic() + 60
        while references(lab.read()) != references(ours):
            assert time.monotonic() < deadline, (references(ours), references(lab.read()))
            lab.sync()
        fresh = GatewayReferences(ours)
        before = references(ours)
        fresh.start()
        assert references(ours) == before
