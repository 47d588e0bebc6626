"""Who has joined which multicast group, as chassis say in IGMP_Group: one row a port, for rules to read.

Level-triggered: the rows here are what IGMP_Group says now. A row without chassis or datapath is of a chassis or switch
that has gone, and says nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from brume.southbound.schema import IGMPGroup
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Index, Row


class JoinedPort(Row, frozen=True, kw_only=True):
    """A port of a switch has joined a group; `row` is the IGMP_Group that says so."""

    row: str
    switch: str
    address: str
    port: str

    def key(self) -> Hashable:
        return (self.row, self.port)


joined_by_row = Index(JoinedPort, "row", lambda joined: joined.row)


class Joined:
    """Keeps `joined` equal to what the IGMP_Group rows of `southbound` say."""

    def __init__(self, southbound: Database) -> None:
        self.joined = Database("joined")
        self._southbound = southbound

    def start(self) -> ChangeSet:
        """Take in everything."""
        return self._look_at([row.uuid for row in self._southbound.rows(IGMPGroup)])

    def update(self, changes: ChangeSet) -> ChangeSet:
        """Take in what changed in the southbound; returns what changed here."""
        rows = {str(row.key) for row in changes.rows if row.row_type is IGMPGroup}
        rows.update(str(member.parent) for member, _ in changes.members if member.relation is IGMPGroup.ports)
        return self._look_at(sorted(rows))

    def _look_at(self, uuids: Iterable[str]) -> ChangeSet:
        transaction = Transaction()
        for uuid in uuids:
            for old in self.joined.find(joined_by_row, uuid):
                transaction.delete(JoinedPort, old.key())
            row = self._southbound.get(IGMPGroup, uuid)
            if row is None or row.datapath is None or row.chassis is None:
                continue
            for port in self._southbound.members(IGMPGroup.ports, uuid):
                transaction.put(JoinedPort(row=uuid, switch=row.datapath, address=row.address, port=port))
        return self.joined.apply(transaction)
