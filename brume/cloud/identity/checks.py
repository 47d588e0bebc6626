"""What values of identity attributes must look like: Keystone's JSON Schemas as functions.

Each takes a JSON value and answers the row's value, or raises ValueError with the reason in jsonschema's words.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

TAGS_AT_MOST = 80


def enabled(value: Any) -> bool:
    """A boolean, strictly: "false" is none."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is not of type 'boolean'")
    return value


def name64(value: Any) -> str:
    """A name of at most 64 characters, not blank."""
    return _name(value, 64)


def name255(value: Any) -> str:
    """A name of at most 255 characters, not blank."""
    return _name(value, 255)


def _name(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not of type 'string'")
    if not value:
        raise ValueError("'' is too short")
    if len(value) > most:
        raise ValueError(f"{value!r} is too long")
    if not value.strip():
        raise ValueError(f"{value!r} does not match '[\\\\S]+'")
    return value.strip()


def tag(value: Any) -> str:
    """A project tag: no slash, no comma (the API working group's rule)."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not of type 'string'")
    if not value:
        raise ValueError("'' is too short")
    if len(value) > 255:
        raise ValueError(f"{value!r} is too long")
    if "/" in value or "," in value:
        raise ValueError(f"{value!r} does not match '^[^,/]*$'")
    return value


def tag_list(value: Any) -> tuple[str, ...]:
    """The tags of a project: at most 80, each once."""
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is not of type 'array'")
    if len(value) > TAGS_AT_MOST:
        raise ValueError("the list of tags is too long")
    tags = tuple(tag(item) for item in value)
    if len(set(tags)) != len(tags):
        raise ValueError(f"{value!r} has non-unique elements")
    return tags


def url(value: Any) -> str:
    """An http(s) URL, where the catalog's substitutions may stand."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not of type 'string'")
    if len(value) > 65535:
        raise ValueError("the URL is too long")
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{value!r} does not match '^[a-zA-Z0-9+.-]+:.+'")
    return value
