"""A noun: one of Neutron's collections, and the routes that all of them have.

    POST   /v2.0/ports          {"port": {...}} or {"ports": [{...}, ...]}: all or none
    GET    /v2.0/ports          filters, sort_key, sort_dir, limit, marker, page_reverse, fields
    GET    /v2.0/ports/{id}     404 also for what the asker may not see
    PUT    /v2.0/ports/{id}     with If-Match: revision_number=3 only if that is still true
    DELETE /v2.0/ports/{id}

A noun is data: the functions of `brume.cloud.network` that make, change and delete its rows, the view, and what of it
an asker may see. Nothing here knows a particular noun.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from brume.apis.network import access
from brume.apis.network.views import EMPTY, Json, shown
from brume.apis.rest.lists import Page, page_of, pick
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.context import RequestContext
from brume.cloud.network.errors import HTTPBadRequest, InvalidInput, RevisionNumberConstraintFailed
from brume.cloud.network.records import Values
from brume.cloud.network.resources.standard import Standard
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session
from brume.cloud.validation import for_create, for_update

T = TypeVar("T", bound=Standard)
Groups = Sequence[Mapping[str, Any]]
Narrow = Callable[[Request, Sequence[str]], set[str]]
"""Turns the values of a filter that is no column into the identities of the rows that have it."""

PRECONDITION = re.compile(r"revision_number=(\d+)\Z")


def own_project(request: Request) -> Groups:
    """A tenant sees what is his; an administrator everything; who is in no project, nothing: the rows of no project
    are the cloud's own (gateways, the ports of floating IPs)."""
    if request.context.is_admin:
        return ({},)
    return ({"project_id": request.context.project_id},) if request.context.project_id else ()


