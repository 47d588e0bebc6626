"""One OpenFlow connection, without the socket: bytes in, messages out; messages in, bytes out.

    connection = Connection()
    send(connection.start())                    our HELLO, first of all
    for transaction, message in connection.receive(data): ...
    send(connection.send(FlowMod("add", flow)))

Rules: the first message of either side is HELLO; the version is the highest both speak, none is an error and the end;
echo requests are answered here (`receive` puts the answer into `outgoing`); whatever cannot be read raises
OpenFlowError, after which the connection is dead. The same class serves a controller and a switch.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.versions import OPENFLOW_13, OPENFLOW_15
from brume.openflow.messages.wire_messages import (
    HEADER,
    EchoReply,
    EchoRequest,
    Error,
    Hello,
    Message,
    decode_message,
    encode_message,
)

HELLO_FAILED: Final = 0
INCOMPATIBLE: Final = 0


class State(Enum):
    """How far a connection has come."""

    GREETING = "greeting"  # no HELLO yet
    OPEN = "open"
    DEAD = "dead"


class Connection:
    """One side of a connection."""

    def __init__(self, versions: frozenset[int] = frozenset((OPENFLOW_13, OPENFLOW_15))) -> None:
        self.versions = versions
        self.version = max(versions)
        self.state = State.GREETING
        self.outgoing = bytearray()  # answers to send, left by receive()
        self._buffer = bytearray()
        self._transaction = 0

    def start(self) -> bytes:
        """Our HELLO."""
        return encode_message(Hello(self.versions), max(self.versions), self._next())

    def send(self, message: Message, transaction: int | None = None) -> bytes:
        """A message as bytes; an answer takes its question's transaction."""
        if self.state is not State.OPEN:
            raise OpenFlowError(f"the connection is {self.state.value}: nothing but HELLO can be said")
        return encode_message(message, self.version, self._next() if transaction is None else transaction)

    def receive(self, data: bytes) -> Iterator[tuple[int, Message]]:
        """Every whole message in what has come so far, as (transaction, message)."""
        if self.state is State.DEAD:
            raise OpenFlowError("the connection is dead")
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            length = HEADER.unpack_from(self._buffer)[2]
            if length < HEADER.size:
                self._die(f"a message that says it has {length} octets")
            if len(self._buffer) < length:
                return
            whole = bytes(self._buffer[:length])
            del self._buffer[:length]
            yield from self._message(whole)

    def _message(self, whole: bytes) -> Iterator[tuple[int, Message]]:
        try:
            version, transaction, message = decode_message(whole)
        except OpenFlowError:
            self.state = State.DEAD
            raise
        if self.state is State.GREETING:
            self._greet(message, transaction)
        elif version != self.version and not isinstance(message, Hello):
            self._die(f"a message of version {version:#x} on a connection of version {self.version:#x}")
        elif isinstance(message, EchoRequest):
            self.outgoing += encode_message(EchoReply(message.data), self.version, transaction)
        else:
            yield transaction, message

    def _greet(self, message: Message, transaction: int) -> None:
        if not isinstance(message, Hello):
            self._die("the first message is not HELLO")
            return
        common = self.versions & message.versions
        if not common:
            text = f"we speak {sorted(self.versions)}, you {sorted(message.versions)}".encode()
            refused = Error(HELLO_FAILED, INCOMPATIBLE, text)
            self.outgoing += encode_message(refused, max(self.versions), transaction)
            self._die("no OpenFlow version in common")
        self.version = max(common)
        self.state = State.OPEN

    def _die(self, why: str) -> None:
        self.state = State.DEAD
        raise OpenFlowError(why)

    def _next(self) -> int:
        self._transaction = self._transaction % 0xFFFFFFFF + 1
        return self._transaction
