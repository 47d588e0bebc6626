"""/v2/schemas: JSON Schemas of images and members, made from the declarations."""

from __future__ import annotations

from typing import Any

from brume.apis.rest.messages import Request
from brume.cloud.image.resources import CONTAINER_FORMATS, DISK_FORMATS, MEMBER_STATUSES, VISIBILITIES, Image
from brume.cloud.validation import json_type

CHOICES = {"visibility": VISIBILITIES, "disk_format": DISK_FORMATS, "container_format": CONTAINER_FORMATS}
UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"


def image_schema() -> dict[str, Any]:
    """The schema of one image."""
    properties: dict[str, Any] = {}
    for field in Image.DECLARATION.fields:
        if field.attribute is None:
            continue
        kind = json_type(field)
        entry: dict[str, Any] = {"type": ["null", kind] if field.nullable else kind}
        if field.name in CHOICES:
            entry["enum"] = [*([None] if field.nullable else []), *CHOICES[field.name]]
        if not field.attribute.create and not field.attribute.update:
            entry["readOnly"] = True
        properties[field.wire] = entry
    properties["tags"]["items"] = {"type": "string", "maxLength": 255}
    for name in ("self", "file", "schema"):
        properties[name] = {"type": "string", "readOnly": True}
    for name in ("kernel_id", "ramdisk_id"):
        properties[name] = {"type": ["null", "string"], "pattern": UUID, "is_base": False}
    links = [{"rel": "self", "href": "{self}"}, {"rel": "enclosure", "href": "{file}"}]
    links.append({"rel": "describedby", "href": "{schema}"})
    return {"name": "image", "properties": properties, "additionalProperties": {"type": "string"}, "links": links}


def member_schema() -> dict[str, Any]:
    """The schema of one member."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in ("created_at", "updated_at", "schema")}
    properties |= {
        "image_id": {"type": "string", "pattern": UUID},
        "member_id": {"type": "string"},
        "status": {"type": "string", "enum": list(MEMBER_STATUSES)},
    }
    return {"name": "member", "properties": properties}


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
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }


def show_member(request: Request) -> dict[str, Any]:
    """GET /v2/schemas/member"""
    return member_schema()


def show_members(request: Request) -> dict[str, Any]:
    """GET /v2/schemas/members"""
    return {
        "name": "members",
        "properties": {"members": {"type": "array", "items": member_schema()}, "schema": {"type": "string"}},
        "links": [{"rel": "describedby", "href": "{schema}"}],
    }
