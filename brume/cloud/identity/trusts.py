"""Trusts: a user lets another act with some of its roles on a project, for a time or a number of times.

A trust cannot be handed on (redelegated): it is used by its trustee alone.
"""

from __future__ import annotations

from typing import Any

from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, Forbidden, NotImplementedHere
from brume.cloud.identity import assignments, projects, users
from brume.cloud.identity.assignments import Target
from brume.cloud.identity.errors import RoleNotFound, TrustNotFound, TrustUsedUp
from brume.cloud.identity.moments import read_moment
from brume.cloud.identity.resources import Role, Trust
from brume.cloud.store.session import Session
from brume.cloud.validation import Values


def load(session: Session, trust_id: str) -> Trust:
    """A trust that is not used up."""
    trust = session.get(Trust, trust_id)
    if trust is None or trust.remaining_uses == 0:
        raise TrustNotFound(trust_id=trust_id)
    return trust


def create(context: RequestContext, session: Session, values: Values, wanted: list[Any]) -> Trust:
    """Make a trust of the asker's; `wanted` names roles the asker has on the project, by id or name."""
    if context.user_id != values["trustor_user_id"]:
        raise Forbidden("The authenticated user should match the trustor")
    if context.trust_id is not None:
        raise NotImplementedHere(what="Redelegation of a trust")
    users.load(session, values["trustee_user_id"])
    if values.get("remaining_uses") is not None and values["remaining_uses"] < 1:
        raise BadRequest("remaining_uses must be a positive integer or null.")
    roles = _roles(session, values, wanted)
    if values.get("expires_at") is not None and read_moment(values["expires_at"]) <= context.now:
        raise BadRequest("The 'expires_at' must not be before now.")
    return session.insert(Trust(id=context.new_hex(), role_ids=tuple(role.id for role in roles), **values))


def _roles(session: Session, values: Values, wanted: list[Any]) -> list[Role]:
    project_id = values.get("project_id")
    if project_id is None:
        return []
    if not wanted:
        raise Forbidden("At least one role should be specified")
    projects.load(session, project_id)
    held = assignments.roles_of(session, values["trustor_user_id"], Target("project", project_id))
    return [chosen_role(held, given) for given in wanted]


def chosen_role(held: list[Role], given: Any) -> Role:
    """The held role that a request names by id or name."""
    if not isinstance(given, dict):
        raise BadRequest("Invalid input for field 'roles': an object with id or name is expected")
    for role in held:
        if given.get("id") == role.id or ("id" not in given and given.get("name") == role.name):
            return role
    raise RoleNotFound(role_id=given.get("id", given.get("name")))


def is_usable(trust: Trust, now: float) -> bool:
    """Whether the trust has not ended."""
    return trust.remaining_uses != 0 and (trust.expires_at is None or read_moment(trust.expires_at) > now)


def consume(session: Session, trust: Trust) -> None:
    """Use a trust once."""
    if trust.remaining_uses is None:
        return
    if trust.remaining_uses < 1:
        raise TrustUsedUp(trust_id=trust.id)
    session.update(trust, remaining_uses=trust.remaining_uses - 1)
