"""Which kinds of ACL can concern a packet whose connection is in this state.

A hint is one bit, set once, on which every ACL matches: much cheaper than to match each ACL on all states.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions, do, go_on
from brume.expressions.fields import Field, ct, ct_mark
from brume.expressions.match import ALWAYS, Match, all_of, negate
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.facts.acls import has_acls
from brume.southbound.from_northbound.facts.balanced import balances, tracks
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT
from brume.southbound.priorities import HIGHEST
from brume.southbound.registers import ACL_HINT_ALLOW, ACL_HINT_ALLOW_NEW, ACL_HINT_BLOCK, ACL_HINT_DROP

BLOCKED, NOT_BLOCKED = ct_mark.blocked.equals(1), ct_mark.blocked.equals(0)
REQUEST: Final = all_of(negate(ct.new), ct.est, negate(ct.rpl))


def _hint(*bits: Field) -> Actions:
    return do(*(bit.assign(1) for bit in bits), go_on)


HINTS: Final[tuple[tuple[int, Match, Actions], ...]] = (
    # A new connection: allow commits it, drop drops it.
    (7, all_of(ct.new, negate(ct.est)), _hint(ACL_HINT_ALLOW_NEW, ACL_HINT_DROP)),
    # A known connection that was blocked: an ACL that came back allows it again.
    (6, all_of(REQUEST, BLOCKED), _hint(ACL_HINT_ALLOW_NEW, ACL_HINT_DROP)),
    (5, negate(ct.trk), _hint(ACL_HINT_ALLOW, ACL_HINT_DROP)),
    # A known connection that was allowed: drop must mark it as blocked, too.
    (4, all_of(REQUEST, NOT_BLOCKED), _hint(ACL_HINT_ALLOW, ACL_HINT_BLOCK)),
    (3, negate(ct.est), _hint(ACL_HINT_DROP)),
    (2, all_of(ct.est, BLOCKED), _hint(ACL_HINT_DROP)),
    (1, all_of(ct.est, NOT_BLOCKED), _hint(ACL_HINT_BLOCK)),
)


@rule(LogicalSwitch)
def acl_hints(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    datapath = switch.uuid
    for stage in (SWITCH_IN.ACL_HINT, SWITCH_OUT.ACL_HINT):
        if not has_acls(view, datapath) and not balances(view, datapath):
            yield flow(stage, datapath, HIGHEST, ALWAYS, go_on)
            continue
        yield default(stage, datapath)
        if tracks(view, datapath):
            for priority, match, actions in HINTS:
                yield flow(stage, datapath, priority, match, actions)


RULES = (acl_hints,)
