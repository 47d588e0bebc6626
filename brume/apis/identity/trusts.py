"""Trusts (/v3/OS-TRUST) and policy documents (/v3/policies)."""

from __future__ import annotations

from typing import Any

from brume.apis.identity.views import body, linked, list_links
from brume.apis.rest.collection import Collection
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.context import RequestContext, iso_micros
from brume.cloud.errors import BadRequest, NotImplementedHere, PolicyForbidden
from brume.cloud.identity import trusts
from brume.cloud.identity.errors import PolicyNotFound, RoleNotFound
from brume.cloud.identity.moments import read_moment
from brume.cloud.identity.resources import PolicyBlob, Role, Trust
from brume.cloud.resource import to_json
from brume.cloud.store.session import Session
from brume.cloud.validation import Values, for_create

PARTIES = ("trustor_user_id", "trustee_user_id")


def _target(trust: Trust) -> dict[str, Any]:
    return {f"target.trust.{name}": getattr(trust, name) for name in PARTIES}


def _enforce(request: Request, rule: str, target: dict[str, Any]) -> None:
    """An application credential may not touch trusts, whatever its roles: it would widen what it is good for."""
    request.service.policy.enforce(f"identity:{rule}", request.context, target)
    if "application_credential" in request.context.methods:
        raise PolicyForbidden(action="Using method 'application_credential' is not allowed for managing trusts.")


def _view(request: Request, trust: Trust) -> dict[str, Any]:
    path = f"{request.base}/v3/OS-TRUST/trusts/{trust.id}"
    expires = None if trust.expires_at is None else iso_micros(read_moment(trust.expires_at))
    links = {"self": f"{path}/roles", "next": None, "previous": None}
    return {**to_json(trust), "expires_at": expires, "roles_links": links, "links": {"self": path}}


def _whole(request: Request, trust: Trust) -> dict[str, Any]:
    roles = request.session.find(Role, id=trust.role_ids)
    return {"trust": {**_view(request, trust), "roles": [linked(request, role) for role in roles]}}


def list_trusts(request: Request) -> dict[str, Any]:
    """GET /v3/OS-TRUST/trusts: all, or those of one party."""
    wanted = {name: request.query[name][0] for name in PARTIES if name in request.query}
    rule = "list_trusts"
    if wanted:
        rule = "list_trusts_for_trustor" if PARTIES[0] in wanted else "list_trusts_for_trustee"
    _enforce(request, rule, {f"target.trust.{name}": value for name, value in wanted.items()})
    rows = request.session.find(Trust, **wanted)
    return {"trusts": [_view(request, row) for row in rows if row.remaining_uses != 0], **list_links(request)}


def create_trust(request: Request) -> dict[str, Any]:
    """POST /v3/OS-TRUST/trusts."""
    given = dict(request.object("trust"))
    wanted = given.pop("roles", None) or []
    if given.pop("allow_redelegation", False) or given.pop("redelegation_count", 0):
        raise NotImplementedHere(what="Redelegation of a trust")
    if not isinstance(wanted, list):
        raise BadRequest("Invalid input for field 'roles': a list is expected")
    values = for_create(Trust.DECLARATION, body(request, given))
    _enforce(request, "create_trust", {f"target.trust.{name}": values[name] for name in PARTIES})
    return _whole(request, trusts.create(request.context, request.session, values, wanted))


def _known(request: Request, rule: str) -> Trust:
    trust = trusts.load(request.session, request.parameters["id"])
    _enforce(request, rule, _target(trust))
    return trust


def show_trust(request: Request) -> dict[str, Any]:
    """GET /v3/OS-TRUST/trusts/{id}."""
    return _whole(request, _known(request, "get_trust"))


def delete_trust(request: Request) -> None:
    """DELETE /v3/OS-TRUST/trusts/{id}: tokens got by it end."""
    request.session.delete(_known(request, "delete_trust"))


def list_roles(request: Request) -> dict[str, Any]:
    """GET /v3/OS-TRUST/trusts/{id}/roles."""
    trust = _known(request, "list_roles_for_trust")
    found = request.session.find(Role, id=trust.role_ids)
    return {"roles": [linked(request, role) for role in found], **list_links(request)}


def show_role(request: Request) -> dict[str, Any]:
    """GET /v3/OS-TRUST/trusts/{id}/roles/{role_id}."""
    trust = _known(request, "get_role_for_trust")
    role_id = request.parameters["role_id"]
    role = request.session.get(Role, role_id) if role_id in trust.role_ids else None
    if role is None:
        raise RoleNotFound(role_id=role_id)
    return {"role": linked(request, role)}


# -- policy documents


def _load_policy(session: Session, policy_id: str) -> PolicyBlob:
    row = session.get(PolicyBlob, policy_id)
    if row is None:
        raise PolicyNotFound(policy_id=policy_id)
    return row


def _create_policy(context: RequestContext, session: Session, values: Values) -> PolicyBlob:
    return session.insert(PolicyBlob(id=context.new_hex(), **values))


def _update_policy(context: RequestContext, session: Session, row: PolicyBlob, values: Values) -> PolicyBlob:
    return session.update(row, **values)


def _delete_policy(context: RequestContext, session: Session, row: PolicyBlob) -> None:
    session.delete(row)


POLICIES = Collection(
    kind=PolicyBlob,
    path="/v3/policies",
    rules="identity:{}_{}",
    given=body,
    change="PATCH",
    load=_load_policy,
    create=_create_policy,
    update=_update_policy,
    delete=_delete_policy,
    view=linked,
    links=list_links,
)

ROUTES = [
    Route("GET", "/v3/OS-TRUST/trusts", list_trusts),
    Route("POST", "/v3/OS-TRUST/trusts", create_trust, status=201),
    Route("GET", "/v3/OS-TRUST/trusts/{id}", show_trust),
    Route("DELETE", "/v3/OS-TRUST/trusts/{id}", delete_trust),
    Route("GET", "/v3/OS-TRUST/trusts/{id}/roles", list_roles),
    Route("GET", "/v3/OS-TRUST/trusts/{id}/roles/{role_id}", show_role),
    *POLICIES.routes(),
]
