"""Rows of the OpenFlow stages: what southbound rows become before a chassis installs it.

SharedFlow rows are the same for every chassis and are made once for the cloud; a chassis takes those whose place it
has and whose residence conditions hold there, with the groups and meters that they name. PhysicalFlow rows are one
chassis's own.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, NamedTuple

from brume.openflow.messages.flow import Flow
from brume.openflow.messages.group import GroupEntry
from brume.openflow.messages.meter import MeterEntry
from brume.tables.row import Index, Relation, Row


class Place(NamedTuple):
    """Where a flow is wanted: on chassis that have this datapath, and this port of it unless `port` is 0."""

    datapath: int
    port: int


class Residence(NamedTuple):
    """A condition: the port is (or is not) resident on the chassis."""

    port: str
    here: bool


class SharedFlow(Row, frozen=True, kw_only=True):
    """A flow of any chassis that has its place. `owner` is the uuid of the southbound row it was made from."""

    owner: str
    datapath: int
    port: int = 0
    part: int | str = 0
    residence: tuple[Residence, ...] = ()
    flow: Flow

    def key(self) -> Hashable:
        return (self.owner, self.datapath, self.part)

    @property
    def place(self) -> Place:
        """Where it is wanted."""
        return Place(self.datapath, self.port)


class SharedGroup(Row, frozen=True, kw_only=True):
    """A group that shared flows name; its number is made of what it says."""

    entry: GroupEntry

    def key(self) -> Hashable:
        return self.entry.group_id


class SharedMeter(Row, frozen=True, kw_only=True):
    """A meter that shared flows name, beside those of the southbound's Meter table."""

    entry: MeterEntry

    def key(self) -> Hashable:
        return self.entry.meter_id


class PhysicalFlow(Row, frozen=True, kw_only=True):
    """A flow of one chassis."""

    owner: str
    part: int | str = 0
    flow: Flow

    def key(self) -> Hashable:
        return (self.owner, self.part)


class MulticastReach(Row, frozen=True, kw_only=True):
    """A multicast group, for its relation to the chassis that have a port in it; there are no such rows."""

    group: str
    chassis: ClassVar[Relation] = Relation("Chassis")

    def key(self) -> Hashable:
        return self.group


shared_flow_by_place = Index(SharedFlow, "place", lambda row: (row.datapath, row.port))
shared_flow_by_resident = Index(
    SharedFlow, "residence", lambda row: [condition.port for condition in row.residence], many=True
)
