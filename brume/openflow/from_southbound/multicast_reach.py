"""Which chassis have a port in a multicast group: counted here once, so that a chassis need not look at all ports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.openflow.rows import MulticastReach
from brume.southbound.schema import MulticastGroup, PortBinding
from brume.tables.row import Member

ELSEWHERE: Final = ("patch", "localport", "remote", "localnet")
"""Types of ports that a group does not reach through a tunnel (ovn-controller's consider_mc_group)."""


class Whereabouts(NamedTuple):
    """What reach depends on in a Port_Binding."""

    datapath: str
    chassis: str


@derived
def whereabouts(view: View, uuid: str) -> Whereabouts | None:
    """Where a port is, if it is on a chassis and reached by tunnel."""
    row = view.get(PortBinding, uuid)
    if row is None or row.chassis is None or row.type in ELSEWHERE:
        return None
    return Whereabouts(row.datapath, row.chassis)


@rule(MulticastGroup.ports)
def multicast_reach(member: Member, view: View) -> Iterator[Output]:
    """The chassis of one member."""
    place = whereabouts(view, str(member.child))
    if place is not None:
        yield Member(MulticastReach.chassis, member.parent, place.chassis)
