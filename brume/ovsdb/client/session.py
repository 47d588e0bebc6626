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

Not here: messages and their octets (`conversation.py`), which locks (`locks.py`) and which rows (`conditions.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

import msgspec

from brume.ovsdb.client.conditions import Conditions
from brume.ovsdb.client.conversation import MAXIMUM_MESSAGE, Conversation, ignore
from brume.ovsdb.client.events import Answered, Event, Leave, LockChanged, Synchronized, Updated
from brume.ovsdb.client.locks import Locks
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.served_databases import SERVER, ServedDatabase, unusable
from brume.ovsdb.wire.messages import Message, WireError

Json = Any
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
        self._best_version = version
        self._server = Replica(SERVER)
        self._events: list[Event] = []
        self._conversation = Conversation(self._on_notification, maximum_message=maximum_message)
        self._ask = self._conversation.ask
        self.locks = Locks(self._conversation, lambda name, held: self._events.append(LockChanged(name, held)))
        self.conditions = Conditions(replica, self._conversation, _DATA)

    # the connection

    def connected(self, now: float) -> None:
        """There is a connection; `now` is the time of a clock that only goes forward."""
        self._conversation.begin(now)
        self.version = 0
        if not self.conditions.begin():
            self.last_id = NEVER_SEEN
        self.state = State.SERVER_SCHEMA
        self._ask("get_schema", [SERVER.name], self._on_server_schema)
        self.locks.ask()

    def disconnected(self) -> list[Event]:
        """The connection is gone, and with it our locks; a transaction without an answer may have happened or not.

        What happened before a `Leave` is told too.
        """
        self._conversation.end()
        self.state, self.version = State.OFFLINE, 0
        self.conditions.watched(0)
        self.locks.lose()
        return self._take_events()

    def receive(self, octets: bytes, now: float) -> list[Event]:
        """Take what the server sent; raises `Leave`."""
        try:
            self._conversation.receive(octets, now)
        except WireError as error:
            raise Leave(f"protocol broken: {error}") from error
        except OvsdbError as error:
            self.last_id = NEVER_SEEN
            raise Leave(f"cannot be followed: {error}") from error
        return self._take_events()

    def output(self) -> bytes:
        """What is to be sent now."""
        return self._conversation.output()

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def tick(self, now: float) -> None:
        """Look at the clock: ask for a sign of life, or raise `Leave` because there was none."""
        self._conversation.tick(now, self.probe_interval)

    @property
    def next_tick(self) -> float | None:
        """When `tick` has something to do, if nothing comes before."""
        return self._conversation.next_tick(self.probe_interval)

    # what the client asks

    def request(self, method: str, params: Json) -> int:
        """Send a request; its answer is an `Answered` with this number. Only while MONITORING."""
        assert self.state is State.MONITORING
        return self._ask(method, params, self._on_answer)

    def transact(self, operations: Iterable[Json]) -> int:
        """Send a transaction on the replica's database."""
        return self.request("transact", [self.replica.schema.name, *operations])

    def _on_answer(self, message: Message) -> None:
        self._events.append(Answered(message.id, message.result, message.error))

    # what the server tells

    def _on_notification(self, method: str, params: list[Json]) -> None:
        if method in _VERSIONS:
            self._on_update(method, params)
        elif method in ("locked", "stolen"):
            self.locks.told(method, params)
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
        self._ask("set_db_change_aware", [True], ignore)
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
        self.conditions.watched(version)


_VERSIONS = {"update": 1, "update2": 2, "update3": 3}


def _is_since_reply(result: Json) -> bool:
    return isinstance(result, list) and len(result) == 3 and isinstance(result[0], bool) and isinstance(result[1], str)
