"""Whole OpenFlow messages, 1.3 and 1.5, as values and as bytes: what a controller and a switch must say to each other.

Every message is version, type, length, transaction id, and what its type holds. Types nobody here needs are read as
`Other`, so that a peer's questions can be answered with an error rather than with silence.
Left out: statistics beyond flows, group and meter changes, port status, bundles; a `Other` can carry them.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from brume.openflow.messages import actions as a
from brume.openflow.messages import ports
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import EVERYTHING, Match
from brume.openflow.messages.versions import OPENFLOW_13, OPENFLOW_15
from brume.openflow.messages.wire_decode import decode_actions
from brume.openflow.messages.wire_encode import encode_actions
from brume.openflow.messages.wire_fields import decode_match, encode_match

HEADER: Final = struct.Struct("!BBHI")
NO_BUFFER: Final = 0xFFFFFFFF
COMMANDS: Final = ("add", "modify", "modify_strict", "delete", "delete_strict")
_FLAGS: Final = {"send_flow_rem": 1, "check_overlap": 2, "reset_counts": 4, "no_packet_counts": 8, "no_byte_counts": 16}


class Message(msgspec.Struct, frozen=True):
    """What every message is: a value."""


class Hello(Message, frozen=True):
    """The versions one speaks."""

    versions: frozenset[int] = frozenset((OPENFLOW_13, OPENFLOW_15))


class Error(Message, frozen=True):
    """Refused: type and code of the OpenFlow specification, and the start of what was refused."""

    kind: int
    code: int
    data: bytes = b""


class EchoRequest(Message, frozen=True):
    """Are you there?"""

    data: bytes = b""


class EchoReply(Message, frozen=True):
    """Yes; with the same data."""

    data: bytes = b""


class FeaturesRequest(Message, frozen=True):
    """Who are you?"""


class FeaturesReply(Message, frozen=True):
    """A switch says who it is."""

    datapath_id: int
    buffers: int = 0
    tables: int = 254
    auxiliary: int = 0
    capabilities: int = 0x4F


class FlowMod(Message, frozen=True):
    """Add, modify or delete flows. Deletions may be restricted to an output port or group, or a cookie's bits."""

    command: str
    flow: Flow
    cookie_mask: int = 0
    out_port: int = ports.NONE
    out_group: int = 0xFFFFFFFF


class PacketOut(Message, frozen=True):
    """Send this frame."""

    frame: bytes
    actions: a.Actions
    in_port: int = ports.CONTROLLER
    metadata: Match = EVERYTHING  # 1.5 sends a match, earlier versions only the port


class PacketInMessage(Message, frozen=True):
    """A frame for the controller, with its fields."""

    frame: bytes
    reason: int
    table: int
    cookie: int
    match: Match
    total: int


class BarrierRequest(Message, frozen=True):
    """Finish what came before."""


class BarrierReply(Message, frozen=True):
    """All that came before is finished."""


class Other(Message, frozen=True):
    """A message of a type not understood here."""

    kind: int
    body: bytes


def encode_message(message: Message, version: int, transaction: int) -> bytes:
    """The message as it goes on the wire."""
    kind, body = _body(message, version)
    return HEADER.pack(version, kind, HEADER.size + len(body), transaction) + body


def _body(message: Message, version: int) -> tuple[int, bytes]:
    match message:
        case Hello(versions):
            bitmap = sum(1 << number for number in versions)
            return 0, struct.pack("!HHI", 1, 8, bitmap)
        case Error(kind, code, data):
            return 1, struct.pack("!HH", kind, code) + data
        case EchoRequest(data):
            return 2, data
        case EchoReply(data):
            return 3, data
        case FeaturesRequest():
            return 5, b""
        case FeaturesReply(datapath_id, buffers, tables, auxiliary, capabilities):
            return 6, struct.pack("!QIBB2xII", datapath_id, buffers, tables, auxiliary, capabilities, 0)
        case PacketInMessage(frame, reason, table, cookie, match, total):
            head = struct.pack("!IHBBQ", NO_BUFFER, total, reason, table, cookie)
            return 10, head + encode_match(match, version) + b"\0\0" + frame
        case PacketOut():
            return 13, _packet_out(message, version)
        case FlowMod():
            return 14, _flow_mod(message, version)
        case BarrierRequest():
            return 20, b""
        case BarrierReply():
            return 21, b""
        case Other(kind, body):
            return kind, body
    raise OpenFlowError(f"{type(message).__name__} is not a message on the wire")


def _packet_out(message: PacketOut, version: int) -> bytes:
    actions = encode_actions(message.actions, version)
    if version >= OPENFLOW_15:
        match = message.metadata
        if not match.get("in_port")[1]:
            match = match.with_field(FIELDS["in_port"], message.in_port)
        head = struct.pack("!IH2x", NO_BUFFER, len(actions)) + encode_match(match, version)
    else:
        head = struct.pack("!IIH6x", NO_BUFFER, ports.to_wire(message.in_port), len(actions))
    return head + actions + message.frame


def _flow_mod(message: FlowMod, version: int) -> bytes:
    flow = message.flow
    flags = sum(_FLAGS[name] for name in flow.flags)
    head = struct.pack(
        "!QQBBHHHIIIHH",
        flow.cookie,
        message.cookie_mask,
        flow.table,
        COMMANDS.index(message.command),
        flow.idle_timeout,
        flow.hard_timeout,
        flow.priority,
        NO_BUFFER,
        0xFFFFFFFF if message.out_port == ports.NONE else ports.to_wire(message.out_port),
        message.out_group,
        flags,
        0,
    )
    instructions = b"" if message.command.startswith("delete") else encode_instructions(flow.actions, version)
    return head + encode_match(flow.match, version) + instructions


