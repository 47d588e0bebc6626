"""Events of a TCP connection: facts its owner hears of, in order."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Connected(msgspec.Struct, frozen=True):
    """The handshake is done."""


class Received(msgspec.Struct, frozen=True):
    """Octets came, in order."""

    data: bytes


class Closed(msgspec.Struct, frozen=True):
    """The peer sends no more."""


class Failed(msgspec.Struct, frozen=True):
    """It is over, and not in good order; the reason in the words of the C library."""

    reason: str


Event: TypeAlias = Connected | Received | Closed | Failed
