"""Flavors, their extra specs, and access to those that are not public."""

from __future__ import annotations

import re
from typing import Any

from brume.apis.compute.body import METADATA_KEY, Body, check_text, invalid, read
from brume.apis.compute.policy import ROOT
from brume.apis.compute.query import check_names, directions, invalid_query, limit, next_link, version_of
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import flavors
from brume.cloud.compute.resources import Flavor
from brume.cloud.errors import BadRequest, Conflict, NotFound
from brume.cloud.identity.resources import Project
from brume.cloud.validation import to_boolean

DESCRIPTION_SINCE = (2, 55)
SPECS_SINCE = (2, 61)
SWAP_ZERO_SINCE = (2, 75)

IDENTIFIER = re.compile(r"[a-zA-Z0-9. _-]+\Z")
NUMBER = re.compile(r"-?[0-9]{1,18}\Z")
FILTERS = ("limit", "marker", "is_public", "minRam", "minDisk", "sort_key", "sort_dir", "name")
SORTABLE = {
    "created_at": "id",
    "description": "id",
    "disabled": "disabled",
    "ephemeral_gb": "ephemeral",
    "flavorid": "id",
    "id": "id",
    "is_public": "is_public",
    "memory_mb": "ram",
    "name": "name",
    "root_gb": "disk",
    "rxtx_factor": "rxtx_factor",
    "swap": "swap",
    "updated_at": "id",
    "vcpu_weight": "id",
    "vcpus": "vcpus",
}


def links(request: Request, flavor: Flavor) -> list[dict[str, str]]:
    """The links of a flavor."""
    return [
        {"rel": "self", "href": f"{request.base}/v2.1/flavors/{flavor.id}"},
        {"rel": "bookmark", "href": f"{request.base}/flavors/{flavor.id}"},
    ]


def render(request: Request, flavor: Flavor) -> dict[str, Any]:
    """A flavor as the microversion shows it."""
    version = version_of(request)
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
    page, more = _page(request)
    brief = [
        {"id": flavor.id, "name": flavor.name, "links": links(request, flavor)}
        | ({"description": flavor.description} if version_of(request) >= DESCRIPTION_SINCE else {})
        for flavor in page
    ]
    return {"flavors": brief, **more}


def list_details(request: Request) -> dict[str, Any]:
    """GET /flavors/detail"""
    page, more = _page(request)
    return {"flavors": [render(request, flavor) for flavor in page], **more}


def _page(request: Request) -> tuple[list[Flavor], dict[str, Any]]:
    check_names(request, FILTERS)
    asked = _is_public(request)
    found = [flavor for flavor in request.session.find(Flavor) if _wanted(request, flavor, asked)]
    key, ways = request.first("sort_key") or "flavorid", directions(request)
    if key not in SORTABLE:
        raise invalid_query("sort_key", key, f"'{key}' is not one of {sorted(SORTABLE)}")
    found.sort(key=lambda flavor: (getattr(flavor, SORTABLE[key]), flavor.id), reverse=ways[:1] == ["desc"])
    marker = request.first("marker")
    if marker:
        position = next((at for at, flavor in enumerate(found) if flavor.id == marker), None)
        if position is None:
            raise BadRequest(f"marker [{marker}] not found")
        found = found[position + 1 :]
    most = limit(request)
    return found[:most], next_link(request, "flavors", found[most - 1].id) if 0 < most < len(found) else {}


def _wanted(request: Request, flavor: Flavor, public: bool | None) -> bool:
    """minDisk and minRam are the least wanted. Others than an administrator see what they may use."""
    if request.context.is_admin:
        if public is not None and flavor.is_public != public:
            return False
    elif not flavors.visible(request.context, flavor) or flavor.disabled:
        return False
    for name, have in (("minDisk", flavor.disk), ("minRam", flavor.ram)):
        least = request.first(name)
        if least is not None and not NUMBER.match(least):
            raise BadRequest(f"Invalid {name} filter [{least}]")
        if least is not None and have < int(least):
            return False
    return request.first("name") in (None, flavor.name)


def _is_public(request: Request) -> bool | None:
    """Which flavors an administrator asks for: public ones, others, or (None) all."""
    text = request.first("is_public")
    if text is None or not request.context.is_admin:
        return True
    if text.lower() in ("none", ""):
        return None
    try:
        return to_boolean(text)
    except ValueError:
        raise BadRequest(f"Invalid is_public filter [{text}]") from None


def show(request: Request) -> dict[str, Any]:
    """GET /flavors/{flavor_id}"""
    return {"flavor": render(request, _flavor(request))}


def _flavor(request: Request) -> Flavor:
    return flavors.get_flavor(request.context, request.session, request.parameters["flavor_id"])


