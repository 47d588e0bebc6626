"""Patterns: the regular expressions that Nova's server filters take, as far as they cost little.

Not a matcher: Python's. It goes back and tries again, so that `(a+)+$` takes longer than the universe on a name of
fifty letters, and everybody waits for the one event loop meanwhile (Nova leaves the work to its database). So a
pattern may have at most two parts of a free length or choice, none within a repetition, and no reference back: its
cost is then at most the cube of a name's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

words: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

LONGEST = 255
MOST_CHOICES = 2

REPEATS = (words.MAX_REPEAT, words.MIN_REPEAT, words.POSSESSIVE_REPEAT)
REFUSED = (words.GROUPREF, words.GROUPREF_EXISTS)


class TooCostly(ValueError):
    """A pattern that could keep everybody waiting."""


def compile_pattern(text: str) -> re.Pattern[str]:
    """The pattern; raises re.error, OverflowError, RecursionError as `re` does, and TooCostly."""
    if len(text) > LONGEST:
        raise TooCostly(f"a pattern has at most {LONGEST} characters")
    if sum(_choices(parser.parse(text), repeated=False)) > MOST_CHOICES:
        raise TooCostly(f"a pattern has at most {MOST_CHOICES} parts that repeat or choose")
    return re.compile(text)


def _choices(parsed: Any, *, repeated: bool) -> Iterator[int]:
    """A one for each place where the matcher may have to come back to."""
    for operation, argument in parsed:
        if operation in REFUSED:
            raise TooCostly("a pattern refers to none of its groups")
        if operation in REPEATS:
            least, most, inner = argument
            yield from _counted(least != most, repeated)
            yield from _choices(inner, repeated=repeated or most > 1)
        elif operation is words.BRANCH:
            yield from _counted(True, repeated)
            for inner in argument[1]:
                yield from _choices(inner, repeated=repeated)
        else:
            yield from _within(operation, argument, repeated)


def _within(operation: Any, argument: Any, repeated: bool) -> Iterator[int]:
    """Groups, and looks ahead and behind."""
    if operation in (words.ASSERT, words.ASSERT_NOT, words.SUBPATTERN):
        yield from _choices(argument[-1], repeated=repeated)
    elif operation is words.ATOMIC_GROUP:
        yield from _choices(argument, repeated=repeated)


def _counted(free: bool, repeated: bool) -> Iterator[int]:
    if free and repeated:
        raise TooCostly("what a pattern repeats has one length and no choice")
    yield int(free)
