"""Which ACLs apply to which switches: a switch's own, and those of port groups with ports on it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.northbound.schema import ACL, LogicalSwitch, PortGroup
from brume.southbound.from_northbound.facts.groups import GroupPlacement
from brume.tables.row import Member, Row

STATEFUL_ACTION: Final = "allow-related"


class AclPlacement(Row, frozen=True, kw_only=True):
    """An ACL applies to a switch."""

    acl: str
    switch: str

    def key(self) -> Hashable:
        return (self.acl, self.switch)


class SwitchAcls(Row, frozen=True, kw_only=True):
    """A switch has ACLs (`stateful` false), or ACLs that track connections (`stateful` true)."""

    switch: str
    stateful: bool

    def key(self) -> Hashable:
        return (self.switch, self.stateful)


def has_acls(view: View, switch: str) -> bool:
    """Whether any ACL applies to the switch."""
    return view.get(SwitchAcls, (switch, False)) is not None


def has_stateful_acls(view: View, switch: str) -> bool:
    """Whether an ACL of the switch tracks connections, so that all of them must."""
    return view.get(SwitchAcls, (switch, True)) is not None


@derived
def is_stateful(view: View, acl: str) -> bool:
    """Whether the ACL makes its switches track connections."""
    row = view.get(ACL, acl)
    return row is not None and row.action == STATEFUL_ACTION


@rule(LogicalSwitch.acls)
def own_acl(member: Member, view: View) -> Iterator[Output]:
    yield from _place(str(member.child), str(member.parent), view)


@rule(GroupPlacement)
def group_acls(placement: GroupPlacement, view: View) -> Iterator[Output]:
    for acl in view.members(PortGroup.acls, placement.group):
        yield from _place(acl, placement.switch, view)


def _place(acl: str, switch: str, view: View) -> Iterator[Output]:
    yield AclPlacement(acl=acl, switch=switch)
    yield SwitchAcls(switch=switch, stateful=False)
    if is_stateful(view, acl):
        yield SwitchAcls(switch=switch, stateful=True)


RULES = (own_acl, group_acls)
