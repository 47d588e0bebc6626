"""Roles, and roles that others imply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brume.apis.identity.views import body, linked, list_links, role_reference, target
from brume.apis.rest.collection import Collection
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.identity import roles
from brume.cloud.identity.resources import ImpliedRole, Role


def _target(request: Request, row: Role | None, values: Mapping[str, Any]) -> dict[str, Any]:
    return target(request, row, values, "role")


def _within(request: Request) -> tuple[dict[str, Any], ...]:
    """A domain's own roles are listed only for that domain."""
    return ({"domain_id": request.first("domain_id")},)


ROLES = Collection(
    kind=Role,
    path="/v3/roles",
    rules="identity:{}_{}",
    given=body,
    change="PATCH",
    load=roles.load,
    create=roles.create_role,
    update=roles.update_role,
    delete=roles.delete_role,
    view=linked,
    within=_within,
    target=_target,
    ignore=("domain_id",),
    order=(("name", True),),
    links=list_links,
)


def _pair(request: Request, rule: str) -> tuple[Role, Role]:
    request.service.policy.enforce(f"identity:{rule}", request.context, {})
    return (
        roles.load(request.session, request.parameters["id"]),
        roles.load(request.session, request.parameters["implied_id"]),
    )


def list_implied(request: Request) -> dict[str, Any]:
    """GET /v3/roles/{id}/implies."""
    request.service.policy.enforce("identity:list_implied_roles", request.context, {})
    prior = roles.load(request.session, request.parameters["id"])
    implied = [role_reference(request, role) for role in roles.implied_by(request.session, prior)]
    inference = {"prior_role": role_reference(request, prior), "implies": implied}
    return {"role_inference": inference, "links": {"self": request.base + request.path}}


def _inference(request: Request, prior: Role, implied: Role) -> dict[str, Any]:
    inference = {"prior_role": role_reference(request, prior), "implies": role_reference(request, implied)}
    return {"role_inference": inference, "links": {"self": request.base + request.path}}


def imply(request: Request) -> dict[str, Any]:
    """PUT /v3/roles/{id}/implies/{implied_id}."""
    prior, implied = _pair(request, "create_implied_role")
    roles.imply(request.session, prior, implied)
    return _inference(request, prior, implied)


def check_implied(request: Request) -> dict[str, Any] | None:
    """GET (200) and HEAD (204) /v3/roles/{id}/implies/{implied_id}."""
    prior, implied = _pair(request, "get_implied_role")
    roles.check_implied(request.session, prior, implied)
    return None if request.method == "HEAD" else _inference(request, prior, implied)


def remove_implied(request: Request) -> None:
    """DELETE /v3/roles/{id}/implies/{implied_id}."""
    prior, implied = _pair(request, "delete_implied_role")
    request.session.delete(roles.check_implied(request.session, prior, implied))


def list_inferences(request: Request) -> dict[str, Any]:
    """GET /v3/role_inferences: every role that implies others."""
    request.service.policy.enforce("identity:list_role_inference_rules", request.context, {})
    known = {role.id: role for role in request.session.find(Role)}
    by_prior: dict[str, list[dict[str, Any]]] = {}
    for row in request.session.find(ImpliedRole):
        by_prior.setdefault(row.prior_role_id, []).append(role_reference(request, known[row.implied_role_id]))
    inferences = [
        {"prior_role": role_reference(request, known[prior]), "implies": implied} for prior, implied in by_prior.items()
    ]
    return {"role_inferences": inferences, "links": {"self": request.base + request.path}}


ROUTES = [
    *ROLES.routes(),
    Route("GET", "/v3/roles/{id}/implies", list_implied),
    Route("PUT", "/v3/roles/{id}/implies/{implied_id}", imply, status=201),
    Route("GET", "/v3/roles/{id}/implies/{implied_id}", check_implied),
    Route("DELETE", "/v3/roles/{id}/implies/{implied_id}", remove_implied),
    Route("GET", "/v3/role_inferences", list_inferences),
]
