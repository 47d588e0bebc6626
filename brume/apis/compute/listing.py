"""GET /servers and /servers/detail: which servers, in which order, which page.

Filters that are plain columns go to SQL; the rest is looked at row by row. As in Nova, a parameter that the asker may
not filter by is passed over before 2.75 and for a user who is no administrator. Deleted servers are not kept, so
none is ever listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from brume.apis.compute.patterns import TooCostly, compile_pattern
from brume.apis.compute.query import check_names, directions, invalid_query, limit, next_link, version_of
from brume.apis.compute.rendering import STATUS, Surroundings, links, render, status_of
from brume.apis.rest.messages import Request
from brume.cloud.compute.interfaces import ports_of
from brume.cloud.compute.resources import Server
from brume.cloud.context import iso_seconds
from brume.cloud.errors import BadRequest, PolicyForbidden
from brume.cloud.store.session import Query
from brume.cloud.validation import TRUE, to_boolean

SORTABLE = {
    "access_ip_v4": "access_ipv4",
    "access_ip_v6": "access_ipv6",
    "auto_disk_config": "disk_config",
    "availability_zone": "zone",
    "config_drive": "config_drive",
    "created_at": "created_at",
    "display_description": "description",
    "display_name": "name",
    "host": "host",
    "hostname": "hostname",
    "image_ref": "image_id",
    "key_name": "key_name",
    "launch_index": "launch_index",
    "launched_at": "launched_at",
    "locked": "locked",
    "node": "host",
    "power_state": "power_state",
    "project_id": "project_id",
    "task_state": "task_state",
    "updated_at": "updated_at",
    "user_id": "user_id",
    "uuid": "id",
    "vm_state": "vm_state",
}
IGNORED_KEYS: tuple[str, ...] = (
    "instance_type_id",
    "kernel_id",
    "locked_by",
    "progress",
    "ramdisk_id",
    "root_device_name",
)
IGNORED_KEYS += ("terminated_at", "vcpus", "memory_mb", "root_gb", "id", "user_data", "reservation_id", "deleted")

EXACT = {
    "image": "image_id",
    "image_ref": "image_id",
    "uuid": "id",
    "user_id": "user_id",
    "vm_state": "vm_state",
    "task_state": "task_state",
    "host": "host",
    "node": "host",
    "reservation_id": "reservation_id",
    "key_name": "key_name",
    "availability_zone": "zone",
    "created_at": "created_at",
    "launched_at": "launched_at",
}
"""Filters that are equal to a column."""
PATTERNS: dict[str, Callable[[Server], str]] = {
    "name": lambda server: server.name,
    "display_name": lambda server: server.name,
    "description": lambda server: server.description or "",
    "display_description": lambda server: server.description or "",
    "hostname": lambda server: server.hostname,
    "access_ip_v4": lambda server: server.access_ipv4,
    "access_ip_v6": lambda server: server.access_ipv6,
}
"""Filters that are regular expressions."""
TAGS: dict[str, Callable[[set[str], set[str]], bool]] = {
    "tags": lambda wanted, have: wanted <= have,
    "tags-any": lambda wanted, have: bool(wanted & have),
    "not-tags": lambda wanted, have: not wanted <= have,
    "not-tags-any": lambda wanted, have: not wanted & have,
}
OTHERS = (
    *("all_tenants", "auto_disk_config", "changes-before", "changes-since", "config_drive", "deleted", "flavor"),
    *("ip", "ip6", "kernel_id", "launch_index", "locked", "locked_by", "power_state", "progress", "project_id"),
    *("ramdisk_id", "root_device_name", "soft_deleted", "status", "tenant_id", "terminated_at"),
)
PAGING = ("limit", "marker", "sort_key", "sort_dir")
NAMES = frozenset((*EXACT, *PATTERNS, *TAGS, *OTHERS, *PAGING))

FOR_EVERYBODY = (
    *("name", "status", "image", "flavor", "ip", "ip6", "changes-since", "changes-before", "locked"),
    *("reservation_id", "all_tenants", *TAGS),
)
FOR_EVERYBODY_SINCE_2_83 = (
    *("availability_zone", "config_drive", "key_name", "created_at", "launched_at"),
    *("power_state", "task_state", "vm_state", "user_id", "hostname"),
)
NOT_FILTERS = ("block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups")


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
    check_names(request, NAMES)
    conditions, tests = _conditions(request), _tests(request)
    order, after, most = _order(request), _marker(request), limit(request)
    rows: list[Server] = []
    while conditions is not None and most and len(rows) <= most:
        found = request.session.select(Server, Query(any_of=(conditions,), order=order, after=after, limit=most + 1))
        rows += _matching(request, tests, found)
        if len(found) <= most:
            break
        after = found[-1]
    return rows[:most], next_link(request, "servers", rows[most - 1].id) if len(rows) > most else {}


def _marker(request: Request) -> Server | None:
    marker = request.first("marker")
    row = request.session.get(Server, marker) if marker else None
    if row is not None and row.project_id != request.context.project_id and not request.context.is_admin:
        row = None
    if marker and row is None:
        raise BadRequest(f"marker [{marker}] not found")
    return row


def _asked(request: Request, name: str) -> str | None:
    """A filter's value, if the asker may filter by it."""
    allowed = request.context.is_admin or name in FOR_EVERYBODY
    if version_of(request) >= (2, 83):
        allowed = allowed or name in FOR_EVERYBODY_SINCE_2_83
    return request.first(name) if allowed else None


