"""Who asks, as what, and when: the first argument of every rule.

A context never changes during a request. Time and fresh identifiers come from here, so that rules stay pure:
a test gives its own `now` and `new_id`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import msgspec


def fresh_id() -> str:
    """A random UUID as text, with dashes."""
    return str(uuid4())


class RequestContext(msgspec.Struct, frozen=True, kw_only=True):
    """The asker's identity and scope. Exactly one of project, domain, system is set, or none (unscoped)."""

    request_id: str
    now: float
    """Seconds since 1970, as time.time() gives."""
    new_id: Callable[[], str] = fresh_id
    user_id: str | None = None
    user_name: str | None = None
    user_domain_id: str | None = None
    user_domain_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    project_domain_id: str | None = None
    project_domain_name: str | None = None
    domain_id: str | None = None
    domain_name: str | None = None
    system_scope: str | None = None
    """"all" when the token is scoped to the system."""
    roles: tuple[str, ...] = ()
    """Role names, with those implied by others."""
    is_admin: bool = False
    """Holds the role admin: what every service's context_is_admin means by default."""
    token_digest: bytes = b""
    """A digest of the token: what may be cached and compared; the token itself is kept nowhere."""
    methods: tuple[str, ...] = ()
    """How the token was got: ("password",), ("token", "password")."""
    expires: float = 0.0
    audit_ids: tuple[str, ...] = ()

    trust_id: str | None = None
    """The trust by which the asker acts, if any."""
    access_rules: tuple[tuple[str, str, str], ...] | None = None
    """(service type, method, path pattern) of the only requests the token is good for; None: any."""

    def new_hex(self) -> str:
        """A fresh identifier as Keystone writes it: 32 hexadecimal digits."""
        return self.new_id().replace("-", "")


def system_context(now: float, *, request_id: str = "req-system") -> RequestContext:
    """The cloud acting on its own behalf: bootstrap, agents, housekeeping."""
    return RequestContext(request_id=request_id, now=now, roles=("admin",), is_admin=True, system_scope="all")


def iso_seconds(moment: float) -> str:
    """2026-11-21T03:00:00Z: how Neutron, Nova and Glance write a time."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_micros(moment: float) -> str:
    """2026-11-21T03:00:00.000000Z: how Keystone writes a time."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
