"""Credentials (something a user keeps here) and application credentials (a way for a program to log in)."""

from __future__ import annotations

import secrets
from typing import Any

from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, Forbidden
from brume.cloud.identity import assignments
from brume.cloud.identity.assignments import Target
from brume.cloud.identity.errors import (
    ApplicationCredentialNotFound,
    CredentialNotFound,
    RoleNotFound,
    StoreConflict,
)
from brume.cloud.identity.passwords import hash_password
from brume.cloud.identity.resources import ApplicationCredential, Credential, Role, User
from brume.cloud.store.session import Session
from brume.cloud.validation import Values


def load(session: Session, credential_id: str) -> Credential:
    """A credential."""
    row = session.get(Credential, credential_id)
    if row is None:
        raise CredentialNotFound(credential_id=credential_id)
    return row


def create(context: RequestContext, session: Session, values: Values) -> Credential:
    """Keep a credential."""
    if values["type"] == "ec2" and values.get("project_id") is None:
        raise BadRequest("Expecting to find project_id in credential.")
    return session.insert(Credential(id=context.new_hex(), **values))


def update(context: RequestContext, session: Session, row: Credential, values: Values) -> Credential:
    """Change a credential."""
    if values.get("user_id", row.user_id) != row.user_id:
        raise Forbidden()
    if "extra" in values:
        values = {**values, "extra": {**row.extra, **values["extra"]}}
    return session.update(row, **values)


def delete(context: RequestContext, session: Session, row: Credential) -> None:
    """Drop a credential."""
    session.delete(row)


def load_application(session: Session, identity: str, user_id: str) -> ApplicationCredential:
    """A user's application credential."""
    row = session.get(ApplicationCredential, identity)
    if row is None or row.user_id != user_id:
        raise ApplicationCredentialNotFound(application_credential_id=identity)
    return row


def create_application(
    context: RequestContext,
    session: Session,
    user: User,
    values: Values,
    wanted: list[Any] | None,
    secret: str,
) -> ApplicationCredential:
    """Make an application credential on the asker's project, with roles the asker has (all of them by default)."""
    if context.project_id is None:
        raise BadRequest("An application credential needs a token scoped to a project.")
    if session.first(ApplicationCredential, user_id=user.id, name=values["name"]) is not None:
        raise StoreConflict(type="application_credential", details=f"Duplicate entry found with name {values['name']}")
    held = assignments.roles_of(session, user.id, Target("project", context.project_id))
    chosen = held if not wanted else [_chosen(held, given) for given in wanted]
    return session.insert(
        ApplicationCredential(
            id=context.new_hex(),
            project_id=context.project_id,
            user_id=user.id,
            role_ids=tuple(role.id for role in chosen),
            secret_hash=hash_password(secret, secrets.token_bytes(16)),
            **{name: value for name, value in values.items() if name != "id"},
        )
    )


def _chosen(held: list[Role], given: Any) -> Role:
    """The held role that a request names by id or name."""
    if not isinstance(given, dict):
        raise BadRequest("Invalid input for field 'roles': an object with id or name is expected")
    for role in held:
        if given.get("id") == role.id or ("id" not in given and given.get("name") == role.name):
            return role
    raise RoleNotFound(role_id=given.get("id", given.get("name")))
