"""Actions to bytes, OpenFlow 1.3 and 1.5 with Nicira's extensions.

1.5 is what ovn-controller speaks, and what the userdata of its controller actions carries (nested actions).
Source: Open vSwitch 3.1 lib/ofp-actions.c, the encode_ functions and struct nx_action_*.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

from brume.openflow.messages import actions as a
from brume.openflow.messages import ports
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS, Subfield
from brume.openflow.messages.versions import OPENFLOW_13, OPENFLOW_15, actions_in_version
from brume.openflow.messages.wire_fields import encode_entry, encode_header

NICIRA: Final = 0x00002320
BUNDLE_ALGORITHMS: Final = ("active_backup", "hrw")
HASH_FIELDS: Final = ("eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp", "nw_src", "nw_dst")


def encode_actions(actions: a.Actions, version: int = OPENFLOW_15) -> bytes:
    """The list of actions as it stands in a message (or in userdata)."""
    if version not in (OPENFLOW_13, OPENFLOW_15):
        raise OpenFlowError(f"OpenFlow version {version:#x} is not spoken here")
    return b"".join([_encode(action, version) for action in actions_in_version(actions, version)])


def _encode(action: a.Action, version: int) -> bytes:
    encoder = _ENCODERS.get(type(action))
    if encoder is None:
        raise OpenFlowError(f"{type(action).__name__} is not an action on the wire")
    return encoder(action, version)


def _standard(kind: int, body: bytes) -> bytes:
    length = 4 + len(body)
    length += -length % 8
    return (struct.pack("!HH", kind, length) + body).ljust(length, b"\0")


def _nicira(subtype: int, body: bytes = b"") -> bytes:
    length = 10 + len(body)
    length += -length % 8
    return (struct.pack("!HHIH", 0xFFFF, length, NICIRA, subtype) + body).ljust(length, b"\0")


def _offset_bits(subfield: Subfield) -> int:
    return subfield.start << 6 | (subfield.width - 1)


def _output(action: a.Output, version: int) -> bytes:
    return _standard(0, struct.pack("!IH6x", ports.to_wire(action.port), action.max_len))


def _set_field(action: a.SetField, version: int) -> bytes:
    field, value, mask = action.field, action.value, action.mask
    if field.name == "vlan_vid":
        value |= 0x1000
    if version < OPENFLOW_15 and mask is not None:
        return _nicira(33, encode_entry(field, value, mask, nicira=True))  # reg_load2: only tun_metadata comes here
    return _standard(25, encode_entry(field, value, mask))


def _load(action: a.Load, version: int) -> bytes:
    header = encode_header(action.destination.field, nicira=True)
    return _nicira(7, struct.pack("!H", _offset_bits(action.destination)) + header + action.value.to_bytes(8, "big"))


def _move(action: a.Move, version: int) -> bytes:
    source, destination = action.source, action.destination
    offsets = struct.pack("!HHH", source.width, source.start, destination.start)
    nicira = version < OPENFLOW_15
    headers = encode_header(source.field, nicira=nicira) + encode_header(destination.field, nicira=nicira)
    return _nicira(6, offsets + headers) if nicira else _standard(28, offsets + b"\0\0" + headers)


def _stack(subtype: int, subfield: Subfield) -> bytes:
    header = encode_header(subfield.field, nicira=True)
    body = struct.pack("!H", subfield.start) + header + struct.pack("!H", subfield.width)
    return _nicira(subtype, body.ljust(14, b"\0"))


def _resubmit(action: a.Resubmit, version: int) -> bytes:
    port = ports.IN_PORT if action.in_port is None else action.in_port
    if action.table is None and action.in_port is not None:
        return _nicira(1, struct.pack("!H4x", port))
    table = 0xFF if action.table is None else action.table
    return _nicira(44 if action.with_ct_original else 14, struct.pack("!HB3x", port, table))


def _property(kind: int, data: bytes) -> bytes:
    length = 4 + len(data)
    return struct.pack("!HH", kind, length) + data + bytes(-length % 8)


def _controller(action: a.Controller, version: int) -> bytes:
    if not (action.userdata or action.pause or action.meter_id is not None):
        return _nicira(20, struct.pack("!HHBx", action.max_len, action.controller_id, action.reason))
    body = bytes(6)
    if action.max_len != 0xFFFF:
        body += _property(0, struct.pack("!H", action.max_len))
    if action.controller_id:
        body += _property(1, struct.pack("!H", action.controller_id))
    if action.reason != 1:
        body += _property(2, struct.pack("!B", action.reason))
    if action.userdata:
        body += _property(3, action.userdata)
    if action.pause:
        body += _property(4, b"")
    if action.meter_id is not None:
        body += _property(5, struct.pack("!I", action.meter_id))
    return _nicira(37, body)


def _dec_ttl(action: a.DecTtl, version: int) -> bytes:
    if action.controller_ids is None:
        return _standard(24, bytes(4))
    ids = action.controller_ids
    return _nicira(21, struct.pack(f"!H4x{len(ids)}H", len(ids), *ids))


def _ct(action: a.Ct, version: int) -> bytes:
    if isinstance(action.zone, Subfield):
        zone = encode_header(action.zone.field, nicira=True) + struct.pack("!H", _offset_bits(action.zone))
    else:
        zone = struct.pack("!IH", 0, action.zone)
    table = 0xFF if action.table is None else action.table
    nested = b"" if action.nat is None else _nat(action.nat)
    nested += encode_actions(action.exec, version)
    flags = action.commit | action.force << 1
    return _nicira(35, struct.pack("!H", flags) + zone + struct.pack("!B3xH", table, action.alg) + nested)


NAT_FLAGS: Final = {"src": 1, "dst": 2, "persistent": 4, "hash": 8, "random": 16}


def _nat(nat: a.Nat) -> bytes:
    flags = sum(NAT_FLAGS[name] for name in (nat.kind, *nat.flags) if name)
    present, values = 0, b""
    octets, first_bit = (4, 1) if nat.version == 4 else (16, 4)
    for bit, address in ((first_bit, nat.address), (first_bit << 1, nat.address_max)):
        if address:
            present |= bit
            values += address.to_bytes(octets, "big")
    for bit, port in ((16, nat.port), (32, nat.port_max)):
        if port:
            present |= bit
            values += port.to_bytes(2, "big")
    return _nicira(36, struct.pack("!2xHH", flags, present) + values)


def _learn(action: a.Learn, version: int) -> bytes:
    second = action.limit != 0 or action.result is not None
    flags = action.send_flow_removed | action.delete_learned << 1 | (action.result is not None) << 2
    body = struct.pack(
        "!HHHQHBxHH",
        action.idle_timeout,
        action.hard_timeout,
        action.priority,
        action.cookie,
        flags,
        action.table,
        action.fin_idle_timeout,
        action.fin_hard_timeout,
    )
    if second:
        body += struct.pack("!IHxx", action.limit, action.result.start if action.result else 0)
        body += encode_header(action.result.field, nicira=True) if action.result else b""
    return _nicira(45 if second else 16, body + b"".join(map(_learn_spec, action.specs)))


def _learn_spec(spec: a.LearnSpec) -> bytes:
    kind = {"match": 0, "load": 1, "output": 2}[spec.kind] << 11
    if isinstance(spec.source, int):
        octets = (spec.width + 15) // 16 * 2
        body = struct.pack("!H", spec.width | 1 << 13 | kind) + spec.source.to_bytes(octets, "big")
    else:
        header = encode_header(spec.source.field, nicira=True)
        body = struct.pack("!H", spec.width | kind) + header + struct.pack("!H", spec.source.start)
    if spec.destination is not None:
        body += encode_header(spec.destination.field, nicira=True) + struct.pack("!H", spec.destination.start)
    return body


def _sample(action: a.Sample, version: int) -> bytes:
    body = struct.pack("!HIII", action.probability, action.collector_set_id, action.obs_domain_id, action.obs_point_id)
    direction = {"": 0, "ingress": 1, "egress": 2}[action.direction]
    if not direction and action.sampling_port == 0xFFFF:
        return _nicira(29, body)
    return _nicira(41 if direction else 38, body + struct.pack("!HB5x", action.sampling_port, direction))


def _check_larger(action: a.CheckPacketLarger, version: int) -> bytes:
    header = encode_header(action.destination.field, nicira=True)
    return _nicira(49, (struct.pack("!HH", action.length, action.destination.start) + header).ljust(14, b"\0"))


def _output_field(action: a.OutputField, version: int) -> bytes:
    header = encode_header(action.source.field, nicira=True)
    if len(header) == 4:
        return _nicira(
            15, struct.pack("!H", _offset_bits(action.source)) + header + struct.pack("!H6x", action.max_len)
        )
    return _nicira(32, (struct.pack("!HH", _offset_bits(action.source), action.max_len) + header).ljust(14, b"\0"))


_LEGACY_FIELD: Final = {
    "mod_dl_src": "eth_src", "mod_dl_dst": "eth_dst", "mod_nw_src": "ip_src", "mod_nw_dst": "ip_dst",
    "mod_nw_ecn": "nw_ecn", "mod_tp_src": "tcp_src", "mod_tp_dst": "tcp_dst",
}  # fmt: skip


def _legacy(action: a.LegacySet, version: int) -> bytes:
    if action.name == "mod_nw_ttl":
        return _standard(23, struct.pack("!B3x", action.value))
    if action.name == "mod_nw_tos":
        return _set_field(a.SetField(FIELDS["ip_dscp"], action.value >> 2), version)
    return _set_field(a.SetField(FIELDS[_LEGACY_FIELD[action.name]], action.value), version)


def _vlan(action: a.SetVlanVid | a.SetVlanPcp, version: int) -> bytes:
    push = _standard(17, struct.pack("!H2x", 0x8100)) if action.push else b""
    if isinstance(action, a.SetVlanVid):
        return push + _set_field(a.SetField(FIELDS["vlan_vid"], action.vid), version)
    return push + _set_field(a.SetField(FIELDS["vlan_pcp"], action.pcp), version)


def _meter(action: a.Meter, version: int) -> bytes:
    if version < OPENFLOW_15:
        raise OpenFlowError("before OpenFlow 1.5 a meter is an instruction, not an action")
    return _standard(29, struct.pack("!I", action.meter_id))


def _bundle(action: a.Bundle, version: int) -> bytes:
    """struct nx_action_bundle; members are NXM_OF_IN_PORT numbers after it."""
    algorithm, fields = BUNDLE_ALGORITHMS.index(action.algorithm), HASH_FIELDS.index(action.fields)
    count = len(action.members)
    head = struct.pack("!HHHIHHI4x", algorithm, fields, action.basis, 0x00000002, count, 0, 0)
    return _nicira(12, head + struct.pack(f"!{count}H", *action.members))


def _delete_field(action: a.DeleteField, version: int) -> bytes:
    return _nicira(50, encode_header(action.field, nicira=True).ljust(14, b"\0"))


_ENCODERS: Final[dict[type[a.Action], Callable[[Any, int], bytes]]] = {
    a.Output: _output,
    a.OutputTruncated: lambda x, v: _nicira(39, struct.pack("!HI", x.port, x.max_len)),
    a.OutputField: _output_field,
    a.Controller: _controller,
    a.Resubmit: _resubmit,
    a.SetField: _set_field,
    a.Load: _load,
    a.Move: _move,
    a.Push: lambda x, v: _stack(27, x.source),
    a.Pop: lambda x, v: _stack(28, x.destination),
    a.DecTtl: _dec_ttl,
    a.Ct: _ct,
    a.CtClear: lambda x, v: _nicira(43, bytes(6)),
    a.Learn: _learn,
    a.Conjunction: lambda x, v: _nicira(34, struct.pack("!BBI", x.clause - 1, x.clauses, x.id)),
    a.Note: lambda x, v: _nicira(8, x.data.ljust(6, b"\0")),
    a.Clone: lambda x, v: _nicira(42, bytes(6) + encode_actions(x.actions, v)),
    a.Group: lambda x, v: _standard(22, struct.pack("!I", x.group_id)),
    a.Meter: _meter,
    a.PushVlan: lambda x, v: _standard(17, struct.pack("!H2x", x.ethertype)),
    a.PopVlan: lambda x, v: _standard(18, bytes(4)),
    a.SetVlanVid: _vlan,
    a.SetVlanPcp: _vlan,
    a.LegacySet: _legacy,
    a.SetTunnel: lambda x, v: _set_field(a.SetField(FIELDS["tun_id"], x.tunnel_id), v),
    a.SetQueue: lambda x, v: _standard(21, struct.pack("!I", x.queue_id)),
    a.PopQueue: lambda x, v: _nicira(5, bytes(6)),
    a.Sample: _sample,
    a.CheckPacketLarger: _check_larger,
    a.Bundle: _bundle,
    a.DeleteField: _delete_field,
    a.Exit: lambda x, v: _nicira(17, bytes(6)),
    a.WriteMetadata: lambda x, v: _nicira(22, struct.pack("!6xQQ", x.value, x.mask)),
}
