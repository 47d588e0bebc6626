"""Credentials, EC2 key pairs, application credentials and their access rules."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from brume.apis.identity.views import application_credential_view, body, linked, list_links, target
from brume.apis.rest.collection import Collection
from brume.apis.rest.lists import page_of
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.errors import BadRequest, Forbidden
from brume.cloud.identity import access_rules, credentials, users
from brume.cloud.identity.resources import AccessRule, ApplicationCredential, Credential, User
from brume.cloud.resource import to_json
from brume.cloud.validation import Values, for_create


def _credential_target(request: Request, row: Credential | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """A list is of the asker's own unless the asker may see all (`_own`)."""
    if row is None and not values:
        return {"target.credential.user_id": request.context.user_id}
    return target(request, row, values, "credential")


def _own(request: Request) -> tuple[dict[str, Any], ...]:
    context = request.context
    if context.is_admin or context.system_scope is not None:
        return ({},)
    return ({"user_id": context.user_id},)


def _prepare(request: Request, values: Values) -> Values:
    return {**values, "user_id": values.get("user_id") or request.context.user_id}


CREDENTIALS = Collection(
    kind=Credential,
    path="/v3/credentials",
    rules="identity:{}_{}",
    given=body,
    change="PATCH",
    load=credentials.load,
    create=credentials.create,
    update=credentials.update,
    delete=credentials.delete,
    view=linked,
    within=_own,
    target=_credential_target,
    prepare=_prepare,
    links=list_links,
)


def _owner(request: Request, rule: str) -> User:
    user_id = request.parameters["user_id"]
    request.service.policy.enforce(f"identity:{rule}", request.context, {"target.user.id": user_id})
    return users.load(request.session, user_id)


def list_application_credentials(request: Request) -> dict[str, Any]:
    """GET /v3/users/{user_id}/application_credentials."""
    user = _owner(request, "list_application_credentials")
    page = page_of(request, ApplicationCredential, within=({"user_id": user.id},))
    rows = [application_credential_view(request, row) for row in page.rows]
    return {"application_credentials": rows, **list_links(request, page)}


def show_application_credential(request: Request) -> dict[str, Any]:
    """GET /v3/users/{user_id}/application_credentials/{id}."""
    return {"application_credential": application_credential_view(request, _known(request, "get"))}


def create_application_credential(request: Request) -> dict[str, Any]:
    """POST /v3/users/{user_id}/application_credentials: the only time the secret is shown."""
    user = _owner(request, "create_application_credential")
    if "application_credential" in request.context.methods:
        raise Forbidden()
    given = dict(request.object("application_credential"))
    secret = given.pop("secret", None) or secrets.token_urlsafe(64)
    wanted = given.pop("roles", None)
    rules = given.pop("access_rules", None)
    if not isinstance(secret, str) or not all(each is None or isinstance(each, list) for each in (wanted, rules)):
        raise BadRequest("Invalid input for field 'secret', 'roles' or 'access_rules'")
    values = for_create(ApplicationCredential.DECLARATION, given)
    row = credentials.create_application(request.context, request.session, user, values, wanted, rules, secret)
    return {"application_credential": {**application_credential_view(request, row), "secret": secret}}


def delete_application_credential(request: Request) -> None:
    """DELETE /v3/users/{user_id}/application_credentials/{id}."""
    request.session.delete(_known(request, "delete"))


def _known(request: Request, operation: str) -> ApplicationCredential:
    user = _owner(request, f"{operation}_application_credential")
    return credentials.load_application(request.session, request.parameters["id"], user.id)


# -- access rules of application credentials


def list_access_rules(request: Request) -> dict[str, Any]:
    """GET /v3/users/{user_id}/access_rules."""
    user = _owner(request, "list_access_rules")
    page = page_of(request, AccessRule, within=({"user_id": user.id},))
    return {"access_rules": [_rule_view(request, row) for row in page.rows], **list_links(request, page)}


def show_access_rule(request: Request) -> dict[str, Any]:
    """GET /v3/users/{user_id}/access_rules/{id}."""
    user = _owner(request, "get_access_rule")
    return {"access_rule": _rule_view(request, access_rules.load(request.session, request.parameters["id"], user.id))}


def delete_access_rule(request: Request) -> None:
    """DELETE /v3/users/{user_id}/access_rules/{id}."""
    user = _owner(request, "delete_access_rule")
    access_rules.delete(request.session, access_rules.load(request.session, request.parameters["id"], user.id))


def _rule_view(request: Request, row: AccessRule) -> dict[str, Any]:
    return {**to_json(row), "links": {"self": f"{request.base}/v3/users/{row.user_id}/access_rules/{row.id}"}}


# -- EC2 key pairs


def _ec2_view(request: Request, row: Credential) -> dict[str, Any]:
    keys = msgspec.json.decode(row.blob)
    path = f"{request.base}/v3/users/{row.user_id}/credentials/OS-EC2/{keys['access']}"
    names = {"user_id": row.user_id, "tenant_id": row.project_id}
    return {**names, **keys, "links": {"self": path}}


def list_ec2(request: Request) -> dict[str, Any]:
    """GET /v3/users/{user_id}/credentials/OS-EC2."""
    user = _owner(request, "list_ec2_credentials")
    rows = request.session.find(Credential, user_id=user.id, type="ec2")
    found = [_ec2_view(request, row) for row in rows if row.id == credentials.own_ec2_id(row)]
    return {"credentials": found, **list_links(request)}


def create_ec2(request: Request) -> dict[str, Any]:
    """POST /v3/users/{user_id}/credentials/OS-EC2."""
    user = _owner(request, "create_ec2_credential")
    project_id = request.object().get("tenant_id")
    if not isinstance(project_id, str):
        raise BadRequest("'tenant_id' is a required property")
    row = credentials.create_ec2(request.context, request.session, user, project_id)
    return {"credential": _ec2_view(request, row)}


def show_ec2(request: Request) -> dict[str, Any]:
    """GET /v3/users/{user_id}/credentials/OS-EC2/{access}."""
    user = _owner(request, "get_ec2_credential")
    row = credentials.load_ec2(request.session, request.parameters["access"], user.id)
    return {"credential": _ec2_view(request, row)}


def delete_ec2(request: Request) -> None:
    """DELETE /v3/users/{user_id}/credentials/OS-EC2/{access}."""
    user = _owner(request, "delete_ec2_credential")
    request.session.delete(credentials.load_ec2(request.session, request.parameters["access"], user.id))


ROUTES = [
    *CREDENTIALS.routes(),
    Route("GET", "/v3/users/{user_id}/application_credentials", list_application_credentials),
    Route("POST", "/v3/users/{user_id}/application_credentials", create_application_credential, status=201),
    Route("GET", "/v3/users/{user_id}/application_credentials/{id}", show_application_credential),
    Route("DELETE", "/v3/users/{user_id}/application_credentials/{id}", delete_application_credential),
    Route("GET", "/v3/users/{user_id}/access_rules", list_access_rules),
    Route("GET", "/v3/users/{user_id}/access_rules/{id}", show_access_rule),
    Route("DELETE", "/v3/users/{user_id}/access_rules/{id}", delete_access_rule),
    Route("GET", "/v3/users/{user_id}/credentials/OS-EC2", list_ec2),
    Route("POST", "/v3/users/{user_id}/credentials/OS-EC2", create_ec2, status=201),
    Route("GET", "/v3/users/{user_id}/credentials/OS-EC2/{access}", show_ec2),
    Route("DELETE", "/v3/users/{user_id}/credentials/OS-EC2/{access}", delete_ec2),
]
