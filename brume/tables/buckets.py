"""Buckets: what lies under a value, where nearly always one thing does.

    dict: value -> the thing itself, or a dict of things by key where there are several

A dict for each would be most of the memory of an index. Things lie in the order in which they came. Rule: a thing is
never a plain dict, and is put only where it is not yet.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

Buckets = dict[Hashable, Any]
KeyOf = Callable[[Any], Hashable]
_NOTHING: Any = object()


def put(buckets: Buckets, value: Hashable, key: Hashable, thing: Any, key_of: KeyOf) -> None:
    """Add a thing; `key_of` tells the key of the one that lay there alone."""
    held = buckets.get(value, _NOTHING)
    if held is _NOTHING:
        buckets[value] = thing
    elif type(held) is dict:
        held[key] = thing
    else:
        buckets[value] = {key_of(held): held, key: thing}


def drop(buckets: Buckets, value: Hashable, key: Hashable) -> None:
    """Take away the thing with this key, which is there."""
    held = buckets[value]
    if type(held) is not dict:
        del buckets[value]
        return
    del held[key]
    if len(held) == 1:
        (buckets[value],) = held.values()


def things(buckets: Buckets, value: Hashable) -> list[Any]:
    """All that lies under a value."""
    held = buckets.get(value, _NOTHING)
    if held is _NOTHING:
        return []
    return list(held.values()) if type(held) is dict else [held]