def encode_instructions(actions: a.Actions, version: int) -> bytes:
    """Actions as the instructions of a flow: what 1.3 has as instructions of their own comes out of the list."""
    out = b""
    rest = []
    for action in actions:
        if isinstance(action, a.Meter) and version < OPENFLOW_15:
            out += struct.pack("!HHI", 6, 8, action.meter_id)
        elif not isinstance(action, (a.GotoTable, a.WriteActions, a.ClearActions)):
            rest.append(action)
    if rest:
        applied = encode_actions(tuple(rest), version)
        out += struct.pack("!HH4x", 4, 8 + len(applied)) + applied
    for action in actions:
        if isinstance(action, a.ClearActions):
            out += struct.pack("!HH4x", 5, 8)
        elif isinstance(action, a.WriteActions):
            written = encode_actions(action.actions, version)
            out += struct.pack("!HH4x", 3, 8 + len(written)) + written
        elif isinstance(action, a.GotoTable):
            out += struct.pack("!HHB3x", 1, 8, action.table)
    return out


def decode_instructions(data: bytes) -> a.Actions:
    """The instructions of a flow as one list of actions."""
    actions: list[a.Action] = []
    offset = 0
    while offset < len(data):
        kind, length = struct.unpack_from("!HH", data, offset)
        body = data[offset + 4 : offset + length]
        if length < 8 or length % 8 or offset + length > len(data):
            raise OpenFlowError(f"instruction of type {kind} has a bad length {length}")
        offset += length
        if kind == 1:
            actions.append(a.GotoTable(body[0]))
        elif kind == 2:
            actions.append(a.WriteMetadata(*struct.unpack_from("!4xQQ", body)))
        elif kind == 3:
            actions.append(a.WriteActions(decode_actions(body[4:])))
        elif kind == 4:
            actions += decode_actions(body[4:])
        elif kind == 5:
            actions.append(a.ClearActions())
        elif kind == 6:
            actions.append(a.Meter(struct.unpack_from("!I", body)[0]))
        else:
            raise OpenFlowError(f"instruction type {kind}: unknown or unsupported")
    return tuple(actions)


def decode_message(data: bytes) -> tuple[int, int, Message]:
    """(version, transaction, message) of exactly one message's bytes."""
    try:
        version, kind, length, transaction = HEADER.unpack_from(data)
        if length != len(data):
            raise OpenFlowError(f"a message of {len(data)} octets says it has {length}")
        return version, transaction, _read(kind, version, data[HEADER.size :])
    except struct.error:
        raise OpenFlowError("message cut short") from None


def _read(kind: int, version: int, body: bytes) -> Message:
    if kind == 0:
        return Hello(_versions(version, body))
    if kind == 1:
        error, code = struct.unpack_from("!HH", body)
        return Error(error, code, body[4:])
    if kind == 2:
        return EchoRequest(body)
    if kind == 3:
        return EchoReply(body)
    if kind == 5:
        return FeaturesRequest()
    if kind == 6:
        datapath_id, buffers, tables, auxiliary, capabilities = struct.unpack_from("!QIBB2xI", body)
        return FeaturesReply(datapath_id, buffers, tables, auxiliary, capabilities)
    if version in (OPENFLOW_13, OPENFLOW_15):
        if kind == 10:
            return _read_packet_in(body)
        if kind == 13:
            return _read_packet_out(version, body)
        if kind == 14:
            return _read_flow_mod(body)
    if kind == 20:
        return BarrierRequest()
    if kind == 21:
        return BarrierReply()
    return Other(kind, body)


def _versions(version: int, body: bytes) -> frozenset[int]:
    offset = 0
    while offset + 8 <= len(body):
        kind, length = struct.unpack_from("!HH", body, offset)
        if kind == 1:
            bitmap = struct.unpack_from("!I", body, offset + 4)[0]
            return frozenset(number for number in range(32) if bitmap >> number & 1)
        offset += max(length + -length % 8, 8)
    return frozenset(range(1, version + 1))  # without a bitmap: every version up to this one


def _read_packet_in(body: bytes) -> PacketInMessage:
    _, total, reason, table, cookie = struct.unpack_from("!IHBBQ", body)
    match, offset = decode_match(body, 16)
    return PacketInMessage(body[offset + 2 :], reason, table, cookie, match, total)


def _read_packet_out(version: int, body: bytes) -> PacketOut:
    if version >= OPENFLOW_15:
        _, length = struct.unpack_from("!IH", body)
        match, offset = decode_match(body, 8)
        in_port = match.get("in_port")[0]
    else:
        _, port, length = struct.unpack_from("!IIH", body)
        match, offset, in_port = EVERYTHING, 16, ports.from_wire(port)
    return PacketOut(body[offset + length :], decode_actions(body[offset : offset + length]), in_port, match)


def _read_flow_mod(body: bytes) -> FlowMod:
    cookie, cookie_mask, table, command, idle, hard, priority, _, port, group, flags, _ = struct.unpack_from(
        "!QQBBHHHIIIHH", body
    )
    if command >= len(COMMANDS):
        raise OpenFlowError(f"flow_mod: unknown command {command}")
    match, offset = decode_match(body, 40)
    flow = Flow(
        table=table,
        priority=priority,
        match=match,
        actions=decode_instructions(body[offset:]),
        cookie=cookie,
        idle_timeout=idle,
        hard_timeout=hard,
        flags=tuple(name for name, bit in _FLAGS.items() if flags & bit),
    )
    return FlowMod(COMMANDS[command], flow, cookie_mask, port & 0xFFFF, group)
