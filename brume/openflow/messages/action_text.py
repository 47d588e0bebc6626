"""Actions as ovs-ofctl writes them: `set_field:0x1->reg15,resubmit(,40)`. Reading is in `action_parse.py`.

Source: Open vSwitch 3.1 lib/ofp-actions.c, the format_ functions; lib/learn.c for learn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from brume.openflow.messages import actions as a
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.field_text import format_hex, format_ipv4, format_ipv6, format_mac, format_value
from brume.openflow.messages.fields import Subfield
from brume.openflow.messages.ports import CONTROLLER, MAX, PortNames, format_port

_REASONS: Final = {0: "no_match", 1: "action", 2: "invalid_ttl", 3: "action_set", 4: "group", 5: "packet_out"}
ALGS: Final = {21: "ftp", 69: "tftp"}


def format_actions(actions: a.Actions, names: PortNames | None = None) -> str:
    """All actions, or `drop` when there are none."""
    return ",".join([_WRITERS[type(action)](action, names) for action in actions]) or "drop"


def format_subfield(subfield: Subfield) -> str:
    """`NXM_NX_REG13[0..15]`"""
    name = subfield.field.long_name
    if subfield.whole:
        return f"{name}[]"
    if subfield.width == 1:
        return f"{name}[{subfield.start}]"
    return f"{name}[{subfield.start}..{subfield.start + subfield.width - 1}]"


def _output(action: a.Output, names: PortNames | None) -> str:
    text = format_port(action.port, names)
    if action.port < MAX:
        return f"output:{text}"
    return f"{text}:{action.max_len}" if action.port == CONTROLLER else text


def _controller(action: a.Controller, names: PortNames | None) -> str:
    plain = a.Controller(max_len=action.max_len)
    if action == plain:
        return f"CONTROLLER:{action.max_len}"
    parts = []
    if action.reason != 1:
        parts.append(f"reason={_REASONS[action.reason]}")
    if action.max_len != 0xFFFF:
        parts.append(f"max_len={action.max_len}")
    if action.controller_id:
        parts.append(f"id={action.controller_id}")
    if action.userdata:
        parts.append(f"userdata={action.userdata.hex('.')}")
    if action.pause:
        parts.append("pause")
    if action.meter_id is not None:
        parts.append(f"meter_id={action.meter_id}")
    return f"controller({','.join(parts)})"


def _resubmit(action: a.Resubmit, names: PortNames | None) -> str:
    port = "" if action.in_port is None else format_port(action.in_port, names)
    if port and action.table is None:
        return f"resubmit:{port}"
    table = "" if action.table is None else action.table
    return f"resubmit({port},{table}{',ct' if action.with_ct_original else ''})"


def _set_field(action: a.SetField, names: PortNames | None) -> str:
    if action.mask == 0:
        return f"set_field:ANY->{action.field.name}"
    value = format_value(action.field, action.value, None, names)
    if action.mask is not None:
        value = format_value(action.field, action.value, action.mask, names)
        if action.mask == action.field.ones and action.field.width % 8:
            value += f"/{format_hex(action.mask)}"
    return f"set_field:{value}->{action.field.name}"


def _bundle(action: a.Bundle, names: PortNames | None) -> str:
    members = ",".join(format_port(port, names) for port in action.members)
    return f"bundle({action.fields},{action.basis},{action.algorithm},ofport,members:{members})"


def _dec_ttl(action: a.DecTtl, names: PortNames | None) -> str:
    if action.controller_ids is None:
        return "dec_ttl"
    return f"dec_ttl({','.join(map(str, action.controller_ids))})"


def _address(value: int, version: int, bracket: bool) -> str:
    if version == 4:
        return format_ipv4(value)
    return f"[{format_ipv6(value)}]" if bracket else format_ipv6(value)


def format_nat(nat: a.Nat) -> str:
    if not nat.kind:
        return "nat"
    text = nat.kind
    if nat.address is not None:
        text += "=" + _address(nat.address, nat.version, bool(nat.port))
        if nat.address_max not in (None, 0, nat.address):
            text += "-" + _address(nat.address_max or 0, nat.version, bool(nat.port))
        if nat.port:
            text += f":{nat.port}" + (f"-{nat.port_max}" if nat.port_max not in (0, nat.port) else "")
        text = ",".join([text, *nat.flags])
    return f"nat({text})"


def _ct(action: a.Ct, names: PortNames | None) -> str:
    parts = []
    if action.commit:
        parts.append("commit")
    if action.force:
        parts.append("force")
    if action.table is not None:
        parts.append(f"table={action.table}")
    if isinstance(action.zone, Subfield):
        parts.append(f"zone={format_subfield(action.zone)}")
    elif action.zone:
        parts.append(f"zone={action.zone}")
    if action.nat is not None:
        parts.append(format_nat(action.nat))
    if action.exec:
        parts.append(f"exec({format_actions(action.exec, names)})")
    if action.alg:
        parts.append(f"alg={ALGS.get(action.alg, action.alg)}")
    return f"ct({','.join(parts)})"


def _learn(action: a.Learn, names: PortNames | None) -> str:
    parts = [f"table={action.table}"]
    timeouts = ("idle_timeout", "hard_timeout", "fin_idle_timeout", "fin_hard_timeout")
    parts += [f"{name}={getattr(action, name)}" for name in timeouts if getattr(action, name)]
    if action.priority != 0x8000:
        parts.append(f"priority={action.priority}")
    if action.send_flow_removed:
        parts.append("send_flow_rem")
    if action.delete_learned:
        parts.append("delete_learned")
    if action.cookie:
        parts.append(f"cookie={action.cookie:#x}")
    if action.limit:
        parts.append(f"limit={action.limit}")
    if action.result is not None:
        parts.append(f"result_dst={format_subfield(action.result)}")
    parts += [_learn_spec(spec, names) for spec in action.specs]
    return f"learn({','.join(parts)})"


def _learn_spec(spec: a.LearnSpec, names: PortNames | None) -> str:
    if spec.destination is None:
        assert isinstance(spec.source, Subfield)
        return f"output:{format_subfield(spec.source)}"
    destination = format_subfield(spec.destination)
    if spec.kind == "load":
        source = format_subfield(spec.source) if isinstance(spec.source, Subfield) else format_hex(spec.source)
        return f"load:{source}->{destination}"
    if isinstance(spec.source, int):
        if spec.destination.whole:
            return f"{spec.destination.field.name}={format_value(spec.destination.field, spec.source, None, names)}"
        return f"{destination}={format_hex(spec.source)}"
    same = spec.source.field is spec.destination.field and spec.source.start == spec.destination.start
    return destination if same else f"{destination}={format_subfield(spec.source)}"


def _legacy(action: a.LegacySet, names: PortNames | None) -> str:
    if action.name in ("mod_dl_src", "mod_dl_dst"):
        return f"{action.name}:{format_mac(action.value)}"
    if action.name in ("mod_nw_src", "mod_nw_dst"):
        return f"{action.name}:{format_ipv4(action.value)}"
    return f"{action.name}:{action.value}"


def _tunnel(action: a.SetTunnel, names: PortNames | None) -> str:
    wide = action.wide or action.tunnel_id > 0xFFFFFFFF
    return f"set_tunnel{'64' if wide else ''}:{format_hex(action.tunnel_id)}"


def _sample(action: a.Sample, names: PortNames | None) -> str:
    text = (
        f"probability={action.probability},collector_set_id={action.collector_set_id},"
        f"obs_domain_id={action.obs_domain_id},obs_point_id={action.obs_point_id}"
    )
    if action.sampling_port != 0xFFFF:
        text += f",sampling_port={format_port(action.sampling_port, names)}"
    return f"sample({text}{',' + action.direction if action.direction else ''})"


def _write_metadata(action: a.WriteMetadata, names: PortNames | None) -> str:
    mask = "" if action.mask == 0xFFFFFFFFFFFFFFFF else f"/{format_hex(action.mask)}"
    return f"write_metadata:{format_hex(action.value)}{mask}"


def _output_field(action: a.OutputField, names: PortNames | None) -> str:
    return f"output:{format_subfield(action.source)}"


def _nat_alone(action: a.Nat, names: PortNames | None) -> str:
    raise OpenFlowError("nat is written only as part of ct()")


_WRITERS: Final[dict[type[a.Action], Callable[[Any, PortNames | None], str]]] = {
    a.Output: _output,
    a.OutputTruncated: lambda x, n: f"output(port={format_port(x.port, n)},max_len={x.max_len})",
    a.OutputField: _output_field,
    a.Controller: _controller,
    a.Resubmit: _resubmit,
    a.SetField: _set_field,
    a.Load: lambda x, n: f"load:{format_hex(x.value)}->{format_subfield(x.destination)}",
    a.Move: lambda x, n: f"move:{format_subfield(x.source)}->{format_subfield(x.destination)}",
    a.Push: lambda x, n: f"push:{format_subfield(x.source)}",
    a.Pop: lambda x, n: f"pop:{format_subfield(x.destination)}",
    a.DecTtl: _dec_ttl,
    a.Nat: _nat_alone,
    a.Ct: _ct,
    a.CtClear: lambda x, n: "ct_clear",
    a.Learn: _learn,
    a.Conjunction: lambda x, n: f"conjunction({x.id},{x.clause}/{x.clauses})",
    a.Note: lambda x, n: f"note:{x.data.hex('.')}",
    a.Clone: lambda x, n: f"clone({format_actions(x.actions, n)})",
    a.Group: lambda x, n: f"group:{x.group_id}",
    a.Meter: lambda x, n: f"meter:{x.meter_id}",
    a.PushVlan: lambda x, n: f"push_vlan:{format_hex(x.ethertype)}",
    a.PopVlan: lambda x, n: "strip_vlan" if x.legacy else "pop_vlan",
    a.SetVlanVid: lambda x, n: f"{'mod' if x.push else 'set'}_vlan_vid:{x.vid}",
    a.SetVlanPcp: lambda x, n: f"{'mod' if x.push else 'set'}_vlan_pcp:{x.pcp}",
    a.LegacySet: _legacy,
    a.SetTunnel: _tunnel,
    a.SetQueue: lambda x, n: f"set_queue:{x.queue_id}",
    a.PopQueue: lambda x, n: "pop_queue",
    a.Sample: _sample,
    a.Bundle: _bundle,
    a.CheckPacketLarger: lambda x, n: f"check_pkt_larger({x.length})->{format_subfield(x.destination)}",
    a.DeleteField: lambda x, n: f"delete_field:{x.field.name}",
    a.Exit: lambda x, n: "exit",
    a.ClearActions: lambda x, n: "clear_actions",
    a.WriteActions: lambda x, n: f"write_actions({format_actions(x.actions, n)})",
    a.WriteMetadata: _write_metadata,
    a.GotoTable: lambda x, n: f"goto_table:{x.table}",
}
