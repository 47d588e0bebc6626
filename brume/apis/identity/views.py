"""Rows as Keystone shows them, and policy targets made from rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brume.apis.rest.lists import Page, page_links
from brume.apis.rest.messages import Request
from brume.cloud.errors import BadRequest
from brume.cloud.identity.resources import AccessRule, ApplicationCredential, Project, Role, User
from brume.cloud.resource import Resource, to_json


def linked(request: Request, row: Resource) -> dict[str, Any]:
    """The row's attributes and a link to itself."""
    path = f"/v3/{row.DECLARATION.collection}/{row.key()}"
    return {**to_json(row), "links": {"self": request.base + path}}


def project_view(request: Request, project: Project) -> dict[str, Any]:
    """A project; a domain seen as one has no domain."""
    return linked(request, project)


def user_view(request: Request, user: User) -> dict[str, Any]:
    """A user; a default project only when there is one."""
    shown = linked(request, user)
    if user.default_project_id is None:
        del shown["default_project_id"]
    return shown


def role_reference(request: Request, role: Role) -> dict[str, Any]:
    """A role where another thing mentions it."""
    path = f"{request.base}/v3/roles/{role.id}"
    return {"id": role.id, "name": role.name, "links": {"self": path}}


def application_credential_view(request: Request, row: ApplicationCredential) -> dict[str, Any]:
    """An application credential, with its roles; the secret is shown only when it is made."""
    found = request.session.find(Role, id=row.role_ids)
    path = f"{request.base}/v3/users/{row.user_id}/application_credentials/{row.id}"
    wanted = row.access_rule_ids or ()
    rules = sorted(request.session.find(AccessRule, id=wanted), key=lambda rule: wanted.index(rule.id))
    return {
        **to_json(row),
        **({} if row.access_rule_ids is None else {"access_rules": [to_json(rule) for rule in rules]}),
        "system": None,
        "roles": [{"id": r.id, "name": r.name, "domain_id": r.domain_id} for r in found],
        "links": {"self": path},
    }


def body(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    """A body's object without what may be repeated but not chosen: the identifier and the links."""
    identity = given.get("id")
    if "id" in request.parameters and identity not in (None, request.parameters["id"]):
        raise BadRequest("Cannot change ID")
    return {name: value for name, value in given.items() if name not in ("id", "links")}


def list_links(request: Request, page: Page[Any] | None = None) -> dict[str, Any]:
    """What stands beside every list of Keystone's."""
    following = next((x["href"] for x in page_links(request, page) if x["rel"] == "next"), None) if page else None
    return {"links": {"next": following, "self": request.base + request.path, "previous": None}}


def target(request: Request, row: Resource | None, values: Mapping[str, Any], noun: str) -> dict[str, Any]:
    """A policy target: target.<noun>.<attribute>, of the row, or of the values where there is no row yet.

    target.domain_id is the asker's own domain, as a list is confined to it (see `within_domain`).
    """
    given: dict[str, Any] = dict(values)
    if row is not None:
        given = {field.name: getattr(row, field.name) for field in row.DECLARATION.fields}
    result = {f"target.{noun}.{name}": value for name, value in given.items()}
    if request.context.domain_id is not None:
        result["target.domain_id"] = request.context.domain_id
    return result


def project_target(request: Request, row: Project | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """The target of rules about projects."""
    return target(request, row, values, "project")


def within_domain(request: Request) -> tuple[dict[str, Any], ...]:
    """A token scoped to a domain lists what is in it, others everything."""
    own = request.context.domain_id
    return ({"domain_id": own},) if own is not None else ({},)


def own_domain(request: Request, values: Mapping[str, Any]) -> dict[str, Any]:
    """A create without a domain goes to the asker's: that of the token's scope, else the user's own."""
    if values.get("domain_id") is not None:
        return dict(values)
    context = request.context
    domain_id = context.domain_id or context.project_domain_id or context.user_domain_id or "default"
    return {**values, "domain_id": domain_id}
