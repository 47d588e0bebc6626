"""What is said over one connection with a server, without the socket: requests, their answers, signs of life.

    conversation = Conversation(on_notification)
    conversation.begin(now)                                there is a connection
    number = conversation.ask("list_dbs", [], handler)     `handler` is called with the answer
    conversation.receive(octets, now)                      calls handlers, in the order of the messages
    conversation.output()                                  what is to be sent

Rules: an `echo` of the server is answered, and any other request of its refused. A message that breaks the protocol
raises `WireError`; a handler may raise `Leave`. Not here: what is asked, and why (`session.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from brume.ovsdb.client.events import Leave
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.wire.framing import Framer
from brume.ovsdb.wire.messages import Kind, Message, refusal, reply, request
from brume.tables.collector import without_collector

Json = Any
Handler = Callable[[Message], None]
Ask = Callable[[str, Json, Handler], int]
"""Sends a request; its number."""
MAXIMUM_MESSAGE = 4 << 30
"""Octets of one message from a server. A dump is one message: it is as large as the database is."""
LARGE = 1 << 20
"""Octets from which a message is read without looking for garbage."""


class Conversation:
    """The messages of one connection after the other; numbers of requests go on over all of them."""

    def __init__(
        self, on_notification: Callable[[str, list[Json]], None], *, maximum_message: int = MAXIMUM_MESSAGE
    ) -> None:
        self._on_notification = on_notification
        self._maximum_message = maximum_message
        self._serial = 0
        self.is_open = False
        self._reset()

    def _reset(self) -> None:
        self._framer = Framer(maximum_message=self._maximum_message)
        self._waiting: dict[int, Handler] = {}
        self._output: list[bytes] = []
        self._heard = 0.0
        self._probed = False

    def begin(self, now: float) -> None:
        """There is a connection; `now` is the time of a clock that only goes forward."""
        self._reset()
        self.is_open = True
        self._heard = now

    def end(self) -> None:
        """The connection is gone; nobody waits for answers any more."""
        self._reset()
        self.is_open = False

    def ask(self, method: str, params: Json, handler: Handler) -> int:
        """Send a request; `handler` is called with its answer."""
        self._serial += 1
        self._waiting[self._serial] = handler
        self._output.append(request(method, params, self._serial))
        return self._serial

    def output(self) -> bytes:
        """What is to be sent now."""
        octets = b"".join(self._output)
        self._output.clear()
        return octets

    def receive(self, octets: bytes, now: float) -> None:
        """Take what the server sent."""
        self._heard, self._probed = now, False
        large = len(octets) + self._framer.pending >= LARGE
        self._framer.feed(octets)
        with without_collector() if large else nullcontext():
            while (message := self._framer.next()) is not None:
                self._take(message)

    def _take(self, message: Message) -> None:
        kind = message.kind
        if kind is Kind.NOTIFICATION:
            self._on_notification(message.method or "", message.params or [])
        elif kind is Kind.REQUEST:
            self._answer(message)
        else:
            handler = self._waiting.pop(message.id, None) if isinstance(message.id, int) else None
            if handler is not None:
                handler(message)

    def _answer(self, message: Message) -> None:
        if message.method == "echo":
            self._output.append(reply(message.params, message.id))
        else:
            self._output.append(refusal(OvsdbError("unknown method", message.method).to_json(), message.id))

    # signs of life

    def tick(self, now: float, interval: float | None) -> None:
        """Look at the clock: after an interval of silence ask for a sign of life, after two raise `Leave`."""
        if not self.is_open or not interval or now < self._heard + interval:
            return
        if self._probed and now >= self._heard + 2 * interval:
            raise Leave(f"no sign of life for {now - self._heard:.1f} s")
        if not self._probed:
            self._probed = True
            self.ask("echo", [], ignore)

    def next_tick(self, interval: float | None) -> float | None:
        """When `tick` has something to do, if nothing comes before."""
        if not self.is_open or not interval:
            return None
        return self._heard + interval * (2 if self._probed else 1)


def ignore(_: Message) -> None:
    """For an answer that says nothing new."""