def _conditions(request: Request) -> dict[str, Any] | None:
    """What SQL can look for; None when nothing can match."""
    for name in request.query:
        if name in NOT_FILTERS or name.startswith("_"):
            raise BadRequest(f"Invalid filter field: {name}.")
    conditions: dict[str, Any] = {}
    everywhere = request.first("all_tenants")
    if everywhere is not None and _all_tenants(everywhere):
        if not request.context.is_admin:
            kind = "detail" if request.path.endswith("detail") else "index"
            raise PolicyForbidden(action=f"os_compute_api:servers:{kind}:get_all_tenants")
        project = request.first("project_id") or request.first("tenant_id")
        if project:
            conditions["project_id"] = project
    else:
        conditions["project_id"] = request.context.project_id or ""
    for name, field in EXACT.items():
        value = _asked(request, name)
        if value is not None:
            conditions[field] = value
    deleted = _asked(request, "deleted") or ""
    return None if deleted.lower() in TRUE or "deleted" in (conditions.get("vm_state"),) else conditions


def _all_tenants(text: str) -> bool:
    try:
        return text == "" or to_boolean(text)
    except ValueError:
        raise BadRequest(f"Invalid value '{text}' for all_tenants") from None


Test = Callable[[Server], bool]


def _tests(request: Request) -> list[Test]:
    """What has to be looked at row by row."""
    tests: list[Test] = []
    for name, text_of in PATTERNS.items():
        pattern = _pattern(name, _asked(request, name))
        if pattern is not None:
            tests.append(lambda server, p=pattern, t=text_of: p.search(t(server)) is not None)  # type: ignore[misc]
    if version_of(request) >= (2, 26):
        for name, holds in TAGS.items():
            words = _asked(request, name)
            if words:
                wanted = set(words.split(","))
                tests.append(lambda server, w=wanted, h=holds: h(w, set(server.tags)))  # type: ignore[misc]
    return [*tests, *_status_tests(request), *_time_tests(request), *_other_tests(request)]


def _pattern(name: str, text: str | None) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return compile_pattern(text)
    except TooCostly as error:
        raise invalid_query(name, text, f"'{text}' is not taken: {error}") from None
    except (re.error, RecursionError, OverflowError):
        raise invalid_query(name, text, f"'{text}' is not a 'regex'") from None


