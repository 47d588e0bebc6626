"""Reads stories from Markdown: what is written, where it stands. Knows nothing of what a sentence does.

A `## ` heading begins a story. The fenced blocks marked `story` below it hold its sentences; blocks before the first
such heading are the background, with which every story of the file begins. Everything else is prose.

A sentence is a line. It follows a keyword (Given, When, Then), or, indented, belongs to the last one. From ` # ` on a
line is a remark.
"""

from __future__ import annotations

import re
from typing import NamedTuple

KEYWORDS = ("Given", "When", "Then")
_HEADING = re.compile(r"## +(.+)")
_REMARK = re.compile(r"(^|\s+)# .*")


class Sentence(NamedTuple):
    """One line of a story."""

    line: int
    keyword: str
    text: str


class Story(NamedTuple):
    """What one test does."""

    title: str
    line: int
    sentences: tuple[Sentence, ...]


class StoryError(Exception):
    """A story does not hold, or cannot be understood; `line` is its place in the file."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def stories(text: str) -> list[Story]:
    """The stories of a Markdown file."""
    background: list[Sentence] = []
    found: list[Story] = []
    current = background
    block: list[tuple[int, str]] | None = None
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if block is not None:
            if line.strip() == "```":
                if fence == "story":
                    current.extend(_sentences(block))
                block = None
            else:
                block.append((number, line))
        elif line.startswith("```"):
            block, fence = [], line[3:].strip()
        elif heading := _HEADING.match(line):
            current = []
            found.append(Story(heading[1].strip(), number, ()))
        if found and current is not background:
            found[-1] = found[-1]._replace(sentences=tuple(current))
    if block is not None:
        raise StoryError(number, "a fenced block is not closed")
    told = [story for story in found if story.sentences]
    return [story._replace(sentences=(*background, *story.sentences)) for story in told]


def _sentences(block: list[tuple[int, str]]) -> list[Sentence]:
    found: list[Sentence] = []
    keyword = ""
    for number, line in block:
        line = _REMARK.sub("", line).rstrip()
        if not line:
            continue
        first, _, rest = line.partition(" ")
        if first in KEYWORDS:
            keyword, line = first, rest
        elif not line.startswith(" ") or not keyword:
            raise StoryError(number, f"a line begins with one of {', '.join(KEYWORDS)}, or is indented below one")
        found.append(Sentence(number, keyword, " ".join(line.split()) if '"' not in line else line.strip()))
    return found
