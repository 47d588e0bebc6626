"""The `_Server` database, in which a server says what it serves (ovsdb-server(5) in Open vSwitch's documentation):
ours does (`server/host.py`), and a client reads it (`client/session.py`).

A client asks it first: it tells a standalone database from a cluster's, whether this server is connected to the
others and leads them, and how far its copy has come.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from brume.ovsdb.columns import OvsdbRow, TableDeclaration
from brume.ovsdb.schema import Schema
from brume.ovsdb.types import UUID


class ServedDatabase(OvsdbRow, frozen=True, kw_only=True):
    """One database of a server."""

    TABLE: ClassVar[TableDeclaration] = TableDeclaration("Database")

    name: str
    model: Literal["standalone", "clustered", "relay"] = "standalone"
    schema: str | None = None
    """The schema as JSON text; none while the server has not joined its cluster."""
    connected: bool = True
    leader: bool = True
    cid: Annotated[str, UUID] | None = None
    sid: Annotated[str, UUID] | None = None
    index: int | None = None


SERVER = Schema("_Server", "1.2.0", (ServedDatabase,), checksum="3009684573 744")


def unusable(row: ServedDatabase, *, leader_only: bool, minimum_index: int) -> str:
    """Why a client cannot use this server for this database; empty if it can."""
    if row.schema is None:
        return "has not joined its cluster" if row.model == "clustered" else "has no schema"
    if row.model == "standalone":
        return ""
    if not row.connected:
        return "is not connected to its cluster"
    if leader_only and (row.model == "relay" or not row.leader):
        return "is not the leader of its cluster"
    if row.model == "clustered" and (row.index or 0) < minimum_index:
        return f"has old data: index {row.index or 0}, and {minimum_index} was seen"
    return ""
