"""One client's conversation with a host, without sockets.

    session = host.connect("tcp:127.0.0.1:50112")
    session.receive(octets)          what came from the client
    session.output.take()            what goes to the client, piece by piece
    session.drained()                the client has read
    session.close()                  the client is gone

Rules: requests are done one after the other, in order; none is looked at while the client does not read its answers.
What happened before an answer is told before it: an answer to a slow reader waits until it has been told what it
missed. What is no JSON-RPC message ends the session, and so does a reply nobody asked for, or a fault of ours: `closed`
says why, and `on_close` tells the edge. A client that says nothing, and takes nothing of what waits for it, is asked
with an `echo`, and dropped if it does not answer either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from brume.ovsdb.data import Json
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.permissions import ANYBODY, Identity
from brume.ovsdb.server.dumps import Dump
from brume.ovsdb.server.groups import Monitor
from brume.ovsdb.server.locks import Claim
from brume.ovsdb.server.methods import METHODS, cancel
from brume.ovsdb.server.output import DEFAULT_LIMITS, Limits, Output
from brume.ovsdb.server.pieces import ROWS_OF_A_PIECE
from brume.ovsdb.server.served import Served
from brume.ovsdb.server.waiting import Cancel, Waiting
from brume.ovsdb.wire.framing import Framer
from brume.ovsdb.wire.messages import Kind, Message, WireError, notification, refusal, reply, request

if TYPE_CHECKING:
    from brume.ovsdb.server.host import Host

PROBE = 5_000
"""Milliseconds of silence after which a client is asked whether it is there, as ovsdb-server does by default."""
TURN = 64
"""Messages of one client that are done before others have their turn."""


def _nothing() -> None:
    return None


def _none() -> int:
    return 0


class Session:
    """One client."""

    def __init__(
        self,
        host: Host,
        name: str,
        *,
        read_only: bool = False,
        identity: Identity = ANYBODY,
        probe: int = PROBE,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.host = host
        self.name = name
        self.read_only = read_only
        self.identity = identity
        self.output = Output(limits)
        self.closed = ""
        """Why the session is over, if it is."""
        self.on_output: Callable[[], None] = _nothing
        self.on_close: Callable[[], None] = _nothing
        self.backlog: Callable[[], int] = _none
        """How many octets the edge has taken, and the client has not."""
        self.db_change_aware = False
        self.monitors: dict[str, tuple[Served, Monitor]] = {}
        self.waiting: dict[str, tuple[Served, Waiting]] = {}
        self.claims: dict[str, Claim] = {}
        self._framer = Framer()
        self._heard = host.now()
        self._probe = 0
        self._asked = False
        self._stuck, self._went = False, 0
        self._cancel_probe: Cancel | None = None
        self._working = False
        self.set_probe(probe)

    # octets in and out

    def receive(self, octets: bytes) -> None:
        """Octets came from the client."""
        self._is_alive()
        self._framer.feed(octets)
        self._work()

    @property
    def busy(self) -> bool:
        """Whether nothing more should be received for now."""
        return self.output.slow or self._working

    def drained(self) -> None:
        """The client has read all there was; tell it what it missed, and do what it asked meanwhile."""
        self.output.slow = False
        self._is_alive()
        for served, monitor in list(self.monitors.values()):
            served.watchers.catch_up(monitor)
            if self.output.slow or self.closed:
                return
        self.output.release()
        self.on_output()
        self._work()

    def send(self, octets: bytes) -> None:
        """A message for the client; what happened before it comes before it."""
        if self.output.slow and any(monitor.behind is not None for _, monitor in self.monitors.values()):
            self._drop_if_excessive()
            self.output.hold(octets)
        else:
            self.tell(octets)

    def tell(self, octets: bytes) -> None:
        """What happened, or a question that may come at any time."""
        if self.output.slow:
            self._drop_if_excessive()
        if not self.closed:
            self.output.put(octets)
            self.on_output()

    def _drop_if_excessive(self) -> None:
        if self.output.excessive:
            self.fail("does not read what it is sent")

    def tell_much(self, pieces: Iterator[bytes]) -> None:
        """A message that is made while the client reads it."""
        if not self.closed:
            self.output.put_many(pieces)
            self.on_output()

    def send_dump(self, head: bytes, dump: Dump, tail: bytes) -> None:
        """A message around a dump; a small one is sent at once."""
        pieces = chain((head,), dump.read(), (tail,))
        if dump.rows <= ROWS_OF_A_PIECE:
            self.send(b"".join(pieces))
        else:
            self.tell_much(pieces)

    def answer(self, result: Json, identity: Json) -> None:
        """The reply to a request."""
        self.send(reply(result, identity))

    def tell_lock(self, method: str, name: str) -> None:
        """A lock is `locked` now, or `stolen`."""
        self.send(notification(method, [name]))

    def fail(self, reason: str) -> None:
        """End the session from this side."""
        if not self.closed:
            self.close(reason)
            self.on_close()

    def end_by_fault(self, error: Exception) -> None:
        """End the session because of a fault of ours."""
        self.host.report(error)
        self.fail("a fault of the server's")

    def close(self, reason: str = "closed by peer") -> None:
        """The session is over; what the client had is given up."""
        if self.closed:
            return
        self.closed = reason
        if self._cancel_probe is not None:
            self._cancel_probe()
        for served, monitor in self.monitors.values():
            served.watchers.unwatch(monitor)
        for served, waiting in self.waiting.values():
            waiting.stop()
            served.waiting.pop(waiting, None)
        for claim in self.claims.values():
            self.host.locks.release(claim)
        self.monitors, self.waiting, self.claims = {}, {}, {}
        self.host.sessions.pop(self, None)

    # messages

    def _work(self) -> None:
        """Do what the client asked, a turn of it."""
        if self._working:
            return
        for _ in range(TURN):
            if self.closed or self.output.slow:
                return
            try:
                message = self._framer.next()
            except WireError as error:
                self.fail(str(error))
                return
            if message is None:
                return
            try:
                self._handle(message)
            except Exception as error:
                self.end_by_fault(error)
        self._working = True
        self.host.timer(0, self._go_on)

    def _go_on(self) -> None:
        self._working = False
        self._work()
        if not self._working:
            self.on_output()  # the edge may receive again

    def _handle(self, message: Message) -> None:
        kind = message.kind
        if kind is Kind.REQUEST:
            self._request(message)
        elif kind is Kind.NOTIFICATION:
            if message.method == "cancel":
                cancel(self, message.params or [])
        elif kind is not Kind.REPLY or message.id != "echo":
            self.fail(f"unexpected {kind.value}")

    def _request(self, message: Message) -> None:
        assert message.method is not None
        method = METHODS.get(message.method)
        if method is None:
            self.send(refusal("unknown method", message.id))
            return
        try:
            method(self, message)
        except OvsdbError as error:
            self.send(refusal(error.to_json(), message.id))

    # silence

    @property
    def is_asked(self) -> bool:
        """Whether the client was silent for so long that it was asked, and has not answered yet."""
        return self._asked

    @property
    def heard(self) -> int:
        """When something last came from the client."""
        return self._heard

    def set_probe(self, probe: int) -> None:
        """After how many milliseconds of silence the client is asked; 0: never."""
        if self._cancel_probe is not None:
            self._cancel_probe()
            self._cancel_probe = None
        self._probe = probe
        self._asked = False
        if probe:
            self._cancel_probe = self.host.timer(probe, self._look)

    def _is_alive(self) -> None:
        self._heard = self.host.now()
        self._asked = False

    def _look(self) -> None:
        """The client may have been silent for too long."""
        if self._takes_what_waited():
            self._is_alive()
        silent = self.host.now() - self._heard
        if silent < self._probe:
            self._cancel_probe = self.host.timer(self._probe - silent, self._look)
        elif self._asked:
            self.fail(f"no response to inactivity probe after {self._probe / 1000:g} seconds")
        else:
            self._asked = True
            self._cancel_probe = self.host.timer(self._probe, self._look)
            self.tell(request("echo", [], "echo"))

    def _takes_what_waited(self) -> bool:
        """Whether the client has taken some of what waited for it when this was asked before."""
        stuck, went, left = self._stuck, self._went, self.backlog()
        self._stuck, self._went = left > 0, self.output.taken - left
        return stuck and self._went > went
