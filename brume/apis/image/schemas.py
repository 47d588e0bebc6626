"""/v2/schemas: JSON Schemas of images, made from the declaration."""

from __future__ import annotations

from typing import Any

from brume.apis.rest.messages import Request
from brume.cloud.image.resources import CONTAINER_FORMATS, DISK_FORMATS, VISIBILITIES, Image
from brume.cloud.validation import json_type

CHOICES = {"visibility": VISIBILITIES, "disk_format": DISK_FORMATS, "container_format": CONTAINER_FORMATS}


def image_schema() -> dict[str, Any]:
    """The schema of one image."""
    properties: dict[str, Any] = {}
    for field in Image.DECLARATION.fields:
        if field.attribute is None:
            continue
        entry: dict[str, Any] = {"type": [*(["null"] if field.nullable else []), json_type(field)]}
        if field.name in CHOICES:
            entry["enum"] = [*([None] if field.nullable else []), *CHOICES[field.name]]
        if not field.attribute.create and not field.attribute.update:
            entry["readOnly"] = True
        properties[field.wire] = entry
    for name in ("self", "file", "schema"):
        properties[name] = {"type": "string", "readOnly": True}
    links = [{"rel": "self", "href": "{self}"}, {"rel": "enclosure", "href": "{file}"}]
    return {"name": "image", "properties": properties, "additionalProperties": {"type": "string"}, "links": links}


def show_image(request: Request) -> dict[str, Any]:
    """GET /v2/schemas/image"""
    return image_schema()


def show_images(request: Request) -> dict[str, Any]:
    """GET /v2/schemas/images"""
    return {
        "name": "images",
        "properties": {
            "images": {"type": "array", "items": image_schema()},
            "first": {"type": "string"},
            "next": {"type": "string"},
            "schema": {"type": "string"},
        },
        "links": [{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"}],
    }
