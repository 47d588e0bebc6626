"""Uuid: the identity of a row or resource, as canonical lower-case text.

Text and not `uuid.UUID`, because it goes to and comes from JSON, SQL and OVSDB as text, a million times.

Rule: `derive_uuid` depends on its arguments alone. The same names give the same uuid in every process and on
every run, so that deriving again compares equal, and two different lists of parts never run together
("ab","c" is not "a","bc").
"""

from __future__ import annotations

import os
import re
from hashlib import blake2b
from typing import NewType

Uuid = NewType("Uuid", str)

_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def parse_uuid(text: str) -> Uuid:
    """Read a uuid; capital letters are taken and made small."""
    small = text.lower()
    if not _TEXT.match(small):
        raise ValueError(f"{text!r} is not a uuid, as 6c7f6bf6-5f0d-4d3e-8d8e-1f6a0c1f1d11")
    return Uuid(small)


def derive_uuid(namespace: str, *parts: str | int) -> Uuid:
    """A uuid named by a namespace (a uuid or any text) and parts (RFC 9562 version 8: our own hash)."""
    text = f"{len(namespace)}:{namespace}"
    for part in parts:
        word = part if isinstance(part, str) else f"#{part}"
        text += f"{len(word)}{':' if word is part else '#'}{word}"
    return _dashed(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(), "8")


def is_derived(uuid: str) -> bool:
    """Whether `derive_uuid` made a uuid: its version tells."""
    return uuid[14:15] == "8"


def format_uuid(octets: bytes) -> Uuid:
    """The random (version 4) uuid made of sixteen random octets."""
    if len(octets) != 16:
        raise ValueError(f"a uuid has 16 octets, got {len(octets)}")
    return _dashed(octets.hex(), "4")


def random_uuid() -> Uuid:
    """A fresh random uuid. For the edges; the pure middle is given its ids."""
    return format_uuid(os.urandom(16))


def _dashed(digits: str, version: str) -> Uuid:
    return Uuid(
        f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"
    )
