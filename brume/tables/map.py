"""Map: an immutable, hashable mapping, for the map-valued columns of rows.

A dict underneath, because building, comparing and reading it then run at C speed, and order does not matter for
equality. What would change it raises TypeError; a changed copy is `Map({**old, "mtu": "1400"})`.
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Map(dict[K, V]):
    """A mapping that never changes: `Map({"mtu": "1500"})`, read as a dict is."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a Map never changes; build a new one")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = pop = popitem = clear = setdefault = _refuse


EMPTY_MAP: Map[Any, Any] = Map()
