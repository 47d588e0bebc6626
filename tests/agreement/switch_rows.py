"""Southbound rows that switches bring beside flows, by names, so that ours and ovn-northd's compare. A helper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from brume.southbound.schema import Meter, MeterBand, Mirror, PortBinding
from brume.tables.database import Database

Json = Any


def switch_rows(database: Database) -> dict[str, Json]:
    """What is in Meter and Mirror, by "meter NAME" and "mirror NAME"."""
    return dict((*_meters(database), *_mirrors(database)))


def _meters(database: Database) -> Iterator[tuple[str, Json]]:
    for meter in database.rows(Meter):
        bands = [database.get(MeterBand, uuid) for uuid in database.members(Meter.bands, meter.uuid)]
        told = sorted((band.action, band.rate, band.burst_size) for band in bands if band is not None)
        yield f"meter {meter.name}", [meter.unit, told]


def _mirrors(database: Database) -> Iterator[tuple[str, Json]]:
    for mirror in database.rows(Mirror):
        owners = database.owners(PortBinding.mirror_rules, mirror.uuid)
        ports = [database.get(PortBinding, uuid) for uuid in owners]
        names = sorted(port.logical_port for port in ports if port is not None)
        yield f"mirror {mirror.name}", [mirror.filter, mirror.sink, mirror.type, mirror.index, names]
