"""Southbound rows that switches bring beside flows, by names, so that ours and ovn-northd's compare. A helper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict

from brume.southbound.schema import DatapathBinding, IPMulticast, Meter, MeterBand, Mirror, PortBinding
from brume.tables.database import Database

Json = Any


def switch_rows(database: Database) -> dict[str, Json]:
    """What is in Meter, Mirror and IP_Multicast, by "meter NAME" and so on."""
    return dict((*_meters(database), *_mirrors(database), *_snooping(database)))


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


def _snooping(database: Database) -> Iterator[tuple[str, Json]]:
    for row in database.rows(IPMulticast):
        datapath = database.get(DatapathBinding, row.datapath)
        told = {name: value for name, value in asdict(row).items() if name not in ("uuid", "given_uuid", "datapath")}
        yield f"snooping on {datapath and datapath.external_ids['name']}", told
