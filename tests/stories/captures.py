"""Captures: what the wires carried since the last command was typed, as tcpdump would print it.

Every wire is watched all the time: the underlay between nodes, the physical network outside, and each interface.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from brume.packets.describe import describe
from brume.service.cloud import EmbeddedCloud


class Captured(NamedTuple):
    """A frame on a wire; `received`: by the interface, not sent by it."""

    wire: str
    frame: bytes
    received: bool

    def lines(self) -> tuple[str, str]:
        """As `tcpdump -e` prints it, and as plain `tcpdump` does."""
        return describe(self.frame, ethernet=True), describe(self.frame)


class Captures:
    """Taps on everything. Wires are called `underlay`, `outside`, and by the identifier of an interface's port."""

    def __init__(self) -> None:
        self._frames: list[Captured] = []
        self._cloud: EmbeddedCloud | None = None
        self._tapped: set[int] = set()
        self._begun = 0

    def follow(self, cloud: EmbeddedCloud) -> None:
        """Watch what is there now; interfaces come and go."""
        if cloud is not self._cloud:
            self._cloud, self._tapped = cloud, set()
            cloud.network.underlay.tap(lambda _, frame: self._add("underlay", frame, True))
            cloud.outside.segment.tap(lambda _, frame, end: self._add("outside", frame, True))
        for running in cloud.instances.running.values():
            for plug in running.plugs:
                if id(plug.link) not in self._tapped:
                    self._tapped.add(id(plug.link))
                    plug.link.tap(lambda _, frame, plug=plug: self._watch(plug, frame))

    def _watch(self, plug, frame: bytes) -> None:
        self._add(plug.port_id, frame, frame[6:12] != plug.host.mac.packed)

    def _add(self, wire: str, frame: bytes, received: bool) -> None:
        self._frames.append(Captured(wire, frame, received))

    def begin(self) -> None:
        """Frames from now on are those since the last command."""
        self._begun = len(self._frames)

    def recent(self, wire: str) -> list[Captured]:
        """What a wire carried since the last command."""
        return [one for one in self._frames[self._begun :] if one.wire == wire]

    def ever(self, wires: set[str]) -> list[Captured]:
        """What these wires ever carried to those who are on them."""
        return [one for one in self._frames if one.wire in wires and one.received]


def matching(frames: list[Captured], pattern: str) -> list[Captured]:
    """Frames whose tcpdump line has the pattern in it; `*` stands for anything."""
    expression = re.compile(".*".join(map(re.escape, pattern.split("*"))))
    return [one for one in frames if any(expression.search(line) for line in one.lines())]
