"""Conversations with a host without sockets: clients whose clock is moved by hand. A helper, not a test."""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable
from typing import Any

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.server.host import Host
from brume.ovsdb.server.keeping import Storage
from brume.ovsdb.store import Store
from brume.tables.database import Database
from brume.values.uuids import derive_uuid

Json = Any
NB = "OVN_Northbound"
ZERO = "00000000-0000-0000-0000-000000000000"


class Clock:
    """Time that passes when it is told to, and the timers that then fire."""

    def __init__(self) -> None:
        self.milliseconds = 0
        self._timers: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._cancelled: set[int] = set()

    def now(self) -> int:
        """The time."""
        return self.milliseconds

    def timer(self, milliseconds: int, function: Callable[[], None]) -> Callable[[], None]:
        """Call a function later."""
        number = next(self._numbers)
        heapq.heappush(self._timers, (self.milliseconds + milliseconds, number, function))
        return lambda: self._cancelled.add(number)

    def advance(self, milliseconds: int = 0) -> None:
        """Let time pass; timers of 0 milliseconds fire too."""
        end = self.milliseconds + milliseconds
        while self._timers and self._timers[0][0] <= end:
            at, number, function = heapq.heappop(self._timers)
            self.milliseconds = at
            if number not in self._cancelled:
                function()
        self.milliseconds = end


class Client:
    """One client of a lab."""

    def __init__(self, lab: Lab, **options: Any) -> None:
        self.session = lab.host.connect("test", **{"probe": 0, **options})
        self._lab = lab
        self._numbers = itertools.count(1)

    def say(self, message: Json) -> list[Json]:
        """Send a message (or octets); all that comes back, in order."""
        self.session.receive(message if isinstance(message, bytes) else json.dumps(message).encode())
        return self.read()

    def read(self) -> list[Json]:
        """All that has come and was not read yet."""
        return messages(self.read_octets().decode())

    def read_octets(self) -> bytes:
        """The same, as it is on the wire."""
        self._lab.clock.advance()
        octets = bytearray()
        while True:
            while (piece := self.session.output.take()) is not None:
                octets += piece
            if not self.session.output.slow or self.session.closed:
                return bytes(octets)
            self.session.drained()

    def ask(self, method: str, *params: Json) -> Json:
        """Send a request; the answer, which must be all that comes."""
        (answer,) = self.say(self.request(method, *params))
        return answer["result"] if answer["error"] is None else answer["error"]

    def request(self, method: str, *params: Json) -> Json:
        """A request with an id of its own."""
        return {"id": next(self._numbers), "method": method, "params": list(params)}

    def transact(self, *operations: Json) -> Json:
        """The results of a transaction; updates that come with it are dropped."""
        found = self.say(self.request("transact", NB, *operations))
        return next(message["result"] for message in found if "result" in message)


def messages(text: str) -> list[Json]:
    """The messages in a text, one after the other."""
    found, decoder = [], json.JSONDecoder()
    while text:
        message, end = decoder.raw_decode(text)
        found.append(message)
        text = text[end:].lstrip()
    return found


class Lab:
    """A host with an empty northbound database."""

    def __init__(self, storage: Storage | None = None) -> None:
        numbers = itertools.count()
        self.clock = Clock()
        self.faults: list[Exception] = []
        """What was reported."""
        self.host = Host(
            new_uuid=lambda: derive_uuid("test", next(numbers)),
            now=self.clock.now,
            timer=self.clock.timer,
            report=self.faults.append,
        )
        self.store = Store(Database("nb"), NORTHBOUND)
        self.served = self.host.add(self.store, storage)

    def client(self, **options: Any) -> Client:
        """One more client."""
        return Client(self, **options)


def add_switch(name: str, **columns: Json) -> Json:
    """An operation that inserts a logical switch."""
    return {"op": "insert", "table": "Logical_Switch", "row": {"name": name, **columns}}


def add_port(switch: str, name: str) -> list[Json]:
    """Operations that insert a port and put it into a switch."""
    return [
        {"op": "insert", "table": "Logical_Switch_Port", "row": {"name": name}, "uuid-name": "new"},
        {
            "op": "mutate",
            "table": "Logical_Switch",
            "where": [["name", "==", switch]],
            "mutations": [["ports", "insert", ["named-uuid", "new"]]],
        },
    ]
