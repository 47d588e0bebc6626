"""Projects, domains and tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brume.apis.identity.views import (
    body,
    linked,
    list_links,
    own_domain,
    project_target,
    project_view,
    target,
    within_domain,
)
from brume.apis.rest.collection import Collection
from brume.apis.rest.lists import page_of
from brume.apis.rest.messages import Request, Response
from brume.apis.rest.routes import Route
from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest
from brume.cloud.identity import projects
from brume.cloud.identity.checks import TAGS_AT_MOST, tag, tag_list
from brume.cloud.identity.errors import TagNotFound
from brume.cloud.identity.resources import Domain, Project
from brume.cloud.store.session import Session
from brume.cloud.validation import Values

TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")


def _prepare(request: Request, values: Values) -> Values:
    """The domain of a new project: its own, its parent's, the asker's; a new domain has none."""
    if values.get("is_domain"):
        return values
    parent = request.session.get(Project, values["parent_id"]) if values.get("parent_id") else None
    if values.get("domain_id") is None and parent is not None:
        return {**values, "domain_id": parent.id if parent.is_domain else parent.domain_id}
    return own_domain(request, values)


def _within(request: Request) -> tuple[dict[str, Any], ...]:
    """Domains are listed as projects only when asked for."""
    wanted = (request.first("is_domain") or "").lower() in ("true", "1", "yes", "")
    is_domain = "is_domain" in request.query and wanted
    return tuple({**group, "is_domain": is_domain} for group in within_domain(request))


PROJECTS = Collection(
    kind=Project,
    path="/v3/projects",
    rules="identity:{}_{}",
    given=body,
    change="PATCH",
    load=projects.load,
    create=projects.create_project,
    update=projects.update_project,
    delete=projects.delete_project,
    view=project_view,
    within=_within,
    target=project_target,
    prepare=_prepare,
    ignore=(*TAG_FILTERS, "is_domain"),
    order=(("name", True),),
    links=list_links,
)


def list_projects(request: Request) -> dict[str, Any]:
    """GET /v3/projects, with the filters on tags."""
    answer = PROJECTS.list_rows(request)
    wanted = {name: set(request.query[name][0].split(",")) for name in TAG_FILTERS if name in request.query}
    if wanted:
        answer["projects"] = [p for p in answer["projects"] if _tagged(set(p["tags"]), wanted)]
    return answer


def _tagged(tags: set[str], wanted: Mapping[str, set[str]]) -> bool:
    none: set[str] = set()
    return (
        wanted.get("tags", none) <= tags
        and ("tags-any" not in wanted or bool(wanted["tags-any"] & tags))
        and ("not-tags" not in wanted or not wanted["not-tags"] <= tags)
        and not (wanted.get("not-tags-any", none) & tags)
    )


def show_project(request: Request) -> dict[str, Any]:
    """GET /v3/projects/{id}, with its parents and subtree when asked for."""
    answer = PROJECTS.show(request)
    session = request.session
    project = projects.load(session, request.parameters["id"])
    shown = answer["project"]
    query = request.query
    if {"parents_as_list", "parents_as_ids"} <= query.keys():
        raise BadRequest("Cannot use parents_as_list and parents_as_ids query params at the same time.")
    if {"subtree_as_list", "subtree_as_ids"} <= query.keys():
        raise BadRequest("Cannot use subtree_as_list and subtree_as_ids query params at the same time.")
    above = [p for p in projects.ancestors(session, project) if not p.is_domain]
    if "parents_as_list" in query:
        shown["parents"] = [{"project": project_view(request, p)} for p in above]
    if "parents_as_ids" in query:
        nested: dict[str, Any] | None = None
        for parent in reversed(list(projects.ancestors(session, project))):
            nested = {parent.id: nested}
        shown["parents"] = nested
    if "subtree_as_list" in query:
        below = projects.descendants(session, project)
        shown["subtree"] = [{"project": project_view(request, p)} for p in below]
    if "subtree_as_ids" in query:
        shown["subtree"] = _tree(project.id, projects.descendants(session, project))
    return answer


def _tree(root: str, below: list[Project]) -> dict[str, Any] | None:
    children = [project.id for project in below if project.parent_id == root]
    return {child: _tree(child, below) for child in children} or None


# -- domains


def _load_domain(session: Session, domain_id: str) -> Domain:
    return projects.as_domain(projects.load_domain(session, domain_id))


def _update_domain(context: RequestContext, session: Session, domain: Domain, values: Values) -> Domain:
    return projects.update_domain(context, session, projects.load_domain(session, domain.id), values)


def _delete_domain(context: RequestContext, session: Session, domain: Domain) -> None:
    projects.delete_domain(context, session, projects.load_domain(session, domain.id))


def _domain_target(request: Request, row: Domain | None, values: Mapping[str, Any]) -> dict[str, Any]:
    return target(request, row, values, "domain")


DOMAINS = Collection(
    kind=Domain,
    path="/v3/domains",
    rules="identity:{}_{}",
    given=body,
    change="PATCH",
    load=_load_domain,
    create=projects.create_domain,
    update=_update_domain,
    delete=_delete_domain,
    view=linked,
    target=_domain_target,
)


def list_domains(request: Request) -> dict[str, Any]:
    """GET /v3/domains: the projects that act as domains; a domain's reader sees its own."""
    request.service.policy.enforce("identity:list_domains", request.context, {})
    own = request.context.domain_id
    group = {"is_domain": True} | ({"id": own} if own is not None else {})
    page = page_of(request, Project, within=(group,), order=(("name", True),))
    rows = [linked(request, projects.as_domain(row)) for row in page.rows]
    return {"domains": rows, **list_links(request, page)}


