"""A client's session, without a socket: octets of the server in, octets for it and events out.

    ask _Server for its schema -> watch its Database table -> is this a server for us? ---no--> Leave
         | refused: an old server                                  | yes
         v                                                         v
    get_schema of the database                         monitor_cond_since(last id)
         |                                                         | refused
         +------------------------------------------------> monitor_cond
                                                                   | refused
                                                                monitor
    then MONITORING: updates go into the replica, transactions may be sent.

Rules (what ovsdb-cs.c of Open vSwitch does):
  - A session outlives its connections: `connected`, `receive` as often as there are octets, `disconnected`. It keeps
    the last transaction id, the highest index it has seen of a cluster and the locks it wants.
  - `Leave` is raised when this connection is of no use (another server may be); the caller hangs up.
  - A message that breaks the protocol, or does not fit what the replica has, is a reason to leave too; then everything
    is asked for anew at the next connection.
  - Events are facts in the order they came: the update of a transaction stands before its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from enum import Enum
from typing import Any

import msgspec

from brume.ovsdb.client.events import Answered, Event, Leave, LockChanged, Synchronized, Updated
from brume.ovsdb.client.replica import Condition, Replica
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.served_databases import SERVER, ServedDatabase, unusable
from brume.ovsdb.wire.framing import Framer
from brume.ovsdb.wire.messages import Kind, Message, WireError, refusal, reply, request
from brume.tables.collector import without_collector
from brume.tables.row import Row

Json = Any
MAXIMUM_MESSAGE = 4 << 30
"""Octets of one message from a server. A dump is one message: it is as large as the database is."""
LARGE = 1 << 20
"""Octets from which a message is read without looking for garbage."""
PROBE_INTERVAL = 5.0
"""Seconds of silence after which the server is asked for a sign of life; as many again, and it is taken for dead."""
NEVER_SEEN = "00000000-0000-0000-0000-000000000000"
_DATA, _SERVER = "data", "server"


class State(Enum):
    """Where the conversation is."""

    OFFLINE = "offline"
    SERVER_SCHEMA = "asked for the schema of _Server"
    SERVER_MONITOR = "asked for the databases of the server"
    DATA_SCHEMA = "asked for the schema"
    MONITOR_COND_SINCE = "asked with monitor_cond_since"
    MONITOR_COND = "asked with monitor_cond"
    MONITOR = "asked with monitor"
    MONITORING = "monitoring"


_METHODS = {3: State.MONITOR_COND_SINCE, 2: State.MONITOR_COND, 1: State.MONITOR}


class Session:
    """The conversations with one server after the other, for one replica."""

    def __init__(
        self,
        replica: Replica,
        *,
        leader_only: bool = True,
        cluster: str | None = None,
        version: int = 3,
        probe_interval: float | None = PROBE_INTERVAL,
        maximum_message: int = MAXIMUM_MESSAGE,
    ) -> None:
        self.replica = replica
        self.leader_only = leader_only
        self.cluster = cluster
        """The id of the only cluster to talk to; None: any database of the replica's name."""
        self.probe_interval = probe_interval
        self.state = State.OFFLINE
        self.version = 0
        """Of the monitor: 3, 2 or 1; 0 while there is none."""
        self.schema: Json = None
        """The schema that the server has, as JSON."""
        self.last_id = NEVER_SEEN
        self.minimum_index = 0
        self.locks: dict[str, bool] = {}
        """The locks we want, and whether they are ours."""
        self._best_version = version
        self._maximum_message = maximum_message
        self._serial = 0
        self._server = Replica(SERVER)
        self._changed_conditions: set[type[Row]] = set()
        self._asked_conditions: set[type[Row]] = set()
        self._events: list[Event] = []
        self._reset()

    def _reset(self) -> None:
        self._framer = Framer(maximum_message=self._maximum_message)
        self._waiting: dict[int, Callable[[Message], None]] = {}
        self._output: list[bytes] = []
        self._heard = 0.0
        self._probed = False
        self.version = 0

    # the connection

    def connected(self, now: float) -> None:
        """There is a connection; `now` is the time of a clock that only goes forward."""
        self._reset()
        self._heard = now
        if self._changed_conditions or self._asked_conditions:
            # whether the server had changed the conditions when the connection broke cannot be known
            self.last_id = NEVER_SEEN
            self._changed_conditions.clear()
            self._asked_conditions.clear()
        self.state = State.SERVER_SCHEMA
        self._ask("get_schema", [SERVER.name], self._on_server_schema)
        for name in self.locks:
            self._ask_lock("lock", name)

    def disconnected(self) -> list[Event]:
        """The connection is gone, and with it our locks; a transaction without an answer may have happened or not.

        What happened before a `Leave` is told too.
        """
        self._reset()
        self.state = State.OFFLINE
        for name in self.locks:
            self._set_lock(name, held=False)
        return self._take_events()

    def receive(self, octets: bytes, now: float) -> list[Event]:
        """Take what the server sent; raises `Leave`."""
        self._heard, self._probed = now, False
        large = len(octets) + self._framer.pending >= LARGE
        try:
            self._framer.feed(octets)
            with without_collector() if large else nullcontext():
                while (message := self._framer.next()) is not None:
                    self._take(message)
        except WireError as error:
            raise Leave(f"protocol broken: {error}") from error
        except OvsdbError as error:
            self.last_id = NEVER_SEEN
            raise Leave(f"cannot be followed: {error}") from error
        return self._take_events()

    def output(self) -> bytes:
        """What is to be sent now."""
        octets = b"".join(self._output)
        self._output.clear()
        return octets

    def tick(self, now: float) -> None:
        """Look at the clock: ask for a sign of life, or raise `Leave` because there was none."""
        if self.state is State.OFFLINE or not self.probe_interval or now < self._heard + self.probe_interval:
            return
        if self._probed and now >= self._heard + 2 * self.probe_interval:
            raise Leave(f"no sign of life for {now - self._heard:.1f} s")
        if not self._probed:
            self._probed = True
            self._ask("echo", [], _ignore)

    @property
    def next_tick(self) -> float | None:
        """When `tick` has something to do, if nothing comes before."""
        if self.state is State.OFFLINE or not self.probe_interval:
            return None
        return self._heard + self.probe_interval * (2 if self._probed else 1)

    # what the client wants

    def request(self, method: str, params: Json) -> int:
        """Send a request; its answer is an `Answered` with this number. Only while MONITORING."""
        assert self.state is State.MONITORING
        return self._ask(method, params, self._on_answer)

    def transact(self, operations: Iterable[Json]) -> int:
        """Send a transaction on the replica's database."""
        return self.request("transact", [self.replica.schema.name, *operations])

    def lock(self, name: str, *, steal: bool = False) -> None:
        """Want a lock, over all connections to come (a lock is stolen once, and waited for afterwards)."""
        if name not in self.locks or steal:
            self.locks.setdefault(name, False)
            if self.state is not State.OFFLINE:
                self._ask_lock("steal" if steal else "lock", name)

    def unlock(self, name: str) -> None:
        """Give a lock back, or want it no more."""
        if self.locks.pop(name, None) is not None and self.state is not State.OFFLINE:
            self._ask("unlock", [name], _ignore)

    def change_conditions(self, conditions: Mapping[type[Row], Condition | None]) -> None:
        """Want other rows of some tables; those that come and go arrive as updates."""
        for row_type, condition in conditions.items():
            before = self.replica.condition(row_type)
            self.replica.set_condition(row_type, condition)
            if self.replica.condition(row_type) != before:
                self._changed_conditions.add(row_type)
        self._send_conditions()

    @property
    def conditions_settled(self) -> bool:
        """Whether the replica has the rows that were last asked for."""
        return self.state is State.MONITORING and not (self._changed_conditions or self._asked_conditions)

    # messages

    def _take(self, message: Message) -> None:
        kind = message.kind
        if kind is Kind.NOTIFICATION:
            self._on_notification(message.method or "", message.params or [])
        elif kind is Kind.REQUEST:
            self._on_request(message)
        else:
            handler = self._waiting.pop(message.id, None) if isinstance(message.id, int) else None
            if handler is not None:
                handler(message)

    def _on_request(self, message: Message) -> None:
        if message.method == "echo":
            self._output.append(reply(message.params, message.id))
        else:
            self._output.append(refusal(OvsdbError("unknown method", message.method).to_json(), message.id))

    def _on_notification(self, method: str, params: list[Json]) -> None:
        if method in ("update", "update2", "update3"):
            self._on_update(method, params)
        elif method in ("locked", "stolen"):
            if len(params) == 1 and isinstance(params[0], str) and params[0] in self.locks:
                self._set_lock(params[0], held=method == "locked")
        elif method == "monitor_canceled" and params and params[0] in (_DATA, _SERVER):
            raise Leave("the server has stopped our monitor")

    def _on_update(self, method: str, params: list[Json]) -> None:
        version = _VERSIONS[method]
        if len(params) != (3 if version == 3 else 2):
            raise WireError(f"{method} with {len(params)} parameters")
        if params[0] == _SERVER:
            self._server.update(version, params[-1])
            self._check_server()
        elif params[0] == _DATA and self.state is State.MONITORING:
            if version == 3 and not isinstance(params[1], str):
                raise WireError("update3 without the id of its transaction")
            changes = self.replica.update(version, params[-1])
            if version == 3:
                self.last_id = params[1]
            self._events.append(Updated(changes))

    # the way to a monitor

    def _on_server_schema(self, message: Message) -> None:
        if message.error is not None:
            self._ask_schema()
            return
        self.state = State.SERVER_MONITOR
        requests = self._server.monitor_requests(message.result)
        self._ask("monitor_cond", [SERVER.name, _SERVER, requests], self._on_server_monitor)

    def _on_server_monitor(self, message: Message) -> None:
        if message.error is not None:
            self._ask_schema()
            return
        self._server.load(2, message.result)
        self._ask("set_db_change_aware", [True], _ignore)
        row = self._check_server()
        try:
            self.schema = msgspec.json.decode(row.schema or "")
        except msgspec.MsgspecError as error:
            raise WireError(f"the schema of {row.name} is not JSON: {error}") from error
        self._ask_monitor(self._best_version)

    def _check_server(self) -> ServedDatabase:
        """The row of our database; raises `Leave` if another server would be better."""
        name = self.replica.schema.name
        for row in self._server.database.rows(ServedDatabase):
            if (row.name == name) if self.cluster is None else (row.cid == self.cluster):
                reason = unusable(row, leader_only=self.leader_only, minimum_index=self.minimum_index)
                if reason:
                    raise Leave(f"the server of {name} {reason}")
                if row.model == "clustered":
                    self.minimum_index = row.index or 0
                return row
        raise Leave(f"the server has no database {name}")

    def _ask_schema(self) -> None:
        self.state = State.DATA_SCHEMA
        self._ask("get_schema", [self.replica.schema.name], self._on_data_schema)

    def _on_data_schema(self, message: Message) -> None:
        if message.error is not None:
            raise Leave(f"the server has no database {self.replica.schema.name}")
        self.schema = message.result
        self._ask_monitor(min(self._best_version, 2))

    def _ask_monitor(self, version: int) -> None:
        self.state = _METHODS[version]
        requests = self.replica.monitor_requests(self.schema, conditions=version > 1)
        params = [self.replica.schema.name, _DATA, requests]
        method = self.state.name.lower()
        self._ask(method, [*params, self.last_id] if version == 3 else params, self._on_monitor)

    def _on_monitor(self, message: Message) -> None:
        version = next(version for version, state in _METHODS.items() if state is self.state)
        if message.error is not None:
            if version == 1:
                raise Leave(f"the server refuses to be monitored: {message.error}")
            self._ask_monitor(version - 1)
            return
        resumed, updates = False, message.result
        if version == 3:
            if not _is_since_reply(message.result):
                raise WireError("bad reply to monitor_cond_since")
            resumed, last_id, updates = message.result
        else:
            last_id = NEVER_SEEN
        changes = self.replica.load(version, updates, resumed=resumed)
        self.state, self.version, self.last_id = State.MONITORING, version, last_id
        self._events.append(Synchronized(changes, resumed))
        self._send_conditions()

    # conditions and locks

    def _send_conditions(self) -> None:
        if self.state is not State.MONITORING or self._asked_conditions or not self._changed_conditions:
            return
        if self.version == 1:
            self._changed_conditions.clear()  # everything is here anyhow
            return
        self._asked_conditions, self._changed_conditions = self._changed_conditions, set()
        changes: dict[str, Json] = {}
        for row_type in self._asked_conditions:
            condition = self.replica.condition(row_type)
            changes[row_type.TABLE.name] = [{"where": [True] if condition is None else condition}]  # type: ignore[attr-defined]
        self._ask("monitor_cond_change", [_DATA, _DATA, changes], self._on_conditions)

    def _on_conditions(self, message: Message) -> None:
        if message.error is not None:
            raise Leave(f"the server refuses a condition: {message.error}")
        self._asked_conditions = set()
        self._send_conditions()

    def _ask_lock(self, method: str, name: str) -> None:
        def answer(message: Message) -> None:
            if name in self.locks and isinstance(message.result, dict) and message.result.get("locked") is True:
                self._set_lock(name, held=True)

        self._ask(method, [name], answer)

    def _set_lock(self, name: str, *, held: bool) -> None:
        if self.locks[name] is not held:
            self.locks[name] = held
            self._events.append(LockChanged(name, held))

    # pieces

    def _ask(self, method: str, params: Json, handler: Callable[[Message], None]) -> int:
        self._serial += 1
        self._waiting[self._serial] = handler
        self._output.append(request(method, params, self._serial))
        return self._serial

    def _on_answer(self, message: Message) -> None:
        self._events.append(Answered(message.id, message.result, message.error))

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events


_VERSIONS = {"update": 1, "update2": 2, "update3": 3}


def _is_since_reply(result: Json) -> bool:
    return isinstance(result, list) and len(result) == 3 and isinstance(result[0], bool) and isinstance(result[1], str)


def _ignore(_: Message) -> None:
    """An answer that says nothing new."""
