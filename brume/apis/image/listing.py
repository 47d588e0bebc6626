"""GET /v2/images: which images, in which order, which page.

    ?name=x  ?status=in:active,queued      equal, or one of          ?tag=a&tag=b            all of these tags
    ?size_min=1&size_max=9                 a range                   ?created_at=gte:2026-01-01T00:00:00Z
    ?visibility=community  ?member_status=pending  ?os_hidden=true   which images one is told of at all
    ?os_distro=debian                      a property                ?sort=name:asc,size     or sort_key, sort_dir

Every filter is applied before the page is cut. Hidden images and community images of others are listed only when
asked for.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from brume.apis.image.images import render
from brume.apis.rest.messages import Request
from brume.cloud.errors import BadRequest, NotFound
from brume.cloud.image import rules
from brume.cloud.image.resources import MEMBER_STATUSES, VISIBILITIES, Image
from brume.cloud.store.session import Query

PAGE = 25
LONGEST_PAGE = 1000
SORTABLE = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
WORDS = ("name", "id", "status", "container_format", "disk_format")
NUMBERS = ("size", "min_disk", "min_ram", "virtual_size")
TIMES = ("created_at", "updated_at")
BOOLEANS = ("protected", "os_hidden")
PLAIN = ("owner", "checksum", "os_hash_algo", "os_hash_value", "visibility")
NOT_FILTERS = ("limit", "marker", "sort", "sort_key", "sort_dir", "tag", "member_status", "visibility")

Test = Callable[[Image], bool]

COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def list_images(request: Request) -> dict[str, Any]:
    """GET /v2/images"""
    if request.path.endswith("/"):
        raise NotFound()
    groups, tests, order, most = _groups(request), _tests(request), _order(request), _limit(request)
    after = _marker(request)
    rows: list[Image] = []
    while most and len(rows) < most:
        found = request.session.select(Image, Query(any_of=groups, order=order, after=after, limit=most))
        rows += [image for image in found if all(test(image) for test in tests)]
        if len(found) < most:
            break
        after = found[-1]
    answer: dict[str, Any] = {
        "images": [render(image) for image in rows[:most]],
        "first": _link(request, None),
        "schema": "/v2/schemas/images",
    }
    if most and len(rows) >= most:
        answer["next"] = _link(request, rows[most - 1].id)
    return answer


def _link(request: Request, marker: str | None) -> str:
    kept = [(name, value) for name, values in request.query.items() if name != "marker" for value in values]
    query = urlencode([*([("marker", marker)] if marker else []), *kept])
    return f"/v2/images?{query}" if query else "/v2/images"


def _limit(request: Request) -> int:
    text = request.first("limit")
    if text is None:
        return PAGE
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 18:
        raise BadRequest("limit param must be an integer")
    if text.startswith("-"):
        raise BadRequest("limit param must be positive")
    return min(int(text), LONGEST_PAGE)


def _marker(request: Request) -> Image | None:
    marker = request.first("marker")
    if marker is None:
        return None
    image = request.session.get(Image, marker)
    if image is None or not rules.may_use(request.context, request.session, image):
        raise BadRequest(f"No image found with ID {marker}")
    return image


def _groups(request: Request) -> tuple[dict[str, Any], ...]:
    """Whom the asker is told of: groups of conditions, one of which must hold."""
    status, wanted = request.first("member_status") or "accepted", request.first("visibility")
    if status not in (*MEMBER_STATUSES, "all"):
        raise BadRequest(f"Invalid status: {status}")
    if wanted is not None and wanted not in (*VISIBILITIES, "all"):
        raise BadRequest(f"Invalid visibility value: {wanted}")
    community = wanted in ("community", "all")
    groups = rules.visible_to(request.context, request.session, status, community)
    if wanted in (None, "all"):
        return groups
    return tuple({**group, "visibility": wanted} for group in groups if group.get("visibility", wanted) == wanted)


def _order(request: Request) -> tuple[tuple[str, bool], ...]:
    if "sort" in request.query:
        if "sort_key" in request.query or "sort_dir" in request.query:
            raise BadRequest("Old and new sorting syntax cannot be combined")
        parts = [part.partition(":") for part in (request.first("sort") or "").strip().split(",")]
        keys = [key.strip() for key, _, _ in parts]
        ways = [way.strip() or "desc" for _, _, way in parts]
    else:
        keys, ways = request.query.get("sort_key", []), request.query.get("sort_dir", [])
        if len(ways) > 1 and len(ways) != len(keys):
            raise BadRequest("Number of sort dirs does not match the number of sort keys")
    for key in keys:
        if key not in SORTABLE:
            raise BadRequest(f"Invalid sort key: {key}. It must be one of the following: {', '.join(SORTABLE)}.")
    for way in ways:
        if way not in ("asc", "desc"):
            raise BadRequest(f"Invalid sort direction: {way}")
    first = ways[0] if ways else "desc"
    order = dict(zip(keys, ways if len(ways) == len(keys) else [first] * len(keys), strict=True))
    order |= {key: first for key in ("created_at", "id") if key not in order}
    return tuple((key, way == "asc") for key, way in order.items())


def _tests(request: Request) -> list[Test]:
    """What each image is asked. Of a parameter given twice the last counts."""
    tags = {tag.strip() for tag in request.query.get("tag", ())}
    tests: list[Test] = [lambda image: tags <= set(image.tags)] if tags else []
    if "changes-since" in request.query:
        raise BadRequest('The "changes-since" filter is no longer available on v2.')
    filters = {name: texts[-1] for name, texts in request.query.items() if name not in NOT_FILTERS}
    for name, text in {"os_hidden": "false", **filters}.items():
        tests.append(_test(name, text))
    return tests


def _test(name: str, text: str) -> Test:
    if name in BOOLEANS:
        if text.lower() not in ("true", "false"):
            raise BadRequest(f"Invalid value '{text}' for '{name}' filter. Valid values are 'true' or 'false'.")
        return lambda image: getattr(image, name) == (text.lower() == "true")
    if name in WORDS:
        wanted = _words(text)
        return lambda image: getattr(image, name) in wanted
    if name in TIMES:
        return _time_test(name, text)
    if name in PLAIN:
        return lambda image: getattr(image, name) == text
    base, _, edge = name.rpartition("_")
    if base in NUMBERS and edge in ("min", "max"):
        return _range_test(base, edge, text)
    if name in NUMBERS:
        return lambda image: str(getattr(image, name)) == text
    return lambda image: image.properties.get(name) == text


def _words(text: str) -> tuple[str, ...]:
    """The values of `x`, `eq:x` and `in:x,"y,z"`."""
    operator, colon, rest = text.partition(":")
    if not colon:
        return (text,)
    if operator == "eq":
        return (rest,)
    if operator != "in":
        raise BadRequest(f"Unable to filter by unknown operator '{operator}'.")
    if rest.count('"') % 2:
        raise BadRequest(f"Invalid filter value {rest}. The quote is not closed.")
    return tuple(word for row in csv.reader([rest]) for word in row)


def _range_test(name: str, edge: str, text: str) -> Test:
    try:
        bound = int(text)
    except ValueError:
        raise BadRequest("Unable to filter on a range with a non-numeric value.") from None

    def test(image: Image) -> bool:
        value = getattr(image, name)
        return value is not None and (value >= bound if edge == "min" else value <= bound)

    return test


def _time_test(name: str, text: str) -> Test:
    operator, threshold = "eq", _moment(text)
    if threshold is None:
        operator, _, rest = text.partition(":")
        threshold = _moment(rest)
    if threshold is None:
        raise BadRequest(f'Bad "{name}" query filter format. Use ISO 8601 DateTime notation.')
    if operator not in COMPARE:
        raise BadRequest(f"Unable to filter by unknown operator '{operator}'.")
    compare, wanted = COMPARE[operator], threshold

    def test(image: Image) -> bool:
        have = _moment(getattr(image, name))
        return have is not None and compare(have, wanted)

    return test


def _moment(text: str) -> datetime | None:
    """A time; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
