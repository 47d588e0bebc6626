"""A request to log in, as parts: who says so how, and for what scope.

    parse(auth)            the "auth" object of POST /v3/auth/tokens as a Login; raises what is missing
    find_user(...)         the user it names, when there is one that may log in
    find_scope(...)        the target it asks for, when there is one

Whether the password is right is `passwords`' business, and slow; the edge puts these together. Rule: whatever is
wrong with user, password or scope, the answer is the same 401, which tells nobody what exists.
"""

from __future__ import annotations

from typing import Any

import msgspec

from brume.cloud.errors import Forbidden, Unauthorized
from brume.cloud.identity import assignments, trusts
from brume.cloud.identity.assignments import SYSTEM, Target
from brume.cloud.identity.errors import ValidationError
from brume.cloud.identity.projects import find_domain, find_project
from brume.cloud.identity.resources import ApplicationCredential, Project, Trust, User
from brume.cloud.store.session import Session

METHODS = ("password", "token", "application_credential")
TRUST = "OS-TRUST:trust"
SCOPES = ("project", "domain", "system", "unscoped", TRUST)


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """What a request to log in says."""

    methods: tuple[str, ...]
    user: dict[str, Any] = {}
    """How the user is named: {"id"} or {"name", "domain"}."""
    password: str = ""
    token: str = ""
    credential: dict[str, Any] = {}
    """How the application credential is named: {"id"} or {"name", "user"}."""
    secret: str = ""
    scope: str | dict[str, Any] | None = None


def parse(auth: dict[str, Any]) -> Login:
    """The parts of an "auth" object; raises ValidationError."""
    identity = _object(auth, "identity", "auth")
    methods = identity.get("methods")
    if not isinstance(methods, list) or not methods or not all(isinstance(m, str) for m in methods):
        raise ValidationError(attribute="methods", target="identity")
    ordered = tuple(dict.fromkeys(methods))
    for method in ordered:
        if method in METHODS:
            _object(identity, method, "identity")
    if unknown := [m for m in ordered if m not in METHODS]:
        raise Unauthorized("Attempted to authenticate with an unsupported method.", methods=unknown)
    user: dict[str, Any] = {}
    password = token = secret = ""
    credential: dict[str, Any] = {}
    if "password" in ordered:
        user = _object(identity["password"], "user", "password")
        password = _text(user, "password", "user")
        _check_named(user, "user")
    if "token" in ordered:
        token = _text(identity["token"], "id", "token")
    if "application_credential" in ordered:
        credential = identity["application_credential"]
        secret = _text(credential, "secret", "application_credential")
    return Login(
        methods=ordered,
        user=user,
        password=password,
        token=token,
        credential=credential,
        secret=secret,
        scope=_scope(auth),
    )


def _scope(auth: dict[str, Any]) -> str | dict[str, Any] | None:
    scope = auth.get("scope")
    if scope is None or scope == "unscoped":
        return scope
    if not isinstance(scope, dict) or sum(name in scope for name in SCOPES) != 1:
        raise ValidationError(attribute="system, project, domain, OS-TRUST:trust or unscoped", target="scope")
    if "unscoped" in scope:
        return "unscoped"
    for name in ("project", "domain"):
        if name in scope:
            _check_named(_object(scope, name, "scope"), name)
    if TRUST in scope:
        _text(_object(scope, TRUST, "scope"), "id", "OS-TRUST:trust")
    return scope


def find_trust(session: Session, scope: str | dict[str, Any] | None, user: User, now: float) -> Trust | None:
    """The trust by which the user wants to act; raises when it may not be used. None: the scope names none."""
    if not isinstance(scope, dict) or TRUST not in scope:
        return None
    trust = session.get(Trust, scope[TRUST]["id"])
    if trust is None or not trusts.is_usable(trust, now):
        raise Unauthorized()
    if trust.trustee_user_id != user.id:
        raise Forbidden()
    trustor = session.get(User, trust.trustor_user_id)
    if trustor is None or not trustor.enabled:
        raise Forbidden()
    return trust


def _check_named(given: dict[str, Any], target: str) -> None:
    """By id, or by name (with a domain, unless it is a domain)."""
    if not isinstance(given.get("id", ""), str) or not isinstance(given.get("name", ""), str):
        raise ValidationError(attribute="id or name", target=target)
    if "id" in given:
        return
    if "name" not in given:
        raise ValidationError(attribute="id or name", target=target)
    if target != "domain":
        _check_named(_object(given, "domain", target), "domain")


def find_user(session: Session, given: dict[str, Any]) -> User | None:
    """The user named by id, or by name and domain, if it may log in."""
    if "id" in given:
        user = session.get(User, given["id"])
    else:
        domain = find_domain(session, given["domain"])
        user = session.first(User, name=given["name"], domain_id=domain.id) if domain is not None else None
    if user is None or not user.enabled:
        return None
    home = session.get(Project, user.domain_id)
    return user if home is not None and home.enabled else None


def find_credential(session: Session, given: dict[str, Any]) -> ApplicationCredential | None:
    """The application credential named by id, or by name and user."""
    if isinstance(given.get("id"), str):
        return session.get(ApplicationCredential, given["id"])
    name = _text(given, "name", "application credential")
    named = _object(given, "user", "application credential")
    _check_named(named, "user")
    user = find_user(session, named)
    return session.first(ApplicationCredential, user_id=user.id, name=name) if user is not None else None


def find_scope(session: Session, scope: str | dict[str, Any] | None, user: User) -> Target | None:
    """The target asked for (None: unscoped); raises Unauthorized when there is none or the user has no role on it."""
    if scope == "unscoped":
        return None
    if scope is None:
        return _default_scope(session, user)
    assert isinstance(scope, dict)
    target = _named_scope(session, scope)
    if target is None or not assignments.roles_of(session, user.id, target):
        raise Unauthorized()
    return target


def _named_scope(session: Session, scope: dict[str, Any]) -> Target | None:
    if "system" in scope:
        return Target(SYSTEM, SYSTEM)
    if "domain" in scope:
        domain = find_domain(session, scope["domain"])
        return Target("domain", domain.id) if domain is not None else None
    project = find_project(session, scope["project"])
    return Target("project", project.id) if project is not None else None


def _default_scope(session: Session, user: User) -> Target | None:
    """The user's default project, when it is usable; else unscoped."""
    if user.default_project_id is None:
        return None
    project = find_project(session, {"id": user.default_project_id})
    if project is None:
        return None
    target = Target("project", project.id)
    return target if assignments.roles_of(session, user.id, target) else None


def _object(given: dict[str, Any], name: str, target: str) -> dict[str, Any]:
    value = given.get(name)
    if not isinstance(value, dict):
        raise ValidationError(attribute=name, target=target)
    return value


def _text(given: dict[str, Any], name: str, target: str) -> str:
    value = given.get(name)
    if not isinstance(value, str):
        raise ValidationError(attribute=name, target=target)
    return value
