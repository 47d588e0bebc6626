"""What is installed in br-int: the flows of the chassis's stage, with the groups and meters that they name.

Rule: a group or meter is there before the first flow that names it, and goes after the last.
"""

from __future__ import annotations

from brume.dataplane.bridge import Bridge
from brume.openflow.chassis.installer import FlowChange
from brume.openflow.from_southbound.names import meter_number
from brume.openflow.messages.actions import Group as GroupAction
from brume.openflow.messages.actions import Meter as MeterAction
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.meter import MeterEntry
from brume.openflow.rows import SharedGroup, SharedMeter
from brume.openflow.shared import SharedTranslation
from brume.simulator.clock import Scheduler
from brume.southbound.schema import Meter, MeterBand
from brume.tables.database import Database


class Installed:
    """The flows, groups and meters of one bridge."""

    def __init__(self, bridge: Bridge, southbound: Database, shared: SharedTranslation, scheduler: Scheduler) -> None:
        self._bridge = bridge
        self._southbound = southbound
        self._shared = shared
        self._scheduler = scheduler
        self._named_meters: set[int] = set()

    def change(self, changes: list[FlowChange]) -> None:
        """Add and delete flows."""
        added = [change.new for change in changes if change.new is not None]
        deleted = [change.old for change in changes if change.old is not None and change.new is None]
        for flow in added:
            self._provide(flow)
        self._bridge.tables.apply(added, deleted, self._scheduler.now())
        for change in changes:
            if change.old is not None:
                self._forget(change.old)

    def _provide(self, flow: Flow) -> None:
        """The group that a flow ends with, the meter that it begins with."""
        for action in flow.actions[:1] + flow.actions[-1:]:
            if isinstance(action, GroupAction) and action.group_id not in self._bridge.groups:
                group = self._shared.flows.get(SharedGroup, action.group_id)
                if group is not None:
                    self._bridge.set_group(group.entry)
            elif isinstance(action, MeterAction) and action.meter_id not in self._bridge.meters:
                meter = self._shared.flows.get(SharedMeter, action.meter_id)
                if meter is not None:
                    self._bridge.set_meter(meter.entry)

    def _forget(self, flow: Flow) -> None:
        """A flow has gone: what no flow of the whole cloud needs any longer goes too."""
        for action in flow.actions[:1] + flow.actions[-1:]:
            if isinstance(action, GroupAction) and self._shared.flows.get(SharedGroup, action.group_id) is None:
                self._bridge.delete_group(action.group_id)
            elif isinstance(action, MeterAction) and self._shared.flows.get(SharedMeter, action.meter_id) is None:
                self._bridge.delete_meter(action.meter_id)

    def sync_meters(self) -> None:
        """A meter in the switch for each row; of several bands the strictest counts."""
        wanted: dict[int, MeterEntry] = {}
        for meter in self._southbound.rows(Meter):
            bands = [
                self._southbound.get(MeterBand, uuid) for uuid in self._southbound.members(Meter.bands, meter.uuid)
            ]
            strictest = min((band for band in bands if band is not None), key=lambda band: band.rate, default=None)
            if strictest is not None:
                number = meter_number(meter)
                packets = meter.unit == "pktps"
                wanted[number] = MeterEntry(number, strictest.rate, strictest.burst_size, packets)
        for number in self._named_meters - wanted.keys():
            self._bridge.delete_meter(number)
        self._named_meters = set(wanted)
        for number, entry in wanted.items():
            if self._bridge.meters.get(number) != entry:
                self._bridge.set_meter(entry)
