"""Servers: create, show, list, change, delete; metadata and tags."""

from __future__ import annotations

import re
from typing import Any

from brume.apis.compute.body import Body
from brume.apis.compute.rendering import STATUS, Surroundings, links, render
from brume.apis.rest.lists import limit_of
from brume.apis.rest.messages import Request, Response
from brume.cloud.compute import creation, scheduling, servers
from brume.cloud.compute.creation import ServerRequest
from brume.cloud.compute.interfaces import InterfaceWish
from brume.cloud.compute.resources import Server
from brume.cloud.errors import BadRequest, Forbidden
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Query
from brume.cloud.validation import to_boolean

LONGEST_PAGE = 1000
NAME = re.compile(r"\S(.*\S)?\Z", re.DOTALL)
SORTABLE = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "display_name": "name",
    "uuid": "id",
    "host": "host",
    "vm_state": "vm_state",
    "launched_at": "launched_at",
}
AUTOMATIC = ("auto", "none")
UNSUPPORTED = ("block_device_mapping", "block_device_mapping_v2", "personality", "adminPass", "os:scheduler_hints")


def create(request: Request) -> Response:
    """POST /servers"""
    wanted = _wanted(request, Body("server", request.object("server")))
    settings = request.cloud.need(NetworkSettings)
    made = creation.create_servers(request.context, request.session, settings, wanted)
    first = made[0]
    answer: dict[str, Any] = {
        "id": first.id,
        "links": links(request, first),
        "OS-DCF:diskConfig": "MANUAL",
        "security_groups": [{"name": name} for name in wanted.groups or ("default",)],
        "adminPass": request.context.new_hex()[:12],
    }
    return Response(202, {"server": answer}, headers={"location": answer["links"][0]["href"]})


def _wanted(request: Request, body: Body) -> ServerRequest:
    version = request.version or (2, 1)
    name = server_name(body.text("name", required=True, longest=255, shortest=1) or "")
    values: dict[str, Any] = {"name": name, "metadata": body.texts("metadata")}
    if version >= (2, 19):
        values["description"] = body.text("description", nullable=True, longest=255)
    if version >= (2, 52):
        values["tags"] = tuple(body.raw("tags") or ())
    if version >= (2, 90):
        values["hostname"] = body.text("hostname", longest=255)
    values["user_data"] = body.text("user_data")
    values["config_drive"] = body.boolean("config_drive") if body.raw("config_drive") else False
    values["access_ipv4"] = body.text("accessIPv4") or ""
    values["access_ipv6"] = body.text("accessIPv6") or ""
    body.raw("OS-DCF:diskConfig")
    _refuse(body)
    host = body.text("host") if version >= (2, 74) else None
    host = (body.text("hypervisor_hostname") if version >= (2, 74) else None) or host
    count = max(body.integer("min_count", default=1), body.integer("max_count", default=1))
    if not 1 <= count <= 100:
        raise BadRequest("Invalid input for field/attribute min_count: between 1 and 100 servers in one request.")
    wanted = ServerRequest(
        values=values,
        flavor_id=body.identifier("flavorRef") or "",
        image_id=body.text("imageRef") or None,
        key_name=body.text("key_name", nullable=True),
        interfaces=_interfaces(body, version),
        groups=[str(group.get("name", "")) for group in body.objects("security_groups")],
        place=scheduling.parse_wish(body.text("availability_zone"), host),
        count=count,
    )
    body.finish()
    return wanted


def _refuse(body: Body) -> None:
    """What is left out is left out whole: a volume to boot from, a file to inject, a hint that would be ignored."""
    for name in UNSUPPORTED:
        if name == "adminPass":
            body.raw(name)
        elif body.raw(name):
            devices = body.raw(name)
            image_only = isinstance(devices, list) and all(
                isinstance(device, dict)
                and device.get("source_type") == "image"
                and device.get("destination_type") == "local"
                for device in devices
            )
            if not image_only:
                raise BadRequest(
                    f"Invalid input for field/attribute {name}. Brume servers have no volumes or files yet."
                )


def server_name(name: str) -> str:
    """A server's name without white space at its ends; raises BadRequest when nothing is left."""
    if not NAME.match(name.strip()):
        raise BadRequest(f"Invalid input for field/attribute name. Value: {name}. '{name}' is too short")
    return name.strip()


def _interfaces(body: Body, version: tuple[int, int]) -> list[InterfaceWish] | None:
    given = body.raw("networks")
    if given is None:
        if version >= (2, 37):
            raise BadRequest("Invalid input for field/attribute server. 'networks' is a required property")
        return None
    if given in AUTOMATIC and version >= (2, 37):
        return None if given == "auto" else []
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise BadRequest(
            f"Invalid input for field/attribute networks. Value: {given}. {given!r} is not of type 'array'"
        )
    wishes = []
    for item in given:
        one = Body("networks", item)
        wish = InterfaceWish(one.text("uuid"), one.text("port", nullable=True), one.text("fixed_ip"))
        one.raw("tag")
        one.finish()
        if wish.port_id is None and wish.network_id is None:
            raise BadRequest("Invalid input for field/attribute networks. A network needs a uuid or a port.")
        wishes.append(wish)
    return wishes


