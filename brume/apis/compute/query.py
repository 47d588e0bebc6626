"""What the query of a list may say, and the link to its next page: the same for servers, flavors, keypairs, nodes.

From microversion 2.75 on an unknown parameter is an error; before, it is passed over (Nova's additionalProperties).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from brume.apis.rest.messages import Request
from brume.cloud.errors import BadRequest

Version = tuple[int, int]

STRICT_SINCE = (2, 75)
LONGEST_PAGE = 1000
"""Nova's api.max_limit."""


def version_of(request: Request) -> Version:
    """The microversion asked for."""
    return request.version or (2, 1)


def invalid_query(name: str, value: object, problem: str) -> BadRequest:
    """The error for a parameter that the schema does not allow."""
    return BadRequest(f"Invalid input for query parameters {name}. Value: {value}. {problem}")


def check_names(request: Request, known: Iterable[str]) -> None:
    """Refuse unknown parameters where the microversion does."""
    if version_of(request) < STRICT_SINCE:
        return
    unknown = sorted(set(request.query).difference(known))
    if unknown:
        names = ", ".join(f"'{name}'" for name in unknown)
        verb = "was" if len(unknown) == 1 else "were"
        value = dict.fromkeys(unknown)
        raise invalid_query("", value, f"Additional properties are not allowed ({names} {verb} unexpected)")


def limit(request: Request) -> int:
    """How many at most."""
    texts = request.query.get("limit", [])
    for text in texts:
        if not (text.isascii() and text.isdecimal()) or len(text) > 9:
            raise invalid_query("limit", text, f"'{text}' does not match '^[0-9]*$'")
    return min(int(texts[-1]), LONGEST_PAGE) if texts else LONGEST_PAGE


def directions(request: Request) -> list[str]:
    """The wanted directions of sorting."""
    found = request.query.get("sort_dir", [])
    for text in found:
        if text not in ("asc", "desc"):
            raise invalid_query("sort_dir", text, f"'{text}' is not one of ['asc', 'desc']")
    return found


def next_link(request: Request, name: str, marker: str) -> dict[str, Any]:
    """The link to the page behind `marker`, as it stands beside a list."""
    kept = [(key, value) for key, values in request.query.items() if key != "marker" for value in values]
    query = urlencode([*kept, ("marker", marker)])
    return {f"{name}_links": [{"rel": "next", "href": f"{request.base}{request.path}?{query}"}]}
