"""A resource, declared once: the row class is the declaration.

    @resource("project", "projects", unique=(("domain_id", "name"),))
    class Project(Resource, frozen=True, kw_only=True):
        id: Annotated[str, Attribute(create=False, update=False)]
        name: Annotated[str, Attribute(required=True, length=64)]
        enabled: Annotated[bool, Attribute()] = True

From it come the immutable row, the validation of requests (`validation`), the SQL table (`store.columns`), the JSON
(`to_json`), the API reference and the coverage page. A field without `Attribute` is stored and never shown.

Rules of this file: a default is the field's default; the wire name is the field's name unless `wire` says otherwise
("router:external"); a field's type is str, int, float, bool, bytes, one of them or None, or anything msgspec can
convert (stored as JSON text). Values are never changed in place, dictionaries included.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, ClassVar, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from brume.tables.row import Row


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """What the API may do with a field. The defaults are those of an ordinary writable attribute."""

    wire: str | None = None
    """The name in JSON where it is not the field's name."""
    create: bool = True
    """May be given when the resource is made."""
    update: bool = True
    """May be given when the resource is changed."""
    required: bool = False
    """Must be given when the resource is made."""
    visible: bool = True
    filter: bool = True
    sort: bool = True
    since: str | None = None
    """The first microversion that shows and takes it."""
    check: Callable[[Any], Any] | None = None
    """Turns the JSON value into the field's value, or raises ValueError with the reason in the service's words.
    Without it the value is converted strictly to the field's type."""
    length: int | None = None
    """The most characters a text may have (default 255 in SQL, unchecked)."""
    minimum_length: int = 0
    references: str | None = None
    """"table.column" that must exist: a foreign key."""
    on_delete: str | None = None
    """"CASCADE", "SET NULL" for the foreign key."""
    index: bool = False
    """Indexed in SQL."""
    doc: str = ""
    """One sentence for the API reference."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a declaration: its name, type, default and what the API may do with it."""

    name: str
    wire: str
    type: Any
    """The type without Annotated and without None."""
    nullable: bool
    default: Any
    """msgspec.NODEFAULT when there is none."""
    attribute: Attribute | None
    """None: stored, never shown."""


class Resource(Row, frozen=True, kw_only=True):
    """Base of all resources of the cloud: a row that knows its declaration."""

    DECLARATION: ClassVar[Declaration]

    def key(self) -> Hashable:
        """The identity: the value of the key field, or a tuple of values when the key has several fields."""
        names = self.DECLARATION.key
        if len(names) == 1:
            return cast(Hashable, getattr(self, names[0]))
        return tuple(getattr(self, name) for name in names)


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """Everything said about a resource, in one value."""

    row_type: type[Resource]
    name: str
    """Singular, as in the body of a request: "project"."""
    collection: str
    """Plural, as in paths and the body of a list: "projects"."""
    table: str
    """The SQL table, and the kind in the journal."""
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    indexes: tuple[tuple[str, ...], ...]
    extra: str | None
    """The field that takes unknown attributes (Keystone keeps them), shown merged."""
    stored: bool
    fields: tuple[Field, ...]
    by_wire: Mapping[str, Field]
    by_name: Mapping[str, Field]


REGISTRY: dict[str, Declaration] = {}
"""Declarations by table name, in order of declaration. Filled by the decorator when a module is imported."""

T = TypeVar("T", bound=Resource)


def resource(
    name: str,
    collection: str,
    *,
    table: str | None = None,
    key: tuple[str, ...] = ("id",),
    unique: tuple[tuple[str, ...], ...] = (),
    indexes: tuple[tuple[str, ...], ...] = (),
    extra: str | None = None,
    stored: bool = True,
) -> Callable[[type[T]], type[T]]:
    """Declare the class below it as a resource. `stored=False`: only a face (JSON and validation), no table."""

    def declare(row_type: type[T]) -> type[T]:
        fields = tuple(_fields(row_type))
        row_type.DECLARATION = Declaration(
            row_type=row_type,
            name=name,
            collection=collection,
            table=table or collection,
            key=key,
            unique=unique,
            indexes=indexes,
            extra=extra,
            stored=stored,
            fields=fields,
            by_wire={f.wire: f for f in fields if f.attribute is not None},
            by_name={f.name: f for f in fields},
        )
        if stored:
            known = REGISTRY.get(table or collection)
            if known is not None and known.row_type.__module__ != row_type.__module__:
                raise ValueError(f"table {table or collection} is declared twice")
            REGISTRY[table or collection] = row_type.DECLARATION
        return row_type

    return declare


def _fields(row_type: type[Resource]) -> list[Field]:
    hints = get_type_hints(row_type, include_extras=True)
    result = []
    for info in msgspec.structs.fields(row_type):
        kind, attribute = _split(hints[info.name])
        kind, nullable = _without_none(kind)
        default = info.default
        if default is msgspec.NODEFAULT and info.default_factory is not msgspec.NODEFAULT:
            default = info.default_factory()
        wire = attribute.wire if attribute is not None and attribute.wire else info.name
        result.append(
            Field(
                name=info.name,
                wire=wire,
                type=kind,
                nullable=nullable,
                default=default,
                attribute=attribute,
            )
        )
    return result


def _split(hint: Any) -> tuple[Any, Attribute | None]:
    if get_origin(hint) is not Annotated:
        return hint, None
    kind, *notes = get_args(hint)
    return kind, next((note for note in notes if isinstance(note, Attribute)), None)


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, types.UnionType):
        return hint, False
    arguments = get_args(hint)
    rest = tuple(a for a in arguments if a is not type(None))
    if len(rest) == len(arguments):
        return hint, False
    return (rest[0] if len(rest) == 1 else Union[rest]), True  # noqa: UP007 - made at run time


@cache
def _shown(
    row_type: type[Resource], version: tuple[int, int] | None
) -> tuple[tuple[str, ...], Callable[[Resource], Iterable[Any]]]:
    """What a microversion shows: wire names, and what gives their values."""
    fields = [
        field
        for field in row_type.DECLARATION.fields
        if field.attribute is not None and field.attribute.visible and is_known(field.attribute, version)
    ]
    names = [field.name for field in fields]
    values = attrgetter(*names) if len(names) > 1 else lambda row: [getattr(row, name) for name in names]
    return tuple(field.wire for field in fields), values


def is_known(attribute: Attribute, version: tuple[int, int] | None) -> bool:
    """Whether a microversion (None: the newest) knows the attribute."""
    return version is None or attribute.since is None or version >= parse_version(attribute.since)


def parse_version(text: str) -> tuple[int, int]:
    """ "2.53" -> (2, 53)."""
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def to_json(row: Resource, version: tuple[int, int] | None = None) -> dict[str, Any]:
    """The row as the API shows it, without what a service adds (links, derived attributes)."""
    names, values = _shown(type(row), version)
    shown = dict(zip(names, values(row), strict=True))
    extra = type(row).DECLARATION.extra
    return {**getattr(row, extra), **shown} if extra is not None else shown
