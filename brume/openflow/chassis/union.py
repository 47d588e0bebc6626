"""The shared flows that are wanted on one chassis: those of its places whose residence conditions hold here.

A plain join: a set of places, the residences asked about, and the flows taken. A flow that changes, a place that comes
or goes and a port that moves each touch only the flows concerned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from brume.openflow.chassis.installer import Installer
from brume.openflow.rows import Place, SharedFlow
from brume.openflow.shared import SharedTranslation, Subscriber

IsResident = Callable[[str], bool]


class Union:
    """The shared flows in one installer."""

    def __init__(
        self, shared: SharedTranslation, subscriber: Subscriber, installer: Installer, is_resident: IsResident
    ) -> None:
        self._shared = shared
        self._subscriber = subscriber
        self._installer = installer
        self._is_resident = is_resident
        self._places: set[Place] = set()
        self._residents: dict[str, bool] = {}

    @property
    def places(self) -> frozenset[Place]:
        """The places subscribed to."""
        return frozenset(self._places)

    def want(self, place: Place) -> None:
        """Take the flows of a place."""
        if place not in self._places:
            self._places.add(place)
            for flow in self._shared.want(self._subscriber, place):
                self.flow_changed(None, flow)

    def release(self, place: Place) -> None:
        """Give the flows of a place back."""
        if place in self._places:
            self._places.remove(place)
            for flow in self._shared.release(self._subscriber, place):
                self.flow_changed(flow, None)

    def flow_changed(self, old: SharedFlow | None, new: SharedFlow | None) -> None:
        """A flow of one of our places has changed."""
        before = old.flow if old is not None and self._holds(old) else None
        after = new.flow if new is not None and self._holds(new) else None
        if before is not after:
            self._installer.change(before, after)

    def ports_moved(self, names: Iterable[str]) -> None:
        """These ports may be resident elsewhere now."""
        for name in names:
            if name not in self._residents:
                continue
            now = self._is_resident(name)
            if now != self._residents[name]:
                self._turn(name, now)

    def _turn(self, name: str, now: bool) -> None:
        """Flows that depend on a port, before and after it moved."""
        flows = [flow for flow in self._shared.conditional_on(name) if flow.place in self._places]
        held = [flow for flow in flows if self._holds(flow)]
        self._residents[name] = now
        for flow in held:
            self._installer.change(flow.flow, None)
        for flow in flows:
            if self._holds(flow):
                self._installer.change(None, flow.flow)

    def _holds(self, flow: SharedFlow) -> bool:
        return not flow.residence or all(self._resident(port) == here for port, here in flow.residence)

    def _resident(self, name: str) -> bool:
        known = self._residents.get(name)
        if known is None:
            known = self._residents[name] = self._is_resident(name)
        return known
