"""Role assignments: who has which role on what, given and effective.

given       a row: (user or group, project or domain or system, role, inherited or not)
effective   what follows from the rows: groups become their users, inherited ones reach the projects below,
            roles bring the roles they imply, roles of a domain stand only for what they imply
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.cloud.errors import Forbidden
from brume.cloud.identity import projects, roles, users
from brume.cloud.identity.errors import AssignmentNotFound
from brume.cloud.identity.resources import Assignment, Project, Role
from brume.cloud.store.session import Session

SYSTEM = "system"


class Target(NamedTuple):
    """On what a role is given."""

    kind: str
    id: str


class Effective(NamedTuple):
    """A role that a user has on a target, and how it came about."""

    user_id: str
    target: Target
    role_id: str
    source: Assignment
    """The given assignment."""
    prior_role_id: str | None
    """The role that implied this one."""


def grant(session: Session, row: Assignment) -> None:
    """Give a role; to do so again changes nothing."""
    role = roles.load(session, row.role_id)
    if role.domain_id is not None:
        _check_domain_role(session, role, row)
    if session.get(Assignment, *_key(row)) is None:
        session.insert(row)


def _check_domain_role(session: Session, role: Role, row: Assignment) -> None:
    domain_id = row.target_id
    if row.target_kind == "project":
        domain_id = projects.load(session, row.target_id).domain_id or ""
    if domain_id != role.domain_id:
        raise Forbidden(f"Project {row.target_id} must be in the same domain as the role {role.id} being assigned.")


def check(session: Session, row: Assignment) -> Assignment:
    """The row itself, when it is there."""
    roles.load(session, row.role_id)
    found = session.get(Assignment, *_key(row))
    if found is None:
        raise AssignmentNotFound(role_id=row.role_id, actor_id=row.actor_id, target_id=row.target_id)
    return found


def revoke(session: Session, row: Assignment) -> None:
    """Take a role back."""
    session.delete(check(session, row))


def granted(session: Session, actor_kind: str, actor_id: str, target: Target, inherited: bool) -> list[Role]:
    """The roles given to an actor on a target."""
    rows = session.find(
        Assignment,
        actor_kind=actor_kind,
        actor_id=actor_id,
        target_kind=target.kind,
        target_id=target.id,
        inherited=inherited,
    )
    return session.find(Role, id=tuple(row.role_id for row in rows))


def roles_of(session: Session, user_id: str, target: Target) -> list[Role]:
    """The roles a user has on a target, all told: what a token scoped to it says."""
    actors = (user_id, *users.groups_of(session, user_id))
    rows = session.find(Assignment, actor_id=actors, target_kind=target.kind, target_id=target.id, inherited=False)
    if target.kind == "project":
        project = session.get(Project, target.id)
        above = () if project is None else tuple(p.id for p in projects.ancestors(session, project))
        if above:
            rows += session.find(Assignment, actor_id=actors, target_id=above, inherited=True)
    if not rows:
        return []
    wanted = roles.closure(session, {row.role_id for row in rows})
    found = session.find(Role, id=tuple(sorted(wanted)))
    return sorted((role for role in found if role.domain_id is None), key=lambda role: role.name)


def projects_of(session: Session, user_id: str) -> list[Project]:
    """The projects a user has a role on."""
    actors = (user_id, *users.groups_of(session, user_id))
    rows = session.find(Assignment, actor_id=actors, target_kind=("project", "domain"))
    direct = {row.target_id for row in rows if row.target_kind == "project" and not row.inherited}
    for row in rows:
        if row.inherited:
            root = session.get(Project, row.target_id)
            direct |= {p.id for p in projects.descendants(session, root)} if root is not None else set()
    found = session.find(Project, id=tuple(sorted(direct)), is_domain=False)
    return sorted(found, key=lambda project: project.name)


def domains_of(session: Session, user_id: str) -> list[Project]:
    """The domains a user has a role on."""
    actors = (user_id, *users.groups_of(session, user_id))
    rows = session.find(Assignment, actor_id=actors, target_kind="domain", inherited=False)
    found = session.find(Project, id=tuple({row.target_id for row in rows}), is_domain=True)
    return sorted(found, key=lambda project: project.name)


def effective(session: Session, rows: list[Assignment]) -> Iterator[Effective]:
    """What follows from given assignments."""
    specific = {role.id for role in session.find(Role) if role.domain_id is not None}
    seen = set()
    for row in rows:
        holders = (row.actor_id,) if row.actor_kind == "user" else users.members(session, row.actor_id)
        targets = tuple(_reached(session, row))
        for role_id, prior in roles.closure(session, {row.role_id}).items():
            if role_id in specific:
                continue
            for holder in holders:
                for target in targets:
                    if (key := (holder, target, role_id, _key(row))) not in seen:
                        seen.add(key)
                        yield Effective(holder, target, role_id, row, prior)


def _reached(session: Session, row: Assignment) -> Iterator[Target]:
    if not row.inherited:
        yield Target(row.target_kind, row.target_id)
        return
    root = session.get(Project, row.target_id)
    if root is not None:
        for project in projects.descendants(session, root):
            yield Target("project", project.id)


def _key(row: Assignment) -> tuple[str, str, str, str, str, bool]:
    return (row.actor_kind, row.actor_id, row.target_kind, row.target_id, row.role_id, row.inherited)
