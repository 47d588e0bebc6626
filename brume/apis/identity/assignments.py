"""GET /v3/role_assignments: who has which role on what, as given or as it works out (`effective`).

?user.id= &group.id= &role.id= &scope.project.id= &scope.domain.id= &scope.system=all
&scope.OS-INHERIT:inherited_to=projects &effective &include_names &include_subtree
"""

from __future__ import annotations

from typing import Any

from brume.apis.identity.views import list_links
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.errors import BadRequest
from brume.cloud.identity import assignments, projects, users
from brume.cloud.identity.assignments import SYSTEM, Effective
from brume.cloud.identity.resources import Assignment, Group, Project, Role, User

INHERITED = "scope.OS-INHERIT:inherited_to"


def list_assignments(request: Request) -> dict[str, Any]:
    """GET /v3/role_assignments."""
    _check_query(request)
    _enforce(request)
    if _flag(request, "effective"):
        entries = [_effective_entry(request, found) for found in _effective(request)]
    else:
        entries = [_entry(request, row) for row in _given(request)]
    if _flag(request, "include_names"):
        names = Names(request)
        for entry in entries:
            names.add(entry)
    return {"role_assignments": entries, **list_links(request)}


def _flag(request: Request, name: str) -> bool:
    """A query parameter that is there and not 0 or false."""
    return name in request.query and request.query[name][0].lower() not in ("0", "false")


def _check_query(request: Request) -> None:
    query = request.query
    if {"user.id", "group.id"} <= query.keys():
        raise BadRequest("Specify a user or group, not both")
    if len({"scope.project.id", "scope.domain.id", "scope.system"} & query.keys()) > 1:
        raise BadRequest("Specify a domain or project, not both")
    if _flag(request, "effective") and "group.id" in query:
        raise BadRequest("Combining effective and group filter will always result in an empty list.")
    if _flag(request, "include_subtree") and "scope.project.id" not in query:
        raise BadRequest("scope.project.id must be specified if include_subtree is also specified")


def _enforce(request: Request) -> None:
    target: dict[str, Any] = {}
    if request.context.domain_id is not None:
        target["target.domain_id"] = request.context.domain_id
    rule = "identity:list_role_assignments"
    if _flag(request, "include_subtree"):
        project = projects.load(request.session, request.query["scope.project.id"][0])
        target |= {"target.project.id": project.id, "target.project.domain_id": project.domain_id}
        rule = "identity:list_role_assignments_for_tree"
    request.service.policy.enforce(rule, request.context, target)


def _targets(request: Request) -> tuple[str, ...] | None:
    """The identifiers of the scope asked for; None for any."""
    query = request.query
    if "scope.project.id" in query:
        root = request.session.get(Project, query["scope.project.id"][0])
        if root is None:
            return ()
        below = projects.descendants(request.session, root) if _flag(request, "include_subtree") else []
        return (root.id, *(project.id for project in below))
    if "scope.domain.id" in query:
        return (query["scope.domain.id"][0],)
    return (SYSTEM,) if "scope.system" in query else None


def _given(request: Request) -> list[Assignment]:
    query = request.query
    equal: dict[str, Any] = {}
    targets = _targets(request)
    if targets is not None:
        equal["target_id"] = targets
    if "user.id" in query:
        equal |= {"actor_kind": "user", "actor_id": query["user.id"][0]}
    if "group.id" in query:
        equal |= {"actor_kind": "group", "actor_id": query["group.id"][0]}
    if "role.id" in query:
        equal["role_id"] = query["role.id"][0]
    if INHERITED in query:
        equal["inherited"] = True
    rows = request.session.find(Assignment, **equal)
    return [row for row in rows if _in_domain(request, row.target_kind, row.target_id)]


