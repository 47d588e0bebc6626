"""A server's metadata and tags: small sets of words an owner keeps with it."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import Body
from brume.apis.compute.servers import find
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import servers
from brume.cloud.errors import BadRequest, NotFound

MOST_TAGS = 50
MOST_METADATA = 128


def list_metadata(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/metadata"""
    return {"metadata": find(request).metadata}


def _set(request: Request, metadata: dict[str, str]) -> dict[str, Any]:
    if len(metadata) > MOST_METADATA:
        raise BadRequest(f"Maximum number of metadata items exceeds {MOST_METADATA}")
    if any(not 1 <= len(key) <= 255 or len(value) > 255 for key, value in metadata.items()):
        raise BadRequest(
            "Invalid input for field/attribute metadata. Keys have 1 to 255 characters, values at most 255."
        )
    servers.change(request.context, request.session, find(request), {"metadata": metadata})
    return metadata


def _given(request: Request) -> dict[str, str]:
    return Body("metadata", request.object()).texts("metadata")


def replace_metadata(request: Request) -> dict[str, Any]:
    """PUT /servers/{server_id}/metadata"""
    return {"metadata": _set(request, _given(request))}


def add_metadata(request: Request) -> dict[str, Any]:
    """POST /servers/{server_id}/metadata"""
    return {"metadata": _set(request, {**find(request).metadata, **_given(request)})}


def show_item(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/metadata/{key}"""
    key, metadata = request.parameters["key"], find(request).metadata
    if key not in metadata:
        raise NotFound("Metadata item was not found")
    return {"meta": {key: metadata[key]}}


def set_item(request: Request) -> dict[str, Any]:
    """PUT /servers/{server_id}/metadata/{key}"""
    key = request.parameters["key"]
    given = Body("meta", request.object()).texts("meta")
    if list(given) != [key]:
        raise BadRequest("Request body and URI mismatch")
    _set(request, {**find(request).metadata, **given})
    return {"meta": given}


def delete_item(request: Request) -> None:
    """DELETE /servers/{server_id}/metadata/{key}"""
    key, metadata = request.parameters["key"], find(request).metadata
    if key not in metadata:
        raise NotFound("Metadata item was not found")
    _set(request, {name: value for name, value in metadata.items() if name != key})


def list_tags(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/tags"""
    return {"tags": list(find(request).tags)}


def replace_tags(request: Request) -> dict[str, Any]:
    """PUT /servers/{server_id}/tags"""
    tags = request.object().get("tags")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise BadRequest(f"Invalid input for field/attribute tags. Value: {tags}. It must be a list of strings.")
    return {"tags": list(_set_tags(request, tuple(dict.fromkeys(tags))))}


def _set_tags(request: Request, tags: tuple[str, ...]) -> tuple[str, ...]:
    if len(tags) > MOST_TAGS:
        raise BadRequest(f"The number of tags exceeded the per-server limit {MOST_TAGS}")
    if any(not 1 <= len(tag) <= 60 or "," in tag or "/" in tag for tag in tags):
        raise BadRequest("Invalid input for field/attribute tag. A tag has 1 to 60 characters, no comma and no slash.")
    servers.change(request.context, request.session, find(request), {"tags": tags})
    return tags


def delete_tags(request: Request) -> None:
    """DELETE /servers/{server_id}/tags"""
    _set_tags(request, ())


def has_tag(request: Request) -> None:
    """GET /servers/{server_id}/tags/{tag}"""
    _present(request)


def _present(request: Request) -> tuple[str, ...]:
    server, tag = find(request), request.parameters["tag"]
    if tag not in server.tags:
        raise NotFound(f"Server {server.id} has no tag '{tag}'")
    return server.tags


def add_tag(request: Request) -> Response:
    """PUT /servers/{server_id}/tags/{tag}"""
    server, tag = find(request), request.parameters["tag"]
    if tag in server.tags:
        return Response(204)
    _set_tags(request, (*server.tags, tag))
    return Response(201, headers={"location": f"{request.base}{request.path}"})


def delete_tag(request: Request) -> None:
    """DELETE /servers/{server_id}/tags/{tag}"""
    tag = request.parameters["tag"]
    _set_tags(request, tuple(other for other in _present(request) if other != tag))
