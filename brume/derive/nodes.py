"""The nodes of the dependency graph that have a life of their own: rule instances and memoised values."""

from __future__ import annotations

from collections.abc import Hashable
from enum import IntEnum
from typing import Any

from brume.derive.rules import Derived, Output, Rule

Node = Hashable
"""One thing that can be read: (row type, key), (index, value), (relation side, key), a row type, or a Memo."""


class State(IntEnum):
    """How far a consumer's last result can be trusted."""

    CLEAN = 0  # what it read is unchanged
    SUSPECT = 1  # a derived value that it read may change
    STALE = 2  # something that it read has changed
    RUNNING = 3  # being computed now; reading it again is a cycle


class Consumer:
    """Something computed from reads."""

    __slots__ = ("reads", "state")

    def __init__(self) -> None:
        self.reads: tuple[Node, ...] = ()
        self.state = State.STALE


class Instance(Consumer):
    """One rule for one source row: what it read and what it made."""

    __slots__ = ("key", "outputs", "rule")

    def __init__(self, rule: Rule, key: Hashable) -> None:
        super().__init__()
        self.rule = rule
        self.key = key
        self.outputs: tuple[Output, ...] = ()

    def __repr__(self) -> str:
        return f"{self.rule.name}({self.key})"


class Memo(Consumer):
    """One derived value for one set of arguments."""

    __slots__ = ("arguments", "function", "value")

    def __init__(self, function: Derived[Any, Any], arguments: tuple[Hashable, ...]) -> None:
        super().__init__()
        self.function = function
        self.arguments = arguments
        self.value: Any = None

    def __repr__(self) -> str:
        return f"{self.function.name}{self.arguments}"