def create(request: Request) -> dict[str, Any]:
    """POST /flavors"""
    body = read(request, "flavor")
    body.require("name", "ram", "vcpus", "disk")
    values = {
        "name": body.name("name"),
        "id": _identifier(body),
        "ram": body.integer("ram", least=1),
        "vcpus": body.integer("vcpus", least=1),
        "disk": body.integer("disk"),
        "swap": body.integer("swap"),
        "ephemeral": body.integer("OS-FLV-EXT-DATA:ephemeral"),
        "rxtx_factor": body.number("rxtx_factor", default=1.0),
        "is_public": body.boolean("os-flavor-access:is_public", default=True),
    }
    if version_of(request) >= DESCRIPTION_SINCE:
        values["description"] = body.description(longest=65535)
    body.finish()
    return {"flavor": render(request, flavors.create_flavor(request.context, request.session, values))}


def _identifier(body: Body) -> str | None:
    """An id: text, or a number; null and "auto" ask for one."""
    value = body.raw("id")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise invalid("id", value, f"{value!r} is not of type 'string', 'number', 'null'")
    return check_text("id", str(value), shortest=1, longest=255, check=_not_an_identifier)


def _not_an_identifier(text: str) -> str | None:
    if IDENTIFIER.match(text) and text == text.strip(" "):
        return None
    return f"{text!r} does not match '^(?! )[a-zA-Z0-9. _-]+(?<! )$'"


def update(request: Request) -> dict[str, Any]:
    """PUT /flavors/{flavor_id}: only the description (2.55)."""
    body = read(request, "flavor")
    description = body.description(longest=65535, required=True)
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
    outer = Body("body", request.json() if request.body else None)
    outer.require("extra_specs")
    given = _specs("extra_specs", outer.raw("extra_specs"))
    outer.finish()
    flavors.set_extra_specs(request.session, _flavor(request), {name: str(value) for name, value in given.items()})
    return {"extra_specs": given}


def _specs(name: str, given: Any) -> dict[str, str | int | float]:
    """Short texts or numbers by name."""
    if not isinstance(given, dict):
        raise invalid(name, given, f"{given!r} is not of type 'object'")
    for key, value in given.items():
        if not METADATA_KEY.match(key):
            raise invalid(name, given, f"{key!r} does not match any of the regexes: {METADATA_KEY.pattern!r}")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise invalid(key, value, f"{value!r} is not of type 'string', 'number'")
        check_text(key, str(value), longest=255)
    return given


def show_spec(request: Request) -> dict[str, Any]:
    """GET /flavors/{flavor_id}/os-extra_specs/{key}"""
    flavor, key = _flavor(request), request.parameters["key"]
    if key not in flavor.extra_specs:
        raise flavors.ExtraSpecNotFound(flavor_id=flavor.id, key=key)
    return {key: flavor.extra_specs[key]}


def update_spec(request: Request) -> dict[str, Any]:
    """PUT /flavors/{flavor_id}/os-extra_specs/{key}"""
    given = _specs("body", request.json() if request.body else None)
    if len(given) != 1:
        raise invalid("body", given, f"{given!r} does not have one property")
    if request.parameters["key"] not in given:
        raise BadRequest("Request body and URI mismatch")
    flavors.set_extra_specs(request.session, _flavor(request), {name: str(value) for name, value in given.items()})
    return dict(given)


def delete_spec(request: Request) -> Response:
    """DELETE /flavors/{flavor_id}/os-extra_specs/{key}"""
    flavors.delete_extra_spec(request.session, _flavor(request), request.parameters["key"])
    return Response(200)


def list_access(request: Request) -> dict[str, Any]:
    """GET /flavors/{flavor_id}/os-flavor-access"""
    flavor = _flavor(request)
    if flavor.is_public:
        raise NotFound("Access list not available for public flavors.")
    return _access(flavor)


def _access(flavor: Flavor) -> dict[str, Any]:
    return {"flavor_access": [{"flavor_id": flavor.id, "tenant_id": project} for project in flavor.projects]}


def change_access(request: Request) -> dict[str, Any]:
    """POST /flavors/{flavor_id}/action: addTenantAccess, removeTenantAccess"""
    whole = request.json() if request.body else None
    if not isinstance(whole, dict) or len(whole) != 1:
        raise BadRequest("Malformed request body")
    (name,) = whole
    if name not in ("addTenantAccess", "removeTenantAccess"):
        raise BadRequest(f"There is no such action: {name}")
    adds = name == "addTenantAccess"
    rule = f"{ROOT}os-flavor-access:{'add' if adds else 'remove'}_tenant_access"
    request.service.policy.enforce(rule, request.context, {})
    body = read(request, name)
    project = body.text("tenant", required=True, shortest=1, longest=255) or ""
    body.finish()
    if adds and request.session.get(Project, project) is None:
        raise BadRequest(f"Project ID {project} is not a valid project.")
    flavor = _flavor(request)
    if adds and flavor.is_public and version_of(request) >= (2, 7):
        raise Conflict("Can not add access to a public flavor.")
    return _access(flavors.set_access(request.session, flavor, project, adds))