def find(request: Request) -> Server:
    """The server that the path names."""
    return servers.get_server(request.context, request.session, request.parameters["server_id"])


def show(request: Request) -> dict[str, Any]:
    """GET /servers/{server_id}"""
    server = find(request)
    return {"server": render(request, server, Surroundings(request, [server]))}


def list_servers(request: Request) -> dict[str, Any]:
    """GET /servers"""
    page, more = _page(request)
    shown = [{"id": server.id, "name": server.name, "links": links(request, server)} for server in page]
    return {"servers": shown, **more}


def list_details(request: Request) -> dict[str, Any]:
    """GET /servers/detail"""
    page, more = _page(request)
    around = Surroundings(request, page)
    return {"servers": [render(request, server, around) for server in page], **more}


def _page(request: Request) -> tuple[list[Server], dict[str, Any]]:
    """One page, newest first, and the link to the next."""
    conditions = _conditions(request)
    order = _order(request)
    marker = request.first("marker")
    after = None
    if marker:
        after = request.session.get(Server, marker)
        if after is None:
            raise BadRequest(f"marker [{marker}] not found")
    limit = limit_of(request, LONGEST_PAGE) or LONGEST_PAGE
    rows: list[Server] = []
    while len(rows) <= limit:
        query = Query(any_of=(conditions,) if conditions else (), order=order, after=after, limit=limit + 1)
        found = request.session.select(Server, query)
        rows += [server for server in found if _matches(request, server)]
        if len(found) <= limit:
            break
        after = found[-1]
    more: dict[str, Any] = {}
    if len(rows) > limit:
        kept = [(name, value) for name, values in request.query.items() if name != "marker" for value in values]
        query_text = "&".join(f"{name}={value}" for name, value in [*kept, ("marker", rows[limit - 1].id)])
        more["servers_links"] = [{"rel": "next", "href": f"{request.base}{request.path}?{query_text}"}]
    return rows[:limit], more


def _conditions(request: Request) -> dict[str, Any]:
    """What SQL can look for: the project (all of them for an administrator who asks), host, image, user."""
    conditions: dict[str, Any] = {}
    everywhere = (request.first("all_tenants") or "0").lower()
    if everywhere in ("", "1", "true", "yes", "on", "t", "y"):
        if not request.context.is_admin:
            raise Forbidden("Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.")
        project = request.first("project_id") or request.first("tenant_id")
        if project:
            conditions["project_id"] = project
    else:
        conditions["project_id"] = request.context.project_id or ""
    for name, field in (("host", "host"), ("image", "image_id"), ("user_id", "user_id"), ("uuid", "id")):
        value = request.first(name)
        if value and (field != "host" or request.context.is_admin):
            conditions[field] = value
    return conditions


def _matches(request: Request, server: Server) -> bool:
    """What needs looking at each: name as a regular expression, status, flavor, address, locked, tags."""
    name = request.first("name")
    if name:
        try:
            if not re.search(name, server.name):
                return False
        except re.error:
            raise BadRequest(f"Invalid regular expression for name: {name}") from None
    wanted = {status.upper() for status in request.query.get("status", ())}
    states = {state for state, status in STATUS.items() if status in wanted}
    if wanted and server.vm_state not in states and (server.vm_state, server.task_state) not in states:
        return False
    flavor = request.first("flavor")
    if flavor and server.flavor["id"] != flavor:
        return False
    tags = request.first("tags")
    if tags and not set(tags.split(",")) <= set(server.tags):
        return False
    locked = request.first("locked")
    if locked:
        try:
            return server.locked == to_boolean(locked)
        except ValueError as error:
            raise BadRequest(str(error)) from None
    return True


def _order(request: Request) -> tuple[tuple[str, bool], ...]:
    directions = request.query.get("sort_dir", [])
    order: list[tuple[str, bool]] = []
    for at, key in enumerate(request.query.get("sort_key", [])):
        if key not in SORTABLE:
            raise BadRequest(f"Invalid input for query parameters sort_key. Value: {key}.")
        order.append((SORTABLE[key], (directions[at] if at < len(directions) else "desc") == "asc"))
    return (*(order or [("created_at", False)]), ("id", False))


def update(request: Request) -> dict[str, Any]:
    """PUT /servers/{server_id}"""
    server = find(request)
    servers.require(request.context, server, "update", task=True)
    body = Body("server", request.object("server"))
    values: dict[str, Any] = {}
    if "name" in body:
        values["name"] = server_name(body.text("name", longest=255, shortest=1) or "")
    for wire, field in (("accessIPv4", "access_ipv4"), ("accessIPv6", "access_ipv6")):
        if wire in body:
            values[field] = body.text(wire) or ""
    if "description" in body and (request.version or (2, 1)) >= (2, 19):
        values["description"] = body.text("description", nullable=True, longest=255)
    if "hostname" in body and (request.version or (2, 1)) >= (2, 90):
        values["hostname"] = body.text("hostname", longest=255)
    body.raw("OS-DCF:diskConfig")
    body.finish()
    server = servers.change(request.context, request.session, server, values)
    return {"server": render(request, server, Surroundings(request, [server]))}


def delete(request: Request) -> None:
    """DELETE /servers/{server_id}"""
    settings = request.cloud.need(NetworkSettings)
    creation.delete_server(request.context, request.session, settings, find(request))
