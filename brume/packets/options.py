"""OptionList: how options follow one another, in every protocol that has some.

TCP, IPv4, DHCP, neighbour discovery and Geneve all say type, length, value; they differ in where the length
counts from (the option's own header declares that), in one-octet pads, in an end mark, and in alignment.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from brume.packets.header import Buffer, Header

Option = TypeVar("Option", bound=Header)


class OptionList(msgspec.Struct, Generic[Option], frozen=True):
    """A list's grammar: the header of one option, and the one-octet types that have no length."""

    option: type[Option]
    type_field: str
    pad: int | None = None
    end: int | None = None
    align: int = 1

    def parse(self, data: Buffer, offset: int = 0) -> tuple[Option, ...]:
        """All options from `offset` to the end mark or the end of the data; pads are skipped."""
        return tuple(option for _, option in self.places(data, offset))

    def places(self, data: Buffer, offset: int = 0) -> tuple[tuple[int, Option], ...]:
        """The same, each with where it begins."""
        found: list[tuple[int, Option]] = []
        limit = len(data)
        while offset < limit:
            kind = data[offset]
            if kind == self.end:
                break
            if kind == self.pad:
                offset += 1
                continue
            option = self.option.parse(data, offset)
            found.append((offset, option))
            offset += option.size()
        return tuple(found)

    def pack(self, options: tuple[Option, ...] | list[Option]) -> bytes:
        """The options one after the other, with the end mark (if the grammar has one) and aligned.

        An end mark that alignment has no room for is left out, as RFC 9293 section 3.1 allows."""
        octets = b"".join(option.pack() for option in options)
        if self.end is not None and (self.align == 1 or len(octets) % self.align):
            octets += bytes((self.end,))
        return octets + bytes(-len(octets) % self.align)
