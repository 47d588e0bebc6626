"""Lists: which rows a request asks for, in which order, which page, which fields.

    ?name=a&name=b        one of          ?sort_key=name&sort_dir=desc  or  ?sort=name:desc,id
    ?limit=2&marker=<id>  a page          ?page_reverse=True            the page before the marker
    ?fields=id&fields=name                only these attributes

A list is always in a total order (the key is added), so pages neither miss nor repeat a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from brume.apis.rest.messages import Request
from brume.cloud.errors import InvalidFilter, InvalidLimit, InvalidSort, MarkerNotFound
from brume.cloud.resource import Resource
from brume.cloud.store.session import Query
from brume.cloud.validation import for_filter

T = TypeVar("T", bound=Resource)

RESERVED = frozenset(("limit", "marker", "page_reverse", "sort_key", "sort_dir", "sort", "fields"))
Order = tuple[tuple[str, bool], ...]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """The rows of one page, and whether there is more behind and before it."""

    rows: list[T]
    limit: int | None = None
    has_next: bool = False
    has_previous: bool = False


def page_of(
    request: Request,
    kind: type[T],
    *,
    within: Sequence[Mapping[str, Any]] = ({},),
    ignore: Iterable[str] = (),
    order: Order = (),
    maximum: int | None = None,
) -> Page[T]:
    """The page of `kind` that the request asks for, among rows that fulfil one of `within` (what the asker may see).

    `ignore`: query parameters that the caller deals with itself. `maximum`: the service's own page size.
    """
    filters = filters_of(request, kind, ignore)
    groups = tuple(merged for group in within if (merged := _both(group, filters)) is not None)
    if not groups:
        return Page([])
    limit = limit_of(request, maximum)
    backwards = request.first("page_reverse") in ("True", "true", "1")
    wanted = order_of(request, kind, order)
    if backwards:
        wanted = tuple((name, not ascending) for name, ascending in wanted)
    after = marker_of(request, kind, within)
    rows = request.session.select(
        kind,
        Query(
            any_of=tuple(g for g in groups) if any(groups) else (),
            order=wanted,
            after=after,
            limit=None if limit is None else limit + 1,
        ),
    )
    more = limit is not None and len(rows) > limit
    rows = rows[:limit] if more else rows
    if backwards:
        return Page(rows[::-1], limit, has_next=after is not None, has_previous=more)
    return Page(rows, limit, has_next=more, has_previous=after is not None)


def filters_of(request: Request, kind: type[Resource], ignore: Iterable[str] = ()) -> dict[str, Any]:
    """The query's conditions by field name. Unknown ones are an error or ignored, as the service does."""
    declaration = kind.DECLARATION
    skipped = RESERVED.union(ignore)
    result: dict[str, Any] = {}
    unknown = []
    for wire, texts in request.query.items():
        if wire in skipped:
            continue
        try:
            name, values = for_filter(declaration, wire, texts)
        except InvalidFilter:
            unknown.append(wire)
            continue
        result[name] = values[0] if len(values) == 1 else values
    if unknown and request.service.style.strict_filters:
        raise InvalidFilter(attributes=unknown)
    return result


def limit_of(request: Request, maximum: int | None = None) -> int | None:
    """How many rows at most; 0 means the service's maximum."""
    text = request.first("limit")
    if text is None:
        return maximum
    if not text.isdecimal() or len(text) > 9:
        raise InvalidLimit(value=text)
    asked = int(text) or maximum
    return asked if maximum is None or asked is None else min(asked, maximum)


def order_of(request: Request, kind: type[Resource], default: Order = ()) -> Order:
    """The order asked for, made total by the key."""
    declaration = kind.DECLARATION
    pairs = _asked_order(request)
    order: list[tuple[str, bool]] = []
    for wire, direction in pairs:
        field = declaration.by_wire.get(wire)
        if field is None or field.attribute is None or not field.attribute.sort:
            raise InvalidSort(attribute=wire)
        order.append((field.name, direction != "desc"))
    order = order or list(default)
    chosen: dict[str, bool] = {}
    for name, ascending in (*order, *((name, True) for name in declaration.key)):
        chosen.setdefault(name, ascending)  # a key named again orders nothing more
    return tuple(chosen.items())


def _asked_order(request: Request) -> list[tuple[str, str]]:
    keys = request.query.get("sort_key", [])
    directions = request.query.get("sort_dir", [])
    pairs = [(key, directions[i] if i < len(directions) else "asc") for i, key in enumerate(keys)]
    for text in request.query.get("sort", []):
        for part in filter(None, text.split(",")):
            key, _, direction = part.partition(":")
            pairs.append((key, direction or "asc"))
    return pairs


def marker_of(request: Request, kind: type[T], within: Sequence[Mapping[str, Any]] = ({},)) -> T | None:
    """The row the page begins behind: one that the asker may see, or its place in an order would tell its values."""
    marker = request.first("marker")
    if not marker:
        return None
    row = request.session.get(kind, marker) if len(kind.DECLARATION.key) == 1 else None
    if row is None or not any(_fulfils(row, group) for group in within):
        raise MarkerNotFound(marker=marker)
    return row


def _fulfils(row: Resource, group: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) in _values(wanted) for name, wanted in group.items())


def _both(group: Mapping[str, Any], filters: Mapping[str, Any]) -> dict[str, Any] | None:
    """Both conditions; None when a field would have to be two things at once."""
    result = dict(group)
    for name, wanted in filters.items():
        if name not in result:
            result[name] = wanted
            continue
        common = _values(result[name]) & _values(wanted)
        if not common:
            return None
        result[name] = tuple(common) if len(common) > 1 else common.pop()
    return result


def _values(wanted: Any) -> set[Any]:
    return set(wanted) if isinstance(wanted, tuple | list | set | frozenset) else {wanted}


def page_links(request: Request, page: Page[Any], path: str | None = None) -> list[dict[str, str]]:
    """Links to the next and the previous page, as Neutron and Nova write them."""
    links = []
    if page.rows and page.limit is not None:
        if page.has_next:
            links.append({"rel": "next", "href": _link(request, path, page.rows[-1].key())})
        if page.has_previous:
            href = _link(request, path, page.rows[0].key())
            links.append({"rel": "previous", "href": f"{href}&page_reverse=True"})
    return links


def _link(request: Request, path: str | None, marker: Any) -> str:
    kept = [(n, v) for n, vs in request.query.items() if n not in ("marker", "page_reverse") for v in vs]
    return f"{request.base}{path or request.path}?{urlencode([*kept, ('marker', marker)])}"


def pick(value: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Only these attributes; all of them when none is named."""
    return {name: value[name] for name in fields if name in value} if fields else value
