"""What the encoding of a step depends on besides the step itself, and small words that many encodings share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from brume.expressions import symbols
from brume.openflow.messages.actions import Actions, Move, Pop, Push, Resubmit, SetField, set_field
from brume.openflow.messages.fields import FIELDS, Subfield, field, subfield
from brume.openflow.messages.group import GroupEntry
from brume.openflow.messages.meter import MeterEntry
from brume.openflow.registers import CT_ZONE, DNAT_ZONE, FLAGS, Flag
from brume.openflow.tables import OUTPUT, Table, table_of


class CannotEncode(ValueError):
    """A logical action that has no OpenFlow form here; the text says which."""


def _no_meter(name: str) -> int | None:
    return None


class Needed(Protocol):
    """Where groups and meters get their numbers."""

    def group(self, entry: GroupEntry) -> int:
        """The number of a group that does this."""

    def meter(self, entry: MeterEntry) -> int:
        """The number of a meter that limits so."""


class Context(msgspec.Struct, frozen=True):
    """Where a flow stands: its pipeline, its datapath, and whom to ask for port numbers."""

    pipeline: str
    is_switch: bool
    port: Callable[[str], int | None]
    needs: Needed
    common_nat_zone: str = DNAT_ZONE
    cookie: int = 0
    datapath: int = 0  # its tunnel key
    controller_meter: int | None = None  # limits what goes to the controller
    meter: Callable[[str], int | None] = _no_meter

    @property
    def output_table(self) -> int:
        """Where "output;" goes."""
        return OUTPUT if self.pipeline == "ingress" else Table.SAVE_INPORT

    @property
    def zone(self) -> Subfield:
        """The zone of plain connection tracking: the port's on a switch, the router's own on a router."""
        return zone(CT_ZONE if self.is_switch else DNAT_ZONE)

    def table(self, stage: int) -> int:
        """The OpenFlow table of a logical table of this pipeline."""
        return table_of(self.pipeline, stage)


def zone(register: str) -> Subfield:
    """The 16 bits of a register that hold a connection tracking zone."""
    return subfield(register, 0, 16)


def resolved(place: symbols.Subfield) -> Subfield:
    """The OpenFlow bits that a logical field stands for."""
    name, offset, bits = place.resolve()
    return Subfield(field(name), offset, bits)


def load(value: int, place: Subfield) -> SetField:
    """Set these bits to a number."""
    return set_field(place.field, value << place.start, ((1 << place.width) - 1) << place.start)


def load_field(name: str, value: int) -> SetField:
    """Set a whole field to a number."""
    found = FIELDS[name]
    return SetField(found, value)


def load_flag(flag: Flag, value: int) -> SetField:
    """Set or clear a bit of the logical flags."""
    return set_field(FIELDS[FLAGS], value << flag, flag.mask)


def flag_bit(flag: Flag) -> Subfield:
    """A bit of the logical flags as a place to move from."""
    return Subfield(FIELDS[FLAGS], int(flag), 1)


def whole(name: str) -> Subfield:
    """All bits of a field."""
    found = FIELDS[name]
    return Subfield(found, 0, found.width)


Arguments = tuple[tuple[Subfield, str], ...]
"""(where the argument is, the field that shall hold it)."""


def with_arguments(arguments: Arguments, body: Actions) -> Actions:
    """`body` with the arguments in their fields, and these restored afterwards; by way of the stack, as OVN does."""
    moved = [(source, whole(name)) for source, name in arguments if source != whole(name)]
    saved: Actions = tuple(Push(target) for _, target in moved)
    pushed: Actions = tuple(Push(source) for source, _ in reversed(moved))
    filled: Actions = tuple(Pop(target) for _, target in moved)
    restored: Actions = tuple(Pop(target) for _, target in reversed(moved))
    return saved + pushed + filled + body + restored


def ask_table(table: int, flag: Flag, target: Subfield) -> Actions:
    """Clear a flag, let a table set it, and copy it to `target`."""
    return (load_flag(flag, 0), Resubmit(table), Move(flag_bit(flag), target))


EMPTY: Final[Actions] = ()
