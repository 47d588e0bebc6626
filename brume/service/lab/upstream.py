"""Where a trace through hand-written rows ends: nothing is upstream of NB in a lab.

It has the place that the cloud's compiler has in a cloud (`dataplane.explain.provenance.Upstream`).
"""

from __future__ import annotations

from collections.abc import Hashable

from brume.derive.engine import Reason
from brume.tables.database import Database
from brume.tables.row import Member, Row


class ByHand:
    """NB, and nothing that it would be derived from."""

    def __init__(self, northbound: Database) -> None:
        self.northbound = northbound
        self.cloud = Database("cloud")

    def because(self, output: Member | tuple[type[Row], Hashable]) -> tuple[Reason, ...]:
        """A row written by hand has no other reason."""
        return ()
