"""The keys of `pssl:` remotes: an authority of our own in the data directory, made when somebody asks for one.

It issues a key and certificate for the server and one for a client; the status says where the client's are.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from brume.ovsdb.tls import TlsFiles, server_context

NAMES = ("localhost", "127.0.0.1", "::1")


class OwnTls:
    """The context for all `pssl:` remotes of one data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._context: ssl.SSLContext | None = None
        self._client: TlsFiles | None = None

    def context(self) -> ssl.SSLContext:
        """For a server; its keys are made the first time. TlsError if they cannot be."""
        if self._context is None:
            from brume.ovsdb.authority import CLIENT, SERVER, make_authority

            now = datetime.now(UTC)
            authority = make_authority(self._directory, now=now)
            self._client = authority.issue("client", CLIENT, now=now)
            self._context = server_context(authority.issue("server", SERVER, now=now, names=NAMES))
        return self._context

    def status(self) -> Iterator[str]:
        """How a client shows who it is."""
        if self._client is not None:
            yield f"ssl: clients need {' '.join(self._client.options())}"
