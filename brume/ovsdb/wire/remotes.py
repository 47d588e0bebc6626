"""Where a peer is, or where to listen, as OVSDB's tools write it (ovsdb(7), "Connection Methods").

    tcp:127.0.0.1:6641   ssl:[fd00::1]:6642   unix:/run/ovn/ovnnb_db.sock           connect there
    ptcp:6641:127.0.0.1  pssl:6642            punix:/run/ovn/ovnnb_db.sock          listen there

Rules: `str(remote)` reads back as the same remote; a port left out is 6640, port 0 to listen on is any free one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

DEFAULT_PORT = 6640
_KINDS = {"tcp": False, "ssl": False, "unix": False, "ptcp": True, "pssl": True, "punix": True}
_HOST_AND_PORT = re.compile(r"(\[[^\]]+\]|[^:\[\]]+)(?::([0-9]{1,9}))?\Z")
_PORT_AND_HOST = re.compile(r"([0-9]{0,9})(?::(\[[^\]]+\]|[^:\[\]]+))?\Z")


class RemoteError(ValueError):
    """A text that names no remote."""


class Remote(NamedTuple):
    """One remote: `kind` is the word before the first colon."""

    kind: str
    host: str = ""
    """Without brackets; empty to listen on every IPv4 address."""
    port: int = DEFAULT_PORT
    path: str = ""

    @property
    def passive(self) -> bool:
        """Whether it is listened on."""
        return _KINDS[self.kind]

    @property
    def is_unix(self) -> bool:
        """Whether it is a socket in the file system."""
        return self.kind.endswith("unix")

    @property
    def is_tls(self) -> bool:
        """Whether what goes over it is encrypted."""
        return self.kind.endswith("ssl")

    @property
    def needs_probes(self) -> bool:
        """Whether the peer can go away without a word; through a unix socket it cannot."""
        return not self.is_unix

    def __str__(self) -> str:
        if self.is_unix:
            return f"{self.kind}:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.passive:
            return f"{self.kind}:{self.port}" + (f":{host}" if host else "")
        return f"{self.kind}:{host}:{self.port}"


def parse_remote(text: str) -> Remote:
    """Read one remote."""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in _KINDS:
        raise RemoteError(f'"{text}": expected one of {", ".join(sorted(_KINDS))}, and a colon')
    if kind.endswith("unix"):
        if not rest:
            raise RemoteError(f'"{text}": a path is missing')
        return Remote(kind, path=rest)
    found = (_PORT_AND_HOST if _KINDS[kind] else _HOST_AND_PORT).match(rest)
    if found is None:
        raise RemoteError(f'"{text}": expected {kind}:{"[PORT][:HOST]" if _KINDS[kind] else "HOST[:PORT]"}')
    port, host = found.groups() if _KINDS[kind] else reversed(found.groups())
    number = int(port) if port else DEFAULT_PORT
    if number > 65535:
        raise RemoteError(f'"{text}": there is no port {number}')
    host = (host or "").strip("[]")
    try:
        host.encode("idna")  # as looking it up does
    except UnicodeError:
        raise RemoteError(f'"{text}": "{host}" cannot be a host') from None
    return Remote(kind, host, number)


def parse_remotes(text: str) -> list[Remote]:
    """Read remotes with commas between them, as a client is given several servers."""
    return [parse_remote(part.strip()) for part in text.split(",") if part.strip()]
