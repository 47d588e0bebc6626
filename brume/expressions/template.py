"""Open sets: the flows of a set's elements, without the elements."""

import msgspec

from .conversion import Fields, constrain_number
from .flow_match import Clause, FieldMatch, FlowMatch, flow_match
from .lookups import Lookups, element_of


class SetReference(msgspec.Struct, frozen=True, order=True):
    """An address set (`sigil` is `$`) or a port group (`@`), by the name it has in the match."""

    sigil: str
    name: str

    def __str__(self) -> str:
        return self.sigil + self.name


class SetTemplate(msgspec.Struct, frozen=True):
    """The flows that the elements of one set add: `fields` and `clauses`, and the element in the open field.

    With clauses the flows carry conjunctions; the flow on conj_id is among the translation's. Two templates, or a
    template and a plain flow, may make the same flow: the caller joins their clauses (`merge_matches`).
    """

    reference: SetReference
    fields: tuple[FieldMatch, ...]
    clauses: tuple[Clause, ...]
    registers: tuple[tuple[str, int], ...]
    """The field left open: OpenFlow fields with the position of their lowest bit in it."""
    offset: int
    bits: int

    def flow(self, element: str, lookups: Lookups) -> FlowMatch | None:
        """The flow this element adds: an address or prefix as text, or a port's name; None if it adds none."""
        if self.reference.sigil == "@":
            number = lookups.port(element)
            return None if number is None else self._with(number, (1 << self.bits) - 1)
        constant = element_of(element)
        if constant is None or constant.width > self.bits:
            return None
        ones = (1 << self.bits) - 1
        return self._with(constant.value, ones if constant.mask is None else constant.mask)

    def renumbered(self, offset: int) -> "SetTemplate":
        """The same with `offset` added to every conjunction id."""
        moved = FlowMatch(self.fields, self.clauses).renumbered(offset)
        return msgspec.structs.replace(self, fields=moved.fields, clauses=moved.clauses)

    def _with(self, value: int, mask: int) -> FlowMatch:
        if len(self.registers) == 1 and not self.offset:
            name = self.registers[0][0]
            return FlowMatch(tuple(sorted((*self.fields, (name, value, mask)))) if mask else self.fields, self.clauses)
        fields: Fields = {name: (known, bits) for name, known, bits in self.fields}
        constrain_number(fields, self.registers, value << self.offset, mask << self.offset)
        return flow_match(fields, self.clauses)
