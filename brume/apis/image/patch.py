"""PATCH /v2/images/{image_id}: add, replace and remove of whole attributes, in one of two dialects.

    application/openstack-images-v2.1-json-patch    RFC 6902: {"op": "replace", "path": "/name", "value": "x"}
    application/openstack-images-v2.0-json-patch    its fourth draft: {"replace": "/name", "value": "x"}; there "add" is
                                                    only for what is not yet there

Every operation is checked before the first one is done. Locations are not shown here, so they cannot be changed.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from brume.apis.image.images import NEVER_GIVEN, render
from brume.apis.rest.messages import Request
from brume.cloud.errors import BadRequest, Conflict, Forbidden, UnsupportedMediaType
from brume.cloud.image import rules
from brume.cloud.image.resources import Image
from brume.cloud.validation import Values, for_update

RFC = "application/openstack-images-v2.1-json-patch"
DRAFT = "application/openstack-images-v2.0-json-patch"
OPERATIONS = ("add", "remove", "replace")
BAD_ESCAPE = re.compile(r"~([^01]|\Z)")
EMPTY_TOKEN = re.compile(r"/\s*/")


class Operation(NamedTuple):
    """One change of one attribute."""

    kind: str
    name: str
    value: Any = None


def patch(request: Request) -> dict[str, Any]:
    """PATCH /v2/images/{image_id}"""
    content_type = request.headers.get("content-type", "").split(";")[0].strip()
    if content_type not in (RFC, DRAFT):
        raise UnsupportedMediaType(f"Image PATCH expects Content-Type one of: {DRAFT}, {RFC}")
    operations = _read(request, content_type == DRAFT)
    image = rules.get_image(request.context, request.session, request.parameters["image_id"])
    rules.may_change(request.context, image)
    values = _apply(image, operations, content_type == DRAFT)
    return render(rules.update_image(request.context, request.session, image, values))


def _read(request: Request, draft: bool) -> list[Operation]:
    """The operations, each checked by itself."""
    given = request.json() if request.body else None
    if not isinstance(given, list):
        raise BadRequest("Request body must be a JSON array of operation objects.")
    return [_operation(one, draft) for one in given]


def _operation(given: Any, draft: bool) -> Operation:
    if not isinstance(given, dict):
        raise BadRequest("Operations must be JSON objects.")
    kind, path = _draft(given) if draft else _rfc(given)
    name = _name(path)
    field = Image.DECLARATION.by_wire.get(name)
    if name in NEVER_GIVEN or (field is not None and field.attribute is not None and not field.attribute.update):
        raise Forbidden(f"Attribute '{name}' is read-only.")
    if name in rules.RESERVED or name.startswith(rules.RESERVED_SPACE):
        raise Forbidden(f"Attribute '{name}' is reserved.")
    if kind == "remove":
        return Operation(kind, name)
    if "value" not in given:
        raise BadRequest(f'Operation "{kind}" requires a member named "value".')
    if field is None and name != "locations":
        rules.check_property(name, given["value"])
    return Operation(kind, name, given["value"])


def _rfc(given: dict[str, Any]) -> tuple[str, Any]:
    choices = ", ".join(OPERATIONS)
    kind = given.get("op")
    if kind is None:
        raise BadRequest(f"Unable to find `op` in JSON Schema change. It must be one of the following: {choices}.")
    if kind not in OPERATIONS:
        raise BadRequest(f"Invalid operation: `{kind}`. It must be one of the following: {choices}.")
    if "path" not in given:
        raise BadRequest("Unable to find 'path' in JSON Schema change")
    return kind, given["path"]


def _draft(given: dict[str, Any]) -> tuple[str, Any]:
    kinds = [kind for kind in OPERATIONS if kind in given]
    if len(kinds) != 1:
        number = "exactly one" if not kinds else "only one"
        raise BadRequest(f'Operation objects must contain {number} member named "add", "remove", or "replace".')
    return kinds[0], given[kinds[0]]


def _name(pointer: Any) -> str:
    """The attribute that a JSON pointer names."""
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise BadRequest(f'Pointer `{pointer}` does not start with "/".')
    if EMPTY_TOKEN.search(pointer):
        raise BadRequest(f'Pointer `{pointer}` contains adjacent "/".')
    if not pointer[1:].strip() or pointer.endswith("/"):
        raise BadRequest(f'Pointer `{pointer}` end with "/".')
    if BAD_ESCAPE.search(pointer):
        raise BadRequest(f'Pointer `{pointer}` contains "~" not part of a recognized escape sequence.')
    tokens = [token.replace("~1", "/").replace("~0", "~").strip() for token in pointer[1:].split("/")]
    if len(tokens) != 1 and tokens[0] != "locations":
        raise BadRequest(f"Invalid JSON pointer for this resource: '/{'/'.join(tokens)}'")
    return tokens[0]


def _apply(image: Image, operations: list[Operation], draft: bool) -> Values:
    """The values of an update."""
    fields = Image.DECLARATION.by_wire
    given: dict[str, Any] = {}
    properties = dict(image.properties)
    for kind, name, value in operations:
        if name == "locations":
            raise Forbidden("It's not allowed to change locations if locations are invisible.")
        present = name in fields or name in properties
        if kind == "remove" and name in fields:
            raise Forbidden(f"Property {name} may not be removed.")
        if kind != "add" and not present:
            raise Conflict(f"Property {name} does not exist.")
        if kind == "add" and present and draft:
            raise Conflict(f"Property {name} already present.")
        if kind == "remove":
            del properties[name]
        elif name in fields:
            given[name] = value
        else:
            properties[name] = value
    values = for_update(Image.DECLARATION, given)
    return {**values, "properties": properties}
