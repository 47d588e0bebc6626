"""Flavors, their extra specs, and access to those that are not public."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import Body
from brume.apis.rest.lists import limit_of
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import flavors
from brume.cloud.compute.resources import Flavor
from brume.cloud.errors import BadRequest
from brume.cloud.validation import to_boolean

DESCRIPTION_SINCE = (2, 55)
SPECS_SINCE = (2, 61)
SWAP_ZERO_SINCE = (2, 75)

SORTABLE = {"flavorid": "id", "name": "name", "memory_mb": "ram", "vcpus": "vcpus", "root_gb": "disk", "id": "id"}


def links(request: Request, flavor: Flavor) -> list[dict[str, str]]:
    """The links of a flavor."""
    return [
        {"rel": "self", "href": f"{request.base}/v2.1/flavors/{flavor.id}"},
        {"rel": "bookmark", "href": f"{request.base}/flavors/{flavor.id}"},
    ]


def render(request: Request, flavor: Flavor) -> dict[str, Any]:
    """A flavor as the microversion shows it."""
    version = request.version or (2, 1)
    shown: dict[str, Any] = {
        "id": flavor.id,
        "name": flavor.name,
        "ram": flavor.ram,
        "disk": flavor.disk,
        "vcpus": flavor.vcpus,
        "swap": flavor.swap or (0 if version >= SWAP_ZERO_SINCE else ""),
        "rxtx_factor": flavor.rxtx_factor,
        "os-flavor-access:is_public": flavor.is_public,
        "OS-FLV-DISABLED:disabled": flavor.disabled,
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral,
        "links": links(request, flavor),
    }
    if version >= DESCRIPTION_SINCE:
        shown["description"] = flavor.description
    if version >= SPECS_SINCE:
        shown["extra_specs"] = flavor.extra_specs
    return shown


def list_flavors(request: Request) -> dict[str, Any]:
    """GET /flavors"""
    page = _page(request)
    brief = [
        {"id": flavor.id, "name": flavor.name, "links": links(request, flavor)}
        | ({"description": flavor.description} if (request.version or (2, 1)) >= DESCRIPTION_SINCE else {})
        for flavor in page
    ]
    return {"flavors": brief, **_more(request, page)}


def list_details(request: Request) -> dict[str, Any]:
    """GET /flavors/detail"""
    page = _page(request)
    return {"flavors": [render(request, flavor) for flavor in page], **_more(request, page)}


def _page(request: Request) -> list[Flavor]:
    found = [flavor for flavor in request.session.find(Flavor) if _wanted(request, flavor)]
    key = SORTABLE.get(request.first("sort_key") or "flavorid")
    if key is None:
        raise BadRequest(f"Invalid sort key {request.first('sort_key')!r}")
    found.sort(key=lambda flavor: (getattr(flavor, key), flavor.id), reverse=request.first("sort_dir") == "desc")
    marker = request.first("marker")
    if marker:
        position = next((at for at, flavor in enumerate(found) if flavor.id == marker), None)
        if position is None:
            raise BadRequest(f"marker [{marker}] not found")
        found = found[position + 1 :]
    limit = limit_of(request, 1000)
    return found[:limit]


def _wanted(request: Request, flavor: Flavor) -> bool:
    """is_public may be none (all) for an administrator; minDisk and minRam are the least wanted."""
    asked = (request.first("is_public") or "").lower()
    if request.context.is_admin and asked:
        if asked != "none" and flavor.is_public != _boolean(asked):
            return False
    elif not flavors.visible(request.context, flavor) or (request.context.is_admin and not flavor.is_public):
        return False
    for name, have in (("minDisk", flavor.disk), ("minRam", flavor.ram)):
        least = request.first(name)
        if least is not None and not least.isdecimal():
            raise BadRequest(f"Invalid {name} filter [{least}]")
        if least is not None and have < int(least):
            return False
    return True


def _boolean(text: str) -> bool:
    try:
        return to_boolean(text)
    except ValueError:
        raise BadRequest(f"Invalid is_public filter [{text}]") from None


def _more(request: Request, page: list[Flavor]) -> dict[str, Any]:
    limit = request.first("limit")
    if limit is None or len(page) < int(limit) or not page:
        return {}
    href = f"{request.base}{request.path}?limit={limit}&marker={page[-1].id}"
    return {"flavors_links": [{"rel": "next", "href": href}]}


def show(request: Request) -> dict[str, Any]:
    """GET /flavors/{flavor_id}"""
    return {"flavor": render(request, _flavor(request))}


def _flavor(request: Request) -> Flavor:
    return flavors.get_flavor(request.context, request.session, request.parameters["flavor_id"])


def create(request: Request) -> dict[str, Any]:
    """POST /flavors"""
    body = Body("flavor", request.object("flavor"))
    values = {
        "name": body.text("name", required=True, longest=255),
        "id": body.identifier("id"),
        "ram": body.integer("ram", required=True),
        "vcpus": body.integer("vcpus", required=True),
        "disk": body.integer("disk", required=True),
        "swap": body.integer("swap", default=0),
        "ephemeral": body.integer("OS-FLV-EXT-DATA:ephemeral", default=0),
        "rxtx_factor": body.number("rxtx_factor", default=1.0),
        "is_public": body.boolean("os-flavor-access:is_public", default=True),
        "description": body.text("description", nullable=True)
        if (request.version or (2, 1)) >= DESCRIPTION_SINCE
        else None,
    }
    body.finish()
    return {"flavor": render(request, flavors.create_flavor(request.context, request.session, values))}


def update(request: Request) -> dict[str, Any]:
    """PUT /flavors/{flavor_id}: only the description (2.55)."""
    body = Body("flavor", request.object("flavor"))
    description = body.text("description", nullable=True, required=True)
    body.finish()
    return {"flavor": render(request, request.session.update(_flavor(request), description=description))}


def delete(request: Request) -> Response:
    """DELETE /flavors/{flavor_id}"""
    request.session.delete(_flavor(request))
    return Response(202)


def list_specs(request: Request) -> dict[str, Any]:
    """GET /flavors/{flavor_id}/os-extra_specs"""
    return {"extra_specs": _flavor(request).extra_specs}


def create_specs(request: Request) -> dict[str, Any]:
    """POST /flavors/{flavor_id}/os-extra_specs"""
    given = {name: str(value) for name, value in request.object("extra_specs").items()}
    flavors.set_extra_specs(request.session, _flavor(request), given)
    return {"extra_specs": given}


def show_spec(request: Request) -> dict[str, Any]:
    """GET /flavors/{flavor_id}/os-extra_specs/{key}"""
    flavor, key = _flavor(request), request.parameters["key"]
    if key not in flavor.extra_specs:
        raise flavors.ExtraSpecNotFound(flavor_id=flavor.id, key=key)
    return {key: flavor.extra_specs[key]}


def update_spec(request: Request) -> dict[str, Any]:
    """PUT /flavors/{flavor_id}/os-extra_specs/{key}"""
    key = request.parameters["key"]
    given = {name: str(value) for name, value in request.object().items()}
    if list(given) != [key]:
        raise BadRequest("Request body and URI mismatch")
    flavors.set_extra_specs(request.session, _flavor(request), given)
    return given


def delete_spec(request: Request) -> Response:
    """DELETE /flavors/{flavor_id}/os-extra_specs/{key}"""
    flavors.delete_extra_spec(request.session, _flavor(request), request.parameters["key"])
    return Response(200)


def list_access(request: Request) -> dict[str, Any]:
    """GET /flavors/{flavor_id}/os-flavor-access"""
    return _access(_flavor(request))


def _access(flavor: Flavor) -> dict[str, Any]:
    return {"flavor_access": [{"flavor_id": flavor.id, "tenant_id": project} for project in flavor.projects]}


def change_access(request: Request) -> dict[str, Any]:
    """POST /flavors/{flavor_id}/action: addTenantAccess, removeTenantAccess"""
    for name, allowed in (("addTenantAccess", True), ("removeTenantAccess", False)):
        if name in request.object():
            body = Body(name, request.object(name))
            project = body.text("tenant", required=True)
            body.finish()
            return _access(flavors.set_access(request.session, _flavor(request), project or "", allowed))
    raise BadRequest("There is no such action")
