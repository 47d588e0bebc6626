"""The constants of one match, looked up and ready to fill a plan."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from .constants import address_bits, unquote
from .errors import ExpressionError
from .lookups import Lookups
from .normal_form import widest
from .plan import ANY, EMPTY, MANY, SINGLE, Role
from .shape import ADDRESS_SET, NUMBER, PORT_GROUP, STRING, Shape, kind_of
from .template import SetReference

Cube = tuple[int, int]
"""(value, mask)."""
PORT_MASK = 0xFFFFFFFF


class Unfit(Exception):
    """A constant that does not fit its place; translating the long way says what is wrong with it, if anything."""


class Filling(msgspec.Struct, frozen=True):
    """By slot: the outcome that chooses the plan, the values (a port that is not there has none), the open sets."""

    outcomes: tuple[int, ...]
    values: tuple[list[Cube], ...]
    references: dict[int, tuple[SetReference, ...]]


def look_up(shape: Shape, roles: tuple[Role, ...], lookups: Lookups, open_sets: str) -> Filling:
    """Look up everything the constants mention; sets of the kinds in `open_sets` stay open."""
    outcomes: list[int] = []
    values: list[list[Cube]] = []
    references: dict[int, tuple[SetReference, ...]] = {}
    for number, constant in enumerate(shape.constants):
        kind = shape.kinds[number]
        role = roles[number]
        if kind == NUMBER:
            cube = _cube(constant, role.width, role.bits)
            outcomes.append(SINGLE if cube[1] else ANY)
            values.append([cube])
        elif kind == STRING:
            name = string_in(constant)
            outcomes.append(SINGLE if role.kind == "port" else int(lookups.is_chassis_resident(name)))
            values.append(_port_cubes([name], lookups) if role.kind == "port" else [])
        else:
            outcome, value, opened = _look_up_set(constant, kind, role, lookups, open_sets)
            outcomes.append(outcome)
            values.append(value)
            if opened:
                references[number] = opened
    return Filling(tuple(outcomes), tuple(values), references)


def string_in(constant: str) -> str:
    """The string a constant with quotes stands for."""
    return unquote(constant[1:-1])


def references_in(shape: Shape) -> tuple[SetReference, ...]:
    """Every address set and port group a match mentions."""
    found: dict[SetReference, None] = {}
    for constant, kind in zip(shape.constants, shape.kinds, strict=True):
        pieces = [constant] if kind in (ADDRESS_SET, PORT_GROUP) else _pieces(constant)
        for piece in pieces:
            if piece[:1] in (ADDRESS_SET, PORT_GROUP):
                found[SetReference(piece[0], piece[1:])] = None
    return tuple(found)


def _pieces(constant: str) -> list[str]:
    return [piece.strip() for piece in constant[1:-1].split(",")] if constant.startswith("{") else []


def _look_up_set(
    constant: str, kind: str, role: Role, lookups: Lookups, open_sets: str
) -> tuple[int, list[Cube], tuple[SetReference, ...]]:
    pieces = [constant] if kind in (ADDRESS_SET, PORT_GROUP) else _pieces(constant)
    opened: list[SetReference] = []
    names: list[str] = []
    for piece in pieces:
        sigil = piece[:1]
        if sigil not in (ADDRESS_SET, PORT_GROUP):
            names.append(piece)
        elif sigil in open_sets:
            opened.append(SetReference(sigil, piece[1:]))
        else:
            names += _members(sigil, piece[1:], lookups)
    if role.kind == "port":
        return _ports(names, tuple(opened), lookups)
    return _cubes(names, role, tuple(opened))


def _members(sigil: str, name: str, lookups: Lookups) -> Iterable[str]:
    if sigil == PORT_GROUP:
        ports = lookups.port_group(name)
        if ports is not None:
            return [f'"{port}"' if '"' not in port and "\\" not in port else "" for port in ports]
    else:
        addresses = lookups.address_set(name)
        if addresses is not None:
            return [address.strip() for address in addresses]
    raise Unfit


def _ports(
    names: list[str], opened: tuple[SetReference, ...], lookups: Lookups
) -> tuple[int, list[Cube], tuple[SetReference, ...]]:
    distinct = dict.fromkeys(names)
    if any(kind_of(name or " ") != STRING for name in distinct):
        raise Unfit
    cubes = _port_cubes([string_in(name) for name in distinct], lookups)
    if opened or len(distinct) > 1:
        return MANY, cubes, opened
    return SINGLE if distinct else EMPTY, cubes, ()


def _port_cubes(names: list[str], lookups: Lookups) -> list[Cube]:
    numbers = map(lookups.port, names)
    return [(number, PORT_MASK) for number in numbers if number is not None]


def _cubes(
    names: list[str], role: Role, opened: tuple[SetReference, ...]
) -> tuple[int, list[Cube], tuple[SetReference, ...]]:
    cubes = [_cube(name, role.width, role.bits) for name in names]
    if len(cubes) > 1:
        cubes = widest(cubes)
    if opened or len(cubes) > 1:
        return MANY, cubes, opened
    if not cubes:
        return EMPTY, [], ()
    return SINGLE if cubes[0][1] else ANY, cubes, ()


@lru_cache(maxsize=65536)
def _cube(constant: str, width: int, bits: int) -> Cube:
    """The low `bits` of a constant no wider than `width`."""
    try:
        value, mask, needed = address_bits(constant)
    except ExpressionError:
        raise Unfit from None
    if needed > width:
        raise Unfit
    ones = (1 << bits) - 1
    return value & ones, ones if mask is None else mask & ones