def _effective(request: Request) -> list[Effective]:
    session, query = request.session, request.query
    equal: dict[str, Any] = {}
    if "user.id" in query:
        user_id = query["user.id"][0]
        equal["actor_id"] = (user_id, *users.groups_of(session, user_id))
    if INHERITED in query:
        equal["inherited"] = True
    targets = _targets(request)
    role = request.first("role.id")
    user = request.first("user.id")
    return [
        found
        for found in assignments.effective(session, session.find(Assignment, **equal))
        if (targets is None or found.target.id in targets)
        and (role is None or found.role_id == role)
        and (user is None or found.user_id == user)
        and _in_domain(request, found.target.kind, found.target.id)
    ]


def _in_domain(request: Request, kind: str, target_id: str) -> bool:
    """A token scoped to a domain sees what is in it."""
    own = request.context.domain_id
    if own is None:
        return True
    if kind == "project":
        project = request.session.get(Project, target_id)
        return project is not None and project.domain_id == own
    return target_id == own


def _scope(kind: str, target_id: str) -> dict[str, Any]:
    return {"system": {"all": True}} if kind == SYSTEM else {kind: {"id": target_id}}


def _link(request: Request, row: Assignment) -> str:
    place = "system" if row.target_kind == SYSTEM else f"{row.target_kind}s/{row.target_id}"
    path = f"{place}/{row.actor_kind}s/{row.actor_id}/roles/{row.role_id}"
    if row.inherited:
        path = f"OS-INHERIT/{path}/inherited_to_projects"
    return f"{request.base}/v3/{path}"


def _entry(request: Request, row: Assignment) -> dict[str, Any]:
    scope = _scope(row.target_kind, row.target_id)
    if row.inherited:
        scope["OS-INHERIT:inherited_to"] = "projects"
    return {
        "role": {"id": row.role_id},
        row.actor_kind: {"id": row.actor_id},
        "scope": scope,
        "links": {"assignment": _link(request, row)},
    }


def _effective_entry(request: Request, found: Effective) -> dict[str, Any]:
    source = found.source
    links = {"assignment": _link(request, source)}
    if source.actor_kind == "group":
        links["membership"] = f"{request.base}/v3/groups/{source.actor_id}/users/{found.user_id}"
    if found.prior_role_id is not None:
        links["prior_role"] = f"{request.base}/v3/prior_role/{found.prior_role_id}/implies/{found.role_id}"
    scope = _scope(found.target.kind, found.target.id)
    if source.inherited:
        scope["OS-INHERIT:inherited_to"] = "projects"
    return {"role": {"id": found.role_id}, "user": {"id": found.user_id}, "scope": scope, "links": links}


class Names:
    """Names for identifiers, each read once."""

    def __init__(self, request: Request) -> None:
        session = request.session
        self._domains = {p.id: p.name for p in session.find(Project, is_domain=True)}
        self._projects = {p.id: p for p in session.find(Project, is_domain=False)}
        self._users = {u.id: u for u in session.find(User)}
        self._groups = {g.id: g for g in session.find(Group)}
        self._roles = {r.id: r for r in session.find(Role)}

    def add(self, entry: dict[str, Any]) -> None:
        """Put the names into an entry."""
        role = self._roles.get(entry["role"]["id"])
        if role is not None:
            entry["role"]["name"] = role.name
            if role.domain_id is not None:
                entry["role"]["domain"] = self._domain(role.domain_id)
        for kind, known in (("user", self._users), ("group", self._groups)):
            if kind in entry and (actor := known.get(entry[kind]["id"])) is not None:
                entry[kind] |= {"name": actor.name, "domain": self._domain(actor.domain_id)}
        scope = entry["scope"]
        if "project" in scope and (project := self._projects.get(scope["project"]["id"])) is not None:
            scope["project"] |= {"name": project.name, "domain": self._domain(project.domain_id or "")}
        if "domain" in scope:
            scope["domain"]["name"] = self._domains.get(scope["domain"]["id"])

    def _domain(self, domain_id: str) -> dict[str, Any]:
        return {"id": domain_id, "name": self._domains.get(domain_id)}


ROUTES = [Route("GET", "/v3/role_assignments", list_assignments)]
