"""What passes or drops in the ACL stages whatever the ACLs say, and what happens to packets no ACL speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import ct_commit_nat, do, drop, go_on
from brume.expressions.fields import ct, ct_mark, ip, mldv1, mldv2, nd, nd_ra, nd_rs
from brume.expressions.match import ALWAYS, Match, all_of, any_of, group, negate
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.facts.acls import has_acls
from brume.southbound.from_northbound.facts.balanced import balances, tracks
from brume.southbound.from_northbound.facts.settings import Settings, settings
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.from_northbound.switch.tracking import FROM_SERVICE_MONITOR, TO_SERVICE_MONITOR
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT
from brume.southbound.priorities import ACL_DEFAULT, ACL_SERVICE, ACL_STATE, HIGHEST
from brume.southbound.registers import ACL_HINT_ALLOW_REL, ACL_HINT_BLOCK, ACL_HINT_DROP, CONNTRACK_COMMIT

COMMIT: Final = do(CONNTRACK_COMMIT.assign(1), go_on)
BLOCKED, NOT_BLOCKED = ct_mark.blocked.equals(1), ct_mark.blocked.equals(0)
DISCOVERY: Final = any_of(nd, nd_ra, nd_rs, mldv1, mldv2)
"""Never tracked, because tracking does not understand it; always allowed."""
REPLY_IN: Final = do(ACL_HINT_DROP.assign(0), ACL_HINT_BLOCK.assign(0), ACL_HINT_ALLOW_REL.assign(1), go_on)
RELATED_IN: Final = do(ACL_HINT_ALLOW_REL.assign(1), ct_commit_nat)


@rule(LogicalSwitch)
def acl_defaults(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    datapath, wanted = switch.uuid, settings(view)
    if has_acls(view, datapath) or balances(view, datapath):
        otherwise = drop if wanted.default_acl_drop and has_acls(view, datapath) else go_on
        for stage in (SWITCH_IN.ACL, SWITCH_OUT.ACL, SWITCH_IN.ACL_AFTER_LB):
            yield default(stage, datapath, otherwise)
        yield flow(SWITCH_IN.ACL, datapath, ACL_SERVICE, TO_SERVICE_MONITOR, go_on)
        yield flow(SWITCH_OUT.ACL, datapath, ACL_SERVICE, FROM_SERVICE_MONITOR, go_on)
    else:
        yield flow(SWITCH_IN.ACL, datapath, HIGHEST, ALWAYS, go_on)
        yield flow(SWITCH_OUT.ACL, datapath, HIGHEST, ALWAYS, go_on)
        yield default(SWITCH_IN.ACL_AFTER_LB, datapath)
    for stage in (SWITCH_IN.ACL, SWITCH_OUT.ACL, SWITCH_IN.ACL_AFTER_LB):
        yield flow(stage, datapath, ACL_STATE, DISCOVERY, go_on)
    if tracks(view, datapath):
        yield from _connections(datapath, wanted)


def _connections(datapath: str, wanted: Settings) -> Iterator[Output]:
    """Connections whose ACLs have been asked before, and new ones that no ACL speaks of."""
    unspoken = drop if wanted.default_acl_drop else COMMIT
    valid = (negate(ct.inv),) if wanted.use_ct_inv_match else ()
    reply = all_of(ct.est, negate(ct.rel), negate(ct.new), *valid, ct.rpl, NOT_BLOCKED)
    related = all_of(negate(ct.est), ct.rel, negate(ct.new), *valid, NOT_BLOCKED)
    for stage in (SWITCH_IN.ACL, SWITCH_OUT.ACL):
        ingress = stage is SWITCH_IN.ACL
        yield flow(stage, datapath, ACL_DEFAULT, all_of(ip, ct.est, BLOCKED), COMMIT)
        yield flow(stage, datapath, ACL_DEFAULT, all_of(ip, negate(ct.est)), unspoken)
        yield flow(stage, datapath, ACL_STATE, _invalid(wanted), drop)
        yield flow(stage, datapath, ACL_STATE, reply, REPLY_IN if ingress else go_on)
        yield flow(stage, datapath, ACL_STATE, related, RELATED_IN if ingress else ct_commit_nat)
    yield flow(SWITCH_IN.ACL_AFTER_LB, datapath, ACL_STATE, ACL_HINT_ALLOW_REL.equals(1), go_on)


def _invalid(wanted: Settings) -> Match:
    blocked = group(all_of(ct.est, ct.rpl, BLOCKED))
    return Match(f"{ct.inv} || {blocked}") if wanted.use_ct_inv_match else blocked


RULES = (acl_defaults,)
