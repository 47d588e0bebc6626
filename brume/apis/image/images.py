"""Images: create, show, list, patch, delete, tags. Glance's bodies are flat: no object around the image."""

from __future__ import annotations

from typing import Any

from brume.apis.rest.lists import page_of
from brume.apis.rest.messages import Request, Response
from brume.cloud.errors import BadRequest, Conflict, Forbidden, UnsupportedMediaType
from brume.cloud.image import rules
from brume.cloud.image.files import ImageFiles
from brume.cloud.image.resources import Image
from brume.cloud.resource import to_json
from brume.cloud.validation import Values, for_create, for_update

PAGE = 25
LONGEST_PAGE = 1000
PATCH_TYPES = ("application/openstack-images-v2.1-json-patch", "application/openstack-images-v2.0-json-patch")
NEWEST_FIRST = (("created_at", False),)


def render(image: Image) -> dict[str, Any]:
    """An image as Glance shows it."""
    return {
        **to_json(image),
        "tags": list(image.tags),
        "self": f"/v2/images/{image.id}",
        "file": f"/v2/images/{image.id}/file",
        "schema": "/v2/schemas/image",
    }


def create(request: Request) -> Response:
    """POST /v2/images"""
    values = for_create(Image.DECLARATION, request.object())
    image = rules.create_image(request.context, request.session, values)
    location = {"location": f"{request.base}/v2/images/{image.id}"}
    return Response(201, render(image), headers=location)


def show(request: Request) -> dict[str, Any]:
    """GET /v2/images/{image_id}"""
    return render(rules.get_image(request.context, request.session, request.parameters["image_id"]))


def list_images(request: Request) -> dict[str, Any]:
    """GET /v2/images"""
    limit = request.first("limit")
    if limit is None:
        request.query["limit"] = [str(PAGE)]
    page = page_of(
        request,
        Image,
        within=rules.visible_to(request.context) or ({},),
        ignore=("tag", "member_status"),
        order=NEWEST_FIRST,
        maximum=LONGEST_PAGE,
    )
    wanted = set(request.query.get("tag", ()))
    answer: dict[str, Any] = {
        "images": [render(image) for image in page.rows if wanted <= set(image.tags)],
        "first": _link(request, None),
        "schema": "/v2/schemas/images",
    }
    if page.has_next:
        answer["next"] = _link(request, page.rows[-1].id)
    return answer


def _link(request: Request, marker: str | None) -> str:
    from urllib.parse import urlencode

    kept = [(name, value) for name, values in request.query.items() if name != "marker" for value in values]
    query = urlencode(kept + ([("marker", marker)] if marker else []))
    return f"/v2/images?{query}" if query else "/v2/images"


def patch(request: Request) -> dict[str, Any]:
    """PATCH /v2/images/{image_id}: a JSON patch (RFC 6902) of add, replace and remove of whole attributes."""
    content_type = request.headers.get("content-type", "").split(";")[0]
    if content_type not in PATCH_TYPES:
        raise UnsupportedMediaType(content_type=content_type)
    image = rules.get_image(request.context, request.session, request.parameters["image_id"])
    values = _patched(image, request.json())
    return render(rules.update_image(request.context, request.session, image, values))


def _patched(image: Image, operations: Any) -> Values:
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise BadRequest("Request body must be a JSON array of operation objects.")
    fields = Image.DECLARATION.by_wire
    given: dict[str, Any] = {}
    properties = dict(image.properties)
    for operation in operations:
        kind, path = operation.get("op"), str(operation.get("path", ""))
        name = path.removeprefix("/").replace("~1", "/").replace("~0", "~")
        if kind not in ("add", "replace", "remove") or not path.startswith("/") or not name:
            raise BadRequest(f"Operation objects must contain one of add, replace, remove and a path: {operation}")
        if name in fields:
            if kind == "remove":
                raise Forbidden(f"Attribute '{name}' may not be removed.")
            given[name] = operation.get("value")
        elif kind == "remove":
            if properties.pop(name, None) is None:
                raise Conflict(f"Property {name} does not exist.")
        elif kind == "replace" and name not in properties:
            raise Conflict(f"Property {name} does not exist.")
        else:
            properties[name] = operation.get("value")
    values = for_update(Image.DECLARATION, given)
    return {**values, "properties": properties}


def delete(request: Request) -> None:
    """DELETE /v2/images/{image_id}. Runs its own transaction: the data goes only after the row has gone."""
    with request.cloud.store.write(request.context) as session:
        image = rules.get_image(request.context, session, request.parameters["image_id"])
        rules.delete_image(request.context, session, image)
    request.cloud.need(ImageFiles).delete(image.id)


def add_tag(request: Request) -> None:
    """PUT /v2/images/{image_id}/tags/{tag}"""
    image = rules.get_image(request.context, request.session, request.parameters["image_id"])
    rules.set_tags(request.context, request.session, image, [*image.tags, request.parameters["tag"]])


def remove_tag(request: Request) -> None:
    """DELETE /v2/images/{image_id}/tags/{tag}"""
    image = rules.get_image(request.context, request.session, request.parameters["image_id"])
    tag = request.parameters["tag"]
    if tag not in image.tags:
        raise rules.ImageNotFound(f"Tag {tag} could not be found on image {image.id}")
    rules.set_tags(request.context, request.session, image, [other for other in image.tags if other != tag])


def deactivate(request: Request) -> None:
    """POST /v2/images/{image_id}/actions/deactivate"""
    _set_active(request, False)


def reactivate(request: Request) -> None:
    """POST /v2/images/{image_id}/actions/reactivate"""
    _set_active(request, True)


def _set_active(request: Request, active: bool) -> None:
    image = rules.get_image(request.context, request.session, request.parameters["image_id"])
    rules.set_active(request.context, request.session, image, active)
