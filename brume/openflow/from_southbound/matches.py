"""The matches of a translation as matches of OpenFlow: fields by name to two integers."""

from __future__ import annotations

from typing import Final

from brume.expressions.flow_match import FieldMatch
from brume.openflow.messages.fields import FIELDS, field
from brume.openflow.messages.match import Match
from brume.openflow.registers import DATAPATH

_DATAPATH: Final = FIELDS[DATAPATH]
_masks: dict[int, int] = {}
"""Every mask once: there are few, and each is a long integer."""
_places: dict[str, tuple[int, int, int, int]] = {}


def _place(name: str) -> tuple[int, int, int, int]:
    """(lowest bit in the key, all bits as the translation says, as the key has them, in place)."""
    found = _places.get(name)
    if found is None:
        known = field(name)
        found = _places[name] = (known.shift, (1 << known.width) - 1, known.ones, known.mask)
    return found


def openflow_match(fields: tuple[FieldMatch, ...], datapath: int, register: str) -> tuple[Match, int]:
    """(the match on a datapath, the number that `register` must hold or 0)."""
    mask, value, named = _DATAPATH.mask, datapath << _DATAPATH.shift, 0
    for name, wanted, bits in fields:
        shift, every, usable, whole = _place(name)
        mask |= whole if bits == every else (bits & usable) << shift
        value |= (wanted & usable) << shift
        if name == register:
            named = wanted
    return Match(_masks.setdefault(mask, mask), value), named
