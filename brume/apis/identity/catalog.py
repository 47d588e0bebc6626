"""Regions, services and endpoints."""

from __future__ import annotations

from typing import Any

from brume.apis.identity.views import body, linked, list_links
from brume.apis.rest.collection import Collection
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.errors import BadRequest
from brume.cloud.identity import catalog
from brume.cloud.identity.resources import CatalogService, Endpoint, Region


def _endpoint_view(request: Request, endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint, with the older name of its region beside the newer."""
    return {**linked(request, endpoint), "region": endpoint.region_id}


REGIONS = Collection(
    kind=Region,
    path="/v3/regions",
    rules="identity:{}_{}",
    change="PATCH",
    load=catalog.load_region,
    create=catalog.create_region,
    update=catalog.update_region,
    delete=catalog.delete_region,
    view=linked,
    links=list_links,
)
SERVICES = Collection(
    kind=CatalogService,
    path="/v3/services",
    rules="identity:{}_{}",
    given=body,
    change="PATCH",
    load=catalog.load_service,
    create=catalog.create_service,
    update=catalog.update_service,
    delete=catalog.delete_service,
    view=linked,
    order=(("type", True),),
    links=list_links,
)
ENDPOINTS = Collection(
    kind=Endpoint,
    path="/v3/endpoints",
    rules="identity:{}_{}",
    given=body,
    change="PATCH",
    load=catalog.load_endpoint,
    create=catalog.create_endpoint,
    update=catalog.update_endpoint,
    delete=catalog.delete_endpoint,
    view=_endpoint_view,
    links=list_links,
)


def put_region(request: Request) -> dict[str, Any]:
    """PUT /v3/regions/{id}: make a region of that name."""
    given = request.object("region")
    identity = request.parameters["id"]
    if given.get("id", identity) != identity:
        raise BadRequest(f'Conflicting region IDs specified: "{identity}" != "{given["id"]}"')
    given["id"] = identity
    return REGIONS.make(request)


ROUTES = [
    *REGIONS.routes(),
    *SERVICES.routes(),
    *ENDPOINTS.routes(),
    Route("PUT", "/v3/regions/{id}", put_region, status=201),
]
