"""Tokens: Fernet-encrypted identifiers, checked against the rows as they are now.

A token says who, on what, until when, and nothing that could change: roles, names and whether something is disabled
are read at validation. The result is remembered by a digest of the token until an identity row changes or the token
ends, so the usual validation is one look into a dictionary.

A token ends early when it is revoked, when its user changes the password or is disabled, when its project or domain
is disabled or gone, or when no role is left on its scope.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from brume.cloud.context import RequestContext
from brume.cloud.errors import Unauthorized
from brume.cloud.identity import assignments, roles
from brume.cloud.identity.assignments import SYSTEM, Target
from brume.cloud.identity.errors import TokenNotFound
from brume.cloud.identity.moments import read_moment
from brume.cloud.identity.resources import (
    AccessRule,
    ApplicationCredential,
    Project,
    Revocation,
    Role,
    Trust,
    User,
)
from brume.cloud.store.engine import Store
from brume.cloud.store.journal import Commit
from brume.cloud.store.session import Session

LIFETIME = 3600.0
"""Seconds; keystone.conf's [token] expiration, its default."""

REMEMBERED = 10_000
HEX = re.compile(r"[0-9a-f]{32}\Z")
IDENTITY_MODULE = User.__module__


class Token(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a token carries. `scope` is "project", "domain", "system" or "" (unscoped)."""

    version: int = 1
    user_id: bytes
    methods: tuple[str, ...]
    scope: str
    scope_id: bytes
    issued: float
    expires: float
    audit_ids: tuple[str, ...]
    """Its own, and that of the first token in the chain it was made from."""
    application_credential_id: bytes = b""
    trust_id: bytes = b""

    @property
    def user(self) -> str:
        """The user's identifier."""
        return _unpacked(self.user_id)

    @property
    def target(self) -> Target:
        """What it is scoped to."""
        return Target(self.scope, _unpacked(self.scope_id))

    @property
    def application_credential(self) -> str:
        """The application credential it was got with; "" for none."""
        return _unpacked(self.application_credential_id)

    @property
    def trust(self) -> str:
        """The trust it was got by; "" for none."""
        return _unpacked(self.trust_id)

    @property
    def is_delegated(self) -> bool:
        """Got by an application credential or a trust: gives no other token."""
        return bool(self.application_credential_id or self.trust_id)


class Tokens:
    """Issues and validates tokens. `keys`: the primary first."""

    def __init__(self, store: Store, keys: Sequence[str], *, lifetime: float = LIFETIME) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Token)
        self._remembered: dict[bytes, RequestContext] = {}
        self.lifetime = lifetime
        store.listen(self._forget)

    def make(
        self,
        user_id: str,
        methods: tuple[str, ...],
        target: Target | None,
        now: float,
        *,
        parent: Token | None = None,
        application_credential_id: str = "",
        trust_id: str = "",
        expires: float | None = None,
    ) -> Token:
        """A fresh token, not yet text. One made from another ends when that one does."""
        audit = secrets.token_urlsafe(16)
        limits = [now + self.lifetime] + [e for e in (expires, parent.expires if parent else None) if e]
        return Token(
            user_id=_packed(user_id),
            methods=methods,
            scope=target.kind if target else "",
            scope_id=_packed(target.id) if target else b"",
            issued=now,
            expires=min(limits),
            audit_ids=(audit, parent.audit_ids[-1]) if parent else (audit,),
            application_credential_id=_packed(application_credential_id),
            trust_id=_packed(trust_id),
        )

    def seal(self, token: Token) -> str:
        """The token as text."""
        return self._fernet.encrypt(self._encoder.encode(token)).decode().rstrip("=")

    def open(self, text: str) -> Token:
        """The token of a text; raises TokenNotFound. The text is never part of the error."""
        try:
            octets = text.encode("ascii")
            return self._decoder.decode(self._fernet.decrypt(octets + b"=" * (-len(octets) % 4)))
        except (InvalidToken, msgspec.MsgspecError, UnicodeError, ValueError):
            raise TokenNotFound("Could not find token.") from None

    def validate(self, session: Session, text: str, request_id: str, now: float) -> RequestContext:
        """Who holds the token, for a request; raises Unauthorized."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        context = self._remembered.get(digest)
        if context is None:
            try:
                context = check(session, self.open(text), now)
            except TokenNotFound:
                raise Unauthorized() from None
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            context = self._remembered[digest] = msgspec.structs.replace(context, token_digest=digest)
        if context.expires <= now:
            self._remembered.pop(digest, None)
            raise Unauthorized()
        return msgspec.structs.replace(context, request_id=request_id, now=now)

    def forget(self) -> None:
        """Check every token anew: for processes that learn of changes from the journal."""
        self._remembered.clear()

    def _forget(self, commit: Commit) -> None:
        if any(change.kind.__module__ == IDENTITY_MODULE for change in commit.changes):
            self._remembered.clear()


def check(session: Session, token: Token, now: float) -> RequestContext:
    """The token's holder, by the rows as they are; raises TokenNotFound for one that is not valid any more."""
    holder = _valid_user(session, token.user, token)
    if token.expires <= now or session.get(Revocation, token.audit_ids[0]) is not None:
        raise TokenNotFound("Could not find token.")
    if token.trust:
        trust = _valid_trust(session, token, now)
        trustor = _valid_user(session, trust.trustor_user_id, token)
        holder = trustor if trust.impersonation else holder
    domain = _enabled(session, holder.domain_id)
    context = RequestContext(
        request_id="",
        now=now,
        user_id=holder.id,
        user_name=holder.name,
        user_domain_id=domain.id,
        user_domain_name=domain.name,
        methods=token.methods,
        expires=token.expires,
        audit_ids=token.audit_ids,
        trust_id=token.trust or None,
        access_rules=_access_rules(session, token),
    )
    return _scoped(session, token, context) if token.scope else context


