"""Quality of service: packets that match are marked with a DSCP value, or go on only as fast as a rate allows.

What is limited is limited for each chassis by itself: the meter is in its switch. Rates are in kilobits a second.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalSwitch, QoS
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT
from brume.tables.row import Member


@rule(LogicalSwitch)
def no_limit(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    for stage in (SWITCH_IN.QOS_MARK, SWITCH_OUT.QOS_MARK, SWITCH_IN.QOS_METER, SWITCH_OUT.QOS_METER):
        yield default(stage, switch.uuid)


@rule(LogicalSwitch.qos_rules)
def quality_of_service(member: Member, view: View) -> Iterator[Output]:
    switch, row = str(member.parent), view.get(QoS, member.child)
    if row is None or view.get(LogicalSwitch, switch) is None:
        return
    stages = SWITCH_IN if row.direction == "from-lport" else SWITCH_OUT
    match = Match(row.match)
    if "dscp" in row.action:
        actions = Actions(f"ip.dscp = {row.action['dscp']}; next;")
        yield flow(stages.QOS_MARK, switch, row.priority, match, actions, row.uuid)
    rate, burst = row.bandwidth.get("rate"), row.bandwidth.get("burst")
    if rate:
        limit = f"set_meter({rate}, {burst}); next;" if burst else f"set_meter({rate}); next;"
        yield flow(stages.QOS_METER, switch, row.priority, match, Actions(limit), row.uuid)


RULES = (no_limit, quality_of_service)
