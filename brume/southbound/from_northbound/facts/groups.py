"""Where port groups are: on every switch where they have a port."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import PortGroup
from brume.southbound.from_northbound.facts.ports import switch_of
from brume.tables.row import Member, Row


class GroupPlacement(Row, frozen=True, kw_only=True):
    """A port group has ports on a switch."""

    group: str
    switch: str

    def key(self) -> Hashable:
        return (self.group, self.switch)


@rule(PortGroup.ports)
def group_placement(member: Member, view: View) -> Iterator[Output]:
    switch = switch_of(view, str(member.child))
    if switch is not None:
        yield GroupPlacement(group=str(member.parent), switch=switch)


RULES = (group_placement,)
