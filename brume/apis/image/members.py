"""Members of a shared image: /v2/images/{image_id}/members."""

from __future__ import annotations

from typing import Any

from brume.apis.rest.messages import Request
from brume.cloud.errors import BadRequest, Forbidden, NotFound
from brume.cloud.image import rules
from brume.cloud.image.resources import Image, ImageMember


def render(member: ImageMember) -> dict[str, Any]:
    """A member as Glance shows it."""
    return {
        "member_id": member.member_id,
        "image_id": member.image_id,
        "status": member.status,
        "created_at": member.created_at,
        "updated_at": member.updated_at,
        "schema": "/v2/schemas/member",
    }


def _image(request: Request) -> Image:
    return rules.shared_image(request.context, request.session, request.parameters["image_id"])


def _word(request: Request, name: str) -> str:
    """The one text of the body."""
    body = request.json() if request.body else None
    if not isinstance(body, dict):
        raise BadRequest("Body expected in request.")
    if not isinstance(body.get(name), str) or not body[name]:
        raise BadRequest(f'Expected a {name} in the form: {{"{name}": "..."}}')
    if len(body[name]) > 255:
        raise BadRequest(f"The {name} is too long")
    return str(body[name])


def list_members(request: Request) -> dict[str, Any]:
    """GET members"""
    found = rules.members_of(request.context, request.session, _image(request))
    return {"members": [render(member) for member in found], "schema": "/v2/schemas/members"}


def show(request: Request) -> dict[str, Any]:
    """GET members/{member_id}"""
    try:
        image = _image(request)
    except Forbidden as error:
        raise NotFound(error.message) from None
    return render(rules.get_member(request.context, request.session, image, request.parameters["member_id"]))


def create(request: Request) -> dict[str, Any]:
    """POST members"""
    member = _word(request, "member")
    return render(rules.add_member(request.context, request.session, _image(request), member))


def update(request: Request) -> dict[str, Any]:
    """PUT members/{member_id}"""
    status, member = _word(request, "status"), request.parameters["member_id"]
    return render(rules.answer_share(request.context, request.session, _image(request), member, status))


def delete(request: Request) -> None:
    """DELETE members/{member_id}"""
    rules.remove_member(request.context, request.session, _image(request), request.parameters["member_id"])
