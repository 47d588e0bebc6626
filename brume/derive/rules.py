"""Rules and derived values: the plain functions that a derivation is made of.

A rule is a generator function from one source row (or one member of a relation) to output rows and members. It may
read anything through the view and nothing else: no clock, no randomness, no module state. The same reads must give
the same outputs; everything the engine promises rests on that.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from brume.tables.row import Member, Relation, Row

if TYPE_CHECKING:
    from brume.derive.view import View

R = TypeVar("R", bound=Row)
P = ParamSpec("P")
T = TypeVar("T")

Output = Row | Member
RuleFunction = Callable[[Any, "View"], Iterable[Output]]


class Problem(Row, frozen=True, kw_only=True):
    """Something in a source row that cannot be derived from, said to the user: a rule yields it and goes on."""

    table: str
    row: str
    message: str

    def key(self) -> Hashable:
        return (self.table, self.row, self.message)


class Rule:
    """A rule: for each row of `source`, run `function`. Named after the function."""

    __slots__ = ("function", "name", "source")

    def __init__(self, source: type[Row] | Relation, function: RuleFunction) -> None:
        self.source = source
        self.function = function
        self.name = f"{function.__module__.removeprefix('brume.')}.{function.__name__}"

    def __repr__(self) -> str:
        return self.name


def rule(source: type[Row] | Relation) -> Callable[[RuleFunction], Rule]:
    """Declare a rule that runs once for each row of `source` (or each Member, if it is a relation)."""
    return lambda function: Rule(source, function)


class Derived(Generic[P, T]):
    """A memoised function of the view and hashable arguments; call it as `value = name(view, ...)`."""

    __slots__ = ("function", "name")

    def __init__(self, function: Callable[..., T]) -> None:
        self.function = function
        self.name = f"{function.__module__.removeprefix('brume.')}.{function.__name__}"

    def __call__(self, view: View, *arguments: P.args, **_: P.kwargs) -> T:
        return cast(T, view.derived(self, arguments))

    def __repr__(self) -> str:
        return self.name


if TYPE_CHECKING:
    from typing import Concatenate

    def derived(function: Callable[Concatenate[View, P], T]) -> Derived[P, T]: ...
else:

    def derived(function):
        """Declare a derived value. Its result must compare by value: readers run again only if it differs."""
        return Derived(function)
