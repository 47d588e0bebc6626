"""POST /v3/auth/tokens: a password, a token or an application credential in, a token out.

The slow part (scrypt, 25 ms) runs in a thread; what is read before it is read again after it.
"""

from __future__ import annotations

import asyncio

from brume.apis.identity.token_view import token_view
from brume.apis.rest.messages import Request, Response
from brume.cloud.errors import Forbidden, Unauthorized
from brume.cloud.identity import authentication, tokens, trusts, users
from brume.cloud.identity.assignments import Target
from brume.cloud.identity.authentication import Login
from brume.cloud.identity.errors import TokenNotFound, ValidationError
from brume.cloud.identity.moments import read_moment
from brume.cloud.identity.passwords import BLOCK, LOG2_COST, PARALLEL, matches
from brume.cloud.identity.resources import User
from brume.cloud.identity.tokens import Token
from brume.cloud.store.session import Session

NOBODY = f"$scrypt$ln={LOG2_COST},r={BLOCK},p={PARALLEL}${'A' * 22}${'A' * 43}"
"""Compared with when the user does not exist, so that the answer takes as long. It is the hash of nothing known."""


async def issue(request: Request) -> Response:
    """POST /v3/auth/tokens."""
    body = request.json()
    auth = body.get("auth") if isinstance(body, dict) else None
    if not isinstance(auth, dict):
        raise ValidationError(attribute="auth", target="request body")
    login = authentication.parse(auth)
    if "password" in login.methods:
        with request.store.read() as session:
            user = authentication.find_user(session, login.user)
        await verify(request, user.password_hash if user else None, login.password)
    if "application_credential" in login.methods:
        with request.store.read() as session:
            credential = authentication.find_credential(session, login.credential)
        await verify(request, credential.secret_hash if credential else None, login.secret)
    with request.store.read() as request.session:
        token = _make(request, request.session, login)
    if token.trust:
        with request.store.write(request.context) as session:
            trusts.consume(session, trusts.load(session, token.trust))
    with request.store.read() as request.session:
        try:
            context = tokens.check(request.session, token, request.context.now)
        except TokenNotFound:
            raise Unauthorized() from None
        catalog = "nocatalog" not in request.query
        view = token_view(request, request.session, token, context, catalog=catalog)
    headers = {"x-subject-token": request.cloud.tokens.seal(token), "vary": "X-Auth-Token"}
    return Response(201, view, headers=headers)


async def verify(request: Request, kept: str | None, given: str) -> None:
    """Compare a secret with what is kept of it; raises Unauthorized."""
    memory = request.cloud.passwords
    if kept is not None and memory.knows(given, kept):
        return
    right = await asyncio.to_thread(matches, given, kept or NOBODY)
    if not right or kept is None:
        raise Unauthorized()
    memory.remember(given, kept)


def _make(request: Request, session: Session, login: Login) -> Token:
    """The token that a verified login gets."""
    now = request.context.now
    if "application_credential" in login.methods:
        return _from_credential(request, session, login)
    parent = _parent(request, session, login) if "token" in login.methods else None
    if "password" in login.methods:
        user = authentication.find_user(session, login.user)
    else:
        user = users.load(session, parent.user) if parent is not None else None
    if user is None or (parent is not None and parent.user != user.id):
        raise Unauthorized()
    methods = tuple(dict.fromkeys((*login.methods, *(parent.methods if parent else ()))))
    trust = authentication.find_trust(session, login.scope, user, now)
    if trust is not None:
        target = Target("project", trust.project_id) if trust.project_id is not None else None
        return request.cloud.tokens.make(user.id, methods, target, now, parent=parent, trust_id=trust.id)
    target = authentication.find_scope(session, login.scope, user)
    return request.cloud.tokens.make(user.id, methods, target, now, parent=parent)


def _parent(request: Request, session: Session, login: Login) -> Token:
    """The token that one logs in with, checked; one that was delegated gives no other."""
    try:
        parent = request.cloud.tokens.open(login.token)
        tokens.check(session, parent, request.context.now)
    except TokenNotFound:
        raise Unauthorized() from None
    if parent.is_delegated:
        raise Forbidden()
    return parent


def _from_credential(request: Request, session: Session, login: Login) -> Token:
    if login.scope is not None:
        raise Unauthorized(
            "Error authenticating with application credential: Application credentials cannot request a scope."
        )
    row = authentication.find_credential(session, login.credential)
    user = session.get(User, row.user_id) if row is not None else None
    now = request.context.now
    if row is None or user is None:
        raise Unauthorized()
    ends = read_moment(row.expires_at) if row.expires_at is not None else None
    if ends is not None and ends <= now:
        raise Unauthorized()
    return request.cloud.tokens.make(
        user.id,
        login.methods,
        Target("project", row.project_id),
        now,
        application_credential_id=row.id,
        expires=ends,
    )
