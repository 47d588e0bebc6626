"""Which rows a client wants, while it watches: changes of conditions, one request under way at a time.

What is changed while a request is under way goes together with the next. Whether a server had followed a request that
was lost with its connection cannot be known: then the rows are asked for anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brume.ovsdb.client.conversation import Conversation
from brume.ovsdb.client.events import Leave
from brume.ovsdb.client.replica import Condition, Replica
from brume.ovsdb.wire.messages import Message
from brume.tables.row import Row

Json = Any


class Conditions:
    """The conditions of a replica's tables, and what the server is still to be told of them."""

    def __init__(self, replica: Replica, conversation: Conversation, monitor: str) -> None:
        self._replica = replica
        self._conversation = conversation
        self._monitor = monitor
        self._version = 0
        """Of the monitor that they are told to; 0 while there is none."""
        self._changed: set[type[Row]] = set()
        self._asked: set[type[Row]] = set()

    @property
    def settled(self) -> bool:
        """Whether the replica has the rows that were last asked for."""
        return bool(self._version) and not (self._changed or self._asked)

    def change(self, conditions: Mapping[type[Row], Condition | None]) -> None:
        """Want other rows of some tables; those that come and go arrive as updates."""
        for row_type, condition in conditions.items():
            before = self._replica.condition(row_type)
            self._replica.set_condition(row_type, condition)
            if self._replica.condition(row_type) != before:
                self._changed.add(row_type)
        self._send()

    def begin(self) -> bool:
        """A monitor request will say what is wanted now; False if the rows that are here may be of other conditions."""
        known = not (self._changed or self._asked)
        self._changed.clear()
        self._asked.clear()
        return known

    def watched(self, version: int) -> None:
        """There is a monitor of this version; 0: no longer."""
        self._version = version
        self._send()

    def _send(self) -> None:
        if not self._version or self._asked or not self._changed:
            return
        if self._version == 1:
            self._changed.clear()  # everything is here anyhow
            return
        self._asked, self._changed = self._changed, set()
        changes: dict[str, Json] = {}
        for row_type in self._asked:
            condition = self._replica.condition(row_type)
            changes[row_type.TABLE.name] = [{"where": [True] if condition is None else condition}]  # type: ignore[attr-defined]
        self._conversation.ask("monitor_cond_change", [self._monitor, self._monitor, changes], self._answered)

    def _answered(self, message: Message) -> None:
        if message.error is not None:
            raise Leave(f"the server refuses a condition: {message.error}")
        self._asked = set()
        self._send()
