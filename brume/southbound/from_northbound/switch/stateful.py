"""Commit the connections that ACLs allowed. A connection that comes this far is not (or no longer) blocked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import ct_commit, do, go_on
from brume.expressions.fields import ct_label, ct_mark
from brume.expressions.match import all_of
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT
from brume.southbound.registers import ACL_LABEL, ACL_LABEL_VALUE, CONNTRACK_COMMIT

ALLOWED: Final = ct_mark.blocked.assign(0)
COMMIT: Final = do(ct_commit(ALLOWED), go_on)
COMMIT_WITH_LABEL: Final = do(ct_commit(ALLOWED, ct_label.label.assign(ACL_LABEL_VALUE)), go_on)
WITH_LABEL: Final = all_of(CONNTRACK_COMMIT.equals(1), ACL_LABEL.equals(1))
WITHOUT_LABEL: Final = all_of(CONNTRACK_COMMIT.equals(1), ACL_LABEL.equals(0))


@rule(LogicalSwitch)
def stateful(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    for stage in (SWITCH_IN.STATEFUL, SWITCH_OUT.STATEFUL):
        yield default(stage, switch.uuid)
        yield flow(stage, switch.uuid, 100, WITH_LABEL, COMMIT_WITH_LABEL)
        yield flow(stage, switch.uuid, 100, WITHOUT_LABEL, COMMIT)


RULES = (stateful,)
