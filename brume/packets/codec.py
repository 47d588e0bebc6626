"""Codec: generates a header's reader and writer from its declaration.

The generated source is what one would write by hand with `struct`: one unpack, shifts for fields that share
an octet, one constructor call. `print(source(Ipv4))` shows it.

Rule: a generated reader raises PacketError and nothing else; a generated writer raises ValueError and nothing
else.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Annotated, Any, NoReturn, get_args, get_origin, get_type_hints

import msgspec

from brume.packets.errors import PacketError
from brume.packets.header import Bits, Constant, FlagOf, Header, LengthOf, Octets, Optional, Tail, Wire
from brume.values import Ipv4Address, Ipv6Address, MacAddress

_FORMAT = {8: "B", 16: "H", 32: "I", 64: "Q"}
_IN_TWO = {24: ("BH", 16), 48: ("HI", 32), 128: ("QQ", 64)}
"""Widths that struct has no number for: the formats of their two halves, and the width of the lower one."""
_HALVED = {code for code, _ in _IN_TWO.values()}

_ADDRESSES = (MacAddress, Ipv4Address, Ipv6Address)


class Field(msgspec.Struct, frozen=True):
    """One field of a header: its name, its width in bits, and what it is."""

    name: str
    width: int
    kind: Bits | Octets | Tail | Optional | Wire
    type: Any = int

    @property
    def on_wire_only(self) -> bool:
        """True when the Python object does not carry it."""
        return isinstance(self.kind, Wire)

    def value_in(self, header: Header) -> Any:
        """What a header has on the wire here."""
        match self.kind:
            case Constant(value=value):
                return value
            case LengthOf(tail=tail, unit=unit, plus=plus):
                return (len(getattr(header, tail)) + plus) // unit
            case FlagOf(optional=optional):
                return int(getattr(header, optional) is not None)
            case _:
                return getattr(header, self.name)


@cache
def fields(cls: type[Header]) -> tuple[Field, ...]:
    """The declared fields of a header, in the order of the wire."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_field(cls, name, hints[name]) for name in cls.__annotations__ if name != "MINIMUM")


def _field(cls: type[Header], name: str, hint: Any) -> Field:
    wire = cls.__dict__.get(name)
    if isinstance(wire, Wire):
        return Field(name, wire.bits, wire)
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{cls.__name__}.{name} says no width")
    base, *marks = get_args(hint)
    width = next((mark.width * (8 if isinstance(mark, Octets) else 1) for mark in marks if hasattr(mark, "width")), 0)
    return Field(name, width, marks[-1], base)


