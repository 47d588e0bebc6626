"""Which API request made a row of the cloud: asked of the journal."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sql

from brume.cloud.resource import Resource
from brume.cloud.store.engine import Store
from brume.cloud.store.journal import encode_key
from brume.dataplane.explain.provenance import RequestOf

_FIRST: Final = (
    sql.select(sql.column("request_id", sql.String))
    .select_from(sql.table("journal"))
    .where(sql.column("kind") == sql.bindparam("row_kind", type_=sql.String))
    .where(sql.column("key") == sql.bindparam("row_key", type_=sql.String))
    .order_by(sql.column("sequence"))
    .limit(1)
)


def journal_requests(store: Store) -> RequestOf:
    """The request of the oldest entry the journal still has about a row: its creation, unless compacted away."""

    def request_of(row: Resource) -> str | None:
        declaration = type(row).DECLARATION
        key = tuple(getattr(row, name) for name in declaration.key)
        with store.read() as session:
            found = session.execute(_FIRST, row_kind=declaration.table, row_key=encode_key(key))
        return found[0][0] if found else None

    return request_of
