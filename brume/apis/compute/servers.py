"""One server: show, change, delete."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import read
from brume.apis.compute.creating import DISK_CONFIGS, hostname
from brume.apis.compute.query import version_of
from brume.apis.compute.rendering import render_one, render_updated
from brume.apis.rest.messages import Request
from brume.cloud.compute import creation, servers
from brume.cloud.compute.resources import Server
from brume.cloud.network.settings import NetworkSettings


def find(request: Request) -> Server:
    """The server that the path names."""
    return servers.get_server(request.context, request.session, request.parameters["server_id"])


def show(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}"""
    return {"server": render_one(request, find(request))}


def update(request: Request) -> dict[str, Any]:
    """PUT /servers/{server_id}"""
    version = version_of(request)
    body = read(request, "server")
    values: dict[str, Any] = {}
    if "name" in body:
        values["name"] = body.name("name")
    for wire, field, kind in (("accessIPv4", "access_ipv4", 4), ("accessIPv6", "access_ipv6", 6)):
        if wire in body:
            values[field] = body.address(wire, kind) if body.raw(wire) != "" else ""
    if "OS-DCF:diskConfig" in body:
        values["disk_config"] = body.choice("OS-DCF:diskConfig", DISK_CONFIGS)
    if "description" in body and version >= (2, 19):
        values["description"] = body.description()
    if "hostname" in body and version >= (2, 90):
        values["hostname"] = hostname(version, body)
    body.finish()
    server = servers.change(request.context, request.session, find(request), values)
    return {"server": render_updated(request, server)}


def delete(request: Request) -> None:
    """DELETE /servers/{server_id}"""
    settings = request.cloud.need(NetworkSettings)
    creation.delete_server(request.context, request.session, settings, find(request))
