"""Answer DNS queries for names that the northbound knows."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.flows import default
from brume.southbound.pipeline import SWITCH_IN
from brume.tables.row import Member


@rule(LogicalSwitch)
def no_dns(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    yield default(SWITCH_IN.DNS_LOOKUP, switch.uuid)
    yield default(SWITCH_IN.DNS_RESPONSE, switch.uuid)


@rule(LogicalSwitch.dns_records)
def dns_records(member: Member, view: View) -> Iterator[Output]:
    yield Problem(table="DNS", row=str(member.child), message="the built-in resolver is not compiled")


RULES = (no_dns, dns_records)
