"""What is found: rows by hand, and corrections, each with what it hangs on and the resource of the cloud behind it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, NamedTuple

from brume.cloud.resource import Resource
from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.explain.words import northbound_label
from brume.derive.keeper import Action, Correction, Keeper
from brume.northbound.compiler import NorthboundCompiler
from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.columns import Column, TableDeclaration, columns
from brume.ovsdb.data import Datum, from_field
from brume.ovsdb.rows import column_datum
from brume.ovsdb.store import Store, reference_atoms
from brume.southbound.schema import SOUTHBOUND
from brume.tables.row import Member, Row


class Place(NamedTuple):
    """The other end of a reference from or to a row by hand."""

    table: str
    uuid: str
    label: str
    column: str
    """The column that refers."""
    resource: str | None
    """What the cloud has behind the row, if it is a derived one."""


class HandRow(NamedTuple):
    """A row of NB that somebody wrote by hand. It is kept, and compiled like any other."""

    table: str
    uuid: str
    label: str
    places: tuple[Place, ...]
    """Rows that refer to it."""
    uses: tuple[Place, ...]
    """Derived rows that it refers to."""


class Righted(NamedTuple):
    """Something of NB or SB that was put right."""

    time: float
    database: str
    table: str
    uuid: str
    label: str
    action: Action
    column: Column | None
    """The column that was put back, or whose element was written again or removed; None for a whole row."""
    found: Datum | None
    put: Datum | None
    element: str | None
    resource: str | None
    because: str


class Report(NamedTuple):
    """Everything there is to tell."""

    by_hand: list[HandRow]
    righted: list[Righted]
    total: int
    """How many corrections there have been since the start; the oldest are forgotten."""

    def __bool__(self) -> bool:
        return bool(self.by_hand or self.total)


class Reporter:
    """Asks one running cloud."""

    def __init__(
        self, northbound: NorthboundCompiler, store: Store, southbound: Keeper, provenance: Provenance
    ) -> None:
        """`store` is NB as clients see it; `southbound` keeps SB."""
        self._northbound = northbound
        self._store = store
        self._keepers = {NORTHBOUND.name: northbound.keeper, SOUTHBOUND.name: southbound}
        self._provenance = provenance

    def report(self) -> Report:
        """What there is now."""
        righted = [self._righted(name, one) for name, keeper in self._keepers.items() for one in keeper.corrections]
        righted.sort(key=lambda one: one.time)
        return Report(list(self._by_hand()), righted, sum(keeper.count for keeper in self._keepers.values()))

    # rows by hand

    def _by_hand(self) -> Iterator[HandRow]:
        for row_type, key in self._northbound.hands.rows:
            row: Any = self._store.database.get(row_type, key)
            if row is not None:
                table = row_type.TABLE.name  # type: ignore[attr-defined]
                places = tuple(self._places(table, row.uuid))
                yield HandRow(table, row.uuid, northbound_label(row), places, tuple(self._uses(row)))

    def _places(self, table: str, uuid: str) -> Iterator[Place]:
        for weak in (False, True):
            for referrer, owner in self._store.referrers(table, uuid, weak=weak):
                resource = self._resource(type(owner), owner.key())
                yield Place(referrer.table.name, owner.uuid, northbound_label(owner), referrer.column.name, resource)

    def _uses(self, row: Any) -> Iterator[Place]:
        for column in _columns(type(row)):
            datum = column_datum(self._store.database, row, column)
            for weak in (False, True):
                for name, uuid in reference_atoms(column, datum, weak=weak):
                    target = self._store.tables[name].row(uuid)
                    resource = self._resource(type(target), uuid) if target is not None else None
                    if resource is not None:
                        yield Place(name, uuid, northbound_label(target), column.name, resource)

    # corrections

    def _righted(self, database: str, one: Correction) -> Righted:
        subject = one.subject
        if isinstance(subject, Member):
            return self._righted_member(database, one, subject)
        row: Any = subject
        column = next((c for c in _columns(type(row)) if c.attribute == one.column), None) if one.column else None
        return Righted(
            one.time,
            database,
            _table(type(row)),
            str(getattr(row, "uuid", row.key())),
            northbound_label(row),
            one.action,
            column,
            None if column is None else _datum(column, one.found),
            None if column is None else _datum(column, one.put),
            None,
            self._origin(database, row),
            one.because,
        )

    def _righted_member(self, database: str, one: Correction, member: Member) -> Righted:
        relation: Any = member.relation
        owner = self._owner(database, relation.owner, member.parent)
        column = next((c for c in _columns(type(owner)) if c.relation is relation), None) if owner else None
        return Righted(
            one.time,
            database,
            _table(type(owner)) if owner is not None else relation.owner,
            str(member.parent),
            northbound_label(owner) if owner is not None else "",
            one.action,
            column,
            None,
            None,
            str(member.child),
            self._origin(database, owner) if owner is not None else None,
            one.because,
        )

    def _owner(self, database: str, name: str, key: Hashable) -> Any:
        target = self._keepers[database].engine.target
        schema = NORTHBOUND if database == NORTHBOUND.name else SOUTHBOUND
        kind = next((kind for kind in schema.tables.values() if kind.__name__ == name), None)
        return target.get(kind, key) if kind is not None else None

    # what is behind a row

    def _origin(self, database: str, row: Row) -> str | None:
        if database == NORTHBOUND.name:
            return self._resource(type(row), row.key())
        chain = self._provenance.chain(row)
        return next((origin.label for origin in chain if origin.stage == "cloud"), None)

    def _resource(self, row_type: type[Row], key: Hashable) -> str | None:
        resource = self._northbound.source((row_type, key))
        return self._provenance.label(resource) if isinstance(resource, Resource) else None


def _table(row_type: Any) -> str:
    declared: TableDeclaration | None = getattr(row_type, "TABLE", None)
    return str(row_type.__name__) if declared is None else declared.name


def _columns(row_type: Any) -> Iterable[Column]:
    return columns(row_type).values() if hasattr(row_type, "TABLE") else ()


def _datum(column: Column, field: Any) -> Datum:
    return frozenset((str(field),)) if column.printed else from_field(column.type, field)
