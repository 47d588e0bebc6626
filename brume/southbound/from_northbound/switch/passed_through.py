"""Stages of features that are not compiled: packets pass through them. What asks for such a feature is told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort, Meter
from brume.southbound.from_northbound.flows import default
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT
from brume.tables.row import Member

EMPTY_STAGES: Final = (
    SWITCH_IN.QOS_MARK,
    SWITCH_OUT.QOS_MARK,
    SWITCH_IN.QOS_METER,
    SWITCH_OUT.QOS_METER,
)


@rule(LogicalSwitch)
def passed_through(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    for stage in EMPTY_STAGES:
        yield default(stage, switch.uuid)
    if switch.other_config.get("mcast_snoop") == "true":
        message = "mcast_snoop: multicast snooping is not compiled; multicast is flooded"
        yield Problem(table="Logical_Switch", row=switch.uuid, message=message)


@rule(LogicalSwitch.qos_rules)
def quality_of_service(member: Member, view: View) -> Iterator[Output]:
    yield Problem(table="QoS", row=str(member.child), message="quality of service is not compiled")


@rule(LogicalSwitch.forwarding_groups)
def forwarding_group(member: Member, view: View) -> Iterator[Output]:
    yield Problem(table="Forwarding_Group", row=str(member.child), message="forwarding groups are not compiled")


@rule(LogicalSwitchPort.mirror_rules)
def mirror(member: Member, view: View) -> Iterator[Output]:
    yield Problem(table="Mirror", row=str(member.child), message="mirrors are not compiled")


@rule(Meter)
def meter(meter: Meter, view: View) -> Iterator[Output]:
    yield Problem(table="Meter", row=meter.uuid, message="meters are not compiled: nothing is limited")


RULES = (
    passed_through,
    quality_of_service,
    forwarding_group,
    mirror,
    meter,
)
