"""Routes as data, and the tree that finds one for a path.

    Route("GET", "/v3/projects/{project_id}", show_project)

A path's segments are matched one by one: a literal before a {parameter}. An empty last segment does not count, so
"/v3/" is "/v3". Rules: no regular expressions, no order dependence; two routes for one method and path are an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

import msgspec

from brume.apis.rest.messages import Request
from brume.cloud.errors import MethodNotAllowed, NotFound, NotImplementedHere

Handler = Callable[[Request], Any]
"""Answers a Response, a JSON value (sent with the route's status), or None (204); or an awaitable of these."""

WRITING = frozenset(("POST", "PUT", "PATCH", "DELETE"))


class LeftOut(msgspec.Struct, frozen=True):
    """A handler for what OpenStack has and this cloud leaves out: it says so (501), and counts as not answered."""

    what: str

    def __call__(self, request: Request) -> None:
        raise NotImplementedHere(what=self.what)


class Route(msgspec.Struct, frozen=True):
    """A method and a path, and who answers."""

    method: str
    path: str
    handler: Handler
    status: int = 200
    """The status of a plain answer; an answer of None is always 204."""
    rule: str | None = None
    """A policy rule that the asker must fulfil, whatever the target. Rules that look at a target are the handler's."""
    public: bool = False
    """Needs no token. The context is then nobody's."""
    writes: bool | None = None
    """Runs in a write transaction; default by method. False with a writing method: the handler opens its own."""
    stream: bool = False
    """The handler takes the body itself, by `request.chunks()`; it is a coroutine function."""
    since: str | None = None
    """First microversion that has it."""
    until: str | None = None
    """Last microversion that has it."""

    @property
    def in_transaction(self) -> bool:
        """Whether the machinery opens a write transaction around the handler."""
        return self.method in WRITING if self.writes is None else self.writes


class Node:
    """One segment in the tree."""

    __slots__ = ("children", "names", "parameter", "routes")

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.parameter: Node | None = None
        self.routes: dict[str, list[Route]] = {}
        self.names: tuple[str, ...] = ()


class Router:
    """All routes of a service."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = Node()
        self.routes = tuple(routes)
        for route in self.routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in split(route.path):
            if segment.startswith("{"):
                node.parameter = node.parameter or Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, Node())
        present = node.routes.setdefault(route.method, [])
        if any(other.since == route.since for other in present):
            raise ValueError(f"two routes for {route.method} {route.path}")
        present.append(route)

    def find(self, method: str, path: str, version: tuple[int, int] | None = None) -> tuple[Route, dict[str, str]]:
        """The route for a request and its parameters; raises NotFound, MethodNotAllowed. HEAD is answered by GET."""
        segments = split(path)
        node = _walk(self._root, segments, 0)
        if node is None:
            raise NotFound()
        routes = node.routes.get(method)
        if routes is None and method == "HEAD":
            routes = node.routes.get("GET")
        if routes is None:
            raise MethodNotAllowed(allowed=sorted(node.routes))
        route = routes[0] if len(routes) == 1 and routes[0].since is None else _by_version(routes, version)
        names = split(route.path)
        return route, {
            name[1:-1]: unquote(segment) for name, segment in zip(names, segments, strict=True) if name.startswith("{")
        }


def split(path: str) -> list[str]:
    """The segments of a path, without empty ones at its ends."""
    path = path.strip("/")
    return path.split("/") if path else []


def _walk(node: Node, segments: list[str], depth: int) -> Node | None:
    """The node of a path: literals first, then back to a parameter."""
    if depth == len(segments):
        return node if node.routes else None
    child = node.children.get(segments[depth])
    if child is not None:
        found = _walk(child, segments, depth + 1)
        if found is not None:
            return found
    return _walk(node.parameter, segments, depth + 1) if node.parameter is not None else None


def _by_version(routes: list[Route], version: tuple[int, int] | None) -> Route:
    from brume.cloud.resource import parse_version

    for route in routes:
        after = route.since is None or (version is not None and version >= parse_version(route.since))
        before = route.until is None or (version is not None and version <= parse_version(route.until))
        if after and before:
            return route
    raise NotFound()
