"""The rest of /v3/auth: looking at a token, ending it, and what it can reach."""

from __future__ import annotations

from typing import Any

from brume.apis.identity.login import issue
from brume.apis.identity.token_view import token_view
from brume.apis.identity.views import linked, list_links
from brume.apis.rest.messages import Request, Response
from brume.apis.rest.routes import Route
from brume.cloud.context import RequestContext
from brume.cloud.errors import Unauthorized
from brume.cloud.identity import assignments, tokens
from brume.cloud.identity.assignments import SYSTEM, Target
from brume.cloud.identity.catalog import catalog
from brume.cloud.identity.errors import TokenNotFound, ValidationError
from brume.cloud.identity.projects import as_domain
from brume.cloud.identity.tokens import Token


def _subject(request: Request, rule: str) -> tuple[Token, RequestContext]:
    """The token in X-Subject-Token, if it is valid and the asker may look at it; raises TokenNotFound."""
    text = request.headers.get("x-subject-token", "")
    if not text:
        raise ValidationError(attribute="X-Subject-Token", target="request headers")
    token = request.cloud.tokens.open(text)
    request.service.policy.enforce(rule, request.context, {"target.token.user_id": token.user})
    return token, tokens.check(request.session, token, request.context.now)


def show(request: Request) -> Response:
    """GET /v3/auth/tokens."""
    token, context = _subject(request, "identity:validate_token")
    view = token_view(request, request.session, token, context, catalog="nocatalog" not in request.query)
    headers = {"x-subject-token": request.headers["x-subject-token"], "vary": "X-Auth-Token"}
    return Response(200, view, headers=headers)


def revoke(request: Request) -> None:
    """DELETE /v3/auth/tokens."""
    token, _ = _subject(request, "identity:revoke_token")
    tokens.forget_ended(request.session, request.context.now)
    tokens.revoke(request.session, token)


def show_catalog(request: Request) -> dict[str, Any]:
    """GET /v3/auth/catalog."""
    context = request.context
    if not (context.project_id or context.domain_id or context.system_scope):
        raise Unauthorized()
    return {"catalog": catalog(request.session, context), **list_links(request)}


def list_projects(request: Request) -> dict[str, Any]:
    """GET /v3/auth/projects: where the asker could be scoped to."""
    found = assignments.projects_of(request.session, _user(request))
    return {"projects": [linked(request, row) for row in found if row.enabled], **list_links(request)}


def list_domains(request: Request) -> dict[str, Any]:
    """GET /v3/auth/domains."""
    found = assignments.domains_of(request.session, _user(request))
    return {"domains": [linked(request, as_domain(row)) for row in found if row.enabled], **list_links(request)}


def list_systems(request: Request) -> dict[str, Any]:
    """GET /v3/auth/system."""
    held = assignments.roles_of(request.session, _user(request), Target(SYSTEM, SYSTEM))
    return {"system": [{"all": True}] if held else [], **list_links(request)}


def _user(request: Request) -> str:
    user_id = request.context.user_id
    if user_id is None:
        raise TokenNotFound(token_id="")
    return user_id


ROUTES = [
    Route("POST", "/v3/auth/tokens", issue, public=True, writes=False),
    Route("GET", "/v3/auth/tokens", show),
    Route("DELETE", "/v3/auth/tokens", revoke),
    Route("GET", "/v3/auth/catalog", show_catalog),
    Route("GET", "/v3/auth/projects", list_projects),
    Route("GET", "/v3/auth/domains", list_domains),
    Route("GET", "/v3/auth/system", list_systems),
    Route("GET", "/v3/OS-FEDERATION/projects", list_projects),
    Route("GET", "/v3/OS-FEDERATION/domains", list_domains),
]
