"""A program that uses Open vSwitch's Python IDL, run with the system's Python by `test_ovsdb_libraries.py`.

    python3 idl_program.py REMOTE SCHEMA-FILE

Two clients on one database: one changes it, the other watches; everything either of them sees is printed, a line of
JSON each, rows by their names.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import ovs.db.idl
import ovs.poller


def say(*words: Any) -> None:
    print(json.dumps(words, default=str), flush=True)


class Watcher(ovs.db.idl.Idl):
    """An IDL that tells what it is told."""

    def __init__(self, who: str, remote: str, schema: str, tables: dict[str, list[str]]) -> None:
        helper = ovs.db.idl.SchemaHelper(location=schema)
        for table, columns in tables.items():
            helper.register_columns(table, columns)
        super().__init__(remote, helper)
        self.who = who
        self.seen: list[Any] = []

    def notify(self, event: str, row: Any, updates: Any = None) -> None:
        was = {} if updates is None else {name: data(updates, name) for name in sorted(updates._data or ())}
        now = {name: data(row, name) for name in sorted(row._data) if name != "schema"}
        self.seen.append([event, row._table.name, now, was])

    def until(self, what: Any) -> None:
        """Run until something is so."""
        deadline = time.monotonic() + 20
        while not what():
            assert time.monotonic() < deadline, self.who
            before = self.change_seqno
            self.run()
            if before == self.change_seqno and not what():
                poller = ovs.poller.Poller()
                poller.timer_wait(1000)
                self.wait(poller)
                poller.block()

    def tell(self) -> None:
        """Print what was seen since the last time; several rows of one update have no order."""
        say(self.who, sorted(self.seen, key=json.dumps))
        self.seen = []

    def commit(self, name: str, change: Any) -> str:
        """Run one transaction to its end, and print how it ended."""
        transaction = ovs.db.idl.Transaction(self)
        transaction.add_comment(name)
        change(transaction)
        status = transaction.commit()
        deadline = time.monotonic() + 20
        while status == transaction.INCOMPLETE and time.monotonic() < deadline:
            poller = ovs.poller.Poller()
            self.wait(poller)
            transaction.wait(poller)
            poller.block()
            self.run()
            status = transaction.commit()
        error = transaction.get_error() if status == transaction.ERROR else ""
        say(self.who, name, transaction.status_to_string(status), error)
        return status


def data(row: Any, name: str) -> Any:
    try:
        value = getattr(row, name)
    except (AttributeError, KeyError):
        return None
    if isinstance(value, list):
        return sorted((getattr(one, "name", str(one)) for one in value), key=str)
    return value if isinstance(value, dict | bool | int | float | str) else getattr(value, "name", str(value))


def find(idl: Watcher, table: str, name: str) -> Any:
    return next(row for row in idl.tables[table].rows.values() if row.name == name)


def main() -> None:
    remote, schema = sys.argv[1:3]
    switches = {
        "Logical_Switch": ["name", "ports", "other_config"],
        "Logical_Switch_Port": ["name", "tag", "addresses"],
    }
    writer = Watcher("writer", remote, schema, switches)
    watcher = Watcher("watcher", remote, schema, {"Logical_Switch": ["name", "ports"], "Logical_Switch_Port": ["name"]})
    for idl in (writer, watcher):
        idl.until(lambda idl=idl: idl.change_seqno)
        idl.tell()

    def add_switch(transaction: Any) -> None:
        switch = transaction.insert(writer.tables["Logical_Switch"])
        switch.name = "left"
        port = transaction.insert(writer.tables["Logical_Switch_Port"])
        port.name, port.addresses = "vma", ["unknown", "00:00:00:00:00:01"]
        switch.ports = [port]

    def check(name: str, change: Any, seen_by_watcher: Any) -> None:
        writer.commit(name, change)
        watcher.until(seen_by_watcher)
        writer.tell()
        watcher.tell()

    check("add a switch", add_switch, lambda: watcher.tables["Logical_Switch"].rows)

    def change_port(_: Any) -> None:
        port = find(writer, "Logical_Switch_Port", "vma")
        port.tag, port.addresses = 7, []
        port.addvalue("addresses", "dynamic")

    writer.commit("change what is not watched", change_port)
    writer.tell()

    def rename(_: Any) -> None:
        switch = find(writer, "Logical_Switch", "left")
        switch.verify("name")
        switch.name = "right"
        switch.setkey("other_config", "a", "b")

    check("rename", rename, lambda: any(row.name == "right" for row in watcher.tables["Logical_Switch"].rows.values()))
    writer.commit("change nothing", lambda _: None)
    writer.commit("the same again", lambda _: setattr(find(writer, "Logical_Switch", "right"), "name", "right"))

    def collide(transaction: Any) -> None:
        port = transaction.insert(writer.tables["Logical_Switch_Port"])
        port.name = "vma"
        find(writer, "Logical_Switch", "right").addvalue("ports", port)

    writer.commit("a name twice", collide)

    def add_port(transaction: Any) -> None:
        port = transaction.insert(writer.tables["Logical_Switch_Port"])
        port.name = "vmb"
        find(writer, "Logical_Switch", "right").addvalue("ports", port)

    check("add a port", add_port, lambda: len(watcher.tables["Logical_Switch_Port"].rows) == 2)

    def outrun(_: Any) -> None:
        switch = find(watcher, "Logical_Switch", "right")
        switch.verify("name")
        writer.commit("be faster", lambda _: setattr(find(writer, "Logical_Switch", "right"), "name", "faster"))
        switch.name = "slower"

    watcher.commit("be slower", outrun)
    watcher.until(lambda: any(row.name == "faster" for row in watcher.tables["Logical_Switch"].rows.values()))
    watcher.tell()

    watcher.cond_change("Logical_Switch", [["name", "==", "hidden"]])
    watcher.until(lambda: not watcher.tables["Logical_Switch"].rows)
    watcher.tell()
    check(
        "into sight",
        lambda _: setattr(find(writer, "Logical_Switch", "faster"), "name", "hidden"),
        lambda: watcher.tables["Logical_Switch"].rows,
    )
    for idl in (writer, watcher):
        idl.set_lock("one")
    writer.until(lambda: writer.has_lock)
    watcher.until(lambda: watcher.is_lock_contended)
    say("locks", writer.has_lock, watcher.has_lock, watcher.is_lock_contended)
    watcher.commit("without the lock", lambda _: setattr(find(watcher, "Logical_Switch", "hidden"), "name", "x"))
    writer.commit("with the lock", lambda _: find(writer, "Logical_Switch", "hidden").delkey("other_config", "a"))
    writer.set_lock(None)
    watcher.until(lambda: watcher.has_lock)
    writer.tell()

    watcher.force_reconnect()
    watcher.until(lambda: watcher.seen and watcher.state == watcher.IDL_S_MONITORING)
    # Who keeps history tells nothing twice; a standalone ovsdb-server tells all rows again.
    watcher.seen = []
    say("after a reconnect", sorted(row.name for row in watcher.tables["Logical_Switch"].rows.values()))
    check(
        "away",
        lambda _: find(writer, "Logical_Switch", "hidden").delete(),
        lambda: not watcher.tables["Logical_Switch"].rows,
    )
    for idl in (writer, watcher):
        idl.close()


main()
