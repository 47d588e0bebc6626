"""Versions: what a client asks first."""

from __future__ import annotations

from typing import Any

from brume.apis.rest.messages import Request, Response
from brume.apis.rest.routes import Route


def version(request: Request) -> dict[str, Any]:
    """Keystone v3.14."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{request.base}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }


def list_versions(request: Request) -> Response:
    """GET /: 300, as Keystone answers."""
    body = {"versions": {"values": [version(request)]}}
    return Response(300, body, headers={"location": f"{request.base}/v3/"})


def show_version(request: Request) -> dict[str, Any]:
    """GET /v3."""
    return {"version": version(request)}


ROUTES = [
    Route("GET", "/", list_versions, public=True),
    Route("GET", "/v3", show_version, public=True),
]
