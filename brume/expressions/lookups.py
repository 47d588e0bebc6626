"""What a translation must look up, and who answers.

The caller passes one object that answers for one logical datapath on one chassis; it sees every question, so it can
record what the result depends on.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Protocol

from .constants import Constant, parse_constant
from .errors import ExpressionError
from .parser import Element


class Lookups(Protocol):
    """The names a match may mention. A port that is not there has no number: what mentions it never matches."""

    def port(self, name: str) -> int | None:
        """The port's tunnel key (the number in reg14 and reg15)."""

    def address_set(self, name: str) -> Collection[str] | None:
        """The addresses; None when there is no such set, which is a mistake in the match."""

    def port_group(self, name: str) -> Collection[str] | None:
        """The port names, of the group as seen from this datapath; None when there is no such group."""

    def is_chassis_resident(self, port: str) -> bool:
        """Whether the port is bound to this chassis."""


@lru_cache(maxsize=65536)
def element_of(text: str) -> Constant | None:
    """An address set's element; None for text that is no constant (OVN skips it, with a warning)."""
    try:
        return parse_constant(text.strip())
    except ExpressionError:
        return None


class LookedUpSets:
    """A parser's address sets and port groups, taken from lookups."""

    def __init__(self, lookups: Lookups) -> None:
        self.lookups = lookups

    def address_set_elements(self, name: str) -> list[Element] | None:
        addresses = self.lookups.address_set(name)
        if addresses is None:
            return None
        return [element for element in map(element_of, addresses) if element is not None]

    def port_group_elements(self, name: str) -> list[Element] | None:
        ports = self.lookups.port_group(name)
        return None if ports is None else list(ports)
