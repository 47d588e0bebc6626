"""Keypairs: /os-keypairs."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import Body
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import keypairs
from brume.cloud.compute.resources import Keypair
from brume.cloud.errors import BadRequest, Forbidden

TYPE_SINCE = (2, 2)
USER_SINCE = (2, 10)
GENERATION_UNTIL = (2, 91)


def _user(request: Request) -> str:
    """Whose keypairs: the asker's, or (administrators, 2.10) another user's."""
    own = request.context.user_id or ""
    asked = request.first("user_id")
    if asked is None or asked == own:
        return own
    if not request.context.is_admin:
        raise Forbidden("Policy doesn't allow os_compute_api:os-keypairs to be performed.")
    return asked


def render(request: Request, keypair: Keypair, *, whole: bool = False) -> dict[str, Any]:
    """A keypair; `whole` adds what only show tells."""
    shown: dict[str, Any] = {
        "name": keypair.name,
        "public_key": keypair.public_key,
        "fingerprint": keypair.fingerprint,
    }
    if (request.version or (2, 1)) >= TYPE_SINCE:
        shown["type"] = keypair.type
    if whole:
        shown |= {
            "user_id": keypair.user_id,
            "id": 1,
            "created_at": keypair.created_at.rstrip("Z") + ".000000",
            "updated_at": None,
            "deleted_at": None,
            "deleted": False,
        }
    return shown


def list_keypairs(request: Request) -> dict[str, Any]:
    """GET /os-keypairs"""
    found = sorted(request.session.find(Keypair, user_id=_user(request)), key=lambda keypair: keypair.name)
    return {"keypairs": [{"keypair": render(request, keypair)} for keypair in found]}


def show(request: Request) -> dict[str, Any]:
    """GET /os-keypairs/{name}"""
    keypair = keypairs.get_keypair(request.session, _user(request), request.parameters["name"])
    return {"keypair": render(request, keypair, whole=True)}


def create(request: Request) -> Response:
    """POST /os-keypairs"""
    version = request.version or (2, 1)
    body = Body("keypair", request.object("keypair"))
    name = body.text("name", required=True, longest=255, shortest=1) or ""
    public_key = body.text("public_key", nullable=True)
    if version >= TYPE_SINCE and body.text("type") not in (None, "ssh"):
        raise BadRequest("Invalid input for field/attribute type: only 'ssh' keypairs are supported.")
    user_id = request.context.user_id or ""
    if version >= USER_SINCE:
        user_id = body.text("user_id") or user_id
        if user_id != request.context.user_id and not request.context.is_admin:
            raise Forbidden("Policy doesn't allow os_compute_api:os-keypairs:create to be performed.")
    body.finish()
    if public_key is None and version > GENERATION_UNTIL:
        raise BadRequest("Invalid input for field/attribute keypair. 'public_key' is a required property")
    made = keypairs.create_keypair(request.context, request.session, user_id, name, public_key)
    shown = {**render(request, made.keypair), "user_id": user_id}
    if made.private_key is not None:
        shown["private_key"] = made.private_key
    return Response(201 if version >= TYPE_SINCE else 200, {"keypair": shown})


def delete(request: Request) -> Response:
    """DELETE /os-keypairs/{name}"""
    request.session.delete(keypairs.get_keypair(request.session, _user(request), request.parameters["name"]))
    return Response(204 if (request.version or (2, 1)) >= TYPE_SINCE else 202)
