"""Limits and quotas of compute: /limits, /os-quota-sets, /os-quota-class-sets.

What belongs to the network service is shown until 2.35, injected files until 2.56. A limit may be for a project or
for the defaults; limits of single users (`user_id`) are not kept: Nova itself is dropping them.
"""

from __future__ import annotations

from typing import Any

from brume.apis.compute.body import read
from brume.apis.compute.query import Version, check_names, version_of
from brume.apis.rest.messages import Request, Response
from brume.cloud import quotas
from brume.cloud.compute.limits import DEFAULT_CLASS, SERVICE, defaults, limits, used
from brume.cloud.compute.resources import Keypair
from brume.cloud.errors import BadRequest, NotImplementedHere, PolicyForbidden
from brume.cloud.identity.resources import Project
from brume.cloud.network.resources import FloatingIp, SecurityGroup

OF_NETWORK = ("fixed_ips", "floating_ips", "security_groups", "security_group_rules")
OF_NETWORK_UNTIL = (2, 35)
OF_FILES = ("injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
OF_FILES_UNTIL = (2, 56)
IMAGE_METADATA_UNTIL = (2, 38)

ABSOLUTE = (
    ("maxTotalRAMSize", "ram"),
    ("maxTotalInstances", "instances"),
    ("maxTotalCores", "cores"),
    ("maxTotalKeypairs", "key_pairs"),
    ("maxTotalFloatingIps", "floating_ips"),
    ("maxServerMeta", "metadata_items"),
    ("maxImageMeta", "metadata_items"),
    ("maxPersonality", "injected_files"),
    ("maxPersonalitySize", "injected_file_content_bytes"),
    ("maxSecurityGroups", "security_groups"),
    ("maxSecurityGroupRules", "security_group_rules"),
    ("maxServerGroups", "server_groups"),
    ("maxServerGroupMembers", "server_group_members"),
)
USED = (
    ("totalRAMUsed", "ram"),
    ("totalCoresUsed", "cores"),
    ("totalInstancesUsed", "instances"),
    ("totalFloatingIpsUsed", "floating_ips"),
    ("totalSecurityGroupsUsed", "security_groups"),
    ("totalServerGroupsUsed", "server_groups"),
)


def _known(version: Version, found: dict[str, int]) -> dict[str, int]:
    """Of limits by name those that the microversion shows."""
    hidden = (OF_NETWORK if version > OF_NETWORK_UNTIL else ()) + (OF_FILES if version > OF_FILES_UNTIL else ())
    return {name: value for name, value in found.items() if name not in hidden}


def _taken(request: Request, project_id: str) -> dict[str, int]:
    """What the project has of everything that is counted."""
    taken = used(request.session, project_id) | {"server_groups": 0}
    if version_of(request) <= OF_NETWORK_UNTIL:
        taken["floating_ips"] = request.session.count(FloatingIp, project_id=project_id)
        taken["security_groups"] = request.session.count(SecurityGroup, project_id=project_id)
    return taken


def show_limits(request: Request) -> dict[str, Any]:
    """GET /limits"""
    check_names(request, ("tenant_id", "reserved"))
    version, project_id = version_of(request), request.context.project_id or ""
    asked = request.first("tenant_id")
    if asked is not None and asked != project_id and not request.context.is_admin:
        raise PolicyForbidden(action="os_compute_api:limits:other_project")
    most = _known(version, limits(request.session, asked or project_id))
    taken = _known(version, _taken(request, asked or project_id))
    absolute = {name: most[resource] for name, resource in ABSOLUTE if resource in most}
    if version > IMAGE_METADATA_UNTIL:
        del absolute["maxImageMeta"]
    absolute |= {name: taken[resource] for name, resource in USED if resource in taken}
    return {"limits": {"rate": [], "absolute": absolute}}


def _project(request: Request, action: str, *, others: bool) -> str:
    """The project of the path. `others`: only an administrator may ask for another than the own one."""
    check_names(request, ("user_id",))
    project_id = request.parameters["project_id"]
    if others and not request.context.is_admin and project_id != request.context.project_id:
        raise PolicyForbidden(action=f"os_compute_api:os-quota-sets:{action}")
    if request.session.get(Project, project_id) is None:
        raise BadRequest(f"Project ID {project_id} is not a valid project.")
    return project_id


def show(request: Request) -> dict[str, Any]:
    """GET /os-quota-sets/{project_id}"""
    project_id = _project(request, "show", others=True)
    return {"quota_set": {"id": project_id, **_known(version_of(request), limits(request.session, project_id))}}


def show_details(request: Request) -> dict[str, Any]:
    """GET /os-quota-sets/{project_id}/detail"""
    project_id = _project(request, "detail", others=True)
    most = _known(version_of(request), limits(request.session, project_id))
    taken = _taken(request, project_id)
    if "key_pairs" in most:
        taken["key_pairs"] = request.session.count(Keypair, user_id=request.context.user_id or "")
    details = {name: {"limit": most[name], "in_use": taken.get(name, 0), "reserved": 0} for name in most}
    return {"quota_set": {"id": project_id, **details}}


def show_defaults(request: Request) -> dict[str, Any]:
    """GET /os-quota-sets/{project_id}/defaults"""
    project_id = _project(request, "defaults", others=False)
    return {"quota_set": {"id": project_id, **_known(version_of(request), defaults(request.session))}}


def _read(request: Request, name: str, known: dict[str, int], *, force: bool) -> tuple[dict[str, int], bool]:
    """The limits in the body, and whether they hold whatever is used."""
    body = read(request, name)
    wanted = {resource: body.integer(resource, least=quotas.UNLIMITED) for resource in known if resource in body}
    forced = body.boolean("force") if force else True
    body.finish()
    return wanted, forced


def update(request: Request) -> dict[str, Any]:
    """PUT /os-quota-sets/{project_id}"""
    version = version_of(request)
    known = _known(version, defaults(request.session))
    wanted, forced = _read(request, "quota_set", known, force=True)
    project_id = _project(request, "update", others=False)
    if request.first("user_id") is not None:
        raise NotImplementedHere("Quotas of single users are not supported.")
    taken = used(request.session, project_id)
    for name, maximum in wanted.items():
        if not forced and maximum != quotas.UNLIMITED and maximum < taken.get(name, 0):
            raise BadRequest(
                f"Quota limit {maximum} for {name} must be greater than or equal to already used and reserved "
                f"{taken[name]}."
            )
    for name, maximum in wanted.items():
        quotas.set_limit(request.session, SERVICE, project_id, name, maximum)
    return {"quota_set": _known(version, limits(request.session, project_id))}


def delete(request: Request) -> Response:
    """DELETE /os-quota-sets/{project_id}"""
    check_names(request, ("user_id",))
    quotas.reset(request.session, SERVICE, request.parameters["project_id"])
    return Response(202)


def show_class(request: Request) -> dict[str, Any]:
    """GET /os-quota-class-sets/{class_id}: there is one class, the defaults; Nova shows them for any name."""
    name = request.parameters["class_id"]
    return {"quota_class_set": {"id": name, **_class(request)}}


def _class(request: Request) -> dict[str, int]:
    """The defaults; groups of servers are shown since 2.50."""
    version = version_of(request)
    found = _known(version if version >= (2, 50) else (2, 1), defaults(request.session))
    late = ("server_groups", "server_group_members") if version < (2, 50) else ()
    return {name: value for name, value in found.items() if name not in late}


def update_class(request: Request) -> dict[str, Any]:
    """PUT /os-quota-class-sets/{class_id}"""
    wanted, _ = _read(request, "quota_class_set", _class(request), force=False)
    if request.parameters["class_id"] != "default":
        raise BadRequest("Only the quota class 'default' can be changed.")
    for name, maximum in wanted.items():
        quotas.set_limit(request.session, SERVICE, DEFAULT_CLASS, name, maximum)
    return {"quota_class_set": _class(request)}
