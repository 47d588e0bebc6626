"""Hands: what somebody wrote into the northbound beside what the rules make, and what of it belongs to the rules.

    row of a table that rules write   the rules', if its uuid is a derived one (version 8), else the hand's
    row of any other table            the hand's (NB_Global is nobody's: its columns are settings)
    element of a relation             the hand's if its row is, or the row it names; else the rules'

So an ACL added to a derived switch stays, a derived port put into another derived group does not. Uuids that a
database gives are random (version 4); nobody gets one of version 8 by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

from brume.derive.rules import Output, Problem
from brume.northbound.schema import (
    ACL,
    NAT,
    NORTHBOUND,
    DHCPOptions,
    GatewayChassis,
    LogicalRouter,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    LogicalSwitch,
    LogicalSwitchPort,
    NBGlobal,
    PortGroup,
)
from brume.ovsdb.columns import SetColumn, columns
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row
from brume.values.uuids import is_derived

DERIVED: Final[frozenset[type[Row]]] = frozenset(
    (
        LogicalSwitch,
        LogicalSwitchPort,
        LogicalRouter,
        LogicalRouterPort,
        LogicalRouterStaticRoute,
        GatewayChassis,
        NAT,
        DHCPOptions,
        PortGroup,
        ACL,
        Problem,
    )
)
"""What the rules from the cloud write."""
_BY_CLASS: Final = {row_type.__name__: row_type for row_type in NORTHBOUND.tables.values()}
_NOBODYS: Final = (NBGlobal, Problem)


def is_free(row_type: type[Row], key: Hashable) -> bool:
    """Whether a row is the hand's."""
    return row_type not in _NOBODYS and not (row_type in DERIVED and is_derived(str(key)))


def belongs(output: Output) -> bool:
    """Whether a row or an element is the rules', so that it goes if no rule makes it."""
    if isinstance(output, Member):
        return not is_free_member(output)
    return type(output) in DERIVED and not is_free(type(output), output.key())


def is_free_member(member: Member) -> bool:
    """Whether an element is the hand's: its row is no derived one, or the row it names."""
    relation: Any = member.relation
    table = relation.base.table
    return is_free(_BY_CLASS[relation.owner], member.parent) or (
        table is not None and is_free(NORTHBOUND.tables[table], member.child)
    )


class Hands:
    """The hand's rows of one northbound: kept by looking at what others than the engine write."""

    def __init__(self, northbound: Database, engine: object) -> None:
        self.rows: dict[tuple[type[Row], Hashable], None] = {}
        self._northbound = northbound
        self._engine = engine

    def start(self) -> None:
        """Look at everything: what was in the database before; and follow it from now on."""
        self._northbound.unsubscribe(self._follow)
        self._northbound.subscribe(self._follow)
        self.rows = {
            (row_type, key): None
            for row_type in NORTHBOUND.tables.values()
            for key in self._northbound.table(row_type).rows
            if is_free(row_type, key)
        }

    def _follow(self, changes: ChangeSet) -> None:
        if self._northbound.author is self._engine and not self.rows:
            return
        for row_type, key, _, new in changes.rows:
            if new is None:
                self.rows.pop((row_type, key), None)
            elif is_free(row_type, key):
                self.rows[row_type, key] = None


def remove_stale(northbound: Database, makes: Callable[[Any], bool], transaction: Transaction) -> None:
    """Delete what is the rules' and no rule makes: left by a cloud that has changed since the rows were written."""
    for row_type in DERIVED:
        for key, row in northbound.table(row_type).rows.items():
            if belongs(row) and not makes((row_type, key)):
                transaction.delete(row_type, key)
    for row_type in DERIVED - {Problem}:
        for column in columns(row_type).values():
            if isinstance(column.relation, SetColumn):
                for member in northbound.all_members(column.relation):
                    if not is_free_member(member) and not makes(member):
                        transaction.remove(*member)
