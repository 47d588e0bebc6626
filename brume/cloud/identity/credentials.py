"""Credentials (something a user keeps here) and application credentials (a way for a program to log in)."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import msgspec

from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, Forbidden
from brume.cloud.identity import assignments, projects
from brume.cloud.identity.access_rules import find_or_create
from brume.cloud.identity.assignments import Target
from brume.cloud.identity.errors import (
    ApplicationCredentialNotFound,
    CredentialNotFound,
    StoreConflict,
)
from brume.cloud.identity.passwords import hash_password
from brume.cloud.identity.resources import ApplicationCredential, Credential, User
from brume.cloud.identity.trusts import chosen_role
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
    rules: list[Any] | None,
    secret: str,
) -> ApplicationCredential:
    """Make an application credential on the asker's project, with roles the asker has (all of them by default)."""
    if context.project_id is None:
        raise BadRequest("An application credential needs a token scoped to a project.")
    if session.first(ApplicationCredential, user_id=user.id, name=values["name"]) is not None:
        raise StoreConflict(type="application_credential", details=f"Duplicate entry found with name {values['name']}")
    held = assignments.roles_of(session, user.id, Target("project", context.project_id))
    chosen = held if not wanted else [chosen_role(held, given) for given in wanted]
    found = None if rules is None else find_or_create(context, session, user.id, rules)
    return session.insert(
        ApplicationCredential(
            id=context.new_hex(),
            project_id=context.project_id,
            user_id=user.id,
            role_ids=tuple(role.id for role in chosen),
            access_rule_ids=None if found is None else tuple(rule.id for rule in found),
            secret_hash=hash_password(secret, secrets.token_bytes(16)),
            **{name: value for name, value in values.items() if name != "id"},
        )
    )


# -- EC2: a pair of keys, kept as a credential whose blob is JSON and whose identifier is a digest of the access key


def create_ec2(context: RequestContext, session: Session, user: User, project_id: str) -> Credential:
    """Make a key pair for a user on a project."""
    projects.load(session, project_id)
    access = context.new_hex()
    keys = {"access": access, "secret": secrets.token_hex(16), "trust_id": context.trust_id}
    return session.insert(
        Credential(
            id=ec2_id(access),
            type="ec2",
            blob=msgspec.json.encode(keys).decode(),
            user_id=user.id,
            project_id=project_id,
        )
    )


def load_ec2(session: Session, access: str, user_id: str) -> Credential:
    """A user's key pair by its access key."""
    row = session.get(Credential, ec2_id(access))
    if row is None or row.user_id != user_id or row.type != "ec2" or own_ec2_id(row) != row.id:
        raise CredentialNotFound(credential_id=access)
    return row


def ec2_id(access: str) -> str:
    """The identifier of a key pair, as Keystone makes it."""
    return hashlib.sha256(access.encode("utf-8", "surrogatepass")).hexdigest()


def own_ec2_id(row: Credential) -> str | None:
    """The identifier a credential would have as a key pair; None when its blob is none."""
    try:
        keys = msgspec.json.decode(row.blob)
    except msgspec.DecodeError:
        return None
    access = keys.get("access") if isinstance(keys, dict) else None
    return ec2_id(access) if isinstance(access, str) else None
