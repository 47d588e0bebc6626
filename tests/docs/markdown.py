"""The pages: their fenced blocks, links, headings, paths and excerpts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:\.?\./)*(?:brume|tests|docs|scripts|benchmarks|\.ci)/[\w./*{},-]*|[A-Z]+\.md|pyproject\.toml")
_MADE = re.compile(
    r"(?P<head><!-- made: (?P<name>\S+) -->\n```\w+\n)(?P<text>.*?)(?P<tail>^```$)", re.DOTALL | re.MULTILINE
)
_HEADING = re.compile(r"#+ +(.+)")


class Block(NamedTuple):
    """A fenced block: where it begins, what it is marked with, what stands in it."""

    line: int
    language: str
    text: str


def pages() -> list[Path]:
    """Every page of the project."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    inside: list[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            if inside is None:
                start, language, inside = number, line[3:].strip(), []
            else:
                yield Block(start, language, "\n".join(inside))
                inside = None
        elif inside is not None:
            inside.append(line)


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def links(text: str) -> list[str]:
    """Where the links of a page lead, other sites left out."""
    return [link for link in _LINK.findall(prose(text)) if "://" not in link]


def anchors(text: str) -> set[str]:
    """The places in a page that a link may lead to."""
    headings = _HEADING.findall(prose(text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def paths(text: str) -> list[str]:
    """The files of the project that a page names, in its prose and its drawings."""
    quoted = [path for path in _CODE.findall(prose(text)) if _PATH.fullmatch(path)]
    drawn = [word for block in blocks(text) if block.language == "" for word in _PATH.findall(block.text)]
    return quoted + drawn


def exists(path: str, page: Path) -> bool:
    """Whether a path, which may have a `*`, is in the project or beside the page."""
    if path.startswith("."):
        return (page.parent / path).exists() or (ROOT / path).exists()
    return any(ROOT.glob(path.rstrip("/")))


def excerpts_of(text: str) -> dict[str, str]:
    """The blocks of a page that are made, by name."""
    return {found["name"]: found["text"] for found in _MADE.finditer(text)}


def with_excerpts(text: str, made: dict[str, str]) -> str:
    """A page with its made blocks as they should be."""
    return _MADE.sub(lambda found: found["head"] + made[found["name"]] + found["tail"], text)
