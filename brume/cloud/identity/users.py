"""Users and groups, and who is in which.

A changed password, a disabled user: tokens issued before are not valid any more (`valid_after`).
"""

from __future__ import annotations

import secrets

from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest
from brume.cloud.identity.errors import GroupNotFound, StoreConflict, UserNotFound
from brume.cloud.identity.passwords import hash_password
from brume.cloud.identity.projects import load_domain, merged
from brume.cloud.identity.resources import (
    AccessRule,
    ApplicationCredential,
    Assignment,
    Credential,
    Group,
    Membership,
    Project,
    Trust,
    User,
)
from brume.cloud.store.session import Session
from brume.cloud.validation import Values


def load(session: Session, user_id: str) -> User:
    """A user."""
    user = session.get(User, user_id)
    if user is None:
        raise UserNotFound(user_id=user_id)
    return user


def load_group(session: Session, group_id: str) -> Group:
    """A group."""
    group = session.get(Group, group_id)
    if group is None:
        raise GroupNotFound(group_id=group_id)
    return group


def create_user(context: RequestContext, session: Session, values: Values) -> User:
    """Make a user; `values["extra"]["password"]` is turned into a hash here (see `take_password`)."""
    values = take_password(values)
    load_domain(session, values["domain_id"])
    _check_name(session, User, values["name"], values["domain_id"])
    _check_default_project(session, values)
    return session.insert(User(id=context.new_hex(), **values))


def update_user(context: RequestContext, session: Session, user: User, values: Values) -> User:
    """Change a user."""
    if values.get("domain_id", user.domain_id) != user.domain_id:
        raise BadRequest("Cannot change Domain ID")
    values = take_password(values)
    if "name" in values:
        _check_name(session, User, values["name"], user.domain_id, user.id)
    _check_default_project(session, values)
    if "password_hash" in values or values.get("enabled") is False:
        values["valid_after"] = context.now
    return session.update(user, **merged(user, values))


def change_password(context: RequestContext, session: Session, user: User, password: str) -> User:
    """Set a new password; every token of the user ends."""
    return session.update(user, password_hash=hash_password(password, secrets.token_bytes(16)), valid_after=context.now)


def delete_user(context: RequestContext, session: Session, user: User) -> None:
    """Remove a user and all it has."""
    for kind in (Membership, ApplicationCredential, AccessRule, Credential):
        session.delete_all(session.find(kind, user_id=user.id))
    session.delete_all(session.find(Trust, trustor_user_id=user.id))
    session.delete_all(session.find(Trust, trustee_user_id=user.id))
    session.delete_all(session.find(Assignment, actor_kind="user", actor_id=user.id))
    session.delete(user)


def take_password(values: Values) -> Values:
    """Values with the password (an unknown attribute: it is no attribute of the row) replaced by its hash."""
    if "password" not in values.get("extra", {}):
        return dict(values)
    extra = dict(values["extra"])
    password = extra.pop("password")
    if password is None:
        return {**values, "extra": extra, "password_hash": None}
    if not isinstance(password, str):
        raise BadRequest("Invalid input for field 'password': the value is not of type 'string', 'null'")
    return {**values, "extra": extra, "password_hash": hash_password(password, secrets.token_bytes(16))}


def create_group(context: RequestContext, session: Session, values: Values) -> Group:
    """Make a group."""
    load_domain(session, values["domain_id"])
    _check_name(session, Group, values["name"], values["domain_id"])
    return session.insert(Group(id=context.new_hex(), **values))


def update_group(context: RequestContext, session: Session, group: Group, values: Values) -> Group:
    """Change a group."""
    if values.get("domain_id", group.domain_id) != group.domain_id:
        raise BadRequest("Cannot change Domain ID")
    if "name" in values:
        _check_name(session, Group, values["name"], group.domain_id, group.id)
    return session.update(group, **merged(group, values))


def delete_group(context: RequestContext, session: Session, group: Group) -> None:
    """Remove a group; its users stay."""
    session.delete_all(session.find(Membership, group_id=group.id))
    session.delete_all(session.find(Assignment, actor_kind="group", actor_id=group.id))
    session.delete(group)


def add_member(session: Session, group: Group, user: User) -> None:
    """Put a user in a group; to do so again changes nothing."""
    if session.get(Membership, group.id, user.id) is None:
        session.insert(Membership(group_id=group.id, user_id=user.id))


def is_member(session: Session, group: Group, user: User) -> bool:
    """Whether the user is in the group."""
    return session.get(Membership, group.id, user.id) is not None


def remove_member(session: Session, group: Group, user: User) -> None:
    """Take a user out of a group."""
    membership = session.get(Membership, group.id, user.id)
    if membership is None:
        raise UserNotFound(user_id=user.id)
    session.delete(membership)


def members(session: Session, group_id: str) -> tuple[str, ...]:
    """The users of a group."""
    return tuple(m.user_id for m in session.find(Membership, group_id=group_id))


def groups_of(session: Session, user_id: str) -> tuple[str, ...]:
    """The groups of a user."""
    return tuple(m.group_id for m in session.find(Membership, user_id=user_id))


def _check_name(session: Session, kind: type[User] | type[Group], name: str, domain_id: str, own: str = "") -> None:
    found = session.first(kind, name=name, domain_id=domain_id)
    if found is not None and found.id != own:
        noun = kind.DECLARATION.name
        raise StoreConflict(type=noun, details=f"Duplicate entry found with name {name} at domain ID {domain_id}")


def _check_default_project(session: Session, values: Values) -> None:
    project_id = values.get("default_project_id")
    if project_id is None:
        return
    project = session.get(Project, project_id)
    if project is not None and project.is_domain:
        raise BadRequest("User's default project ID cannot be a domain ID.")
