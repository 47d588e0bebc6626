"""Bytes to actions, OpenFlow 1.3 and 1.5 with Nicira's extensions: the way back from `wire_encode.py`.

Used on what ovn-controller nests in userdata, and on messages from a real switch or controller. Every length is
checked; bytes that make no action raise OpenFlowError, whatever they are.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from brume.openflow.messages import actions as a
from brume.openflow.messages import ports
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS, Field, Subfield
from brume.openflow.messages.wire_encode import BUNDLE_ALGORITHMS, HASH_FIELDS, NAT_FLAGS, NICIRA
from brume.openflow.messages.wire_fields import decode_entry, decode_header


def decode_actions(data: bytes) -> a.Actions:
    """All actions in the bytes; nothing may be left over."""
    actions, offset = [], 0
    while offset < len(data):
        if len(data) < offset + 8:
            raise OpenFlowError("action cut short")
        kind, length = struct.unpack_from("!HH", data, offset)
        if length < 8 or length % 8 or len(data) < offset + length:
            raise OpenFlowError(f"action of type {kind} has a bad length {length}")
        try:
            actions.append(_decode(kind, data[offset : offset + length]))
        except (struct.error, IndexError):
            raise OpenFlowError(f"action of type {kind} is too short") from None
        offset += length
    return tuple(actions)


def _decode(kind: int, data: bytes) -> a.Action:
    if kind != 0xFFFF:
        reader = _STANDARD.get(kind)
        if reader is None:
            raise OpenFlowError(f"action type {kind}: unknown or unsupported")
        return reader(data[4:])
    vendor, subtype = struct.unpack_from("!IH", data, 4)
    nicira = _NICIRA.get(subtype) if vendor == NICIRA else None
    if nicira is None:
        raise OpenFlowError(f"action {subtype} of vendor {vendor:#x}: unknown or unsupported")
    return nicira(data[10:])


def _header(data: bytes, offset: int) -> tuple[Field, int]:
    field, _, after, _ = decode_header(data, offset)
    return (FIELDS["in_port"] if field.name == "in_port_oxm" else field), after


def _subfield(data: bytes, header: int, start: int, width: int) -> Subfield:
    field, _ = _header(data, header)
    return _checked(field, start, width)


def _checked(field: Field, start: int, width: int) -> Subfield:
    if not 1 <= width <= field.width - start:
        raise OpenFlowError(f"{field.name}: bits {start}..{start + width - 1} are outside the field")
    return Subfield(field, start, width)


def _output(body: bytes) -> a.Action:
    port, max_len = struct.unpack_from("!IH", body)
    number = ports.from_wire(port)
    return a.Controller(max_len=max_len) if number == ports.CONTROLLER else a.Output(number, max_len)


def _set_field(body: bytes) -> a.Action:
    field, value, mask, _ = decode_entry(body)
    if field.name == "in_port_oxm":
        field = FIELDS["in_port"]
    if value & ~(field.ones | 0x1000):
        raise OpenFlowError(f"{value:#x} is not a valid value for field {field.name}")
    return a.set_field(field, value, mask)


def _copy_field(body: bytes) -> a.Action:
    width, source_start, destination_start = struct.unpack_from("!HHH", body)
    return _moved(body, 8, width, source_start, destination_start)


def _reg_move(body: bytes) -> a.Action:
    width, source_start, destination_start = struct.unpack_from("!HHH", body)
    return _moved(body, 6, width, source_start, destination_start)


def _moved(body: bytes, offset: int, width: int, source_start: int, destination_start: int) -> a.Action:
    source, after = _header(body, offset)
    destination, _ = _header(body, after)
    return a.Move(_checked(source, source_start, width), _checked(destination, destination_start, width))


def _reg_load(body: bytes) -> a.Action:
    bits, _, value = struct.unpack_from("!HIQ", body)
    destination = _subfield(body, 2, bits >> 6, (bits & 63) + 1)
    if value >> destination.width:
        raise OpenFlowError(f"load: {value:#x} does not fit into {destination.width} bits")
    return a.Load(destination, value)


def _stack(body: bytes) -> Subfield:
    field, after = _header(body, 2)
    return _checked(field, struct.unpack_from("!H", body)[0], struct.unpack_from("!H", body, after)[0])


def _resubmit(body: bytes, with_ct: bool = False) -> a.Action:
    port, table = struct.unpack_from("!HB", body)
    return a.Resubmit(None if table == 0xFF else table, None if port == ports.IN_PORT else port, with_ct)


def _controller2(body: bytes) -> a.Action:
    given: dict[str, object] = {}
    offset = 6
    while offset < len(body):
        kind, length = struct.unpack_from("!HH", body, offset)
        if length < 4 or len(body) < offset + length:
            raise OpenFlowError("controller: property cut short")
        data = body[offset + 4 : offset + length]
        offset += length + -length % 8
        if kind == 3:
            given["userdata"] = data
        elif kind == 4:
            given["pause"] = True
        elif kind in _CONTROLLER_NUMBERS:
            given[_CONTROLLER_NUMBERS[kind]] = int.from_bytes(data, "big")
        else:
            raise OpenFlowError(f"controller: unknown property {kind}")
    return a.Controller(**given)  # type: ignore[arg-type]


_CONTROLLER_NUMBERS: Final = {0: "max_len", 1: "controller_id", 2: "reason", 5: "meter_id"}


def _controller(body: bytes) -> a.Action:
    max_len, identity, reason = struct.unpack_from("!HHB", body)
    return a.Controller(max_len=max_len, controller_id=identity, reason=reason)


def _dec_ttl_ids(body: bytes) -> a.Action:
    count = struct.unpack_from("!H", body)[0]
    return a.DecTtl(struct.unpack_from(f"!{count}H", body, 6))


def _ct(body: bytes) -> a.Action:
    flags, zone_header, zone_bits, table, alg = struct.unpack_from("!HIHB3xH", body)
    zone = _subfield(body, 2, zone_bits >> 6, (zone_bits & 63) + 1) if zone_header else zone_bits
    nested = decode_actions(body[14:])
    nat = nested[0] if nested and isinstance(nested[0], a.Nat) else None
    return a.Ct(
        commit=bool(flags & 1),
        force=bool(flags & 2),
        table=None if table == 0xFF else table,
        zone=zone,
        nat=nat,
        exec=nested[1:] if nat else nested,
        alg=alg,
    )


def _nat(body: bytes) -> a.Action:
    flags, present = struct.unpack_from("!2xHH", body)
    offset, found = 6, {}
    for bit, octets in ((1, 4), (2, 4), (4, 16), (8, 16), (16, 2), (32, 2)):
        if present & bit:
            if len(body) < offset + octets:
                raise OpenFlowError("nat: range cut short")
            found[bit] = int.from_bytes(body[offset : offset + octets], "big")
            offset += octets
    version = 6 if present & 12 else 4
    return a.Nat(
        kind="src" if flags & 1 else "dst" if flags & 2 else "",
        address=found.get(4 if version == 6 else 1),
        address_max=found.get(8 if version == 6 else 2),
        version=version,
        port=found.get(16, 0),
        port_max=found.get(32, 0),
        flags=tuple(name for name in ("persistent", "hash", "random") if flags & NAT_FLAGS[name]),
    )


def _learn(body: bytes, second: bool = False) -> a.Action:
    idle, hard, priority, cookie, flags, table, fin_idle, fin_hard = struct.unpack_from("!HHHQHBxHH", body)
    offset, limit, result = 22, 0, None
    if second:
        limit, start = struct.unpack_from("!IH", body, 22)
        offset = 30
        if flags & 4:
            field, offset = _header(body, 30)
            result = _checked(field, start, 1)
    return a.Learn(
        table=table,
        specs=_learn_specs(body, offset),
        idle_timeout=idle,
        hard_timeout=hard,
        priority=priority,
        cookie=cookie,
        fin_idle_timeout=fin_idle,
        fin_hard_timeout=fin_hard,
        send_flow_removed=bool(flags & 1),
        delete_learned=bool(flags & 2),
        limit=limit,
        result=result,
    )


def _learn_specs(body: bytes, offset: int) -> tuple[a.LearnSpec, ...]:
    specs = []
    while offset + 2 <= len(body):
        head = struct.unpack_from("!H", body, offset)[0]
        if not head:
            break  # padding
        width, kind, offset = head & 0x3FF, ("match", "load", "output", "?")[head >> 11 & 3], offset + 2
        source: Subfield | int
        if head >> 13 & 1:
            octets = (width + 15) // 16 * 2
            source = int.from_bytes(body[offset : offset + octets], "big")
            offset += octets
        else:
            source, offset = _learn_place(body, offset, width)
        destination = None
        if kind in ("match", "load"):
            destination, offset = _learn_place(body, offset, width)
        specs.append(a.LearnSpec(kind, width, source, destination))
    return tuple(specs)


def _learn_place(body: bytes, offset: int, width: int) -> tuple[Subfield, int]:
    field, after = _header(body, offset)
    return _checked(field, struct.unpack_from("!H", body, after)[0], width), after + 2


def _conjunction(body: bytes) -> a.Action:
    clause, clauses, identity = struct.unpack_from("!BBI", body)
    return a.Conjunction(identity, clause + 1, clauses)


def _sample(body: bytes, longer: bool = False) -> a.Action:
    probability, collector, domain, point = struct.unpack_from("!HIII", body)
    if not longer:
        return a.Sample(probability, collector, domain, point)
    port, direction = struct.unpack_from("!HB", body, 14)
    return a.Sample(probability, collector, domain, point, port, {1: "ingress", 2: "egress"}.get(direction, ""))


def _check_larger(body: bytes) -> a.Action:
    length, start = struct.unpack_from("!HH", body)
    return a.CheckPacketLarger(length, _subfield(body, 4, start, 1))


def _output_reg(body: bytes) -> a.Action:
    bits, _, max_len = struct.unpack_from("!HIH", body)
    return a.OutputField(_subfield(body, 2, bits >> 6, (bits & 63) + 1), max_len)


def _bundle(body: bytes) -> a.Action:
    algorithm, fields, basis, count = struct.unpack_from("!HHH4xH", body)
    members = struct.unpack_from(f"!{count}H", body, 22)
    return a.Bundle(members, BUNDLE_ALGORITHMS[algorithm], HASH_FIELDS[fields], basis)


def _u32(body: bytes) -> int:
    return int(struct.unpack_from("!I", body)[0])


_STANDARD: Final[dict[int, Callable[[bytes], a.Action]]] = {
    0: _output,
    17: lambda b: a.PushVlan(struct.unpack_from("!H", b)[0]),
    18: lambda b: a.PopVlan(),
    21: lambda b: a.SetQueue(_u32(b)),
    22: lambda b: a.Group(_u32(b)),
    23: lambda b: a.LegacySet("mod_nw_ttl", b[0]),
    24: lambda b: a.DecTtl(),
    25: _set_field,
    28: _copy_field,
    29: lambda b: a.Meter(_u32(b)),
}
_NICIRA: Final[dict[int, Callable[[bytes], a.Action]]] = {
    1: lambda b: a.Resubmit(None, struct.unpack_from("!H", b)[0]),
    2: lambda b: a.SetTunnel(struct.unpack_from("!2xI", b)[0]),
    5: lambda b: a.PopQueue(),
    6: _reg_move,
    7: _reg_load,
    8: lambda b: a.Note(b),
    9: lambda b: a.SetTunnel(struct.unpack_from("!6xQ", b)[0], wide=True),
    12: _bundle,
    14: _resubmit,
    15: _output_reg,
    16: _learn,
    17: lambda b: a.Exit(),
    20: _controller,
    21: _dec_ttl_ids,
    22: lambda b: a.WriteMetadata(*struct.unpack_from("!6xQQ", b)),
    27: lambda b: a.Push(_stack(b)),
    28: lambda b: a.Pop(_stack(b)),
    29: _sample,
    33: _set_field,
    34: _conjunction,
    35: _ct,
    36: _nat,
    37: _controller2,
    38: lambda b: _sample(b, longer=True),
    39: lambda b: a.OutputTruncated(*struct.unpack_from("!HI", b)),
    41: lambda b: _sample(b, longer=True),
    42: lambda b: a.Clone(decode_actions(b[6:])),
    43: lambda b: a.CtClear(),
    44: lambda b: _resubmit(b, with_ct=True),
    45: lambda b: _learn(b, second=True),
    49: _check_larger,
    50: lambda b: a.DeleteField(_header(b, 0)[0]),
}
