"""A client's session, and the server's part spoken by the test, without a socket. A helper, not a test."""

from __future__ import annotations

import json
from typing import Any

from brume.northbound.schema import NORTHBOUND, LogicalSwitch, LogicalSwitchPort
from brume.ovsdb.client.events import Event
from brume.ovsdb.client.replica import Replica
from brume.ovsdb.client.session import Session

Json = Any
SWITCH = "11111111-1111-4111-8111-111111111111"
PORT = "22222222-2222-4222-8222-222222222222"
CLUSTER = "33333333-3333-4333-8333-333333333333"
FIRST, SECOND = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
SCHEMA = NORTHBOUND.to_json()
SERVER_SCHEMA = {
    "name": "_Server",
    "tables": {
        "Database": {
            "columns": {
                name: {"type": "string"}
                for name in ("name", "model", "schema", "connected", "leader", "index", "cid", "sid", "another")
            }
        }
    },
}
DUMP = {"Logical_Switch": {SWITCH: {"initial": {"name": "red"}}}}


def database(**columns: Json) -> Json:
    """What `_Server` says of the northbound."""
    row = {"name": "OVN_Northbound", "model": "standalone", "schema": json.dumps(SCHEMA), "connected": True,
           "leader": True, **columns}  # fmt: skip
    return {"Database": {"44444444-4444-4444-8444-444444444444": {"initial": row}}}


def clustered(index: int, **columns: Json) -> Json:
    return database(model="clustered", index=index, cid=["uuid", CLUSTER], **columns)


class Dialogue:
    """The server's part, spoken by the test."""

    def __init__(self, **settings: Any) -> None:
        replica = settings.pop("replica", None) or Replica(NORTHBOUND, tables=[LogicalSwitch, LogicalSwitchPort])
        self.session = Session(replica, **settings)
        self.replica = self.session.replica
        self.now = 100.0
        self.asked: list[Json] = []
        self.connect()

    def connect(self) -> None:
        self.session.connected(self.now)
        self._listen()

    def _listen(self) -> None:
        text, at = self.session.output().decode(), 0
        while at < len(text):
            message, at = json.JSONDecoder().raw_decode(text, at)
            self.asked.append(message)

    def expect(self, method: str | None) -> Json:
        """The next thing the client says, which must be this."""
        message = self.asked.pop(0)
        assert message.get("method") == method
        return message

    def say(self, *messages: Json) -> list[Event]:
        events = self.session.receive(b"".join(json.dumps(message).encode() for message in messages), self.now)
        self._listen()
        return events

    def answer(self, method: str, result: Json) -> list[Event]:
        """Answer what the client must have asked next."""
        return self.say({"id": self.expect(method)["id"], "result": result, "error": None})

    def refuse(self, method: str) -> list[Event]:
        return self.say({"id": self.expect(method)["id"], "result": None, "error": {"error": "unknown method"}})

    def notify(self, method: str, *params: Json) -> list[Event]:
        return self.say({"id": None, "method": method, "params": list(params)})

    def introduce(self, said: Json) -> None:
        """Up to where the client knows the server."""
        self.answer("get_schema", SERVER_SCHEMA)
        self.answer("monitor_cond", said)
        self.answer("set_db_change_aware", {})

    def synchronize(self, said: Json | None = None, *, last_id: str = FIRST, found: bool = False) -> list[Event]:
        self.introduce(said or database())
        return self.answer("monitor_cond_since", [found, last_id, {} if found else DUMP])

    def names(self) -> list[str]:
        return sorted(row.name for row in self.replica.database.rows(LogicalSwitch))
