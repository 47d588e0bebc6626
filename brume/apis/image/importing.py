"""The import API: /v2/info, and an import of what was staged (method glance-direct; there is no other).

An import is done before it is answered, so its task is never seen. One store: /v2/info/stores says so as Glance does.
"""

from __future__ import annotations

from typing import Any

from brume.apis.rest.messages import Request, Response
from brume.cloud.errors import BadRequest, NotFound
from brume.cloud.image import rules
from brume.cloud.image.files import ImageFiles

METHODS = ("glance-direct",)


def show_methods(request: Request) -> dict[str, Any]:
    """GET /v2/info/import"""
    value = {"description": "Import methods available.", "type": "array", "value": list(METHODS)}
    return {"import-methods": value}


def show_stores(request: Request) -> None:
    """GET /v2/info/stores"""
    raise NotFound("Multi backend is not supported at this site.")


def import_image(request: Request) -> Response:
    """POST /v2/images/{image_id}/import"""
    _check(request.json() if request.body else None)
    image = rules.get_image(request.context, request.session, request.parameters["image_id"])
    rules.may_import(request.context, image)
    try:
        digest = request.cloud.need(ImageFiles).take_staged(image.id)
    except FileNotFoundError:
        raise BadRequest(f"The staged data of image {image.id} is not there any more.") from None
    rules.uploaded(request.context, request.session, image, digest)
    return Response(202)


def _check(body: Any) -> None:
    if not isinstance(body, dict):
        raise BadRequest("Body expected in request.")
    if "method" not in body:
        raise BadRequest("Import request requires a 'method' field.")
    method = body["method"]
    if not isinstance(method, dict) or "name" not in method:
        raise BadRequest("Import request requires a 'name' field.")
    if method["name"] not in METHODS:
        raise BadRequest(f"Unknown import method name '{method['name']}'.")
    for name in ("all_stores_must_succeed", "all_stores"):
        if not isinstance(body.get(name, False), bool):
            raise BadRequest(f"'{name}' must be boolean value only")
