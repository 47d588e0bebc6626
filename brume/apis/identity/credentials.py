"""Credentials and application credentials."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from brume.apis.identity.login import expiry
from brume.apis.identity.views import application_credential_view, body, linked, list_links, target
from brume.apis.rest.collection import Collection
from brume.apis.rest.lists import page_of
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.errors import BadRequest, Forbidden, NotImplementedHere
from brume.cloud.identity import credentials, users
from brume.cloud.identity.resources import ApplicationCredential, Credential, User
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
    if given.pop("access_rules", None):
        raise NotImplementedHere(what="An application credential with access rules")
    if not isinstance(secret, str) or not (wanted is None or isinstance(wanted, list)):
        raise BadRequest("Invalid input for field 'secret' or 'roles'")
    values = for_create(ApplicationCredential.DECLARATION, given)
    try:
        expiry(values.get("expires_at"))
    except ValueError:
        raise BadRequest("Timestamp not in expected format.") from None
    row = credentials.create_application(request.context, request.session, user, values, wanted, secret)
    return {"application_credential": {**application_credential_view(request, row), "secret": secret}}


def delete_application_credential(request: Request) -> None:
    """DELETE /v3/users/{user_id}/application_credentials/{id}."""
    request.session.delete(_known(request, "delete"))


def _known(request: Request, operation: str) -> ApplicationCredential:
    user = _owner(request, f"{operation}_application_credential")
    return credentials.load_application(request.session, request.parameters["id"], user.id)


def list_access_rules(request: Request) -> dict[str, Any]:
    """GET /v3/users/{user_id}/access_rules: there are none, as none can be made."""
    _owner(request, "list_access_rules")
    return {"access_rules": [], **list_links(request)}


ROUTES = [
    *CREDENTIALS.routes(),
    Route("GET", "/v3/users/{user_id}/application_credentials", list_application_credentials),
    Route("POST", "/v3/users/{user_id}/application_credentials", create_application_credential, status=201),
    Route("GET", "/v3/users/{user_id}/application_credentials/{id}", show_application_credential),
    Route("DELETE", "/v3/users/{user_id}/application_credentials/{id}", delete_application_credential),
    Route("GET", "/v3/users/{user_id}/access_rules", list_access_rules),
]
