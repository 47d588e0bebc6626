"""Users and groups, and who is in which."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from brume.apis.identity.login import verify
from brume.apis.identity.views import (
    body,
    linked,
    list_links,
    own_domain,
    project_view,
    target,
    user_view,
    within_domain,
)
from brume.apis.rest.collection import Collection
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.errors import BadRequest
from brume.cloud.identity import assignments, users
from brume.cloud.identity.errors import UserNotFound
from brume.cloud.identity.passwords import hash_password
from brume.cloud.identity.resources import Group, Membership, User


def _user_target(request: Request, row: User | None, values: Mapping[str, Any]) -> dict[str, Any]:
    return target(request, row, values, "user")


def _group_target(request: Request, row: Group | None, values: Mapping[str, Any]) -> dict[str, Any]:
    return target(request, row, values, "group")


USERS = Collection(
    kind=User,
    path="/v3/users",
    rules="identity:{}_{}",
    given=body,
    change="PATCH",
    load=users.load,
    create=users.create_user,
    update=users.update_user,
    delete=users.delete_user,
    view=user_view,
    within=within_domain,
    target=_user_target,
    prepare=own_domain,
    order=(("name", True),),
    links=list_links,
)
GROUPS = Collection(
    kind=Group,
    path="/v3/groups",
    rules="identity:{}_{}",
    given=body,
    change="PATCH",
    load=users.load_group,
    create=users.create_group,
    update=users.update_group,
    delete=users.delete_group,
    view=linked,
    within=within_domain,
    target=_group_target,
    prepare=own_domain,
    order=(("name", True),),
    links=list_links,
)


async def change_password(request: Request) -> None:
    """POST /v3/users/{id}/password: anybody who knows the old one; no token needed."""
    given = request.object("user")
    original, password = given.get("original_password"), given.get("password")
    if not isinstance(original, str) or not isinstance(password, str):
        raise BadRequest("'original_password' and 'password' are required properties")
    user_id = request.parameters["id"]
    with request.store.read() as session:
        user = session.get(User, user_id)
    await verify(request, user.password_hash if user is not None and user.enabled else None, original)
    kept = await asyncio.to_thread(hash_password, password, secrets.token_bytes(16))
    with request.store.write(request.context) as session:
        user = users.load(session, user_id)
        session.update(user, password_hash=kept, valid_after=request.context.now)


def list_projects(request: Request) -> dict[str, Any]:
    """GET /v3/users/{id}/projects."""
    user = _known(request, "list_user_projects")
    found = assignments.projects_of(request.session, user.id)
    return {"projects": [project_view(request, row) for row in found], **list_links(request)}


def list_groups(request: Request) -> dict[str, Any]:
    """GET /v3/users/{id}/groups."""
    user = _known(request, "list_groups_for_user")
    found = request.session.find(Group, id=users.groups_of(request.session, user.id))
    name = request.first("name")
    rows = [linked(request, row) for row in found if name is None or row.name == name]
    return {"groups": rows, **list_links(request)}


def _known(request: Request, rule: str) -> User:
    user = users.load(request.session, request.parameters["id"])
    request.service.policy.enforce(f"identity:{rule}", request.context, _user_target(request, user, {}))
    return user


# -- members of a group


def list_members(request: Request) -> dict[str, Any]:
    """GET /v3/groups/{id}/users."""
    group = _group(request, "list_users_in_group")
    rows = request.session.find(Membership, group_id=group.id)
    found = request.session.find(User, id=tuple(row.user_id for row in rows))
    name = request.first("name")
    shown = [user_view(request, row) for row in found if name is None or row.name == name]
    return {"users": shown, **list_links(request)}


def add_member(request: Request) -> None:
    """PUT /v3/groups/{id}/users/{user_id}."""
    group, user = _group(request, "add_user_to_group"), _member(request)
    users.add_member(request.session, group, user)


def check_member(request: Request) -> None:
    """GET /v3/groups/{id}/users/{user_id}: 204 or 404."""
    group, user = _group(request, "check_user_in_group"), _member(request)
    if not users.is_member(request.session, group, user):
        raise UserNotFound(user_id=user.id)


def remove_member(request: Request) -> None:
    """DELETE /v3/groups/{id}/users/{user_id}."""
    group, user = _group(request, "remove_user_from_group"), _member(request)
    users.remove_member(request.session, group, user)


def _group(request: Request, rule: str) -> Group:
    group = users.load_group(request.session, request.parameters["id"])
    request.service.policy.enforce(f"identity:{rule}", request.context, _group_target(request, group, {}))
    return group


def _member(request: Request) -> User:
    return users.load(request.session, request.parameters["user_id"])


ROUTES = [
    *USERS.routes(),
    *GROUPS.routes(),
    Route("POST", "/v3/users/{id}/password", change_password, public=True, writes=False),
    Route("GET", "/v3/users/{id}/projects", list_projects),
    Route("GET", "/v3/users/{id}/groups", list_groups),
    Route("GET", "/v3/groups/{id}/users", list_members),
    Route("PUT", "/v3/groups/{id}/users/{user_id}", add_member),
    Route("GET", "/v3/groups/{id}/users/{user_id}", check_member),
    Route("DELETE", "/v3/groups/{id}/users/{user_id}", remove_member),
]
