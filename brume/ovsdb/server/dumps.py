"""Dumps: everything a group of monitors sees at one moment, printed piece by piece while somebody reads.

The rows and the elements of their relations are taken at that moment (rows do not change; sets are copied, which is
quick); their text is made when the reader is ready for it, so that a dump of 100,000 flows stops nobody else. Pieces
are kept while the dump is: who asks for the same before something changes gets the same octets.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from brume.ovsdb.columns import Column
from brume.ovsdb.data import Json
from brume.ovsdb.server.changes import Moment, RowDelta
from brume.ovsdb.server.pieces import ROWS_OF_A_PIECE, pieces
from brume.ovsdb.server.watching import INITIAL, Watch

Elements = dict[str, frozenset[Any]]
"""By column: the elements of a row's relations."""


class Dump:
    """The `<table-updates>` or `<table-updates2>` of one moment."""

    __slots__ = ("_made", "_pieces", "rows")

    def __init__(self, moment: Moment, watches: dict[str, Watch], *, is_old: bool) -> None:
        tables = [
            (name, watch, _taken(moment, watch, is_old))
            for name, watch in watches.items()
            if watch.selection.kinds & INITIAL
        ]
        self.rows = sum(len(rows) for _, _, rows in tables)
        self._made: list[bytes] = []
        self._pieces = pieces((name, _parts(watch, rows, is_old)) for name, watch, rows in tables)

    def read(self) -> Iterator[bytes]:
        """The pieces, made as they are asked for unless somebody else has asked already."""
        for number in count():
            if number == len(self._made):
                piece = next(self._pieces, None)
                if piece is None:
                    return
                self._made.append(piece)
            yield self._made[number]


_Taken = list[tuple[Any, Any]]
"""Rows, each with its `Elements`, or with what an old monitor is told of it."""


def _taken(moment: Moment, watch: Watch, is_old: bool) -> _Taken:
    condition, table = watch.selection.condition, watch.table
    rows = table.rows() if condition.is_true else [row for row in table.rows() if condition.sees(row, moment)]
    if is_old:
        return [(row, {"new": watch.full(RowDelta(moment, None, row), INITIAL, before=False)}) for row in rows]
    relations = watch.relations
    if not relations:
        return [(row, None) for row in rows]
    return [(row, {column.name: _elements(moment, column, row) for column in relations}) for row in rows]


def _elements(moment: Moment, column: Column, row: Any) -> frozenset[Any]:
    assert column.relation is not None
    return moment.members(column.relation, row.key())


def _parts(watch: Watch, rows: _Taken, is_old: bool) -> Iterator[dict[str, Json]]:
    for start in range(0, len(rows), ROWS_OF_A_PIECE):
        part = rows[start : start + ROWS_OF_A_PIECE]
        if is_old:
            yield {row.uuid: told for row, told in part}
        else:
            yield {row.uuid: {"initial": watch.initial(row, elements)} for row, elements in part}
