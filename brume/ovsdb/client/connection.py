"""A client: several remotes, back-off, and transactions that are tried until they are answered.

    client = Client("tcp:10.0.0.1:6642,tcp:10.0.0.2:6642", Replica(SOUTHBOUND), locks=["ovn_northd"])
    client.start()
    await client.synchronized()
    outcome = await client.transact(build)               # build(Proposal) -> None, called again if it must be
    await client.close()

Rules:
  - Remotes are tried in turn: the first time around without a pause, then after 1, 2, 4, 8, 8 ... seconds, with
    jitter. A connection that was of use for a second, or that we ended ourselves, is no failure.
  - A server behind a unix socket is not asked for signs of life: it cannot go away without a word.
  - Nothing is thrown away when a connection breaks: the replica stays as it was, and is brought up to date.
  - `build` reads the replica only, and can be called any number of times. So it says what shall be ("the row with
    this uuid is there"), not what is to be added: a transaction without an answer may have happened.
  - An exception in a listener ends `run`, which raises it: a replica that nobody hears of is worth nothing.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from brume.ovsdb.client.events import Answered, Event, Leave, LockChanged, Synchronized
from brume.ovsdb.client.link import Link, open_link
from brume.ovsdb.client.pauses import Pauses
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.session import PROBE_INTERVAL, Session, State
from brume.ovsdb.client.transaction import LOST, UNCHANGED, Outcome, Proposal, Verdict, judge
from brume.ovsdb.wire.remotes import Remote, parse_remotes
from brume.tables.collector import without_collector

Json = Any
Build = Callable[[Proposal], object]
Listener = Callable[[Event], object]
ATTEMPTS = 1000
"""How often a transaction is built before it is given up: each time, somebody else was faster. With the pauses between
them that is about half a minute."""


_ASKED_TO = Leave("asked to")


class Client:
    """One replica, kept up to date over whichever server can be reached."""

    def __init__(
        self,
        remotes: str | Sequence[Remote],
        replica: Replica,
        *,
        leader_only: bool = True,
        locks: Iterable[str] = (),
        tls: ssl.SSLContext | None = None,
        probe_interval: float | None = PROBE_INTERVAL,
        pauses: Pauses = Pauses(),  # noqa: B008 - an immutable value
        jitter: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        version: int = 3,
    ) -> None:
        self.remotes = parse_remotes(remotes) if isinstance(remotes, str) else list(remotes)
        if not self.remotes or any(remote.passive for remote in self.remotes):
            raise ValueError("a client needs remotes to connect to: tcp:, ssl: or unix:")
        self.replica = replica
        self.session = Session(replica, leader_only=leader_only, probe_interval=probe_interval, version=version)
        for name in locks:
            self.session.locks.want(name)
        self.status = "not started"
        """For people: where we are connected, or why not."""
        self._probe_interval = probe_interval
        self._tls, self._pauses, self._jitter, self._sleep = tls, pauses, jitter, sleep
        self._listeners: list[Listener] = []
        self._answers: dict[int, asyncio.Future[Answered | None]] = {}
        self._changed: asyncio.Future[None] | None = None
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self._closed = False
        self._fault: Exception | None = None
        self._released = asyncio.Event()
        self._released.set()

    # life

    def start(self) -> asyncio.Task[None]:
        """Connect, and stay connected, in a task of its own. If it fails, the event loop's handler is told."""
        self._task = asyncio.get_running_loop().create_task(self.run(), name=f"client of {self.replica.schema.name}")
        self._task.add_done_callback(self._report)
        return self._task

    def _report(self, task: asyncio.Task[None]) -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            message = f"the client of {self.replica.schema.name} has ended"
            task.get_loop().call_exception_handler({"message": message, "exception": fault, "task": task})

    async def close(self) -> None:
        """Hang up. Transactions that wait for an answer are told that it is lost."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def run(self) -> None:
        """Connect to one remote after the other, for ever."""
        try:
            while True:
                for remote in self.remotes:
                    await self._released.wait()
                    await self._visit(remote)
                    pause = self._pauses.after(self._failures, len(self.remotes), self._jitter())
                    if self._failures and pause:
                        await self._sleep(pause)
        except Exception as error:
            self._fault = error
            raise
        finally:
            self.status = "closed" if self._fault is None else f"ended by a fault of ours: {self._fault}"
            self._closed = True
            self._wake()

    async def _visit(self, remote: Remote) -> None:
        loop = asyncio.get_running_loop()
        self.status = f"connecting to {remote}"
        try:
            async with asyncio.timeout(self._pauses.connect):
                link = await open_link(self.session, remote, tls=self._tls, begun=self._begun, happened=self._tell)
        except (OSError, TimeoutError, ssl.SSLError) as error:
            self._failures += 1
            self.status = f"cannot connect to {remote}: {error or 'no answer'}"
            return
        started = loop.time()
        try:
            leave = await link.ended
        finally:
            link.hang_up()
            useful = self.session.state is State.MONITORING and loop.time() - started >= self._pauses.shortest
            self._lose()
        self._failures = 0 if useful or leave is _ASKED_TO else self._failures + 1
        self.status = f"{remote}: {leave.reason if leave is not None else 'the server hung up'}"

    def _begun(self, link: Link) -> None:
        """There is a connection."""
        self._link = link
        self.status = f"connected to {link.remote}"
        self.session.probe_interval = self._probe_interval if link.remote.needs_probes else None

    def _lose(self) -> None:
        """The connection is gone: whoever waits for an answer will not get it."""
        self._tell(self.session.disconnected())
        answers, self._answers = self._answers, {}
        for future in answers.values():
            if not future.done():
                future.set_result(None)

    # events

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every event of the session; changes of rows come from `replica.database` too."""
        self._listeners.append(listener)

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Answered):
                future = self._answers.pop(event.identity, None)
                if future is not None and not future.done():
                    future.set_result(event)
            for listener in self._listeners:
                listener(event)
            if isinstance(event, Synchronized | LockChanged):
                self._wake()

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)
        self._changed = None

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            if self._closed:
                raise ConnectionError(f"the client of {self.replica.schema.name} is closed") from self._fault
            if self._changed is None:
                self._changed = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._changed)

    @property
    def remote(self) -> Remote | None:
        """Where we are connected."""
        return None if self._link is None or not self._link.is_open else self._link.remote

    @property
    def is_synchronized(self) -> bool:
        """Whether the replica follows a server now."""
        return self.remote is not None and self.session.state is State.MONITORING

    async def synchronized(self) -> None:
        """Wait until the replica follows a server."""
        await self._until(lambda: self.is_synchronized)

    async def locked(self, name: str) -> None:
        """Wait until we hold a lock, and the replica follows the server that gave it."""
        await self._until(lambda: self.is_synchronized and self.has_lock(name))

    def has_lock(self, name: str) -> bool:
        """Whether a lock is ours."""
        return self.session.locks.holds(name)

    def flush(self) -> None:
        """Send what the session has to say: after `session.locks.want`, `session.conditions.change` ..."""
        if self._link is not None and self._link.is_open:
            self._link.send()

    def reconnect(self) -> None:
        """Hang up, and connect to the next remote."""
        if self._link is not None:
            self._link.leave(_ASKED_TO)

    def hold(self) -> None:
        """Hang up, and stay away until `release`."""
        self._released.clear()
        self.reconnect()

    def release(self) -> None:
        """Connect again."""
        self._released.set()

    # requests

    async def request(self, method: str, params: Json) -> Answered | None:
        """Ask the server something; None if the connection broke before the answer."""
        await self.synchronized()
        return await self._answer(self.session.request(method, params))

    async def _answer(self, identity: int) -> Answered | None:
        future: asyncio.Future[Answered | None] = asyncio.get_running_loop().create_future()
        self._answers[identity] = future
        self.flush()
        return await future

    async def propose(self, proposal: Proposal) -> Outcome:
        """Send a proposal once. The replica must follow a server."""
        if not self.is_synchronized:
            return LOST
        with without_collector():
            identity = self.session.transact(proposal.operations())
        answered = await self._answer(identity)
        return LOST if answered is None else judge(answered.result, answered.error)

    async def transact(self, build: Build, *, attempts: int = ATTEMPTS) -> Outcome:
        """Build and send until there is an answer that counts; with nothing to change, nothing is sent."""
        outcome = LOST
        for number in range(attempts):
            pause = self._pauses.before_attempt(number, self._jitter())
            if pause:
                await self._sleep(pause)
            await self.synchronized()
            proposal = Proposal(self.replica)
            build(proposal)
            if not proposal:
                return UNCHANGED
            outcome = await self.propose(proposal)
            if outcome.verdict not in (Verdict.TRY_AGAIN, Verdict.LOST):
                break
        return outcome
