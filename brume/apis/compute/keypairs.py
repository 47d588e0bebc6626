"""Keypairs: /os-keypairs."""

from __future__ import annotations

import re
from typing import Any

from brume.apis.compute.body import invalid, not_a_name, read
from brume.apis.compute.query import Version, check_names, limit, next_link, version_of
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import keypairs
from brume.cloud.compute.resources import Keypair
from brume.cloud.errors import BadRequest, PolicyForbidden

TYPE_SINCE = (2, 2)
USER_SINCE = (2, 10)
PAGES_SINCE = (2, 35)
GENERATED_UNTIL = (2, 91)

OLD_NAME = re.compile(r"[_\- a-zA-Z0-9]+\Z")
NAME = re.compile(r"[_\-@. a-zA-Z0-9]+\Z")
LONGEST_KEY = 16_384


def _user(request: Request, action: str) -> str:
    """Whose keypairs: the asker's, or (administrators, 2.10) another user's."""
    own = request.context.user_id or ""
    asked = request.first("user_id") if version_of(request) >= USER_SINCE else None
    if asked is None or asked == own:
        return own
    return _other(request, asked, action)


def _other(request: Request, user_id: str, action: str) -> str:
    if not request.context.is_admin:
        raise PolicyForbidden(action=f"os_compute_api:os-keypairs:{action}")
    return user_id


def render(request: Request, keypair: Keypair) -> dict[str, Any]:
    """A keypair as a list shows it."""
    shown: dict[str, Any] = {
        "name": keypair.name,
        "public_key": keypair.public_key,
        "fingerprint": keypair.fingerprint,
    }
    if version_of(request) >= TYPE_SINCE:
        shown["type"] = keypair.type
    return shown


def render_whole(request: Request, keypair: Keypair) -> dict[str, Any]:
    """A keypair as show tells it."""
    return render(request, keypair) | {
        "user_id": keypair.user_id,
        "id": 1,
        "created_at": keypair.created_at.rstrip("Z") + ".000000",
        "updated_at": None,
        "deleted_at": None,
        "deleted": False,
    }


def list_keypairs(request: Request) -> dict[str, Any]:
    """GET /os-keypairs"""
    check_names(request, ("user_id", "limit", "marker"))
    user_id = _user(request, "index")
    found = sorted(request.session.find(Keypair, user_id=user_id), key=lambda keypair: keypair.name)
    more: dict[str, Any] = {}
    if version_of(request) >= PAGES_SINCE:
        marker, most = request.first("marker"), limit(request)
        if marker is not None:
            if all(keypair.name != marker for keypair in found):
                raise BadRequest(f"Marker {marker} could not be found.")
            found = [keypair for keypair in found if keypair.name > marker]
        more = next_link(request, "keypairs", found[most - 1].name) if 0 < most < len(found) else {}
        found = found[:most]
    return {"keypairs": [{"keypair": render(request, keypair)} for keypair in found], **more}


def show(request: Request) -> dict[str, Any]:
    """GET /os-keypairs/{name}"""
    check_names(request, ("user_id",))
    keypair = keypairs.get_keypair(request.session, _user(request, "show"), request.parameters["name"])
    return {"keypair": render_whole(request, keypair)}


def create(request: Request) -> Response:
    """POST /os-keypairs"""
    version = version_of(request)
    body = read(request, "keypair")
    name = _name(version, body.text("name", required=True, shortest=1, longest=255, check=not_a_name) or "")
    public_key = body.text("public_key", required=version > GENERATED_UNTIL, longest=LONGEST_KEY)
    if version >= TYPE_SINCE and body.choice("type", ("ssh", "x509")) == "x509":
        raise BadRequest("Keypair data is invalid: certificates are not supported, only keys of type ssh")
    user_id = request.context.user_id or ""
    if version >= USER_SINCE:
        wanted = body.text("user_id") or user_id
        user_id = wanted if wanted == user_id else _other(request, wanted, "create")
    body.finish()
    made = keypairs.create_keypair(request.context, request.session, user_id, name, public_key)
    shown = {**render(request, made.keypair), "user_id": user_id}
    if made.private_key is not None:
        shown["private_key"] = made.private_key
    return Response(201 if version >= TYPE_SINCE else 200, {"keypair": shown})


def _name(version: Version, name: str) -> str:
    pattern = NAME if version > GENERATED_UNTIL else OLD_NAME
    if not pattern.match(name):
        raise invalid("name", name, f"{name!r} does not match '^{pattern.pattern[:-2]}$'")
    return name


def delete(request: Request) -> Response:
    """DELETE /os-keypairs/{name}"""
    check_names(request, ("user_id",))
    name = request.parameters["name"]
    request.session.delete(keypairs.get_keypair(request.session, _user(request, "delete"), name))
    return Response(204 if version_of(request) >= TYPE_SINCE else 202)