def _status_tests(request: Request) -> Iterable[Test]:
    asked = request.query.get("status", ())
    wanted = {status.upper() for status in asked}
    if not asked:
        return
    if not wanted & set(STATUS.values()):
        if "DELETED" in wanted and not request.context.is_admin:
            raise PolicyForbidden("Only administrators may list deleted instances")
        if version_of(request) >= (2, 38) and not wanted & {"DELETED", "SOFT_DELETED"}:
            raise BadRequest("Invalid status value")
    yield lambda server: status_of(server) in wanted


def _time_tests(request: Request) -> Iterable[Test]:
    since, before = parse_moment(request, "changes-since"), None
    if version_of(request) >= (2, 66):
        before = parse_moment(request, "changes-before")
    if since is not None and before is not None and before < since:
        raise BadRequest("The value of changes-since must be less than or equal to changes-before.")
    if since is not None:
        yield lambda server: server.updated_at >= since
    if before is not None:
        yield lambda server: server.updated_at <= before


def parse_moment(request: Request, name: str) -> str | None:
    """A time as the rows have it."""
    text = request.first(name)
    if text is None:
        return None
    try:
        return iso_seconds(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        raise invalid_query(name, text, f"'{text}' is not a 'date-time'") from None


def _other_tests(request: Request) -> Iterable[Test]:
    flavor, locked = _asked(request, "flavor"), request.first("locked") if version_of(request) >= (2, 73) else None
    if flavor is not None:
        yield lambda server: server.flavor["id"] == flavor
    if locked is not None:
        wanted = _boolean("locked", locked)
        yield lambda server: server.locked == wanted
    drive = _asked(request, "config_drive")
    if drive:
        has = _boolean("config_drive", drive)
        yield lambda server: server.config_drive == has
    power, index = _asked(request, "power_state"), _asked(request, "launch_index")
    if power is not None:
        yield lambda server: str(server.power_state) == power
    if index is not None:
        yield lambda server: str(server.launch_index) == index


def _boolean(name: str, text: str) -> bool:
    try:
        return to_boolean(text)
    except ValueError:
        raise BadRequest(f"Invalid value '{text}' for {name} filter") from None


def _matching(request: Request, tests: list[Test], found: list[Server]) -> list[Server]:
    """Those that pass every test, and have the wanted address."""
    rows = [server for server in found if all(test(server) for test in tests)]
    four = _pattern("ip", _asked(request, "ip"))
    six = _pattern("ip6", _asked(request, "ip6")) if version_of(request) >= (2, 5) else None
    if four is None and six is None:
        return rows
    ports = ports_of(request.session, rows)
    return [server for server in rows if _has_address(four, six, ports[server.id])]


def _has_address(four: re.Pattern[str] | None, six: re.Pattern[str] | None, ports: Iterable[Any]) -> bool:
    """Nova's search: one address that either pattern begins to match."""
    for port in ports:
        for fixed in port.fixed_ips:
            pattern = six if ":" in fixed.ip_address else four
            if pattern is not None and pattern.match(fixed.ip_address):
                return True
    return False


def _order(request: Request) -> tuple[tuple[str, bool], ...]:
    ways = directions(request)
    strict = version_of(request) >= (2, 75)
    order: list[tuple[str, bool]] = []
    for at, key in enumerate(request.query.get("sort_key", [])):
        if key not in SORTABLE and (strict or key not in IGNORED_KEYS):
            raise invalid_query("sort_key", key, f"'{key}' is not one of {sorted(SORTABLE)}")
        if key in ("host", "node") and not request.context.is_admin:
            raise PolicyForbidden(f"Only administrators can sort servers by {key}")
        way = ways[at] if at < len(ways) else "desc"
        if key in SORTABLE and all(SORTABLE[key] != field for field, _ in order):
            order.append((SORTABLE[key], way == "asc"))
    order = order or [("created_at", False)]
    return tuple(order) if any(field == "id" for field, _ in order) else (*order, ("id", False))
