"""Readers that take a few pieces at a time, and change what they ask for meanwhile: their copies are right, too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brume.northbound.schema import LogicalSwitch
from brume.ovsdb.server import dumps, groups, session
from brume.ovsdb.server.history import History
from brume.ovsdb.server.output import Limits
from tests.ovsdb.conversations import Json, Lab
from tests.ovsdb.monitor_copies import Copy, changes

CONDITIONS: dict[str, Json] = {
    "all": [],
    "none": [False],
    "a": [["name", "==", "a"]],
    "b or empty": [["name", "==", "b"], ["ports", "==", ["set", []]]],
}


class Sipper(Copy):
    """A copy that is behind, and hears of things piece by piece."""

    def __init__(self, lab: Lab, version: int, limits: Limits) -> None:
        self._octets = b""
        self._condition = "all"
        super().__init__(lab, version, limits=limits)

    def sip(self, pieces: int) -> None:
        """Take some pieces, and hear what is whole by now."""
        output = self.client.session.output
        for _ in range(pieces):
            piece = output.take()
            if piece is not None:
                self._octets += piece
            elif output.slow:
                self.client.session.drained()
        self._hear()

    def empty(self) -> None:
        """Take all there is."""
        while not self.client.session.output.empty or self.client.session.output.slow:
            self.sip(10)
        assert not self._octets

    def ask_for(self, condition: str) -> None:
        """Ask to see other rows; that may wait until it has read what was before."""
        self._condition = condition
        changed = {"Logical_Switch": [{"where": CONDITIONS[condition]}]}
        asked = self.client.request("monitor_cond_change", "m", "m", changed)
        self.client.session.receive(json.dumps(asked).encode())

    def sees(self, row: LogicalSwitch) -> bool:
        ports = self.lab.store.database.members(LogicalSwitch.ports, row.uuid)
        return {
            "all": True,
            "none": False,
            "a": row.name == "a",
            "b or empty": row.name == "b" or not ports,
        }[self._condition]

    def _hear(self) -> None:
        text, decoder = self._octets.decode(), json.JSONDecoder()
        while text:
            try:
                message, end = decoder.raw_decode(text)
            except ValueError:
                break  # the rest of it has not been taken yet
            text = text[end:].lstrip()
            if "method" in message:
                self._apply(message["params"][-1])
        self._octets = text.encode()


sips = st.tuples(st.integers(0, 5), st.integers(1, 4))
questions = st.tuples(st.integers(1, 5), st.sampled_from(sorted(CONDITIONS)))
steps = st.one_of(changes, changes, sips, sips, questions)


@settings(max_examples=150)
@given(st.lists(changes, max_size=6), st.lists(steps, max_size=40), st.sampled_from([1, 3, 10_000]))
def test_copies_that_sip_are_what_the_database_holds(before: list[Any], story: list[Any], remembered: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (dumps, groups, session):
            patch.setattr(module, "ROWS_OF_A_PIECE", 2)
        lab = Lab()
        lab.served.watchers.history = History(lab.host.new_uuid, transactions=remembered)
        maker = lab.client()
        for change in before:
            maker.transact(*change)
        sippers = [Sipper(lab, version, Limits(slow)) for version in (1, 2, 3) for slow in (1, 400)]
        for step in story:
            match step:
                case (int(number), int(pieces)):
                    sippers[number].sip(pieces)
                case (int(number), str(condition)) if sippers[number].version > 1:
                    sippers[number].ask_for(condition)
                case list():
                    maker.transact(*step)
        for sipper in sippers:
            sipper.empty()
            wanted = {row.uuid: row.name for row in lab.store.database.rows(LogicalSwitch) if sipper.sees(row)}
            assert {uuid: row["name"] for uuid, row in sipper.rows.items()} == wanted
            sipper.client.session.close()
        assert not lab.faults
