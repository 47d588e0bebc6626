"""Actions from text: a list of typed steps, and the prerequisites their fields bring."""

import msgspec

from .action_assignments import parse_assignment
from .action_context import ActionContext, Position
from .action_services import SERVICES
from .action_shape import ActionShape, Maker, maker_of, marked_text, shape_of_actions
from .action_words import WORDS
from .errors import ExpressionError
from .expression import Expression
from .logical_fields import logical_fields
from .steps import Step, format_steps
from .symbols import Symbols

ANYWHERE = Position()
_ALL_WORDS = WORDS | SERVICES


class ParsedActions(msgspec.Struct, frozen=True):
    """What an actions column says. No steps at all means drop."""

    steps: tuple[Step, ...]
    prerequisites: Expression | None = None
    """To be joined by AND to the logical flow's expression; annotate it first."""

    def __str__(self) -> str:
        return format_steps(self.steps)


class ActionParser(ActionContext):
    """A parser that knows every action."""

    def parse_steps(self, end: str) -> tuple[Step, ...]:
        if self.token.text == "drop" and self.token.kind == "identifier" and self.lookahead().kind == ";":
            self.advance()
            self.advance()
            self._expect_close(end)
            return ()
        steps: list[Step] = []
        while not self.accept(end):
            steps.append(self._parse_step())
            self.expect(";")
        return tuple(steps)

    def _expect_close(self, end: str) -> None:
        if end == "end":
            self.expect_end()
        else:
            self.expect(end)

    def _parse_step(self) -> Step:
        if self.token.kind == "template":
            raise self.error("Unexpanded template.")
        if self.token.kind != "identifier":
            raise self.syntax_error()
        if self.lookahead().kind in ("=", "<->", "["):
            return parse_assignment(self)
        word = _ALL_WORDS.get(self.token.text)
        if word is None:
            raise self.syntax_error("expecting action")
        self.advance()
        return word(self)


def parse_actions_with(text: str, symbols: Symbols, position: Position = ANYWHERE) -> ParsedActions:
    """The steps of an actions column; `ExpressionError` with OVN's message when there is a mistake."""
    parser = ActionParser(text, symbols, position)
    steps = parser.parse_steps("end")
    return ParsedActions(steps, parser.prerequisites)


def parse_actions(text: str, position: Position = ANYWHERE) -> ParsedActions:
    """The steps of an actions column in the logical table at `position`."""
    parsed = _parsed.get((text, position))
    if parsed is None:
        if len(_parsed) >= _KEPT:
            del _parsed[next(iter(_parsed))]
        parsed = _parsed[text, position] = _by_shape(text, position)
    return parsed


_KEPT = 16_384
_parsed: dict[tuple[str, Position], ParsedActions] = {}
_shapes: dict[tuple[tuple[str, ...], Position], tuple[Maker, Expression | None] | None] = {}


def _by_shape(text: str, position: Position) -> ParsedActions:
    shape = shape_of_actions(text)
    if shape is None:
        return parse_actions_with(text, logical_fields(), position)
    key = (shape.key, position)
    if key not in _shapes:
        if len(_shapes) >= _KEPT:
            del _shapes[next(iter(_shapes))]
        _shapes[key] = _learn(shape, position)
    known = _shapes[key]
    if known is None:
        return parse_actions_with(text, logical_fields(), position)
    maker, prerequisites = known
    return ParsedActions(maker(shape.values), prerequisites)


def _learn(shape: ActionShape, position: Position) -> tuple[Maker, Expression | None] | None:
    try:
        marked = parse_actions_with(marked_text(shape), logical_fields(), position)
    except ExpressionError:
        return None
    maker = maker_of(marked.steps, len(shape.values))
    return None if maker is None else (maker, marked.prerequisites)
