"""The keys of `pssl:` and `ssl:` remotes: an authority of our own in the data directory, made when somebody asks for
one.

It issues a key and certificate for the server and one for a client, with which we also call others; the status says
where the client's are. Clients that are to be told apart get one each: `brume certificate NAME`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from brume.ovsdb.tls import TlsContexts, TlsFiles, client_context, server_context

NAMES = ("localhost", "127.0.0.1", "::1")


class OwnTls:
    """The contexts for all remotes of one data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._contexts: TlsContexts | None = None
        self._client: TlsFiles | None = None

    def contexts(self) -> TlsContexts:
        """To listen and to call; the keys are made the first time. TlsError if they cannot be."""
        if self._contexts is None:
            from brume.ovsdb.authority import CLIENT, SERVER, make_authority

            now = datetime.now(UTC)
            authority = make_authority(self._directory, now=now)
            self._client = authority.issue("client", CLIENT, now=now)
            listening = server_context(authority.issue("server", SERVER, now=now, names=NAMES))
            self._contexts = TlsContexts(listening, client_context(self._client))
        return self._contexts

    def status(self) -> Iterator[str]:
        """How a client shows who it is."""
        if self._client is not None:
            yield f"ssl: clients need {' '.join(self._client.options())}"
