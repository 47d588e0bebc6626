"""Meters: how much may pass, as ovs-ofctl writes them: `meter=1 kbps burst bands= type=drop rate=5000`."""

from __future__ import annotations

import msgspec


class MeterEntry(msgspec.Struct, frozen=True):
    """One drop band. Rate and burst in kilobits (a second), or in packets."""

    meter_id: int
    rate: int
    burst: int = 0
    packets: bool = False


def format_meter(meter: MeterEntry) -> str:
    flags = ("pktps" if meter.packets else "kbps") + (" burst" if meter.burst else "")
    burst = f" burst_size={meter.burst}" if meter.burst else ""
    return f"meter={meter.meter_id} {flags} bands=\ntype=drop rate={meter.rate}{burst}"
