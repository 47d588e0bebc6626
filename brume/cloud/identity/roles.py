"""Roles, and roles that others imply."""

from __future__ import annotations

from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest
from brume.cloud.identity.errors import (
    ImpliedRoleNotFound,
    InvalidImpliedRole,
    RoleNotFound,
    StoreConflict,
)
from brume.cloud.identity.projects import check_immutable, load_domain, merged
from brume.cloud.identity.resources import Assignment, ImpliedRole, Role
from brume.cloud.store.session import Session
from brume.cloud.validation import Values

PROHIBITED_IMPLIED = ("admin",)
"""keystone.conf's prohibited_implied_role, its default: no role may make its holder an administrator."""


def load(session: Session, role_id: str) -> Role:
    """A role."""
    role = session.get(Role, role_id)
    if role is None:
        raise RoleNotFound(role_id=role_id)
    return role


def create_role(context: RequestContext, session: Session, values: Values) -> Role:
    """Make a role."""
    if values.get("domain_id") is not None:
        load_domain(session, values["domain_id"])
    _check_name(session, values["name"], values.get("domain_id"))
    return session.insert(Role(id=context.new_hex(), **values))


def update_role(context: RequestContext, session: Session, role: Role, values: Values) -> Role:
    """Change a role."""
    check_immutable(role, "role", "update", values)
    if values.get("domain_id", role.domain_id) != role.domain_id:
        raise BadRequest("Cannot change Domain ID")
    if "name" in values:
        _check_name(session, values["name"], role.domain_id, role.id)
    return session.update(role, **merged(role, values))


def delete_role(context: RequestContext, session: Session, role: Role) -> None:
    """Remove a role everywhere it is given or implied."""
    check_immutable(role, "role", "delete")
    session.delete_all(session.find(Assignment, role_id=role.id))
    session.delete_all(session.find(ImpliedRole, prior_role_id=role.id))
    session.delete_all(session.find(ImpliedRole, implied_role_id=role.id))
    session.delete(role)


def imply(session: Session, prior: Role, implied: Role) -> None:
    """Who has `prior` has `implied`, from now on."""
    if implied.name in PROHIBITED_IMPLIED:
        raise InvalidImpliedRole(role_id=implied.id)
    if prior.domain_id is None and implied.domain_id is not None:
        raise InvalidImpliedRole(f"Global role {prior.id} cannot imply domain-specific role {implied.id}.")
    if session.get(ImpliedRole, prior.id, implied.id) is None:
        session.insert(ImpliedRole(prior_role_id=prior.id, implied_role_id=implied.id))


def check_implied(session: Session, prior: Role, implied: Role) -> ImpliedRole:
    """The row that says so."""
    row = session.get(ImpliedRole, prior.id, implied.id)
    if row is None:
        raise ImpliedRoleNotFound(prior_role_id=prior.id, implied_role_id=implied.id)
    return row


def implied_by(session: Session, prior: Role) -> list[Role]:
    """The roles that a role implies directly."""
    rows = session.find(ImpliedRole, prior_role_id=prior.id)
    return session.find(Role, id=tuple(row.implied_role_id for row in rows))


def closure(session: Session, role_ids: set[str]) -> dict[str, str | None]:
    """All roles that these imply, with themselves: role -> the role that brought it (None: given)."""
    found: dict[str, str | None] = dict.fromkeys(role_ids)
    layer = set(role_ids)
    while layer:
        rows = session.find(ImpliedRole, prior_role_id=tuple(sorted(layer)))
        layer = set()
        for row in rows:
            if row.implied_role_id not in found:
                found[row.implied_role_id] = row.prior_role_id
                layer.add(row.implied_role_id)
    return found


def _check_name(session: Session, name: str, domain_id: str | None, own: str = "") -> None:
    found = session.first(Role, name=name, domain_id=domain_id)
    if found is not None and found.id != own:
        raise StoreConflict(type="role", details=f"Duplicate entry found with name {name}")
