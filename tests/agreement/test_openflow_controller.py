"""The flows of a chassis are those of a real ovn-controller on the same southbound, for every kind of network.

Compared with conjunctions written out and cookies left away (they are compared in tests/openflow/test_recorded.py).
Where two logical flows of equal rank want the same place, ovn-controller keeps the first it met: either will do.
A ct_commit after a log() is lost in ovn-controller 23.03.1 (encode_CT_COMMIT_V2 takes the beginning of the buffer, the
first action's, for its own when the datapath has all-zero SNAT). Here it is not lost; the test takes it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.northbound.schema import GatewayChassis, HAChassis, HAChassisGroup, LogicalRouterPort
from brume.openflow.chassis.rows import Here, Interface, Tunnel
from brume.openflow.chassis.stage import ChassisStage
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.group import format_group, parse_group
from brume.openflow.rows import SharedGroup
from brume.openflow.shared import SharedTranslation
from brume.southbound.schema import FDB, Chassis, Encap, MACBinding, PortBinding
from brume.tables.database import Database, Transaction
from tests.agreement.controller_lab import ControllerLab, RealChassis, why_not
from tests.agreement.ovn_lab import short_directory
from tests.agreement.random_northbound import Draw
from tests.openflow.test_recorded import written_out
from tests.southbound.topologies import TOPOLOGIES

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")

NAMES = ("compute1", "compute2")
LOST = re.compile(
    r"(actions=controller\(userdata=00\.00\.00\.07[^)]*\)),ct\(commit,zone=[^,]*,nat\(src\),exec\([^)]*\)\)"
)


@pytest.fixture(scope="module")
def lab() -> Iterator[ControllerLab]:
    with short_directory() as directory:
        lab = ControllerLab(Path(directory), NAMES, "public:br-ex,physnet1:br-ph")
        yield lab
        lab.stop()


def one_gateway_each(northbound: Database) -> Database:
    """No BFD runs between dummy datapaths, so ovn-controller would have no gateway where there are two."""
    transaction = Transaction()
    for relation, owner, member in (
        (LogicalRouterPort.gateway_chassis, LogicalRouterPort, GatewayChassis),
        (HAChassisGroup.ha_chassis, HAChassisGroup, HAChassis),
    ):
        for row in northbound.rows(owner):
            found = [northbound.get(member, uuid) for uuid in northbound.members(relation, row.uuid)]
            ranked = sorted((one for one in found if one is not None), key=lambda one: one.priority, reverse=True)
            for lesser in ranked[1:]:
                transaction.remove(relation, row.uuid, lesser.uuid)
                transaction.delete(member, lesser.uuid)
    northbound.apply(transaction)
    return northbound


def comparable(flows: list[Flow], groups: dict[int, str]) -> set[str]:
    """Flows as text, with what a group says in the place of its number, and without the numbers of meters.

    Each program numbers as it likes, and ovn-controller numbers meters that are not there.
    """
    lines = written_out([replace(flow, cookie=0) for flow in flows])
    lines = {re.sub(r"group:(\d+)", lambda found: f"group:{{{groups[int(found[1])]}}}", line) for line in lines}
    return {re.sub(r",meter_id=\d+|\bmeter:\d+", "", LOST.sub(r"\1", line)) for line in lines}


def real_groups(real: RealChassis) -> dict[int, str]:
    """What the groups of a real chassis say, by number."""
    lines = [line for line in real.switch.ofctl("dump-groups", "br-int").splitlines() if "group_id=" in line]
    entries = [parse_group(re.sub(r",selection_method_param=\w+", "", line)) for line in lines]
    return {entry.group_id: format_group(entry).partition(",")[2] for entry in entries}


def our_groups(stage: ChassisStage) -> dict[int, str]:
    """What the groups of our chassis say, by number."""
    entries = [row.entry for row in stage._shared.flows.rows(SharedGroup)]
    return {entry.group_id: format_group(entry).partition(",")[2] for entry in entries}


def stage_of(southbound: Database, real: RealChassis) -> ChassisStage:
    """Our chassis with the interfaces and zones of a real one."""
    shared = SharedTranslation(southbound)
    chassis = {row.name: row.uuid for row in southbound.rows(Chassis)}
    by_address = {row.ip: chassis[row.chassis_name] for row in southbound.rows(Encap)}
    here = Here(uuid=chassis[real.name], name=real.name, hostname=real.name)
    stage = ChassisStage(southbound, shared, here, lambda changes: None, real.zones())
    for port in real.interfaces():
        ofport = int(port["ofport"])
        if port["name"].startswith("ovn-mirror"):  # ovn-controller's way of copying packets to a collector
            continue
        if "remote_ip" in port:
            stage.put_tunnel(Tunnel(chassis=by_address[port["remote_ip"]], ofport=ofport))
            continue
        localnet = port["name"].removeprefix("patch-br-int-to-") if port["type"] == "patch" else None
        stage.put_interface(
            Interface(name=port["name"], ofport=ofport, iface_id=port.get("iface-id"), localnet=localnet)
        )
    return stage


@pytest.mark.parametrize("topology", TOPOLOGIES, ids=lambda topology: topology.__name__)
def test_the_flows_are_those_of_ovn_controller(lab: ControllerLab, topology: Callable[[], Database]) -> None:
    agree(lab, topology())


@pytest.mark.parametrize("seed", range(8))
def test_random_networks_have_the_same_flows(lab: ControllerLab, seed: int) -> None:
    agree(lab, Draw(seed).northbound())


def agree(lab: ControllerLab, northbound: Database) -> None:
    one_gateway_each(northbound)
    ports = lab.northd.compile(northbound).rows(PortBinding)
    names = sorted(row.logical_port for row in ports if not row.type and not row.parent_port)
    plugged = {name: NAMES[number % 2] for number, name in enumerate(names)}
    southbound = lab.run(northbound, plugged)
    while True:
        try:
            agree_on_flows(lab, southbound)
            return
        except AssertionError:
            # A chassis announces its ports a second later, and learns from what it hears: look again, if it did.
            lab.sync()
            earlier, southbound = southbound, lab.northd.read()
            if learned(earlier) == learned(southbound):
                raise


def learned(southbound: Database) -> set[tuple[str, ...]]:
    """What chassis found out for themselves; it only grows."""
    stations = {(row.mac, str(row.dp_key), str(row.port_key)) for row in southbound.rows(FDB)}
    return stations | {(row.logical_port, row.ip, row.mac) for row in southbound.rows(MACBinding)}


def agree_on_flows(lab: ControllerLab, southbound: Database) -> list[ChassisStage]:
    """Our chassis in the place of each real one: the same flows, with the same groups."""
    stages = []
    for real in lab.chassis.values():
        stage = stage_of(southbound, real)
        groups = our_groups(stage)
        theirs, ours = comparable(real.flows(), real_groups(real)), comparable(stage.flows(), groups)
        contested = [flow for makers in stage.installer.contested() for flow in makers]
        either = comparable(contested, groups)
        missing, surplus = sorted(theirs - ours - either), sorted(ours - theirs - either)
        assert (missing, surplus) == ([], []), f"{real.name}: {len(theirs)} flows there, {len(ours)} here"
        stages.append(stage)
    return stages