class Noun(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One collection."""

    kind: type[T]
    settings: NetworkSettings
    path: str
    load: Callable[[Session, str], T]
    create: Callable[[RequestContext, Session, NetworkSettings, Sequence[Values]], list[T]]
    """Makes them all, or raises."""
    update: Callable[[RequestContext, Session, NetworkSettings, T, Values], T]
    delete: Callable[[RequestContext, Session, NetworkSettings, T], None]
    views: Callable[[Request, NetworkSettings, Sequence[T]], list[Json]]
    within: Callable[[Request], Groups] = own_project
    target: Callable[[Request, Json], Json] = lambda request, value: value
    """Adds to a policy target what only other rows know."""
    filters: Mapping[str, Narrow] = {}
    ensure: Callable[[Request], None] | None = None
    """Called before a list is made."""

    @property
    def singular(self) -> str:
        return self.kind.DECLARATION.name

    @property
    def plural(self) -> str:
        return self.kind.DECLARATION.collection

    def routes(self) -> list[Route]:
        """The routes of this noun."""
        one = f"{self.path}/{{id}}"
        return [
            Route("GET", self.path, self.list_rows),
            Route("POST", self.path, self.make, status=201),
            Route("GET", one, self.show),
            Route("PUT", one, self.alter),
            Route("DELETE", one, self.remove),
            Route("PUT", self.path, self.nothing),
            Route("DELETE", self.path, self.nothing),
        ]

    # -- handlers

    def list_rows(self, request: Request) -> Json:
        """GET path."""
        if self.ensure is not None:
            self.ensure(request)
        _old_owner(request)
        within = [*self.within(request)]
        for name, narrow in self.filters.items():
            if name in request.query:
                within = _narrowed(within, narrow(request, request.query[name]))
        page = page_of(request, self.kind, within=within, ignore=tuple(self.filters)) if within else Page([])
        fields = request.query.get("fields", ())
        rows = [pick(value, fields) for value in self.shown(request, page.rows)]
        links = _links(request, page)
        return {self.plural: rows, **({f"{self.plural}_links": links} if links else {})}

    def show(self, request: Request) -> Json:
        """GET path/{id}."""
        return self.one(request, self.visible(request))

    def make(self, request: Request) -> Json:
        """POST path."""
        body = request.json()
        many = body.get(self.plural) if isinstance(body, dict) and self.singular not in body else None
        if many is None:
            values = self._wish(request, request.object(self.singular))
            return self.one(request, self._created(request, [values])[0])
        if not isinstance(many, list) or not many or not all(isinstance(item, dict) for item in many):
            raise HTTPBadRequest("Resources required")
        rows = self._created(request, [self._wish(request, item) for item in many])
        return {self.plural: self.shown(request, rows)}

    def alter(self, request: Request) -> Json:
        """PUT path/{id}."""
        row = self.visible(request)
        given = _known_attributes(self.singular, request.object(self.singular))
        values = for_update(self.kind.DECLARATION, given)
        target = {**self.target_of(request, row), **_wire(self, values)}
        access.enforce_attributes(request, f"update_{self.singular}", self.kind.DECLARATION, values, target)
        check_revision(request, row)
        return self.one(request, self.update(request.context, request.session, self.settings, row, values))

    def remove(self, request: Request) -> None:
        """DELETE path/{id}."""
        row = self.visible(request)
        access.enforce(request, f"delete_{self.singular}", self.target_of(request, row))
        check_revision(request, row)
        self.delete(request.context, request.session, self.settings, row)

    def nothing(self, request: Request) -> None:
        """PUT and DELETE of the collection: Neutron looks for the one without an identity."""
        self.load(request.session, "None")

    # -- parts

    def visible(self, request: Request) -> T:
        """The row of the path, if the asker may know of it."""
        row = self.load(request.session, request.parameters["id"])
        rule = f"get_{self.singular}"
        if not request.service.policy.allows(rule, request.context, self.target_of(request, row)):
            self.load(_Nothing(), request.parameters["id"])
        return row

    def shown(self, request: Request, rows: Sequence[T]) -> list[Json]:
        """The rows as this asker sees them."""
        values = self.views(request, self.settings, rows)
        secret = access.hidden(request, self.singular)
        if not secret:
            return values
        return [{name: value for name, value in one.items() if name not in secret} for one in values]

    def one(self, request: Request, row: T) -> Json:
        """An answer about one row."""
        return {self.singular: pick(self.shown(request, [row])[0], request.query.get("fields", ()))}

    def _created(self, request: Request, wishes: Sequence[Values]) -> list[T]:
        return self.create(request.context, request.session, self.settings, wishes)

    def _wish(self, request: Request, given: Mapping[str, Any]) -> Values:
        """The values of one new row, allowed."""
        values = for_create(self.kind.DECLARATION, _known_attributes(self.singular, given))
        values["project_id"] = _owner(request, given)
        target = self.target(request, _wire(self, values))
        access.enforce_attributes(request, f"create_{self.singular}", self.kind.DECLARATION, values, target)
        return values

    def target_of(self, request: Request, row: T) -> Json:
        """The policy target that a row is."""
        target = shown(row)
        rule = f"get_{self.singular}"
        if request.context.is_admin and request.service.policy.allows(rule, request.context, target):
            return target
        return self.target(request, target)


def check_revision(request: Request, row: Standard) -> None:
    """If-Match: only if the row is as the asker knows it."""
    text = request.headers.get("if-match")
    if text is None:
        return
    found = PRECONDITION.match(text)
    if found is None:
        raise HTTPBadRequest(f"Invalid If-Match header: {text}")
    if int(found.group(1)) != row.revision_number:
        raise RevisionNumberConstraintFailed(expected=found.group(1), current=row.revision_number)


def _links(request: Request, page: Page[Any]) -> list[Json]:
    """Links as Neutron gives them: a full page has both neighbours, whether there is something or not."""
    if page.limit is None or not page.rows:
        return []
    backwards = request.first("page_reverse") in ("True", "true", "1")
    full = len(page.rows) == page.limit
    asked = [(n, v) for n, texts in request.query.items() if n not in ("marker", "page_reverse") for v in texts]
    base = f"{request.base}{request.path}"
    links = []
    if full or backwards:
        query = urlencode([*asked, ("marker", page.rows[-1].id)])
        links.append({"rel": "next", "href": f"{base}?{query}"})
    if full or not backwards:
        query = urlencode([*asked, ("marker", page.rows[0].id), ("page_reverse", "True")])
        links.append({"rel": "previous", "href": f"{base}?{query}"})
    return links


def _wire(noun: Noun[Any], values: Values) -> Json:
    """Values by the names rules use."""
    fields = noun.kind.DECLARATION.by_name
    result = {fields[name].wire: value for name, value in values.items()}
    if "project_id" in result:
        result["tenant_id"] = result["project_id"]
    return result


def _known_attributes(singular: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Without the owner's old name, and without attributes of left-out features that ask for nothing."""
    empty = EMPTY[singular]
    result = {}
    for name, value in given.items():
        if name == "tenant_id" or (name in empty and (value is None or value == empty[name])):
            continue
        if name in empty:
            raise InvalidInput(error_message=f"{name} is not supported by this cloud")
        result[name] = value
    return result


def _owner(request: Request, given: Mapping[str, Any]) -> str:
    """The project a new row belongs to."""
    wanted = given.get("project_id", given.get("tenant_id"))
    if wanted is not None and given.get("tenant_id", wanted) != wanted:
        raise HTTPBadRequest("'project_id' and 'tenant_id' do not match")
    own = request.context.project_id
    if wanted is None:
        return own or ""
    if wanted != own and not request.context.is_admin:
        raise HTTPBadRequest(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires "
            "admin privileges"
        )
    return str(wanted)


def _old_owner(request: Request) -> None:
    """A filter by the owner's old name is one by the owner."""
    if "tenant_id" in request.query:
        request.query["project_id"] = request.query.pop("tenant_id")


def _narrowed(within: Sequence[Mapping[str, Any]], identities: set[str]) -> list[Mapping[str, Any]]:
    result: list[Mapping[str, Any]] = []
    for group in within:
        present = group.get("id")
        left = identities if present is None else identities.intersection(present)
        if left:
            result.append({**group, "id": tuple(left)})
    return result


class _Nothing(Session):
    """A session in which nothing exists: what a load function says then is the service's own NotFound."""

    def __init__(self) -> None:
        self.changes = []

    def get(self, kind: type[Any], *key: Any) -> None:
        """Nothing."""
        return
