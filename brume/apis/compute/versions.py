"""Version discovery: / and /v2.1."""

from __future__ import annotations

from typing import Any

from brume.apis.rest.messages import Request
from brume.apis.rest.service import Microversions

MICROVERSIONS = Microversions(
    service_type="compute",
    minimum=(2, 1),
    maximum=(2, 96),
    legacy_header="X-OpenStack-Nova-API-Version",
)


def _version(request: Request) -> dict[str, Any]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": ".".join(map(str, MICROVERSIONS.maximum)),
        "min_version": ".".join(map(str, MICROVERSIONS.minimum)),
        "updated": "2013-07-23T11:33:21Z",
        "links": [{"rel": "self", "href": f"{request.base}/v2.1/"}],
    }


def list_versions(request: Request) -> dict[str, Any]:
    """GET /"""
    return {"versions": [_version(request)]}


def show_version(request: Request) -> dict[str, Any]:
    """GET /v2.1"""
    media = {"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}
    return {"version": {**_version(request), "media-types": [media]}}
