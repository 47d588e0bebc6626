"""JSON for others: octets that ovsdb-server and its clients can read, in log files and on the wire.

Text of OVSDB is UTF-8 without zero octets. A text that is none (half a surrogate pair, U+0000) would make the whole
record or message unreadable to others, and end their connections; so the characters at fault are written as U+FFFD.
Clients cannot send such text, but a cloud's API may have taken it for a name.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

Json = Any
_encode = msgspec.json.Encoder().encode
_ZERO = b"\\u0000"
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def encode(json: Json) -> bytes:
    """A JSON value as octets, on one line."""
    try:
        found = _encode(json)
    except UnicodeEncodeError:
        return _encode(_mend(json))
    return _encode(_mend(json)) if _ZERO in found else found


def _mend(json: Json) -> Json:
    if isinstance(json, str):
        return _UNFIT.sub("\ufffd", json)
    if isinstance(json, dict):
        return {_mend(name): _mend(value) for name, value in json.items()}
    if isinstance(json, list | tuple):
        return [_mend(item) for item in json]
    return json
