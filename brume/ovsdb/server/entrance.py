"""An entrance: a remote of a server, and the sessions of those who came by it.

    Entrance --- Listener (`listener.py`): ptcp, pssl, punix; any number of clients
             `-- Caller   (`caller.py`):   tcp, ssl, unix; one client, that we connect to

Rules: the entrance says on which terms a client is served. Who a client is, its certificate says; nothing else does.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from brume.ovsdb.permissions import Identity
from brume.ovsdb.server.host import Host
from brume.ovsdb.server.output import DEFAULT_LIMITS, Limits
from brume.ovsdb.server.session import PROBE, Session
from brume.ovsdb.wire.remotes import Remote


class Terms(NamedTuple):
    """On which terms the clients of a remote are served."""

    read_only: bool = False
    role: str = ""
    """What they may change (`permissions.py`); empty: everything."""
    probe: int | None = None
    """After how many milliseconds of silence they are asked; 0 never, None as usual."""
    longest_pause: int | None = None
    """Milliseconds between two calls, at most; None as usual."""

    def are_as_strict_as(self, other: Terms) -> bool:
        """Whether nobody may do more than on other terms."""
        return self.read_only >= other.read_only and (self.role == other.role or not other.role)


ANY_TERMS = Terms()


class Peer(Protocol):
    """A socket to a client."""

    def flush(self) -> None:
        """Write what the client is to read."""
        ...

    def end(self) -> None:
        """Hang up."""
        ...


class Entrance(ABC):
    """What both kinds of remotes have in common."""

    def __init__(
        self, host: Host, remote: Remote, terms: Terms = ANY_TERMS, *, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self.remote = remote
        self.connections: dict[Peer, Session] = {}
        self.on_change: Callable[[], None] = lambda: None
        """Called when a client has come or gone."""
        self._host = host
        self._limits = limits
        self._awake: list[Peer] = []
        self.change_terms(terms)

    def change_terms(self, terms: Terms) -> None:
        """Other terms: those who are here are asked in other intervals; the rest is for those who come."""
        self.terms = terms
        usual = PROBE if self.remote.needs_probes else 0
        self.probe: int = usual if terms.probe is None else terms.probe
        for session in self.connections.values():
            session.set_probe(self.probe)

    @property
    def port(self) -> int:
        """The port that is listened on; 0 if there is none."""
        return 0

    @abstractmethod
    async def start(self) -> None:
        """Let clients come."""

    @abstractmethod
    async def stop(self) -> None:
        """Let nobody come any more, and hang up on those who are here."""

    @abstractmethod
    def status(self) -> Iterator[tuple[str, str]]:
        """What ovsdb-server writes into the `status` of a row that asked for the remote."""

    def wake(self, connection: Peer) -> None:
        """There is something to write: soon, for all such connections at once, behind the answer to who caused it."""
        self._awake.append(connection)
        if len(self._awake) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        awake, self._awake = self._awake, []
        for connection in awake:
            connection.flush()

    @abstractmethod
    def name_of(self, peer: object) -> str:
        """What a client is called, by its address."""

    def connected(self, connection: Peer, transport: asyncio.BaseTransport) -> Session:
        """A client is here."""
        session = self._host.connect(
            self.name_of(transport.get_extra_info("peername")),
            read_only=self.terms.read_only,
            identity=Identity(self.terms.role, common_name(transport.get_extra_info("peercert"))),
            probe=self.probe,
            limits=self._limits,
        )
        self.connections[connection] = session
        self.on_change()
        return session

    def lost(self, connection: Peer) -> None:
        """A client went."""
        self.connections.pop(connection, None)
        self.on_change()


def common_name(certificate: Any) -> str | None:
    """The name in a certificate, as `ssl` reads one; None if there is none."""
    for attributes in certificate.get("subject", ()) if certificate else ():
        for kind, value in attributes:
            if kind == "commonName":
                return str(value)
    return None
