"""The locks a client wants, over all its connections, and which of them it has.

A lock that is wanted is asked for at each new connection; the server says at once whether it is ours, or tells later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brume.ovsdb.client.conversation import Conversation, ignore
from brume.ovsdb.wire.messages import Message

Json = Any


class Locks:
    """Locks by name. `changed` is told when one is ours, or no longer."""

    def __init__(self, conversation: Conversation, changed: Callable[[str, bool], None]) -> None:
        self._conversation = conversation
        self._changed = changed
        self._wanted: dict[str, bool] = {}
        """Whether they are ours."""

    def holds(self, name: str) -> bool:
        """Whether a lock is ours."""
        return self._wanted.get(name, False)

    def want(self, name: str, *, steal: bool = False) -> None:
        """Want a lock, over all connections to come (it is stolen once, and waited for afterwards)."""
        if name not in self._wanted or steal:
            self._wanted.setdefault(name, False)
            if self._conversation.is_open:
                self._ask("steal" if steal else "lock", name)

    def give_up(self, name: str) -> None:
        """Give a lock back, or want it no more."""
        if self._wanted.pop(name, None) is not None and self._conversation.is_open:
            self._conversation.ask("unlock", [name], ignore)

    def ask(self) -> None:
        """There is a new connection."""
        for name in self._wanted:
            self._ask("lock", name)

    def lose(self) -> None:
        """The connection is gone, and with it the locks."""
        for name in self._wanted:
            self._set(name, held=False)

    def told(self, method: str, params: list[Json]) -> None:
        """The server says that a lock is `locked`, or was `stolen`."""
        if len(params) == 1 and isinstance(params[0], str) and params[0] in self._wanted:
            self._set(params[0], held=method == "locked")

    def _ask(self, method: str, name: str) -> None:
        def answer(message: Message) -> None:
            if name in self._wanted and isinstance(message.result, dict) and message.result.get("locked") is True:
                self._set(name, held=True)

        self._conversation.ask(method, [name], answer)

    def _set(self, name: str, *, held: bool) -> None:
        if self._wanted[name] is not held:
            self._wanted[name] = held
            self._changed(name, held)
