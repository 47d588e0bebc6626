"""What comes out of the packet engine, as values."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from brume.dataplane.tunnels import Encapsulated
from brume.openflow.messages.match import Match

Marks = tuple[int, int, int]  # numbers of frames out, into tunnels, and for the controller
NOTHING_SENT: Final[Marks] = (0, 0, 0)


class FrameOut(msgspec.Struct, frozen=True):
    """A frame leaving through a port that is neither patch nor tunnel."""

    bridge: str
    port: int
    name: str
    frame: bytes
    queue: int = 0


class Paused(msgspec.Struct, frozen=True):
    """The rest of a pipeline that waits for the controller: (steps, next one) from the outermost to the innermost."""

    frames: tuple[tuple[tuple[Any, ...], int], ...]
    stack: tuple[int, ...]


class PacketIn(msgspec.Struct, frozen=True):
    """A packet for the controller. `key` is all its fields: `FIELDS["reg14"].get(packet_in.key)`."""

    bridge: str
    table: int
    cookie: int
    reason: int
    userdata: bytes
    frame: bytes
    key: int
    max_len: int = 0xFFFF
    controller_id: int = 0
    meter_id: int | None = None
    paused: Paused | None = None

    def metadata(self, mask: int) -> Match:
        """Some of its fields as a match, as a packet-in message carries them."""
        return Match(mask, self.key & mask)


class Result(msgspec.Struct):
    """All that one packet caused, in order."""

    outputs: list[FrameOut] = []
    tunnels: list[Encapsulated] = []
    packet_ins: list[PacketIn] = []
    drops: list[str] = []  # why a branch of the pipeline ended with nothing sent; filled for traces only

    def marks(self) -> Marks:
        """How much there is so far, for `cut`."""
        return len(self.outputs), len(self.tunnels), len(self.packet_ins)

    def cut(self, marks: Marks) -> None:
        """Take back what was to be sent since."""
        outputs, tunnels, packet_ins = marks
        del self.outputs[outputs:], self.tunnels[tunnels:], self.packet_ins[packet_ins:]
