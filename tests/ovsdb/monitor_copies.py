"""Copies that are kept by what monitors are told, and stories of changes for them. A helper, not a test."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from brume.northbound.schema import LogicalSwitch
from tests.ovsdb.conversations import NB, ZERO, Client, Json, Lab, add_port, add_switch
from tests.ovsdb.monitored_switches import SWITCHES, delete_switch, update_switch

SOME = {
    "Logical_Switch": [
        SWITCHES["Logical_Switch"][0]
        | {
            "where": [
                ["name", "==", "a"],
                ["external_ids", "includes", ["map", [["k", "1"]]]],
                ["ports", "==", ["set", []]],
            ]
        }
    ]
}


class Copy:
    """A client's copy of the switches, kept by updates of one version; be it a slow reader, or one that comes back."""

    def __init__(self, lab: Lab, version: int, *, some: bool = False, **options: Any) -> None:
        self.lab = lab
        self.version = version
        self.wanted = SOME if some else SWITCHES
        self.options = options
        self.rows: dict[str, dict[str, Any]] = {}
        self.last_id = ZERO
        self.client = self._connect()

    def _connect(self) -> Client:
        client = self.lab.client(**self.options)
        if self.version == 3:
            found, self.last_id, updates = client.ask("monitor_cond_since", NB, "m", self.wanted, self.last_id)
            if not found:
                self.rows = {}
        else:
            updates = client.ask("monitor" if self.version == 1 else "monitor_cond", NB, "m", self.wanted)
            self.rows = {}
        self._apply(updates)
        return client

    def read(self) -> None:
        """Take what has come."""
        for told in self.client.read():
            if self.version == 3:
                self.last_id = told["params"][1]
            self._apply(told["params"][-1])

    def sees(self, row: LogicalSwitch) -> bool:
        """Whether it wants to see a row."""
        ports = self.lab.store.database.members(LogicalSwitch.ports, row.uuid)
        return self.wanted is SWITCHES or row.name == "a" or row.external_ids.get("k") == "1" or not ports

    def come_back(self) -> None:
        """Lose the connection, and make another."""
        self.client.session.close()
        self.client = self._connect()

    def _apply(self, updates: Json) -> None:
        for uuid, update in updates.get("Logical_Switch", {}).items():
            if self.version == 1:
                self._replace(uuid, update.get("new"))
            elif "modify" in update:
                self._modify(self.rows[uuid], update["modify"])
            else:
                self._replace(uuid, update.get("initial", update.get("insert")))

    def _replace(self, uuid: str, columns: Json) -> None:
        self.rows.pop(uuid, None)
        if columns is not None:
            self.rows[uuid] = {
                "name": columns.get("name", ""),
                "ports": _set(columns.get("ports", ["set", []])),
                "external_ids": dict(columns.get("external_ids", ["map", []])[1]),
            }

    def _modify(self, row: dict[str, Any], columns: Json) -> None:
        row["name"] = columns.get("name", row["name"])
        row["ports"] ^= _set(columns.get("ports", ["set", []]))
        for key, value in columns.get("external_ids", ["map", []])[1]:
            if row["external_ids"].get(key) == value:
                del row["external_ids"][key]
            else:
                row["external_ids"][key] = value


def _set(json: Json) -> set[str]:
    return {json[1]} if json[0] == "uuid" else {atom[1] for atom in json[1]}


names = st.sampled_from(["a", "b", "c"])
ids = st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["1", "2"])).map(
    lambda found: ["map", list(found.items())]
)
changes = st.one_of(
    st.builds(lambda name, found: [add_switch(name, external_ids=found)], names, ids),
    st.builds(lambda name, found: [update_switch(name, external_ids=found)], names, ids),
    st.builds(lambda old, new: [update_switch(old, name=new)], names, names),
    st.builds(lambda name, number: add_port(name, f"p{number}"), names, st.integers(0, 5)),
    st.builds(lambda name: [update_switch(name, ports=["set", []])], names),
    st.builds(lambda name: [delete_switch(name)], names),
)
