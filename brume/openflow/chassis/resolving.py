"""Names that the southbound's DNS rows know, for the resolver of a chassis."""

from __future__ import annotations

from brume.southbound.schema import DNS, datapath_by_tunnel_key
from brume.tables.database import Database


def known_name(southbound: Database, datapath: int, name: str) -> str | None:
    """What is written for a name (in small letters) on the datapath with this tunnel key; None if nothing is."""
    for binding in southbound.find(datapath_by_tunnel_key, datapath):
        for uuid in southbound.owners(DNS.datapaths, binding.uuid):
            row = southbound.get(DNS, uuid)
            if row is not None and name in row.records:
                return row.records[name]
    return None
