"""A server's metadata and tags: small sets of words an owner keeps with it."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import Body, invalid
from brume.apis.compute.creating import tag, tags
from brume.apis.compute.servers import find
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import limits, servers
from brume.cloud.errors import BadRequest, NotFound


def list_metadata(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/metadata"""
    return {"metadata": find(request).metadata}


def _set(request: Request, metadata: dict[str, str], action: str = "update metadata") -> dict[str, Any]:
    server = find(request)
    servers.require(request.context, server, action, *servers.SETTLED)
    limits.check_metadata(request.session, server.project_id, metadata)
    servers.change(request.context, request.session, server, {"metadata": metadata})
    return metadata


def _given(request: Request, name: str) -> dict[str, str]:
    body = Body("body", request.json() if request.body else None)
    given = body.metadata(name, required=True)
    body.finish()
    return given


def replace_metadata(request: Request) -> dict[str, Any]:
    """PUT /servers/{server_id}/metadata"""
    return {"metadata": _set(request, _given(request, "metadata"))}


def add_metadata(request: Request) -> dict[str, Any]:
    """POST /servers/{server_id}/metadata"""
    given = _given(request, "metadata")
    return {"metadata": _set(request, {**find(request).metadata, **given})}


def show_item(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/metadata/{key}"""
    key, metadata = request.parameters["key"], find(request).metadata
    if key not in metadata:
        raise NotFound("Metadata item was not found")
    return {"meta": {key: metadata[key]}}


def set_item(request: Request) -> dict[str, Any]:
    """PUT /servers/{server_id}/metadata/{key}"""
    given = _given(request, "meta")
    if len(given) != 1:
        raise invalid("meta", given, f"{given!r} does not have one property")
    if request.parameters["key"] not in given:
        raise BadRequest("Request body and URI mismatch")
    _set(request, {**find(request).metadata, **given})
    return {"meta": given}


def delete_item(request: Request) -> None:
    """DELETE /servers/{server_id}/metadata/{key}"""
    key, metadata = request.parameters["key"], find(request).metadata
    if key not in metadata:
        raise NotFound("Metadata item was not found")
    _set(request, {name: value for name, value in metadata.items() if name != key}, "delete metadata")


def list_tags(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/tags"""
    return {"tags": list(find(request).tags)}


def replace_tags(request: Request) -> dict[str, Any]:
    """PUT /servers/{server_id}/tags"""
    body = Body("body", request.json() if request.body else None)
    body.require("tags")
    wanted = tags(body.list("tags") or [])
    body.finish()
    return {"tags": list(_set_tags(request, wanted))}


def _set_tags(request: Request, wanted: tuple[str, ...]) -> tuple[str, ...]:
    server = find(request)
    servers.require(request.context, server, "update tags", *servers.SETTLED)
    servers.change(request.context, request.session, server, {"tags": wanted})
    return wanted


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
    server, wanted = find(request), tag(request.parameters["tag"])
    if wanted in server.tags:
        return Response(204)
    _set_tags(request, tags([*server.tags, wanted]))
    return Response(201, headers={"location": f"{request.base}{request.path}"})


def delete_tag(request: Request) -> None:
    """DELETE /servers/{server_id}/tags/{tag}"""
    tag = request.parameters["tag"]
    _set_tags(request, tuple(other for other in _present(request) if other != tag))
