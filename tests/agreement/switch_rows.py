"""Southbound rows that switches bring beside flows, by names, so that ours and ovn-northd's compare. A helper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from brume.southbound.schema import Meter, MeterBand
from brume.tables.database import Database

Json = Any


def switch_rows(database: Database) -> dict[str, Json]:
    """What is in Meter, by "meter NAME"; and so on for the other tables."""
    return dict(_meters(database))


def _meters(database: Database) -> Iterator[tuple[str, Json]]:
    for meter in database.rows(Meter):
        bands = [database.get(MeterBand, uuid) for uuid in database.members(Meter.bands, meter.uuid)]
        told = sorted((band.action, band.rate, band.burst_size) for band in bands if band is not None)
        yield f"meter {meter.name}", [meter.unit, told]
