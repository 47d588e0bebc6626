"""The difference of two datums, as log files and `update2` messages write it, and what it makes of the first.

Of a column with room for several elements it is what one has and the other has not; a key whose value differs stands
with its new value. Of any other column it is the new datum itself. So applying it twice gives the first datum back
(but for changed values), and nobody needs to say which elements came and which went.
"""

from __future__ import annotations

from typing import Any

from brume.ovsdb.data import Datum
from brume.ovsdb.types import ColumnType
from brume.tables.map import EMPTY_MAP, Map


def is_composite(column_type: ColumnType) -> bool:
    """Whether a column of this type has room for more than one element."""
    return column_type.maximum is None or column_type.maximum > 1


def difference(column_type: ColumnType, old: Datum, new: Datum) -> Datum:
    """What turns `old` into `new`."""
    if not is_composite(column_type):
        return new
    if isinstance(old, Map) and isinstance(new, Map):
        gone = {key: value for key, value in old.items() if key not in new}
        return Map({**gone, **{key: value for key, value in new.items() if key not in old or old[key] != value}})
    return frozenset(old) ^ frozenset(new)


def apply_difference(column_type: ColumnType, old: Datum, changed: Datum) -> Datum:
    """What `difference` was made for."""
    if not is_composite(column_type):
        return changed
    if isinstance(old, Map) and isinstance(changed, Map):
        found: dict[Any, Any] = dict(old)
        for key, value in changed.items():
            if key in found and found[key] == value:
                del found[key]
            else:
                found[key] = value
        return Map(found) if found else EMPTY_MAP
    return frozenset(old) ^ frozenset(changed)
