"""Images: create, show, delete, tags, and whether their data may be read. Glance's bodies are flat: no object around
the image. Lists are in `listing`, changes in `patch`."""

from __future__ import annotations

from typing import Any

from brume.apis.image.importing import METHODS
from brume.apis.rest.messages import Request, Response
from brume.cloud.errors import BadRequest, Forbidden, MethodNotAllowed, NotFound
from brume.cloud.image import rules
from brume.cloud.image.files import ImageFiles
from brume.cloud.image.resources import Image
from brume.cloud.resource import to_json
from brume.cloud.validation import for_create

NEVER_GIVEN = ("direct_url", "self", "file", "schema", "stores")


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
    given = request.json() if request.body else None
    if not isinstance(given, dict):
        raise BadRequest("Body expected in request." if given is None else "Request body must be a JSON object.")
    for name in given:
        field = Image.DECLARATION.by_wire.get(name)
        if name in NEVER_GIVEN or (field is not None and field.attribute is not None and not field.attribute.create):
            raise Forbidden(f"Attribute '{name}' is read-only.")
    image = rules.create_image(request.context, request.session, for_create(Image.DECLARATION, given))
    headers = {
        "location": f"{request.base}/v2/images/{image.id}",
        "openstack-image-import-methods": ",".join(METHODS),
    }
    return Response(201, render(image), headers=headers)


def _image(request: Request) -> Image:
    return rules.get_image(request.context, request.session, request.parameters["image_id"])


def show(request: Request) -> dict[str, Any]:
    """GET /v2/images/{image_id}"""
    return render(_image(request))


def delete(request: Request) -> None:
    """DELETE /v2/images/{image_id}. Runs its own transaction: the data goes only after the row has gone."""
    image_id = request.parameters["image_id"]
    with request.cloud.store.write(request.context) as session:
        image = session.get(Image, image_id)
        if image is None or not rules.may_use(request.context, session, image):
            raise NotFound(f"Failed to find image {image_id} to delete")
        rules.delete_image(request.context, session, image)
    request.cloud.need(ImageFiles).delete(image.id)


def delete_nothing(request: Request) -> None:
    """DELETE /v2/images: no method of the collection; with a slash behind, an image without an id."""
    raise NotFound() if request.path.endswith("/") else MethodNotAllowed(allowed=["GET", "POST"])


def add_tag(request: Request) -> None:
    """PUT /v2/images/{image_id}/tags/{tag}"""
    image = _image(request)
    rules.set_tags(request.context, request.session, image, [*image.tags, request.parameters["tag"]])


def remove_tag(request: Request) -> None:
    """DELETE /v2/images/{image_id}/tags/{tag}"""
    image, tag = _image(request), request.parameters["tag"]
    rules.may_change(request.context, image)
    if tag not in image.tags:
        raise NotFound()
    rules.set_tags(request.context, request.session, image, [other for other in image.tags if other != tag])


def deactivate(request: Request) -> None:
    """POST /v2/images/{image_id}/actions/deactivate"""
    rules.set_active(request.context, request.session, _image(request), False)


def reactivate(request: Request) -> None:
    """POST /v2/images/{image_id}/actions/reactivate"""
    rules.set_active(request.context, request.session, _image(request), True)
