"""The shared stage: one for the cloud. Southbound rows to flows of any chassis, and who wants which.

    southbound ──Engine(SHARED_RULES)──▶ flows (a Database of SharedFlow) ──by place──▶ Subscriber of each chassis

Handing flows to chassis is a plain join kept here by hand: a dictionary from place to subscribers. As rules it would
be one instance for each flow and chassis, which is what this stage is there to avoid.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from brume.derive.engine import Engine, OnFault
from brume.openflow.from_southbound.rules import SHARED_RULES
from brume.openflow.rows import Place, SharedFlow, shared_flow_by_place, shared_flow_by_resident
from brume.tables.changes import ChangeSet, MemberChange
from brume.tables.database import Database


class Subscriber(Protocol):
    """A chassis, as the shared stage sees it."""

    def flow_changed(self, old: SharedFlow | None, new: SharedFlow | None) -> None:
        """A flow of a place subscribed to appeared (old is None), changed or went away (new is None)."""

    def shared_members_changed(self, members: list[MemberChange]) -> None:
        """Relations of the shared stage (multicast reach) have changed."""

    def flows_settled(self) -> None:
        """All changes of one update have been told."""


class SharedTranslation:
    """The flows of the whole cloud, and the chassis that want some of them."""

    def __init__(self, southbound: Database, on_fault: OnFault | None = None) -> None:
        self.southbound = southbound
        self.flows = Database("shared flows")
        self._places: dict[Place, dict[Subscriber, None]] = {}
        self._subscribers: dict[Subscriber, None] = {}
        self.engine = Engine([southbound], self.flows, SHARED_RULES, on_fault)
        self.engine.update(southbound.snapshot())
        self.flows.subscribe(self._distribute)
        southbound.subscribe(self.engine.update)

    def join(self, subscriber: Subscriber) -> None:
        """Tell this chassis about relations from now on, and about flows of the places it asks for."""
        self._subscribers[subscriber] = None

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a chassis."""
        self._subscribers.pop(subscriber, None)
        for place in [place for place, wanted in self._places.items() if subscriber in wanted]:
            self.release(subscriber, place)

    def want(self, subscriber: Subscriber, place: Place) -> Iterable[SharedFlow]:
        """Subscribe to a place; returns its flows as they are now."""
        self._places.setdefault(place, {})[subscriber] = None
        return self.flows.find(shared_flow_by_place, place)

    def release(self, subscriber: Subscriber, place: Place) -> Iterable[SharedFlow]:
        """Give a place up; returns the flows that go with it."""
        wanted = self._places.get(place, {})
        wanted.pop(subscriber, None)
        if not wanted:
            self._places.pop(place, None)
        return self.flows.find(shared_flow_by_place, place)

    def conditional_on(self, port: str) -> list[SharedFlow]:
        """The flows that depend on where a port is resident."""
        return self.flows.find(shared_flow_by_resident, port)

    def _distribute(self, changes: ChangeSet) -> None:
        for row_type, _, old, new in changes.rows:
            if row_type is SharedFlow:
                self._tell(old, new)  # type: ignore[arg-type]
        for subscriber in tuple(self._subscribers):
            if changes.members:
                subscriber.shared_members_changed(changes.members)
            subscriber.flows_settled()

    def _tell(self, old: SharedFlow | None, new: SharedFlow | None) -> None:
        before = None if old is None else old.place
        after = None if new is None else new.place
        if before == after and after is not None:
            for subscriber in self._places.get(after, ()):
                subscriber.flow_changed(old, new)
            return
        if before is not None:
            for subscriber in self._places.get(before, ()):
                subscriber.flow_changed(old, None)
        if after is not None:
            for subscriber in self._places.get(after, ()):
                subscriber.flow_changed(None, new)