def source(cls: type[Header]) -> str:
    """The source of the generated functions."""
    declared = fields(cls)
    fixed = [field for field in declared if not isinstance(field.kind, Tail | Optional)]
    trailing = [field for field in declared if isinstance(field.kind, Tail | Optional)]
    if list(declared) != fixed + trailing:
        raise TypeError(f"{cls.__name__}: fields of fixed width come first")
    groups = _groups(cls, fixed)
    return "\n".join(
        [
            *_reader(cls, declared, groups, trailing, sum(field.width for field in fixed) // 8),
            *_writer(groups, trailing),
            *_sizer(trailing),
        ]
    )


def generate(cls: type[Header]) -> dict[str, Any]:
    """The attributes that replace Header's own in the class."""
    fixed = [field for field in fields(cls) if not isinstance(field.kind, Tail | Optional)]
    layout = struct.Struct("!" + "".join(code for _, code in _groups(cls, fixed)))
    names: dict[str, Any] = {
        "cls": cls,
        "unpack_from": layout.unpack_from,
        "pack_fixed": layout.pack,
        "struct_error": struct.error,
        "short": _short,
        "bad": _bad,
        "misfit": _misfit,
        "MINIMUM": layout.size,
        **{kind.__name__: kind for kind in _ADDRESSES},
    }
    exec(source(cls), names)
    return {
        "MINIMUM": layout.size,
        "parse": staticmethod(names["parse"]),
        "pack": names["pack"],
        "size": names["size"],
    }


def _groups(cls: type[Header], fixed: list[Field]) -> list[tuple[list[Field], str]]:
    """Fields put together so that each group is one machine number (or a run of octets), with its struct
    format."""
    groups: list[tuple[list[Field], str]] = []
    current: list[Field] = []
    for field in fixed:
        if isinstance(field.kind, Octets):
            groups.append(([field], f"{field.width // 8}s"))
            continue
        current.append(field)
        width = sum(member.width for member in current)
        code = _FORMAT.get(width) or (_IN_TWO[width][0] if len(current) == 1 and width in _IN_TWO else None)
        if code is not None:
            groups.append((current, code))
            current = []
    if current:
        raise TypeError(f"{cls.__name__}: the fields from {current[0].name} on do not end at an octet")
    return groups


def _reader(
    cls: type[Header],
    declared: tuple[Field, ...],
    groups: list[tuple[list[Field], str]],
    trailing: list[Field],
    minimum: int,
) -> list[str]:
    lines = ["def parse(data, offset=0):", "    try:"]
    targets = [name for index, group in enumerate(groups) for name in _targets(index, group)]
    lines += [f"        {', '.join(targets)}, = unpack_from(data, offset)"]
    lines += ["    except struct_error:", "        short(cls, data, offset, MINIMUM)"]
    for index, (members, _) in enumerate(groups):
        lines += _split(index, members)
    for field in declared:
        if isinstance(field.kind, Constant):
            value = field.kind.value
            lines += [f"    if {field.name} != {value}:"]
            lines += [f"        bad(cls, offset, f'{field.name} is {{{field.name}}}, not {value}')"]
    if trailing:
        lines += [f"    at = offset + {minimum}"]
        for field in trailing:
            lines += _read_trailing(declared, field)
    arguments = ", ".join(_construct(field) for field in declared if not field.on_wire_only)
    return [*lines, f"    return cls({arguments})"]


def _targets(index: int, group: tuple[list[Field], str]) -> list[str]:
    members, code = group
    if code in _HALVED:
        return [f"high{index}", f"low{index}"]
    return [members[0].name if len(members) == 1 else f"word{index}"]


def _split(index: int, members: list[Field]) -> list[str]:
    """Lines that take a group's number apart."""
    if len(members) == 1:
        width = members[0].width
        if isinstance(members[0].kind, Octets) or width not in _IN_TWO:
            return []
        return [f"    {members[0].name} = high{index} << {_IN_TWO[width][1]} | low{index}"]
    lines = []
    remaining = sum(member.width for member in members)
    for position, member in enumerate(members):
        remaining -= member.width
        shifted = f"word{index} >> {remaining}" if remaining else f"word{index}"
        masked = shifted if position == 0 else f"{shifted} & {(1 << member.width) - 1:#x}"
        lines.append(f"    {member.name} = {masked}")
    return lines


def _read_trailing(declared: tuple[Field, ...], field: Field) -> list[str]:
    if isinstance(field.kind, Optional):
        flag = next(f.name for f in declared if isinstance(f.kind, FlagOf) and f.kind.optional == field.name)
        octets = field.width // 8
        return [
            f"    {field.name} = None",
            f"    if {flag}:",
            f"        if len(data) < at + {octets}:",
            f"            short(cls, data, offset, at + {octets} - offset)",
            f"        {field.name} = int.from_bytes(data[at:at + {octets}], 'big')",
            f"        at += {octets}",
        ]
    counter = next(f for f in declared if isinstance(f.kind, LengthOf) and f.kind.tail == field.name)
    assert isinstance(counter.kind, LengthOf)
    return [
        f"    end = at + {counter.name} * {counter.kind.unit} - {counter.kind.plus}",
        "    if end < at:",
        f"        bad(cls, offset, f'{counter.name} is {{{counter.name}}}, too small')",
        "    if len(data) < end:",
        "        short(cls, data, offset, end - offset)",
        f"    {field.name} = bytes(data[at:end]) if end > at else b''",
        "    at = end",
    ]


def _construct(field: Field) -> str:
    return f"{field.type.__name__}({field.name})" if field.type in _ADDRESSES else field.name


def _writer(groups: list[tuple[list[Field], str]], trailing: list[Field]) -> list[str]:
    lines = ["def pack(self):"]
    arguments: list[str] = []
    for members, code in groups:
        lines += _checks(members)
        number = _joined(members)
        if code in _HALVED:
            lower = _IN_TWO[members[0].width][1]
            arguments += [f"{number} >> {lower}", f"{number} & {(1 << lower) - 1:#x}"]
        else:
            arguments.append(number)
    lines += ["    try:", f"        octets = pack_fixed({', '.join(arguments)})"]
    lines += ["    except struct_error:"]
    for member in (members[0] for members, _ in groups if len(members) == 1):
        if not isinstance(member.kind, Octets):
            lines += [f"        if {_written(member)} >> {member.width}:"]
            lines += [f"            misfit(cls, '{member.name}', {_written(member)}, {member.width})"]
    lines += ["        raise ValueError(f'{self} cannot be written') from None"]
    for field in trailing:
        lines += _write_trailing(field)
    return [*lines, "    return octets"]


def _checks(members: list[Field]) -> list[str]:
    """Lines that keep a field from spilling into its neighbours, and tails to multiples of their unit."""
    lines = []
    for member in members:
        if len(members) > 1 and not isinstance(member.kind, Constant | FlagOf):
            lines += [f"    {member.name} = {_written(member)}", f"    if {member.name} >> {member.width}:"]
            lines += [f"        misfit(cls, '{member.name}', {member.name}, {member.width})"]
        if isinstance(member.kind, LengthOf) and member.kind.unit > 1:
            tail, unit, plus = member.kind.tail, member.kind.unit, member.kind.plus
            lines += [f"    if (len(self.{tail}) + {plus}) % {unit}:"]
            lines += [f"        misfit(cls, '{tail}', len(self.{tail}), {-unit})"]
    return lines


def _joined(members: list[Field]) -> str:
    """The expression of a group's number."""
    if len(members) == 1:
        return _written(members[0])
    remaining = sum(member.width for member in members)
    terms = []
    for member in members:
        remaining -= member.width
        value = _written(member) if isinstance(member.kind, Constant | FlagOf) else member.name
        terms.append(f"{value} << {remaining}" if remaining else value)
    return " | ".join(terms)


def _write_trailing(field: Field) -> list[str]:
    if isinstance(field.kind, Tail):
        return [f"    octets += self.{field.name}"]
    return [
        f"    if self.{field.name} is not None:",
        f"        octets += self.{field.name}.to_bytes({field.width // 8}, 'big')",
    ]


def _written(field: Field) -> str:
    """The expression that gives a field's number when writing."""
    kind = field.kind
    if isinstance(kind, Constant):
        return str(kind.value)
    if isinstance(kind, LengthOf):
        return f"((len(self.{kind.tail}) + {kind.plus}) // {kind.unit})"
    if isinstance(kind, FlagOf):
        return f"(self.{kind.optional} is not None)"
    return f"self.{field.name}.value" if field.type in _ADDRESSES else f"self.{field.name}"


def _sizer(trailing: list[Field]) -> list[str]:
    terms = ["MINIMUM"]
    for field in trailing:
        if isinstance(field.kind, Tail):
            terms.append(f"len(self.{field.name})")
        else:
            terms.append(f"({field.width // 8} if self.{field.name} is not None else 0)")
    return ["def size(self):", f"    return {' + '.join(terms)}"]


def _short(cls: type[Header], data: bytes, offset: int, needed: int) -> NoReturn:
    have = max(0, len(data) - offset)
    raise PacketError(f"{cls.__name__} needs {needed} octets, {have} are left", offset) from None


def _bad(cls: type[Header], offset: int, reason: str) -> NoReturn:
    raise PacketError(f"{cls.__name__}: {reason}", offset)


def _misfit(cls: type[Header], name: str, value: int, width: int) -> NoReturn:
    if width < 0:
        raise ValueError(f"{cls.__name__}.{name} has {value} octets; the header must be a multiple of {-width}")
    raise ValueError(f"{cls.__name__}.{name} is {value}, which does not fit {width} bits") from None
