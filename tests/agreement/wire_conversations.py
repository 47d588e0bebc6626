"""Conversations of two clients with an OVSDB server, and how to compare them. A helper, not a test.

    Conversation(socket_path, known).hold(step)    what both clients heard because of one step, ready to compare

Random ones are in `wire_strategies.py`. `known` are the uuids that the conversation gives to rows.

A step is one message of one client ("ann" or "bob"). After each step both clients are heard out (an `echo` each, twice:
what one client's transaction lets a waiting one do reaches the other in the second round), so that a server's liberty
to gather changes into one update does not show.

What the server leaves open, and how it is made comparable:

- uuids it makes up (its own id) become <0>, <1>, ... in the order they appear: equal uuids stay equal;
- transaction ids are compared by what they are good for: who comes back with one is told the same by both servers;
- updates of different monitors of one client have no order between each other: they are sorted by monitor id;
- an error reply without "result" is one with null (RFC 7047, section 3.1: ovsdb-server leaves it out);
- of several faults in one request the server tells the one it meets first, by hash: only that there is one counts;
- rows of a `select` and the names of databases have no order; a wait may take a millisecond more;
- a change of no column is none: ovsdb-server tells of one when a column changed that only a condition looks at, this
  one's, one that it had, or one of another client that watches the same;
- `_version` is there or not, but which one is compared only if it is asked for (`versions`), and so is a change of
  nothing but `_version`: ovsdb-server takes note of a weak reference that is set and goes at once, ours does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from tests.agreement.test_ovsdb_transactions import comparable
from tests.agreement.wire_peer import WirePeer

Json = Any
CLIENTS = ("ann", "bob")
ROW_UPDATE = {"old", "new", "initial", "insert", "modify", "delete"}
NEVER = "00000000-0000-0000-0000-000000000000"
TIMED_OUT = re.compile(r"timed out after \d+ ms")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Step(NamedTuple):
    """One message; a param may be `Seen`, which becomes a transaction id the client has been told."""

    client: str
    method: str
    params: list[Json]
    waits: bool = False
    """A transaction that may wait for others: nobody waits for its reply."""
    notification: bool = False


class Seen(NamedTuple):
    """The last transaction id but `back` that the client was told; the zero id if there is none."""

    back: int


class Conversation:
    """Two clients of one server."""

    def __init__(self, socket: Path, known: Collection[str], *, versions: bool = False) -> None:
        self._known = {*known, NEVER}
        self._versions = versions
        self.peers = {name: WirePeer(socket) for name in CLIENTS}
        self._names: dict[str, str] = {}
        self._steps = 0
        self._transactions: dict[str, list[str]] = {name: [] for name in CLIENTS}

    def hold(self, step: Step) -> dict[str, list[str]]:
        """Say it; everything that each client hears of it."""
        peer, number = self.peers[step.client], f"request {self._steps}"
        self._steps += 1
        params = [self._seen(step.client, param) for param in step.params]
        peer.send({"id": None if step.notification else number, "method": step.method, "params": params})
        heard: dict[str, list[Json]] = {name: [] for name in CLIENTS}
        if not (step.waits or step.notification):
            heard[step.client] = peer.until_reply(number)
        for name in CLIENTS * 2:
            heard[name] += self.peers[name].settle()
        told = heard if self._versions else {name: _without_versions(messages) for name, messages in heard.items()}
        for name in CLIENTS:
            self._remember(name, told[name])
        return {name: self._comparable(step, messages) for name, messages in told.items()}

    def close(self) -> None:
        """Both clients go."""
        for peer in self.peers.values():
            peer.close()

    def _seen(self, client: str, param: Json) -> Json:
        if not isinstance(param, Seen):
            return param
        told = self._transactions[client]
        return told[-1 - param.back] if param.back < len(told) else NEVER

    def _remember(self, client: str, messages: list[Json]) -> None:
        """Keep the transaction ids that a client is told, and take them out of what is compared."""
        for message in messages:
            told = message["params"] if message.get("method") == "update3" else message.get("result")
            at_start = isinstance(told, list) and len(told) == 3 and isinstance(told[0], bool)
            if message.get("method") == "update3" or at_start:
                self._transactions[client].append(told[1])
                told[1] = "the last transaction"

    def _comparable(self, step: Step, messages: list[Json]) -> list[str]:
        found: list[str] = []
        for is_reply, group in groupby(messages, key=lambda message: "method" not in message):
            if is_reply:
                found.extend(self._named(comparable_reply(step, message)) for message in group)
            else:
                found.extend(map(self._named, sorted(group, key=lambda message: json.dumps(message["params"][0]))))
        return found

    def _named(self, message: Json) -> str:
        text = TIMED_OUT.sub("timed out", json.dumps(message, sort_keys=True, ensure_ascii=False))
        return UUID.sub(lambda m: m[0] if m[0] in self._known else self._name(m[0]), text)

    def _name(self, uuid: str) -> str:
        return self._names.setdefault(uuid, f"<{len(self._names)}>")


def comparable_reply(step: Step, reply: Json) -> Json:
    """A reply without what the server leaves open."""
    reply = {"result": None, **reply}
    if step.method == "list_dbs":
        return reply | {"result": sorted(reply["result"])}
    readable = all(isinstance(operation, dict) and "op" in operation for operation in step.params[1:])
    if step.method == "transact" and isinstance(reply["result"], list) and not step.waits and readable:
        return reply | {"result": comparable(step.params[1:], reply["result"])}
    if step.method.startswith("monitor") and reply["error"] is not None and _many_tables(step.params):
        return reply | {"error": "one of several"}
    return reply


def _without_versions(messages: list[Json]) -> list[Json]:
    return [message for message in map(without_versions, messages) if message]


def without_versions(message: Json) -> Json:
    """A message that does not tell one version from another; None if it tells of nothing else."""
    is_update = message.get("method", "").startswith("update")
    updates = message["params"][-1] if is_update else message.get("result")
    if isinstance(updates, list) and len(updates) == 3:
        updates = updates[2]
    if not _are_updates(updates):
        return message
    for table, rows in list(updates.items()):
        for uuid, row in list(rows.items()):
            if _tells_nothing(row):
                del rows[uuid]
            for columns in filter(None, row.values()):
                if "_version" in columns:
                    columns["_version"] = "some"
        if not rows:
            del updates[table]
    return message if updates or not is_update else None


def _are_updates(json_: Json) -> bool:
    rows_of = json_.values() if isinstance(json_, dict) else [None]
    rows = [row for rows in rows_of for row in (rows.values() if isinstance(rows, dict) else [None])]
    return all(isinstance(row, dict) and row.keys() <= ROW_UPDATE for row in rows)


def _tells_nothing(row: Json) -> bool:
    if "old" in row and "new" in row:
        row["old"].pop("_version", None)
        return not row["old"]
    return row.get("modify") is not None and row["modify"].keys() <= {"_version"}


def _many_tables(params: list[Json]) -> bool:
    return len(params) > 2 and isinstance(params[2], dict) and len(params[2]) > 1


def leaves_halves(step: Step, heard: list[str]) -> bool:
    """Whether a server refused to change several conditions: ovsdb-server has changed some of them already."""
    return step.method == "monitor_cond_change" and any('"one of several"' in message for message in heard)
