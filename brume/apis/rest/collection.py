"""A collection of resources with the usual five routes, said once.

    PROJECTS = Collection(
        kind=Project, path="/v3/projects", rules="identity:{}_{}", change="PATCH",
        load=projects.get, create=projects.create, update=projects.update, delete=projects.delete,
        view=project_json, within=visible_projects, target=project_target)
    ROUTES = PROJECTS.routes()

    POST   path        validate, policy create, rule         201 {"project": {...}}
    GET    path        policy list, filters, order, page     200 {"projects": [...], "projects_links": [...]}
    GET    path/{id}   load, policy get                      200
    change path/{id}   load, validate, policy update, rule   200
    DELETE path/{id}   load, policy delete, rule             204

Policy: `rules` makes a rule's name from the operation (create, get, list, update, delete) and the noun. An attribute
given explicitly is checked too, where a rule "create_network:shared" exists, as Neutron does. A service whose asker
may not know what exists sets `hide=True`: a row that the rule "get" refuses is not found (Neutron's 404 for 403).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from brume.apis.rest.lists import Order, Page, page_links, page_of, pick
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.context import RequestContext
from brume.cloud.errors import NotFound
from brume.cloud.resource import Resource, to_json
from brume.cloud.store.session import Session
from brume.cloud.validation import Values, for_create, for_update

T = TypeVar("T", bound=Resource)
Groups = Sequence[Mapping[str, Any]]


def plain_view(request: Request, row: Resource) -> dict[str, Any]:
    """The row's visible attributes."""
    return to_json(row, request.version)


def everything(request: Request) -> Groups:
    """A list shows every row."""
    return ({},)


def plain_target(request: Request, row: Resource | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """A policy target: the row's attributes by wire name, under those of the request."""
    present = to_json(row) if row is not None else {}
    return {**present, **values}


class Collection(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One resource's face. What is None has no route."""

    kind: type[T]
    path: str
    load: Callable[[Session, str], T]
    """The row of an id; raises the service's NotFound."""
    rules: str
    """"identity:{}_{}": operation and noun (singular; plural for list) go in."""
    create: Callable[[RequestContext, Session, Values], T] | None = None
    update: Callable[[RequestContext, Session, T, Values], T] | None = None
    delete: Callable[[RequestContext, Session, T], None] | None = None
    view: Callable[[Request, T], dict[str, Any]] = plain_view
    within: Callable[[Request], Groups] = everything
    """Which rows a list may show: groups of conditions, one of which must hold."""
    target: Callable[[Request, T | None, Mapping[str, Any]], dict[str, Any]] = plain_target
    prepare: Callable[[Request, Values], Values] | None = None
    """Completes the values of a create before policy is asked (the asker's project or domain)."""
    given: Callable[[Request, dict[str, Any]], dict[str, Any]] | None = None
    """What of a body's object counts, before validation (Keystone takes and ignores the identifier)."""
    change: str = "PUT"
    list_rule: str = "list"
    """The operation whose rule a list needs; "" when `within` is all there is to it (Neutron)."""
    hide: bool = False
    ignore: tuple[str, ...] = ()
    """Query parameters that are no filters."""
    order: Order = ()
    maximum: int | None = None
    links: Callable[[Request, Page[T]], dict[str, Any]] | None = None
    """What stands beside the list; default: <collection>_links when there are any."""

    def routes(self) -> list[Route]:
        """The routes of what this collection can do."""
        one = f"{self.path}/{{id}}"
        routes = [Route("GET", self.path, self.list_rows), Route("GET", one, self.show)]
        if self.create is not None:
            routes.append(Route("POST", self.path, self.make, status=201))
        if self.update is not None:
            routes.append(Route(self.change, one, self.alter))
        if self.delete is not None:
            routes.append(Route("DELETE", one, self.remove))
        return routes

    def list_rows(self, request: Request) -> dict[str, Any]:
        """GET path."""
        declaration = self.kind.DECLARATION
        if self.list_rule:
            rule = self.rules.format(self.list_rule, declaration.collection)
            request.service.policy.enforce(rule, request.context, self.target(request, None, {}))
        page = page_of(
            request,
            self.kind,
            within=self.within(request),
            ignore=self.ignore,
            order=self.order,
            maximum=self.maximum,
        )
        fields = request.query.get("fields", ())
        rows = [pick(self.view(request, row), fields) for row in page.rows]
        beside = self.links(request, page) if self.links is not None else self._links(request, page)
        return {declaration.collection: rows, **beside}

    def show(self, request: Request) -> dict[str, Any]:
        """GET path/{id}."""
        row = self._known(request)
        self._enforce("get", request, row, {})
        return self._one(request, row)

    def make(self, request: Request) -> dict[str, Any]:
        """POST path."""
        assert self.create is not None
        values = for_create(self.kind.DECLARATION, self._given(request), request.version)
        if self.prepare is not None:
            values = self.prepare(request, values)
        self._enforce("create", request, None, values)
        return self._one(request, self.create(request.context, request.session, values))

    def alter(self, request: Request) -> dict[str, Any]:
        """PUT or PATCH path/{id}."""
        assert self.update is not None
        row = self._known(request)
        values = for_update(self.kind.DECLARATION, self._given(request), request.version)
        self._enforce("update", request, row, values)
        return self._one(request, self.update(request.context, request.session, row, values))

    def remove(self, request: Request) -> None:
        """DELETE path/{id}."""
        assert self.delete is not None
        row = self._known(request)
        self._enforce("delete", request, row, {})
        self.delete(request.context, request.session, row)

    def _given(self, request: Request) -> dict[str, Any]:
        given = request.object(self.kind.DECLARATION.name)
        return given if self.given is None else self.given(request, given)

    def _known(self, request: Request) -> T:
        """The row of the path; hidden rows are not found."""
        identity = request.parameters["id"]
        row = self.load(request.session, identity)
        if self.hide:
            rule = self._rule("get")
            if not request.service.policy.allows(rule, request.context, self.target(request, row, {})):
                raise self._not_found(request, identity)
        return row

    def _not_found(self, request: Request, identity: str) -> NotFound:
        """What `load` says of an id that does not exist, said of one that does."""
        try:
            self.load(_Empty(request.session), identity)
        except NotFound as error:
            return error
        return NotFound()

    def _enforce(self, operation: str, request: Request, row: T | None, values: Values) -> None:
        policy = request.service.policy
        rule = self._rule(operation)
        target = self.target(request, row, values)
        policy.enforce(rule, request.context, target)
        for name in values:
            field = self.kind.DECLARATION.by_name.get(name)
            if field is not None and (own := f"{rule}:{field.wire}") in policy:
                policy.enforce(own, request.context, target)

    def _rule(self, operation: str) -> str:
        return self.rules.format(operation, self.kind.DECLARATION.name)

    def _one(self, request: Request, row: T) -> dict[str, Any]:
        shown = pick(self.view(request, row), request.query.get("fields", ()))
        return {self.kind.DECLARATION.name: shown}

    def _links(self, request: Request, page: Page[T]) -> dict[str, Any]:
        links = page_links(request, page)
        return {f"{self.kind.DECLARATION.collection}_links": links} if links else {}


class _Empty(Session):
    """A session in which nothing exists: what a load function says then is the service's NotFound."""

    def __init__(self, session: Session) -> None:
        self.changes = []

    def get(self, kind: type[T], *key: Any) -> T | None:
        """Nothing."""
        return None

    def select(self, kind: type[T], query: Any) -> list[T]:
        """Nothing."""
        return []
