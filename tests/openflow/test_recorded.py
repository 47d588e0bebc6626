"""The flows of a chassis are those a real ovn-controller 23.03.1 installed for the same southbound database.

Compared as packets see them where spelling may differ: a conjunction is written out as the products of its clauses
(ids are chosen otherwise, and ovn-controller leaves out the clause of a set with one local element).
"""

from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace

from brume.openflow.chassis.rows import Here, Interface, Tunnel
from brume.openflow.chassis.stage import ChassisStage
from brume.openflow.messages.actions import Actions, Conjunction
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.flow_text import format_flow
from brume.openflow.messages.match import Match
from brume.openflow.messages.versions import OPENFLOW_15, actions_in_version
from brume.openflow.shared import SharedTranslation
from brume.southbound.schema import Chassis, Encap
from tests.openflow.recorded import Recorded

CONJUNCTION, DATAPATH = FIELDS["conj_id"], FIELDS["metadata"]
MAC_CONJUNCTION = 100  # put together by the switch from flows of table 0; compared as it stands


def stage_of(recorded: Recorded, name: str) -> tuple[ChassisStage, SharedTranslation]:
    """The chassis with the interfaces and zones it had in reality."""
    shared = SharedTranslation(recorded.southbound)
    chassis = {row.name: row.uuid for row in recorded.southbound.rows(Chassis)}
    by_address = {row.ip: chassis[row.chassis_name] for row in recorded.southbound.rows(Encap)}
    here = Here(uuid=chassis[name], name=name, hostname="vm")
    real = recorded.chassis[name]
    stage = ChassisStage(recorded.southbound, shared, here, lambda changes: None, real["zones"])
    for port in real["interfaces"]:
        if port["remote_ip"]:
            stage.put_tunnel(Tunnel(chassis=by_address[port["remote_ip"]], ofport=port["ofport"]))
            continue
        localnet = port["name"].removeprefix("patch-br-int-to-") if port["type"] == "patch" else None
        stage.put_interface(
            Interface(name=port["name"], ofport=port["ofport"], iface_id=port["iface_id"], localnet=localnet)
        )
    return stage, shared


def written_out(flows: list[Flow]) -> set[str]:
    """The flows with conjunctions multiplied out, as text."""
    clauses: dict[tuple[int, int, int, int], dict[int, list[Match]]] = {}
    for flow in flows:
        for action in flow.actions:
            if isinstance(action, Conjunction) and action.id != MAC_CONJUNCTION:
                place = (flow.table, flow.priority, action.id, DATAPATH.get(flow.match.value))
                found = clauses.setdefault(place, {number + 1: [] for number in range(action.clauses)})
                found.setdefault(action.clause, []).append(flow.match)
    result = set()
    for flow in flows:
        identity = CONJUNCTION.get(flow.match.value)
        if flow.match.mask & CONJUNCTION.mask and identity != MAC_CONJUNCTION:
            found = clauses.get((flow.table, flow.priority, identity, DATAPATH.get(flow.match.value)), {})
            for chosen in product(*found.values()) if found else ():
                result.add(text(replace(flow, match=joined(flow.match, chosen))))
        elif not flow.actions or not isinstance(flow.actions[0], Conjunction) or flow.actions[0].id == MAC_CONJUNCTION:
            result.add(text(flow))
    return result


def joined(match: Match, parts: tuple[Match, ...]) -> Match:
    mask, value = match.mask & ~CONJUNCTION.mask, match.value & ~CONJUNCTION.mask
    for part in parts:
        mask, value = mask | part.mask, value | part.value
    return Match(mask, value)


def text(flow: Flow) -> str:
    actions: Actions = actions_in_version(flow.actions, OPENFLOW_15)
    return format_flow(replace(flow, actions=actions))


@pytest.mark.parametrize("network", ["one_switch", "whole"])
@pytest.mark.parametrize("chassis", ["hv1", "hv2"])
def test_the_flows_are_those_of_a_real_ovn_controller(network: str, chassis: str) -> None:
    recorded = Recorded(network)
    stage, _ = stage_of(recorded, chassis)
    real = recorded.flows(chassis)
    here, there = written_out(stage.flows()), written_out(real)
    assert sorted(there - here) == []
    assert sorted(here - there) == []
    assert len(real) > 150


@pytest.mark.parametrize("chassis", ["hv1", "hv2"])
def test_flows_without_conjunctions_are_the_same_one_by_one(chassis: str) -> None:
    recorded = Recorded("one_switch")
    stage, _ = stage_of(recorded, chassis)
    identities = {flow.identity for flow in stage.flows()}
    assert identities == {flow.identity for flow in recorded.flows(chassis)}


def test_flows_leave_when_ports_leave() -> None:
    recorded = Recorded("whole")
    stage, _ = stage_of(recorded, "hv1")
    for port in recorded.chassis["hv1"]["interfaces"]:
        if port["iface_id"]:
            stage.remove_interface(port["name"])
    datapaths = {FIELDS["metadata"].get(flow.match.value) for flow in stage.flows()}
    # the gateway port keeps its router and what is reached from it
    assert datapaths == {0, 1, 2, 3, 4}
    assert not any("output:2" in format_flow(flow) for flow in stage.flows())
