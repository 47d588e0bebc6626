"""One client's socket, and the octets between it and the session.

Rules: nothing is decided here; a client that does not read is not received from either, and its session decides how
long it may stay.
"""

from __future__ import annotations

import asyncio
from typing import cast

from brume.ovsdb.server.entrance import Entrance
from brume.ovsdb.server.session import Session

WRITE_BUFFER = 256 << 10
PIECES_OF_A_TURN = 16
"""What one client is sent before others have their turn: a piece of a dump takes a millisecond to make."""


class Connection(asyncio.Protocol):
    """One client's socket."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._paused = False
        self._receiving = False
        self._scheduled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._session = self._entrance.connected(self, transport)
        self._session.on_output = self._wake
        self._session.on_close = self.end
        self._session.backlog = self._transport.get_write_buffer_size

    def data_received(self, data: bytes) -> None:
        if self._session is None or self._session.closed:
            return
        self._receiving = True
        self._session.receive(data)
        self._receiving = False
        self.flush()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self.flush()

    def connection_lost(self, _: Exception | None) -> None:
        if self._session is not None:
            self._session.close()
            self._entrance.lost(self)
        self._transport = self._session = None

    def end(self) -> None:
        """Hang up; what the client does not take at once is lost, and nothing more is done for it: it may take long
        to say goodbye."""
        if self._transport is not None and self._session is not None:
            self._write()
            self._session.close("hung up")
            if self._paused or self._transport.get_write_buffer_size():
                self._transport.abort()
            else:
                self._transport.close()

    def _wake(self) -> None:
        if not self._scheduled and not self._receiving:
            self._scheduled = True
            self._entrance.wake(self)

    def _write(self) -> None:
        assert self._session is not None
        assert self._transport is not None
        take, left = self._session.output.take, PIECES_OF_A_TURN
        while not self._paused and (piece := take()) is not None:
            self._transport.write(piece)
            left -= 1
            if not left:
                self._wake()
                return

    def flush(self) -> None:
        """Write what the client is to read, and do what waited for that."""
        self._scheduled = False
        session, transport = self._session, self._transport
        if session is None or transport is None or session.closed:
            return
        try:
            self._write_all(session)
        except Exception as error:  # much is made while it is read: a fault in that is this client's end, no other's
            session.output.clear()
            session.end_by_fault(error)
            return
        if session.busy == transport.is_reading():
            (transport.pause_reading if session.busy else transport.resume_reading)()

    def _write_all(self, session: Session) -> None:
        self._write()
        while session.output.slow and session.output.empty and not self._paused:
            session.drained()
            self._write()
