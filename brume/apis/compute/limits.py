"""Limits and quotas of compute."""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import Body
from brume.apis.rest.messages import Request, Response
from brume.cloud import quotas
from brume.cloud.compute.limits import DEFAULTS, SERVICE, used
from brume.cloud.errors import BadRequest, Forbidden


def show_limits(request: Request) -> dict[str, Any]:
    """GET /limits"""
    project = request.first("tenant_id") if request.context.is_admin else None
    project_id = project or request.context.project_id or ""
    most = quotas.limits(request.session, SERVICE, project_id, DEFAULTS)
    taken = used(request.session, project_id)
    absolute = {
        "maxTotalInstances": most["instances"],
        "maxTotalCores": most["cores"],
        "maxTotalRAMSize": most["ram"],
        "maxTotalKeypairs": most["key_pairs"],
        "maxServerMeta": most["metadata_items"],
        "maxServerGroups": most["server_groups"],
        "maxServerGroupMembers": most["server_group_members"],
        "totalInstancesUsed": taken["instances"],
        "totalCoresUsed": taken["cores"],
        "totalRAMUsed": taken["ram"],
        "totalServerGroupsUsed": 0,
    }
    return {"limits": {"rate": [], "absolute": absolute}}


def show(request: Request) -> dict[str, Any]:
    """GET /os-quota-sets/{project_id}"""
    project_id = request.parameters["project_id"]
    if not request.context.is_admin and project_id != request.context.project_id:
        raise Forbidden("Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.")
    return {"quota_set": {"id": project_id, **quotas.limits(request.session, SERVICE, project_id, DEFAULTS)}}


def show_details(request: Request) -> dict[str, Any]:
    """GET /os-quota-sets/{project_id}/detail"""
    shown = show(request)["quota_set"]
    taken = used(request.session, shown["id"])
    details = {name: {"limit": shown[name], "in_use": taken.get(name, 0), "reserved": 0} for name in DEFAULTS}
    return {"quota_set": {"id": shown["id"], **details}}


def show_defaults(request: Request) -> dict[str, Any]:
    """GET /os-quota-sets/{project_id}/defaults"""
    return {"quota_set": {"id": request.parameters["project_id"], **DEFAULTS}}


def update(request: Request) -> dict[str, Any]:
    """PUT /os-quota-sets/{project_id}"""
    project_id = request.parameters["project_id"]
    body = Body("quota_set", request.object("quota_set"))
    body.raw("force")
    body.raw("tenant_id")
    for name in DEFAULTS:
        if name in body:
            maximum = body.integer(name)
            if maximum < quotas.UNLIMITED:
                raise BadRequest(f"Invalid input for field/attribute {name}. Value: {maximum}. It is less than -1")
            quotas.set_limit(request.session, SERVICE, project_id, name, maximum)
    body.finish()
    return {"quota_set": quotas.limits(request.session, SERVICE, project_id, DEFAULTS)}


def delete(request: Request) -> Response:
    """DELETE /os-quota-sets/{project_id}"""
    quotas.reset(request.session, SERVICE, request.parameters["project_id"])
    return Response(202)
