"""The catalog: regions, services, endpoints, and what a token's holder is told of them."""

from __future__ import annotations

import re
from typing import Any

from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest
from brume.cloud.identity.errors import (
    EndpointNotFound,
    RegionInUse,
    RegionNotFound,
    ServiceNotFound,
    StoreConflict,
)
from brume.cloud.identity.resources import CatalogService, Endpoint, Region
from brume.cloud.store.session import Session
from brume.cloud.validation import Values

INTERFACES = ("public", "internal", "admin")
SUBSTITUTION = re.compile(r"(\$\(([^)]*)\)s|%\(([^)]*)\)s)")
SUBSTITUTES = ("project_id", "tenant_id", "user_id")


def load_region(session: Session, region_id: str) -> Region:
    """A region."""
    region = session.get(Region, region_id)
    if region is None:
        raise RegionNotFound(region_id=region_id)
    return region


def load_service(session: Session, service_id: str) -> CatalogService:
    """A service."""
    service = session.get(CatalogService, service_id)
    if service is None:
        raise ServiceNotFound(service_id=service_id)
    return service


def load_endpoint(session: Session, endpoint_id: str) -> Endpoint:
    """An endpoint."""
    endpoint = session.get(Endpoint, endpoint_id)
    if endpoint is None:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return endpoint


def create_region(context: RequestContext, session: Session, values: Values) -> Region:
    """Make a region; the asker may choose its identifier."""
    values = dict(values)
    values["id"] = values.get("id") or context.new_hex()
    if session.get(Region, values["id"]) is not None:
        raise StoreConflict(type="region", details=f"Duplicate ID, {values['id']}.")
    _check_parent(session, values["id"], values.get("parent_region_id"))
    return session.insert(Region(**values))


def update_region(context: RequestContext, session: Session, region: Region, values: Values) -> Region:
    """Change a region."""
    if values.get("id", region.id) != region.id:
        raise BadRequest("Cannot change region ID")
    _check_parent(session, region.id, values.get("parent_region_id"))
    return session.update(region, **_merged(region, values))


def _check_parent(session: Session, region_id: str, parent_id: str | None) -> None:
    above = parent_id
    while above is not None:
        if above == region_id:
            raise BadRequest(f"The specified parent region {parent_id} would create a circular region hierarchy.")
        above = load_region(session, above).parent_region_id


def delete_region(context: RequestContext, session: Session, region: Region) -> None:
    """Remove a region and those below it, none of which may have endpoints."""
    doomed = [region]
    for each in doomed:
        doomed += session.find(Region, parent_region_id=each.id)
    if session.first(Endpoint, region_id=tuple(each.id for each in doomed)) is not None:
        raise RegionInUse(region_id=region.id)
    session.delete_all(reversed(doomed))


def create_service(context: RequestContext, session: Session, values: Values) -> CatalogService:
    """Make a service."""
    return session.insert(CatalogService(id=context.new_hex(), **values))


def update_service(
    context: RequestContext, session: Session, service: CatalogService, values: Values
) -> CatalogService:
    """Change a service."""
    return session.update(service, **_merged(service, values))


def delete_service(context: RequestContext, session: Session, service: CatalogService) -> None:
    """Remove a service and its endpoints."""
    session.delete_all(session.find(Endpoint, service_id=service.id))
    session.delete(service)


def create_endpoint(context: RequestContext, session: Session, values: Values) -> Endpoint:
    """Make an endpoint."""
    values = _endpoint_values(session, values)
    return session.insert(Endpoint(id=context.new_hex(), **values))


def update_endpoint(context: RequestContext, session: Session, endpoint: Endpoint, values: Values) -> Endpoint:
    """Change an endpoint."""
    values = _endpoint_values(session, values)
    return session.update(endpoint, **_merged(endpoint, values))


def delete_endpoint(context: RequestContext, session: Session, endpoint: Endpoint) -> None:
    """Remove an endpoint."""
    session.delete(endpoint)


def _endpoint_values(session: Session, values: Values) -> Values:
    values = dict(values)
    extra = dict(values.get("extra", {}))
    if "region" in extra:
        _take_region(session, values, extra.pop("region"))
        values["extra"] = extra
    region_id = values.get("region_id")
    if region_id is not None and session.get(Region, region_id) is None:
        raise BadRequest(f"Could not find region: {region_id}.")
    if values.get("interface", "public") not in INTERFACES:
        raise BadRequest(
            f"Invalid input for field 'interface': {values['interface']!r} is not one of {list(INTERFACES)}"
        )
    if "service_id" in values and session.get(CatalogService, values["service_id"]) is None:
        raise BadRequest(f"Could not find service: {values['service_id']}.")
    for name in SUBSTITUTION.findall(values.get("url", "")):
        if (name[1] or name[2]) not in SUBSTITUTES:
            raise BadRequest(f"Cannot create an endpoint with an invalid URL: {values['url']}.")
    return values


def _take_region(session: Session, values: Values, region: Any) -> None:
    """`region` is the older name of `region_id`; a region named so is made when it is not there, as Keystone does."""
    if region is not None and not (isinstance(region, str) and 0 < len(region) <= 255):
        raise BadRequest(f"Invalid input for field 'region': {region!r} is not of type 'string'")
    if region is None or values.get("region_id") is not None:
        return
    values["region_id"] = region
    if session.get(Region, region) is None:
        session.insert(Region(id=region))


def _merged(row: Region | CatalogService | Endpoint, values: Values) -> Values:
    return {**values, "extra": {**row.extra, **values["extra"]}} if "extra" in values else values


def catalog(session: Session, context: RequestContext) -> list[dict[str, Any]]:
    """The catalog as a token shows it: enabled services with their enabled endpoints."""
    names = {"project_id": context.project_id, "tenant_id": context.project_id, "user_id": context.user_id}
    by_service: dict[str, list[dict[str, Any]]] = {}
    for endpoint in session.find(Endpoint, enabled=True):
        url = _filled(endpoint.url, names)
        if url is not None:
            by_service.setdefault(endpoint.service_id, []).append(
                {
                    "id": endpoint.id,
                    "interface": endpoint.interface,
                    "region_id": endpoint.region_id,
                    "url": url,
                    "region": endpoint.region_id,
                }
            )
    services = sorted(session.find(CatalogService, enabled=True), key=lambda s: (s.type, s.id))
    return [{"endpoints": by_service.get(s.id, []), "id": s.id, "type": s.type, "name": s.name} for s in services]


def _filled(url: str, names: dict[str, str | None]) -> str | None:
    """The URL with its substitutions made; None when one has no value (no project in the scope)."""
    for text, dollar, percent in SUBSTITUTION.findall(url):
        value = names.get(dollar or percent)
        if value is None:
            return None
        url = url.replace(text, value)
    return url