# -- tags


def _tags_of(request: Request, rule: str) -> Project:
    project = projects.load(request.session, request.parameters["id"])
    request.service.policy.enforce(f"identity:{rule}", request.context, project_target(request, project, {}))
    return project


def list_tags(request: Request) -> dict[str, Any]:
    """GET /v3/projects/{id}/tags."""
    return {"tags": list(_tags_of(request, "list_project_tags").tags), **list_links(request)}


def replace_tags(request: Request) -> dict[str, Any]:
    """PUT /v3/projects/{id}/tags."""
    project = _tags_of(request, "update_project_tags")
    body = request.object()
    if set(body) != {"tags"}:
        raise BadRequest("'tags' is a required property")
    return {"tags": list(_set_tags(request, project, _checked(tag_list, body["tags"])).tags), **list_links(request)}


def clear_tags(request: Request) -> None:
    """DELETE /v3/projects/{id}/tags."""
    _set_tags(request, _tags_of(request, "delete_project_tags"), ())


def check_tag(request: Request) -> None:
    """GET /v3/projects/{id}/tags/{tag}: 204 or 404."""
    _known_tag(request, _tags_of(request, "get_project_tag"))


def add_tag(request: Request) -> Response:
    """PUT /v3/projects/{id}/tags/{tag}."""
    project = _tags_of(request, "create_project_tag")
    name = _checked(tag, request.parameters["tag"])
    tags = project.tags if name in project.tags else (*project.tags, name)
    if len(tags) > TAGS_AT_MOST:
        raise BadRequest("the list of tags is too long")
    _set_tags(request, project, tags)
    location = f"{request.base}{request.path}"
    return Response(201, headers={"location": location})


def remove_tag(request: Request) -> None:
    """DELETE /v3/projects/{id}/tags/{tag}."""
    project = _tags_of(request, "delete_project_tag")
    name = _known_tag(request, project)
    _set_tags(request, project, tuple(each for each in project.tags if each != name))


def _known_tag(request: Request, project: Project) -> str:
    name = request.parameters["tag"]
    if name not in project.tags:
        raise TagNotFound(project_tag=name)
    return name


def _set_tags(request: Request, project: Project, tags: tuple[str, ...]) -> Project:
    return projects.update_project(request.context, request.session, project, {"tags": tags})


def _checked(check: Any, value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise BadRequest(f"Invalid input for field 'tags': {error}") from None


SPECIAL = {("GET", "/v3/projects"), ("GET", "/v3/projects/{id}"), ("GET", "/v3/domains")}
ROUTES = [
    *(r for r in (*PROJECTS.routes(), *DOMAINS.routes()) if (r.method, r.path) not in SPECIAL),
    Route("GET", "/v3/projects", list_projects),
    Route("GET", "/v3/projects/{id}", show_project),
    Route("GET", "/v3/domains", list_domains),
    Route("GET", "/v3/projects/{id}/tags", list_tags),
    Route("PUT", "/v3/projects/{id}/tags", replace_tags),
    Route("DELETE", "/v3/projects/{id}/tags", clear_tags),
    Route("GET", "/v3/projects/{id}/tags/{tag}", check_tag),
    Route("PUT", "/v3/projects/{id}/tags/{tag}", add_tag),
    Route("DELETE", "/v3/projects/{id}/tags/{tag}", remove_tag),
]
