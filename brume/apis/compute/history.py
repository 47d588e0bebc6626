"""What was done to a server: /servers/{server_id}/os-instance-actions. Told of deleted servers too since 2.21."""

from __future__ import annotations

import hashlib
from typing import Any

from brume.apis.compute.listing import parse_moment
from brume.apis.compute.query import check_names, limit, next_link, version_of
from brume.apis.compute.servers import find
from brume.apis.rest.messages import Request
from brume.cloud.compute import servers
from brume.cloud.compute.resources import ServerAction
from brume.cloud.errors import BadRequest, NotFound

UPDATED_SINCE = (2, 58)
DELETED_SINCE = (2, 21)
EVENTS_SINCE = (2, 51)
HOST_ID_SINCE = (2, 62)
DETAILS_SINCE = (2, 84)
BEFORE_SINCE = (2, 66)


def _time(text: str | None) -> str | None:
    """A time as Nova writes it here."""
    return None if text is None else text.rstrip("Z") + ".000000"


def render(request: Request, action: ServerAction) -> dict[str, Any]:
    """One entry of a server's history."""
    shown = {
        "action": action.action,
        "instance_uuid": action.server_id,
        "request_id": action.request_id,
        "user_id": action.user_id,
        "project_id": action.project_id,
        "start_time": _time(action.started_at),
        "message": action.message,
    }
    if version_of(request) >= UPDATED_SINCE:
        shown["updated_at"] = _time(action.updated_at)
    return shown


def _events(request: Request, action: ServerAction) -> list[dict[str, Any]]:
    """What the node did for it."""
    if action.event is None:
        return []
    version = version_of(request)
    shown: dict[str, Any] = {
        "event": action.event,
        "start_time": _time(action.started_at),
        "finish_time": _time(action.finished_at),
        "result": action.result,
    }
    if request.context.is_admin:
        shown["traceback"] = None
    if version >= HOST_ID_SINCE:
        shown["hostId"] = host_name(action)
        if request.context.is_admin:
            shown["host"] = action.host
    if version >= DETAILS_SINCE:
        shown["details"] = None
    return [shown]


def host_name(action: ServerAction) -> str:
    """The opaque name of the host the event was on (Nova's hostId)."""
    return hashlib.sha224(f"{action.project_id}{action.host}".encode()).hexdigest() if action.host else ""


def _actions(request: Request) -> list[ServerAction]:
    if version_of(request) < DELETED_SINCE:
        find(request)
    return servers.actions_of(request.context, request.session, request.parameters["server_id"])


def list_actions(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-instance-actions"""
    found, version = _actions(request), version_of(request)
    if version < UPDATED_SINCE:
        return {"instanceActions": [render(request, action) for action in found]}
    check_names(request, ("limit", "marker", "changes-since", "changes-before"))
    since = parse_moment(request, "changes-since")
    before = parse_moment(request, "changes-before") if version >= BEFORE_SINCE else None
    if since and before and before < since:
        raise BadRequest("The value of changes-since must be less than or equal to changes-before.")
    marker = request.first("marker")
    if marker is not None:
        at = next((at for at, action in enumerate(found) if action.request_id == marker), None)
        if at is None:
            raise BadRequest(f"Marker {marker} could not be found.")
        found = found[at + 1 :]
    found = [
        a for a in found if (since is None or a.updated_at >= since) and (before is None or a.updated_at <= before)
    ]
    most = limit(request)
    more = next_link(request, "links", found[most - 1].request_id) if 0 < most < len(found) else {}
    page = {"instanceActions": [render(request, action) for action in found[:most]]}
    return page | ({"links": more["links_links"]} if more else {})


def show_action(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}/os-instance-actions/{request_id}"""
    wanted = request.parameters["request_id"]
    action = next((action for action in _actions(request) if action.request_id == wanted), None)
    if action is None:
        raise NotFound(f"Action for request_id {wanted} on instance {request.parameters['server_id']} not found")
    shown = render(request, action)
    if request.context.is_admin or version_of(request) >= EVENTS_SINCE:
        shown["events"] = _events(request, action)
    return {"instanceAction": shown}
