"""Roles of clients (RBAC): what a client may change that came through a remote with a role, as ovsdb-server has it.

    Connection.role ---> RBAC_Role.permissions: by table ---> RBAC_Permission: authorization, insert_delete, update

A row is the client's to change if one of the columns (or `column:key` of a map) that `authorization` names holds the
client's name, or if it names nothing: the empty string. Who has a role changes only tables that it has a permission
for; who has none, and everybody in a database without the table RBAC_Role, may do everything. Everybody reads all.

Rule: a client's name is the common name of the certificate that it showed. Who showed none has no name and changes
nothing. Roles and permissions are read as the transaction itself has left them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from brume.ovsdb.columns import UUID_COLUMN
from brume.ovsdb.conditions import Clause
from brume.ovsdb.data import Datum
from brume.ovsdb.errors import OvsdbError
from brume.ovsdb.store import Store, StoredTable
from brume.ovsdb.types import AtomType
from brume.ovsdb.work import Seen, Work

ROLES = "RBAC_Role"
PERMISSION_ERROR = "permission error"


class Identity(NamedTuple):
    """Whom a server takes its client for."""

    role: str = ""
    name: str | None = None

    def __str__(self) -> str:
        name = "(null)" if self.name is None else self.name  # as C prints what is not there
        return f'RBAC rules for client "{name}" role "{self.role}"'


ANYBODY = Identity()


def is_limited(identity: Identity, store: Store) -> bool:
    """Whether somebody may not change everything in a database."""
    return bool(identity.role) and ROLES in store.tables


class Permissions:
    """What a client may change in the course of one transaction."""

    __slots__ = ("_identity", "_work")

    def __init__(self, identity: Identity, work: Work) -> None:
        self._identity = identity
        self._work = work

    def check_insert(self, row: Seen) -> None:
        """A new row may be there."""
        if not self._may_replace((row,), row.table):
            raise self._error(f'row insertion into table "{row.table.name}".')

    def check_delete(self, rows: Iterable[Seen], table: StoredTable) -> None:
        """These rows may go."""
        if not self._may_replace(rows, table):
            raise self._error(f'row deletion from table "{table.name}".')

    def check_update(self, rows: Iterable[Seen], table: StoredTable, columns: Iterable[str]) -> None:
        """These columns of these rows may hold something else."""
        if not self._may_change(rows, table, columns):
            raise self._error(f'modification of table "{table.name}".')

    def check_mutate(self, rows: Iterable[Seen], table: StoredTable, columns: Iterable[str]) -> None:
        """The same for mutations."""
        if not self._may_change(rows, table, columns):
            raise self._error(f'mutate operation on table "{table.name}".')

    def _error(self, what: str) -> OvsdbError:
        return OvsdbError(PERMISSION_ERROR, f"{self._identity} prohibit {what}")

    def _may_replace(self, rows: Iterable[Seen], table: StoredTable) -> bool:
        permission = self._permission(table)
        if permission is None:
            return False
        allowed = True in _held(permission, "insert_delete", AtomType.BOOLEAN, maximum=1)
        return all(allowed and self._is_theirs(row, permission) for row in rows)

    def _may_change(self, rows: Iterable[Seen], table: StoredTable, columns: Iterable[str]) -> bool:
        permission = self._permission(table)
        if permission is None:
            return False
        allowed = _held(permission, "update", AtomType.STRING).issuperset(columns)
        return all(allowed and self._is_theirs(row, permission) for row in rows)

    def _permission(self, table: StoredTable) -> Seen | None:
        """The row that says what the role may do in a table."""
        if self._identity.name is None:
            return None
        roles = self._work.store.tables[ROLES]
        name, permissions = roles.columns.get("name"), roles.columns.get("permissions")
        value = permissions.type.value if permissions is not None else None
        if name is None or permissions is None or value is None or value.table is None:
            return None
        for role in self._work.find(roles, []):
            if self._identity.role in role.datum(name):
                uuid = dict(_pairs(role.datum(permissions))).get(table.name)
                if uuid is None:
                    return None
                by_uuid = Clause("==", UUID_COLUMN, frozenset((uuid,)))
                return next(iter(self._work.find(self._work.store.tables[value.table], [by_uuid])), None)
        return None

    def _is_theirs(self, row: Seen, permission: Seen) -> bool:
        return any(
            not where or self._identity.name in _owners(row, where)
            for where in _held(permission, "authorization", AtomType.STRING)
        )


def _owners(row: Seen, where: str) -> Collection[Any]:
    """Who a row belongs to, by a column or by a key in a map."""
    if ":" not in where:
        return _held(row, where, AtomType.STRING, maximum=1)
    parts = [part for part in where.split(":") if part]  # as strtok cuts it: a third part is not looked at
    column = row.table.columns.get(parts[0]) if len(parts) > 1 else None
    if column is None or (column.type.key.atom, column.type.maximum) != (AtomType.STRING, None):
        return ()
    if column.type.value is None or column.type.value.atom is not AtomType.STRING:
        return ()
    return [value for key, value in _pairs(row.datum(column)) if key == parts[1]]


def _held(row: Seen, name: str, atom: AtomType, maximum: int | None = None) -> frozenset[Any]:
    """What a set column holds; nothing if there is no such column, or of another type."""
    column = row.table.columns.get(name)
    if column is None or column.type.value is not None:
        return frozenset()
    if (column.type.key.atom, column.type.maximum) != (atom, maximum):
        return frozenset()
    return frozenset(row.datum(column))


def _pairs(datum: Datum) -> Iterable[tuple[str, str]]:
    return () if isinstance(datum, frozenset) else datum.items()
