"""Reads actions as ovs-ofctl writes them, and as people and OVN's own tests type them.

Besides the exact spelling of `action_text.py`: arguments in any order, decimal for hexadecimal, short field names
where NXM names are usual, `ct` options in any order. Actions nobody here runs (multipath, MPLS, encap ...)
are refused by name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Final

from brume.openflow.messages import actions as a
from brume.openflow.messages.action_text import ALGS
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.field_text import parse_mac, parse_value
from brume.openflow.messages.fields import Subfield, field
from brume.openflow.messages.ports import CONTROLLER, PortNames, parse_port

_SUBFIELD: Final = re.compile(r"(\w+)(?:\[(?:(\d+)(?:\.\.(-?\d+))?)?\])?\Z")
_REASONS: Final = {"no_match": 0, "action": 1, "invalid_ttl": 2, "action_set": 3, "group": 4, "packet_out": 5}


def parse_actions(text: str, names: PortNames | None = None) -> a.Actions:
    """The actions some text means."""
    parts = split_top(text)
    if parts == ["drop"]:
        return ()
    return tuple(_parse_one(part, names) for part in parts)


def split_top(text: str) -> list[str]:
    """Parts between commas (or spaces) that no parenthesis or quote encloses."""
    parts, depth, start, quoted = [], 0, 0, False
    for i, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c in ", \n" and not depth:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    if depth or quoted:
        raise OpenFlowError(f"{text}: parentheses or quotes do not match")
    return [part for part in parts if part]


def parse_subfield(text: str) -> Subfield:
    """`NXM_NX_REG13[0..15]`, `reg13[3]`, `eth_src[]`, `eth_src`."""
    found = _SUBFIELD.match(text)
    if not found:
        raise OpenFlowError(f"{text}: not a field or subfield")
    name, start, end = found.groups()
    whole = field(name)
    if start is None:
        return Subfield(whole, 0, whole.width)
    first = int(start)
    last = first if end is None else int(end) if int(end) >= 0 else whole.width - 1
    if not first <= last < whole.width:
        raise OpenFlowError(f"{text}: bits outside the {whole.width} bits of {whole.name}")
    return Subfield(whole, first, last - first + 1)


def _parse_one(text: str, names: PortNames | None) -> a.Action:
    word = re.match(r"[\w\[\]\.]*", text)
    name = word.group() if word else ""
    rest = text[len(name) :]
    if rest.startswith(":"):
        argument = rest[1:]
    elif rest.startswith("("):
        close = rest.rindex(")")
        argument, tail = rest[1:close], rest[close + 1 :]
        if tail:
            argument = argument + ")" + tail if name != "check_pkt_larger" else argument + tail
    elif rest.startswith("="):
        argument = rest[1:]
    else:
        argument = ""
    reader = _READERS.get(name if rest or name != "dec_ttl" else "dec_ttl ")
    if reader is not None:
        return reader(argument, names)
    if not rest or text.startswith('"'):
        return a.Output(parse_port(text, names))
    if name.upper() == "CONTROLLER":
        return a.Controller(max_len=int(argument))
    raise OpenFlowError(f"{text}: unknown or unsupported action")


def _options(argument: str) -> list[tuple[str, str]]:
    """`a=b,c,d(e),f:g` as pairs (name, value)."""
    pairs = []
    for part in split_top(argument):
        found = re.match(r"([\w.\[\]]+)(?:([=:(])(.*))?\Z", part, re.S)
        if not found:
            raise OpenFlowError(f"{part}: not an argument")
        name, mark, value = found.groups()
        pairs.append((name, (value or "")[:-1] if mark == "(" else value or ""))
    return pairs


def _output(argument: str, names: PortNames | None) -> a.Action:
    if "=" in argument:
        options = dict(_options(argument))
        return a.OutputTruncated(parse_port(options["port"], names), int(options["max_len"], 0))
    if "[" in argument:
        return a.OutputField(parse_subfield(argument))
    port = parse_port(argument, names)
    return a.Controller() if port == CONTROLLER else a.Output(port)


def _controller(argument: str, names: PortNames | None) -> a.Action:
    if argument.isdecimal():
        return a.Controller(max_len=int(argument))
    given: dict[str, object] = {}
    for name, value in _options(argument):
        if name == "userdata":
            given["userdata"] = bytes.fromhex(value.replace(".", ""))
        elif name == "pause":
            given["pause"] = True
        elif name in ("max_len", "meter_id"):
            given[name] = int(value, 0)
        elif name == "id":
            given["controller_id"] = int(value, 0)
        elif name == "reason":
            given["reason"] = _REASONS[value]
        else:
            raise OpenFlowError(f'unknown key "{name}" in controller()')
    return a.Controller(**given)  # type: ignore[arg-type]


def _resubmit(argument: str, names: PortNames | None) -> a.Action:
    port, _, rest = argument.partition(",")
    table, _, ct = rest.partition(",")
    return a.Resubmit(
        table=int(table) if table else None,
        in_port=parse_port(port, names) if port and port.upper() != "IN_PORT" else None,
        with_ct_original=ct == "ct",
    )


def _set_field(argument: str, names: PortNames | None) -> a.Action:
    value, arrow, name = argument.rpartition("->")
    if not arrow:
        raise OpenFlowError(f"{argument}: missing '->' in set_field")
    target = field(name.strip())
    if not target.writable:
        raise OpenFlowError(f"{target.name} is read-only")
    bits, mask = parse_value(target, value.strip(), names)
    explicit = mask != target.ones or ("/" in value and target.width % 8)
    return a.SetField(target, bits, mask if explicit else None)


def _load(argument: str, names: PortNames | None) -> a.Action:
    value, arrow, name = argument.rpartition("->")
    if not arrow:
        raise OpenFlowError(f"{argument}: missing '->' in load")
    destination = parse_subfield(name.strip())
    number = int(value, 0)
    if number >> destination.width:
        raise OpenFlowError(f"load:{argument}: value does not fit into {destination.width} bits")
    return a.Load(destination, number)


def _move(argument: str, names: PortNames | None) -> a.Action:
    source, _, destination = argument.partition("->")
    return a.Move(parse_subfield(source), parse_subfield(destination))


def parse_nat(argument: str) -> a.Nat:
    """What is inside `nat(...)`."""
    kind, address, low, high, version, port, port_max = "", None, None, None, 4, 0, 0
    flags = []
    for part in argument.split(","):
        name, _, value = part.partition("=")
        if name in ("src", "dst"):
            kind, address = name, value or None
        elif name in ("persistent", "hash", "random"):
            flags.append(name)
        elif part:
            raise OpenFlowError(f'invalid key "{name}" in nat()')
    if address:
        low, high, version, port, port_max = _nat_range(address)
    return a.Nat(kind, low, high, version, port, port_max, tuple(flags))


_NAT_RANGE: Final = re.compile(
    r"(?:\[(?P<low6>[0-9a-f:.]+)\](?:-\[(?P<high6>[0-9a-f:.]+)\])?|(?P<low>[^-:\[\]]+(?::[^-\[\]]*)??)(?:-(?P<high>[^-\[\]]+?))?)"
    r"(?::(?P<port>\d+)(?:-(?P<port_max>\d+))?)?\Z"
)


def _nat_range(text: str) -> tuple[int, int | None, int, int, int]:
    plain = text.count(":") > 1 and "[" not in text  # IPv6 without brackets has no port
    if plain:
        low, _, high = text.partition("-")
        port = port_max = None
    else:
        found = _NAT_RANGE.match(text)
        if not found:
            raise OpenFlowError(f"{text}: not an address range for nat")
        low, high = found["low6"] or found["low"], found["high6"] or found["high"]
        port, port_max = found["port"], found["port_max"]
    try:
        first = ipaddress.ip_address(low)
        last = int(ipaddress.ip_address(high)) if high else None
    except ValueError:
        raise OpenFlowError(f"{text}: not an address range for nat") from None
    return int(first), last, first.version, int(port or 0), int(port_max or 0)


def _ct(argument: str, names: PortNames | None) -> a.Action:
    given: dict[str, object] = {}
    for name, value in _options(argument):
        if name in ("commit", "force"):
            given[name] = True
        elif name == "table":
            given["table"] = int(value)
        elif name == "zone":
            given["zone"] = int(value, 0) if value[:1].isdigit() else parse_subfield(value)
        elif name == "nat":
            given["nat"] = parse_nat(value)
        elif name == "exec":
            given["exec"] = parse_actions(value, names)
        elif name == "alg":
            given["alg"] = next((number for number, alg in ALGS.items() if alg == value), None) or int(value)
        else:
            raise OpenFlowError(f'invalid argument to "ct" action: `{name}\'')
    return a.Ct(**given)  # type: ignore[arg-type]


_LEARN_NUMBERS: Final = (
    "table", "idle_timeout", "hard_timeout", "fin_idle_timeout", "fin_hard_timeout", "priority", "cookie", "limit",
)  # fmt: skip


def _learn(argument: str, names: PortNames | None) -> a.Action:
    given: dict[str, object] = {}
    specs = []
    for part in split_top(argument):
        name, equals, value = part.partition("=")
        if equals and name in _LEARN_NUMBERS:
            given[name] = int(value, 0)
        elif part == "send_flow_rem":
            given["send_flow_removed"] = True
        elif part == "delete_learned":
            given["delete_learned"] = True
        elif name == "result_dst":
            given["result"] = parse_subfield(value)
        else:
            specs.append(_learn_spec(part, names))
    return a.Learn(specs=tuple(specs), **{"table": 1, **given})  # type: ignore[arg-type]


def _learn_spec(part: str, names: PortNames | None) -> a.LearnSpec:
    if part.startswith("load:"):
        value, _, target = part[5:].partition("->")
        destination = parse_subfield(target)
        source = int(value, 0) if value[:1].isdigit() else parse_subfield(value)
        return a.LearnSpec("load", destination.width, source, destination)
    if part.startswith("output:"):
        out = parse_subfield(part[7:])
        return a.LearnSpec("output", out.width, out)
    name, equals, value = part.partition("=")
    destination = parse_subfield(name)
    if not equals:
        return a.LearnSpec("match", destination.width, destination, destination)
    if re.match(r"[A-Za-z_]+\w*\[", value):
        return a.LearnSpec("match", destination.width, parse_subfield(value), destination)
    constant = parse_value(destination.field, value, names)[0] if destination.whole else int(value, 0)
    return a.LearnSpec("match", destination.width, constant, destination)


def _conjunction(argument: str, names: PortNames | None) -> a.Action:
    found = re.match(r"\s*(\w+)\s*,\s*(\d+)\s*/\s*(\d+)\s*\Z", argument)
    if not found:
        raise OpenFlowError(f"conjunction({argument}): want id, clause/clauses")
    identity, clause, clauses = int(found[1], 0), int(found[2]), int(found[3])
    if not 2 <= clauses <= 64 or not 1 <= clause <= clauses:
        raise OpenFlowError(f"conjunction({argument}): 2 to 64 clauses, numbered from 1")
    return a.Conjunction(identity, clause, clauses)


def _sample(argument: str, names: PortNames | None) -> a.Action:
    given: dict[str, object] = {}
    for name, value in _options(argument):
        if name in ("ingress", "egress"):
            given["direction"] = name
        elif name == "sampling_port":
            given[name] = parse_port(value, names)
        elif name in ("probability", "collector_set_id", "obs_domain_id", "obs_point_id"):
            given[name] = int(value, 0)
        else:
            raise OpenFlowError(f'invalid key "{name}" in "sample" argument')
    return a.Sample(**given)  # type: ignore[arg-type]


def _check_larger(argument: str, names: PortNames | None) -> a.Action:
    length, _, destination = argument.partition("->")
    return a.CheckPacketLarger(int(length), parse_subfield(destination))


def _bundle(argument: str, names: PortNames | None) -> a.Action:
    fields, basis, algorithm, kind, *members = split_top(argument)
    first = members[0].partition(":")[2] if members else ""  # members:1,2 (or slaves:1,2, as before 2.14)
    listed = [first, *members[1:]] if first else members[1:]
    if kind != "ofport":
        raise OpenFlowError(f"bundle({argument}): members are not OpenFlow ports")
    return a.Bundle(tuple(parse_port(port, names) for port in listed), algorithm, fields, int(basis, 0))


def _write_metadata(argument: str, names: PortNames | None) -> a.Action:
    value, mask = parse_value(field("metadata"), argument)
    return a.WriteMetadata(value, mask)


def _legacy(name: str) -> Callable[[str, PortNames | None], a.Action]:
    def read(argument: str, names: PortNames | None) -> a.Action:
        if name.startswith("mod_dl"):
            return a.LegacySet(name, parse_mac(argument))
        if name in ("mod_nw_src", "mod_nw_dst"):
            return a.LegacySet(name, int(ipaddress.IPv4Address(argument)))
        return a.LegacySet(name, int(argument, 0))

    return read


_LEGACY: Final = (
    "mod_dl_src", "mod_dl_dst", "mod_nw_src", "mod_nw_dst", "mod_nw_tos", "mod_nw_ecn", "mod_nw_ttl",
    "mod_tp_src", "mod_tp_dst",
)  # fmt: skip

_READERS: Final[dict[str, Callable[[str, PortNames | None], a.Action]]] = {
    "output": _output,
    "bundle": _bundle,
    "controller": _controller,
    "CONTROLLER": lambda x, n: a.Controller(max_len=int(x)) if x else a.Controller(),
    "resubmit": _resubmit,
    "set_field": _set_field,
    "load": _load,
    "move": _move,
    "push": lambda x, n: a.Push(parse_subfield(x)),
    "pop": lambda x, n: a.Pop(parse_subfield(x)),
    "dec_ttl": lambda x, n: a.DecTtl(tuple(int(i) for i in x.split(",") if i)),
    "dec_ttl ": lambda x, n: a.DecTtl(),
    "ct": _ct,
    "ct_clear": lambda x, n: a.CtClear(),
    "learn": _learn,
    "conjunction": _conjunction,
    "note": lambda x, n: a.Note(bytes.fromhex(x.replace(".", ""))),
    "clone": lambda x, n: a.Clone(parse_actions(x, n)),
    "group": lambda x, n: a.Group(int(x, 0)),
    "meter": lambda x, n: a.Meter(int(x, 0)),
    "push_vlan": lambda x, n: a.PushVlan(int(x, 0)),
    "pop_vlan": lambda x, n: a.PopVlan(),
    "strip_vlan": lambda x, n: a.PopVlan(legacy=True),
    "mod_vlan_vid": lambda x, n: a.SetVlanVid(int(x, 0)),
    "set_vlan_vid": lambda x, n: a.SetVlanVid(int(x, 0), push=False),
    "mod_vlan_pcp": lambda x, n: a.SetVlanPcp(int(x, 0)),
    "set_vlan_pcp": lambda x, n: a.SetVlanPcp(int(x, 0), push=False),
    **{name: _legacy(name) for name in _LEGACY},
    "set_tunnel": lambda x, n: a.SetTunnel(int(x, 0)),
    "set_tunnel64": lambda x, n: a.SetTunnel(int(x, 0), wide=True),
    "set_queue": lambda x, n: a.SetQueue(int(x, 0)),
    "pop_queue": lambda x, n: a.PopQueue(),
    "sample": _sample,
    "check_pkt_larger": _check_larger,
    "delete_field": lambda x, n: a.DeleteField(field(x)),
    "exit": lambda x, n: a.Exit(),
    "clear_actions": lambda x, n: a.ClearActions(),
    "write_actions": lambda x, n: a.WriteActions(parse_actions(x, n)),
    "write_metadata": _write_metadata,
    "goto_table": lambda x, n: a.GotoTable(int(x)),
}