def _valid_user(session: Session, user_id: str, token: Token) -> User:
    user = session.get(User, user_id)
    if user is None or not user.enabled or token.issued <= user.valid_after:
        raise TokenNotFound("Could not find token.")
    return user


def _valid_trust(session: Session, token: Token, now: float) -> Trust:
    """The trust; that it is used up does not end the tokens got by it."""
    trust = session.get(Trust, token.trust)
    if trust is None or (trust.expires_at is not None and read_moment(trust.expires_at) <= now):
        raise TokenNotFound("Could not find token.")
    return trust


def _access_rules(session: Session, token: Token) -> tuple[tuple[str, str, str], ...] | None:
    if not token.application_credential:
        return None
    credential = session.get(ApplicationCredential, token.application_credential)
    if credential is None:
        raise TokenNotFound("Could not find token.")
    if credential.access_rule_ids is None:
        return None
    rules = session.find(AccessRule, id=credential.access_rule_ids)
    return tuple((rule.service, rule.method, rule.path) for rule in rules)


def _scoped(session: Session, token: Token, context: RequestContext) -> RequestContext:
    target = token.target
    names = tuple(role.name.lower() for role in token_roles(session, token))
    if not names:
        raise TokenNotFound("Could not find token.")
    context = msgspec.structs.replace(context, roles=names, is_admin="admin" in names)
    if target.kind == SYSTEM:
        return msgspec.structs.replace(context, system_scope="all")
    place = _enabled(session, target.id)
    if target.kind == "domain":
        return msgspec.structs.replace(context, domain_id=place.id, domain_name=place.name)
    domain = _enabled(session, place.domain_id or place.id)
    return msgspec.structs.replace(
        context,
        project_id=place.id,
        project_name=place.name,
        project_domain_id=domain.id,
        project_domain_name=domain.name,
    )


def token_roles(session: Session, token: Token) -> list[Role]:
    """The roles the token's holder has on its scope; of a delegated token, those that were delegated."""
    if token.trust:
        trust = session.get(Trust, token.trust)
        if trust is None:
            return []
        return _delegated(session, trust.trustor_user_id, trust.role_ids, token.target)
    if token.application_credential:
        credential = session.get(ApplicationCredential, token.application_credential)
        if credential is None:
            return []
        return _delegated(session, token.user, credential.role_ids, token.target)
    return assignments.roles_of(session, token.user, token.target)


def _delegated(session: Session, user_id: str, role_ids: tuple[str, ...], target: Target) -> list[Role]:
    """Those roles (with what they imply) that the delegating user still has; none when one of them is gone."""
    held = {role.id: role for role in assignments.roles_of(session, user_id, target)}
    if not set(role_ids) <= held.keys():
        return []
    return [held[role_id] for role_id in roles.closure(session, set(role_ids)) if role_id in held]


def revoke(session: Session, token: Token) -> None:
    """End a token; those made from it live on, as in Keystone."""
    if session.get(Revocation, token.audit_ids[0]) is None:
        session.insert(Revocation(audit_id=token.audit_ids[0], expires=token.expires))


def forget_ended(session: Session, now: float) -> None:
    """Drop revocations of tokens that have ended anyway."""
    session.delete_all(row for row in session.find(Revocation) if row.expires <= now)


def _enabled(session: Session, project_id: str) -> Project:
    project = session.get(Project, project_id)
    if project is None or not project.enabled:
        raise TokenNotFound("Could not find token.")
    return project


def _packed(identity: str) -> bytes:
    """32 hexadecimal digits as 16 bytes behind a 1 (a shorter token); anything else as text behind a 0."""
    if not identity:
        return b""
    return b"\1" + bytes.fromhex(identity) if HEX.match(identity) else b"\0" + identity.encode()


def _unpacked(packed: bytes) -> str:
    return packed[1:].hex() if packed[:1] == b"\1" else packed[1:].decode()
