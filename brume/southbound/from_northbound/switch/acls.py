"""ACLs: packets that match are allowed, dropped or rejected.

On a switch where some ACL tracks connections all of them must: an allowed connection is committed, so that its replies
pass (`acl_defaults`), and one that is no longer allowed is marked as blocked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions, ct_commit, do, go_on, log
from brume.expressions.fields import Field, ct, ct_label, ct_mark
from brume.expressions.match import Match, all_of, negate
from brume.northbound.schema import ACL
from brume.southbound.from_northbound.bindings.meters import log_meter
from brume.southbound.from_northbound.facts.acls import AclPlacement
from brume.southbound.from_northbound.facts.balanced import tracks
from brume.southbound.from_northbound.facts.settings import is_true, settings
from brume.southbound.from_northbound.flows import SILENT_DROP, flow
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT, Stage
from brume.southbound.priorities import ACL_LOG_RELATED, ACL_OFFSET
from brume.southbound.registers import (
    ACL_HINT_ALLOW,
    ACL_HINT_ALLOW_NEW,
    ACL_HINT_BLOCK,
    ACL_HINT_DROP,
    ACL_LABEL,
    ACL_LABEL_VALUE,
    CONNTRACK_COMMIT,
)

BLOCK: Final = ct_commit(ct_mark.blocked.assign(1))
COMMIT: Final = CONNTRACK_COMMIT.assign(1)
REJECT_THEN: Final = {
    "from-lport": f"next(pipeline=egress,table={SWITCH_OUT.QOS_MARK.table});",
    "to-lport": f"next(pipeline=ingress,table={SWITCH_IN.L2_LKUP.table});",
}
"""Where the answer of a rejecting ACL goes on: back to the sender, past the ACLs."""


@rule(AclPlacement)
def acl(placement: AclPlacement, view: View) -> Iterator[Output]:
    row = view.get(ACL, placement.acl)
    if row is None:
        return
    if row.log and row.meter is not None:
        row = replace(row, meter=log_meter(view, row))
    stateful = tracks(view, placement.switch)
    stage = _stage(row)
    if row.action in ("drop", "reject"):
        yield from _refusal(row, stage, placement.switch, stateful)
    elif stateful and row.action != "allow-stateless":
        yield from _tracked_allowance(row, stage, placement.switch)
        if row.log and row.label and is_true(row.options, "log-related", False):
            yield from _related(row, placement.switch, settings(view).use_ct_inv_match)
    else:
        yield _verdict(row, stage, placement.switch, "", go_on)


def _stage(row: ACL) -> Stage:
    if row.direction == "to-lport":
        return SWITCH_OUT.ACL
    return SWITCH_IN.ACL_AFTER_LB if is_true(row.options, "apply-after-lb", False) else SWITCH_IN.ACL


def _log(row: ACL) -> tuple[Actions, ...]:
    """The log step, if the ACL wants one."""
    if not row.log:
        return ()
    verdict = row.action if row.action in ("drop", "reject") else "allow"
    return (log(verdict, row.severity or "info", row.name or "", row.meter or ""),)


def _label(row: ACL) -> tuple[Actions, ...]:
    return (ACL_LABEL.assign(1), ACL_LABEL_VALUE.assign(row.label)) if row.label else ()


def _verdict(row: ACL, stage: Stage, switch: str, hint: str, *steps: Actions) -> Output:
    """The flow of an ACL, for connections of which `hint` holds."""
    match = f"{hint} == 1 && ({row.match})" if hint else row.match
    last = steps[-1]
    return flow(stage, switch, row.priority + ACL_OFFSET, Match(match), do(*steps[:-1], *_log(row), last), row.uuid)


def _tracked_allowance(row: ACL, stage: Stage, switch: str) -> Iterator[Output]:
    label = _label(row)
    yield _verdict(row, stage, switch, ACL_HINT_ALLOW_NEW, COMMIT, *label, go_on)
    # A label is written again, because the ACL that allows the connection may have changed.
    again = (COMMIT, *label) if label else ()
    yield _verdict(row, stage, switch, ACL_HINT_ALLOW, *again, go_on)


def _related(row: ACL, switch: str, use_ct_inv_match: bool) -> Iterator[Output]:
    """Replies and related packets of the connections the ACL allowed, logged in the other direction."""
    stage = SWITCH_OUT.ACL if row.direction == "from-lport" else SWITCH_IN.ACL
    valid = (negate(ct.inv),) if use_ct_inv_match else ()
    mine = (ct_mark.blocked.equals(0), ct_label.label.equals(row.label))
    reply = all_of(ct.est, negate(ct.rel), negate(ct.new), *valid, ct.rpl, *mine)
    related = all_of(negate(ct.est), ct.rel, negate(ct.new), *valid, *mine)
    for match in (reply, related):
        yield flow(stage, switch, ACL_LOG_RELATED, match, do(*_log(row), go_on), row.uuid)


def _refusal(row: ACL, stage: Stage, switch: str, stateful: bool) -> Iterator[Output]:
    if not stateful:
        yield _refuse(row, stage, switch, None)
        return
    yield _refuse(row, stage, switch, ACL_HINT_DROP)
    yield _refuse(row, stage, switch, ACL_HINT_BLOCK, BLOCK)


def _refuse(row: ACL, stage: Stage, switch: str, hint: Field | None, *before: Actions) -> Output:
    if row.action == "drop":
        return _verdict(row, stage, switch, hint or "", *before, SILENT_DROP)
    match = f"({hint.equals(1)}) && {row.match}" if hint is not None else row.match
    # northd writes the block step after the log step, and two spaces after it.
    steps = " ".join([*_log(row), *(f"{step} " for step in before), _reject(row)])
    return flow(stage, switch, row.priority + ACL_OFFSET, Match(match), Actions(steps), row.uuid)


def _reject(row: ACL) -> str:
    swapped = "/* eth.dst <-> eth.src; ip.dst <-> ip.src; is implicit. */"
    return f"reg0 = 0; reject {{ {swapped} outport <-> inport; {REJECT_THEN[row.direction]} }};"


RULES = (acl,)
