"""Where one JSON message ends and the next begins: messages follow each other without anything between them.

Rules: every octet is looked at once, however the stream is cut; what has not become a message is bounded in size and
in depth; what cannot become one raises `WireError` as early as can be told cheaply. A small message that arrives
whole, which is nearly every message, is not scanned at all; what is large is leapt over (`nesting.py`), and only where
a message ends are brackets looked at one by one.
"""

from __future__ import annotations

import re

from brume.ovsdb.wire.messages import Message, WireError, read_message
from brume.ovsdb.wire.nesting import nesting

MAXIMUM_MESSAGE = 64 << 20
"""Octets of one message. ovsdb-server knows no limit; the NB of 10,000 ports in one transaction is about 10 MB."""
MAXIMUM_DEPTH = 200
"""Arrays and objects inside each other. ovsdb-server takes 1,000; what OVSDB says needs fewer than ten."""

_BRACKETS = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([{}\[\]]?)', re.DOTALL)
"""Goes over what lies between brackets; finds none at the end, or where a string begins that is not all there."""
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_QUOTE, _BRACE, _OPENING = ord('"'), ord("{"), b"{["
_WORTH_A_LEAP = 2048


class Framer:
    """The octets of one direction of a connection, as they become messages: `feed` them, and ask `next`."""

    __slots__ = (
        "_buffer",
        "_depth",
        "_fresh",
        "_in_string",
        "_maximum_depth",
        "_maximum_message",
        "_scanned",
        "_start",
    )

    def __init__(self, *, maximum_message: int = MAXIMUM_MESSAGE, maximum_depth: int = MAXIMUM_DEPTH) -> None:
        self._maximum_message = maximum_message
        self._maximum_depth = maximum_depth
        self._buffer = bytearray()
        self._start = 0
        """Where the message begins that is not read yet."""
        self._scanned = 0
        """Up to where it has been looked at; how deep that is, and whether within a string."""
        self._depth = 0
        self._in_string = False
        self._fresh = False
        """Nothing was left of what came before: perhaps the buffer is one message."""

    @property
    def pending(self) -> int:
        """How many octets wait to become messages."""
        return len(self._buffer) - self._start

    def feed(self, octets: bytes) -> None:
        """Take what the connection received."""
        del self._buffer[: self._start]
        self._scanned -= self._start
        self._start = 0
        self._fresh = not self._buffer
        self._buffer += octets

    def next(self) -> Message | None:
        """The next message, or None until more octets have come."""
        if not self._depth and not self._begin():
            return None
        if self._fresh:
            self._fresh = False
            message = self._whole()
            if message is not None:
                return message
        complete = self._scan()
        if self._scanned - self._start > self._maximum_message:
            raise WireError(f"a message of more than {self._maximum_message} octets")
        if not complete:
            return None
        octets = bytes(memoryview(self._buffer)[self._start : self._scanned])
        self._start = self._scanned
        return read_message(octets)

    def _begin(self) -> bool:
        """Go to the first octet of a message; whether there is one."""
        found = _SPACE.match(self._buffer, self._start)
        assert found is not None
        self._start = self._scanned = found.end()
        if self._start == len(self._buffer):
            return False
        if self._buffer[self._start] != _BRACE:
            raise WireError("a message is a JSON object")
        return True

    def _whole(self) -> Message | None:
        """The message, if the buffer is one and cannot be too deep."""
        octets = bytes(self._buffer)
        if len(octets) > self._maximum_message:
            return None
        if not octets.rstrip().endswith(b"}") or not self._is_shallow(octets):
            return None
        try:
            message = read_message(octets)
        except WireError:
            return None  # the end of it is missing, or there are several; if it is wrong, the scan will say so
        self._start = self._scanned = len(octets)
        return message

    def _is_shallow(self, octets: bytes) -> bool:
        if octets.count(b"{") + octets.count(b"[") <= self._maximum_depth:
            return True
        found = nesting(octets)
        return found is not None and found.is_closed and found.depth <= self._maximum_depth

    def _leap(self) -> bool:
        """Go over all that has come, if the message cannot end there."""
        if len(self._buffer) - self._scanned < _WORTH_A_LEAP:
            return False
        found = nesting(bytes(memoryview(self._buffer)[self._scanned :]))
        if found is None or found.closed >= self._depth:
            return False
        if self._depth + found.opened + found.depth > self._maximum_depth:
            return False
        self._depth += found.opened - found.closed
        self._in_string = found.in_string
        self._scanned = len(self._buffer)
        return True

    def _scan(self) -> bool:
        """Look for the end of the message, from where the last look ended; True if it was found."""
        buffer = self._buffer
        if self._in_string and not self._leave_string():
            return False
        if not self._depth:
            self._depth = 1  # the brace that it begins with
            self._scanned += 1
        if self._leap():
            return False
        depth, deepest = self._depth, self._maximum_depth
        for bracket in _BRACKETS.finditer(buffer, self._scanned):
            self._scanned = bracket.end()
            if not bracket[1]:
                break
            if bracket[1] in _OPENING:
                depth += 1
                if depth > deepest:
                    raise WireError(f"a message nested more than {deepest} deep")
            else:
                depth -= 1
                if not depth:
                    self._depth = 0
                    return True
        self._depth = depth
        if self._scanned < len(buffer):
            self._scanned += 1
            self._in_string = True
            self._leave_string()
        return False

    def _leave_string(self) -> bool:
        """Go to the end of the string; whether it was found. A backslash is not parted from what it escapes."""
        found = _IN_STRING.match(self._buffer, self._scanned)
        assert found is not None
        self._scanned = found.end()
        if self._scanned == len(self._buffer) or self._buffer[self._scanned] != _QUOTE:
            return False
        self._scanned += 1
        self._in_string = False
        return True
