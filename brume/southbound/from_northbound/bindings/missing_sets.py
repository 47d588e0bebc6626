"""Matches that name an address set or a port group that is not there: chassis refuse the whole match, so it is said."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.expressions.shape import PORT_GROUP, shape_of
from brume.expressions.slots import references_in
from brume.northbound.schema import ACL, LogicalRouterPolicy, QoS, address_set_by_name, port_group_by_name

OF_GROUPS = ("_ip4", "_ip6")
ALWAYS_THERE = "svc_monitor_mac"


def missing(match: str, view: View) -> list[str]:
    """What the match names and nobody has made, as the match writes it."""
    if "$" not in match and "@" not in match:
        return []
    named = references_in(shape_of(match))
    return [f"{one.sigil}{one.name}" for one in named if not _is_there(one.sigil, one.name, view)]


def _is_there(sigil: str, name: str, view: View) -> bool:
    if sigil == PORT_GROUP:
        return bool(view.find(port_group_by_name, name))
    if name == ALWAYS_THERE or view.find(address_set_by_name, name):
        return True
    return name.endswith(OF_GROUPS) and bool(view.find(port_group_by_name, name[:-4]))


def _said(table: str, uuid: str, match: str, view: View) -> Iterator[Output]:
    for name in missing(match, view):
        kind = "port group" if name.startswith(PORT_GROUP) else "address set"
        message = f"there is no {kind} {name}, so nothing matches: {match}"
        yield Problem(table=table, row=uuid, message=message)


@rule(ACL)
def acl_names_what_is_missing(acl: ACL, view: View) -> Iterator[Output]:
    yield from _said("ACL", acl.uuid, acl.match, view)


@rule(QoS)
def qos_names_what_is_missing(qos: QoS, view: View) -> Iterator[Output]:
    yield from _said("QoS", qos.uuid, qos.match, view)


@rule(LogicalRouterPolicy)
def policy_names_what_is_missing(policy: LogicalRouterPolicy, view: View) -> Iterator[Output]:
    yield from _said("Logical_Router_Policy", policy.uuid, policy.match, view)


RULES = (acl_names_what_is_missing, qos_names_what_is_missing, policy_names_what_is_missing)
