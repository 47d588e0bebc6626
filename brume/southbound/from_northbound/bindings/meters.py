"""Meter and Meter_Band: named limits, for ACL logs and what goes to a controller.

A fair meter is one for each ACL that logs through it: beside the meter itself each has a copy, <meter>__<ACL's uuid>.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.northbound.schema import ACL, meter_by_name
from brume.northbound.schema import Meter as NorthboundMeter
from brume.northbound.schema import MeterBand as NorthboundMeterBand
from brume.southbound.schema import Meter, MeterBand
from brume.tables.row import Member
from brume.values.uuids import derive_uuid


@derived
def is_fair(view: View, name: str) -> bool:
    """Whether the meter of this name is one for each ACL."""
    row = view.one(meter_by_name, name)
    return row is not None and row.fair is True


def log_meter(view: View, acl: ACL) -> str:
    """The name of the meter that limits an ACL's log; empty for none."""
    if acl.meter is None:
        return ""
    return f"{acl.meter}__{acl.uuid}" if is_fair(view, acl.meter) else acl.meter


@rule(NorthboundMeter)
def meter(row: NorthboundMeter, view: View) -> Iterator[Output]:
    yield from _copy(row, row.uuid, row.name, view)


@rule(ACL)
def own_meter(acl: ACL, view: View) -> Iterator[Output]:
    row = view.one(meter_by_name, acl.meter) if acl.meter is not None else None
    if row is not None and row.fair is True:
        yield from _copy(row, derive_uuid("Meter", row.uuid, acl.uuid), log_meter(view, acl), view)


def _copy(row: NorthboundMeter, uuid: str, name: str, view: View) -> Iterator[Output]:
    yield Meter(uuid=uuid, name=name, unit=row.unit)
    for number in view.members(NorthboundMeter.bands, row.uuid):
        band = view.get(NorthboundMeterBand, number)
        if band is not None:
            key = derive_uuid("Meter_Band", uuid, number)
            yield MeterBand(uuid=key, action=band.action, rate=band.rate, burst_size=band.burst_size)
            yield Member(Meter.bands, uuid, key)


RULES = (meter, own_meter)
