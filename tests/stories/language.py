"""The language of stories: which sentences there are, as one table, and how a line finds its function.

    @sentence("Given When", "network NAME[ CIDR][ with SETTINGS]")
    def network(world, name, cidr, settings): ...

A pattern is the sentence as its reader learns it: words, places in capitals, and in brackets what may be left out. Each
place has one meaning everywhere (PLACES), and is handed to the function under its name in small letters.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.stories.story import KEYWORDS, Sentence, StoryError

if TYPE_CHECKING:
    from tests.stories.world import World

__all__ = ["KEYWORDS", "PLACES", "TABLE", "sentence", "understand", "vocabulary"]
MODULES = ("networks", "security", "servers", "actions", "outcomes", "captures")
_NAME = r"[A-Za-z][\w-]*"
_ITEM = r"[A-Za-z][\w.-]*"


def _list(text: str) -> list[str]:
    return re.split(r", | and ", text)


def _settings(text: str) -> dict[str, str]:
    """`mtu=1400 and dns_nameservers=["9.9.9.9"]`: attributes as the API names them; their values are JSON or words."""
    pairs = (part.partition("=") for part in re.split(r"(?:, | and )(?=[\w:]+=)", text))
    return {name: value for name, _, value in pairs}


def value(text: str) -> Any:
    """JSON, or else a word."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


PLACES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "NAME": (_NAME, str),
    **dict.fromkeys(("ITEM", "SERVER", "NETWORK", "PORT", "ROUTER", "GROUP", "WIRE", "PROJECT", "OTHER"), (_ITEM, str)),
    **dict.fromkeys(("NAMES", "NETWORKS", "GROUPS", "PORTS"), (rf"{_ITEM}(?:(?:, | and ){_ITEM})*", _list)),
    "KIND": ("network|subnet|port|router|group|floating IP|server", str),
    "CIDR": (r"[0-9a-f.:]+/\d+", str),
    "ADDRESS": (r"[0-9a-f.:]+|\{\S+\}", str),
    "TEXTS": (r"\S+(?:, \S+)*", _list),
    "NODE": (r"compute\d", str),
    "SETTINGS": (r"[\w:]+=.+", _settings),
    "TRAFFIC": (r".+?", str),
    "TEXT": (r'".*"', lambda text: text[1:-1]),
    "COMMAND": (r".+", str),
    "NUMBER": (r"\d+", int),
}
"""The places of patterns: what fits, and what it becomes."""


class Phrase(NamedTuple):
    """One sentence of the language."""

    keywords: tuple[str, ...]
    pattern: str
    expression: re.Pattern[str]
    function: Callable[..., None]


TABLE: list[Phrase] = []


def sentence(keywords: str, pattern: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a sentence to the language; `keywords`: where it may stand."""

    def add(function: Callable[..., None]) -> Callable[..., None]:
        TABLE.append(Phrase(tuple(keywords.split()), pattern, _expression(pattern), function))
        return function

    return add


def _expression(pattern: str) -> re.Pattern[str]:
    def part(found: re.Match[str]) -> str:
        word = found[0]
        if word in PLACES:
            return f"(?P<{word.lower()}>{PLACES[word][0]})"
        return {"[": "(?:", "]": ")?"}.get(word, re.escape(word))

    return re.compile(re.sub(r"\b[A-Z]{2,}\b|\[|\]|.", part, pattern))


def vocabulary(*keywords: str) -> Iterator[str]:
    """The sentences that may follow these keywords."""
    for module in MODULES:
        importlib.import_module(f"tests.stories.sentences.{module}")
    for phrase in TABLE:
        if set(phrase.keywords) & set(keywords):
            yield phrase.pattern


def understand(told: Sentence) -> Callable[[World], None]:
    """What a sentence does, or StoryError with the sentences there are."""
    known = list(vocabulary(told.keyword))
    for phrase in TABLE:
        if told.keyword in phrase.keywords and (found := phrase.expression.fullmatch(told.text)):
            places = {
                place: None if text is None else PLACES[place.upper()][1](text)
                for place, text in found.groupdict().items()
            }
            return lambda world: phrase.function(world, **places)
    lines = "\n".join(f"    {pattern}" for pattern in known)
    raise StoryError(told.line, f"no such sentence after {told.keyword}: {told.text}\nthere are:\n{lines}")
