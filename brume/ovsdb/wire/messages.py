"""JSON-RPC 1.0 messages as OVSDB uses them (RFC 7047, section 4): requests, notifications, replies, refusals.

Rules, ovsdb-server's: a member that is null is as good as absent; a member that no message has ends the connection;
a message has exactly the members of its kind. Not here: where a message ends on the stream (`framing.py`), what a
method means (the sessions).
"""

from __future__ import annotations

import sys
from enum import Enum
from typing import Any

import msgspec

from brume.ovsdb.encoding import encode

Json = Any
Raw = msgspec.Raw
"""JSON that is printed already, to be sent as it is."""


class WireError(Exception):
    """The peer sent what is no JSON-RPC message; the connection cannot go on."""


class Kind(Enum):
    """What a message is."""

    REQUEST = "request"
    NOTIFICATION = "notification"
    REPLY = "reply"
    REFUSAL = "error"


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One message; `kind` tells which members mean something."""

    method: str | None = None
    params: list[Json] | None = None
    result: Json = None
    error: Json = None
    id: Json = None

    @property
    def kind(self) -> Kind:
        """As ovsdb-server tells them apart: by the first of result, error and id that is there."""
        if self.result is not None:
            return Kind.REPLY
        if self.error is not None:
            return Kind.REFUSAL
        return Kind.NOTIFICATION if self.id is None else Kind.REQUEST


_MEMBERS = {
    Kind.REQUEST: (True, True, False, False, True),
    Kind.NOTIFICATION: (True, True, False, False, False),
    Kind.REPLY: (False, False, True, False, True),
    Kind.REFUSAL: (False, False, False, True, True),
}
_decode = msgspec.json.Decoder(Message).decode


def read_message(octets: bytes) -> Message:
    """The message that these octets are."""
    try:
        message = _decode(octets)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(f"not a JSON-RPC message: {error}") from None
    if b"\\u0000" in octets and _has_null_byte(msgspec.to_builtins(message)):
        raise WireError("null bytes are not supported in strings")
    may_be_huge = len(octets) > len(_TOO_MANY_DIGITS) and _TOO_MANY_DIGITS in octets.translate(_DIGITS)
    if may_be_huge and _has_huge_number(msgspec.to_builtins(message)):
        raise WireError("a number out of range")
    present = tuple(value is not None for value in msgspec.structs.astuple(message))
    kind = message.kind
    for name, found, wanted in zip(Message.__struct_fields__, present, _MEMBERS[kind], strict=True):
        if found is not wanted:
            raise WireError(f'a {kind.value} must{"" if wanted else " not"} have "{name}"')
    return message


_TOO_MANY_DIGITS = b"0" * sys.float_info.max_10_exp
_DIGITS = bytes(ord("0") if chr(octet).isdigit() and octet < 128 else octet for octet in range(256))
"""Every digit a zero: an integer that no double holds has more than 308 of them."""


def _has_huge_number(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_has_huge_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_huge_number, value))
    return isinstance(value, int) and abs(value) > sys.float_info.max


def _has_null_byte(value: Json) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_null_byte(name) or _has_null_byte(item) for name, item in value.items())
    return isinstance(value, list) and any(map(_has_null_byte, value))


def print_json(value: Json) -> bytes:
    """Any JSON value, as short as can be."""
    return encode(value)


def request(method: str, params: Json, identity: Json) -> bytes:
    """A request; its reply will have the same `identity`."""
    return encode({"id": identity, "method": method, "params": params})


def notification(method: str, params: Json) -> bytes:
    """A message that has no reply."""
    return encode({"id": None, "method": method, "params": params})


def reply(result: Json, identity: Json) -> bytes:
    """The answer to a request."""
    return encode({"id": identity, "result": result, "error": None})


def refusal(error: Json, identity: Json) -> bytes:
    """The answer to a request that cannot be done."""
    return encode({"id": identity, "result": None, "error": error})
