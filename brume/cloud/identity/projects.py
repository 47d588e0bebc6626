"""Projects and domains: their tree, and what may be done to it.

A project's `parent_id` is its parent project, or its domain for one at the top. A domain must be disabled before it
is deleted, and takes everything in it along.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, Forbidden
from brume.cloud.identity.errors import (
    DomainNotFound,
    Immutable,
    ProjectNotFound,
    StoreConflict,
    ValidationError,
)
from brume.cloud.identity.resources import (
    ApplicationCredential,
    Assignment,
    Credential,
    Domain,
    Group,
    Membership,
    Project,
    Role,
    Trust,
    User,
)
from brume.cloud.store.session import Session
from brume.cloud.validation import Values

MAX_DEPTH = 5
"""keystone.conf's max_project_tree_depth, its default."""

DOMAIN_FIELDS = ("id", "name", "enabled", "description", "tags", "options", "extra")


def load(session: Session, project_id: str) -> Project:
    """A project or a domain."""
    project = session.get(Project, project_id)
    if project is None:
        raise ProjectNotFound(project_id=project_id)
    return project


def load_domain(session: Session, domain_id: str) -> Project:
    """A domain's row."""
    project = session.get(Project, domain_id)
    if project is None or not project.is_domain:
        raise DomainNotFound(domain_id=domain_id)
    return project


def as_domain(project: Project) -> Domain:
    """A domain's row as /v3/domains shows it."""
    return Domain(**{name: getattr(project, name) for name in DOMAIN_FIELDS})


def ancestors(session: Session, project: Project) -> Iterator[Project]:
    """The parents, nearest first, the domain last."""
    while project.parent_id is not None:
        parent = session.get(Project, project.parent_id)
        if parent is None:
            return
        yield parent
        project = parent


def descendants(session: Session, project: Project) -> list[Project]:
    """The subtree without its root, parents before children."""
    found: list[Project] = []
    layer = [project]
    while layer:
        layer = session.find(Project, parent_id=tuple(p.id for p in layer))
        found += layer
    return found


def create_project(context: RequestContext, session: Session, values: Values) -> Project:
    """Make a project; its domain is already in `values` unless it is a domain itself."""
    values = dict(values)
    if not values.get("parent_id"):
        values["parent_id"] = values.get("domain_id")
    if values.get("is_domain"):
        if values["parent_id"]:
            raise BadRequest("only root projects are allowed to act as domains.")
    else:
        _check_place(session, values)
    project = Project(id=values.pop("id", None) or context.new_hex(), **values)
    _check_name(session, project)
    return session.insert(project)


def _check_place(session: Session, values: Values) -> None:
    domain = load_domain(session, values["domain_id"])
    parent = load(session, values["parent_id"])
    if parent.is_domain and parent.id != domain.id:
        raise BadRequest(
            f"Cannot create project, the parent ({parent.id}) is acting as a domain, but this project's domain id "
            f"({domain.id}) does not match the parent's id."
        )
    if not parent.is_domain and parent.domain_id != domain.id:
        raise BadRequest(
            f"Cannot create project, since it specifies its domain_id {domain.id}, but specifies a parent in a "
            f"different domain ({parent.domain_id})."
        )
    line = [parent, *ancestors(session, parent)]
    for above in line:
        if not above.enabled:
            raise BadRequest(f"cannot create a project in a branch containing a disabled project: {above.id}")
    if len(line) > MAX_DEPTH:
        raise Forbidden(f"Max hierarchy depth reached for {parent.id} branch.")


def _check_name(session: Session, project: Project) -> None:
    others = session.find(Project, name=project.name, domain_id=project.domain_id)
    if all(other.id == project.id for other in others):
        return
    if project.is_domain:
        details = f"it is not permitted to have two projects acting as domains with the same name: {project.name}"
    else:
        details = (
            "it is not permitted to have two projects with either the same name or same id in the same domain: "
            f"name is {project.name}, project id {project.id}"
        )
    raise StoreConflict(type="project", details=details)


def update_project(context: RequestContext, session: Session, project: Project, values: Values) -> Project:
    """Change a project (or domain)."""
    check_immutable(project, "domain" if project.is_domain else "project", "update", values)
    if values.get("domain_id", project.domain_id) != project.domain_id:
        raise BadRequest("Cannot change Domain ID")
    if values.get("parent_id", project.parent_id) != project.parent_id:
        raise Forbidden("Update of `parent_id` is not allowed.")
    if values.get("is_domain", project.is_domain) != project.is_domain:
        raise BadRequest("Update of `is_domain` is not allowed.")
    if "enabled" in values:
        _check_enabling(session, project, values["enabled"])
    values = merged(project, values)
    if "name" in values:
        _check_name(session, Project(id=project.id, name=values["name"], domain_id=project.domain_id))
    return session.update(project, **values)


def _check_enabling(session: Session, project: Project, wanted: bool) -> None:
    if project.is_domain or wanted == project.enabled:
        return
    if wanted and not all(above.enabled for above in ancestors(session, project)):
        raise Forbidden(f"Cannot enable project {project.id} since it has disabled parents")
    if not wanted and any(below.enabled for below in descendants(session, project)):
        raise Forbidden(f"Cannot disable project {project.id} since its subtree contains enabled projects.")


def delete_project(context: RequestContext, session: Session, project: Project) -> None:
    """Remove a project; one with children stays. A domain goes as `delete_domain` says."""
    if project.is_domain:
        delete_domain(context, session, project)
        return
    check_immutable(project, "project", "delete")
    if session.first(Project, parent_id=project.id) is not None:
        raise Forbidden(f"Cannot delete the project {project.id} since it is not a leaf in the hierarchy.")
    _delete_with_assignments(session, project)


def _delete_with_assignments(session: Session, project: Project) -> None:
    session.delete_all(session.find(Assignment, target_kind=("project", "domain"), target_id=project.id))
    session.delete_all(session.find(ApplicationCredential, project_id=project.id))
    session.delete_all(session.find(Credential, project_id=project.id))
    session.delete_all(session.find(Trust, project_id=project.id))
    for user in session.find(User, default_project_id=project.id):
        session.update(user, default_project_id=None)
    session.delete(project)


def create_domain(context: RequestContext, session: Session, values: Values) -> Domain:
    """Make a domain."""
    values = dict(values)
    identity = values.pop("explicit_domain_id", None)
    if identity is not None and not (len(identity) == 32 and set(identity) <= set("0123456789abcdef")):
        raise BadRequest("Domain ID does not conform to required UUID format.")
    if identity is not None and session.get(Project, identity) is not None:
        raise StoreConflict(type="domain", details=f"the identifier {identity} is taken")
    project = Project(id=identity or context.new_hex(), is_domain=True, **values)
    _check_name(session, project)
    return as_domain(session.insert(project))


def update_domain(context: RequestContext, session: Session, project: Project, values: Values) -> Domain:
    """Change a domain."""
    return as_domain(update_project(context, session, project, values))


def delete_domain(context: RequestContext, session: Session, domain: Project) -> None:
    """Remove a disabled domain and everything in it."""
    check_immutable(domain, "domain", "delete")
    if domain.enabled:
        raise Forbidden("Cannot delete a domain that is enabled, please disable it first.")
    from brume.cloud.identity.roles import delete_role
    from brume.cloud.identity.users import delete_user

    for user in session.find(User, domain_id=domain.id):
        delete_user(context, session, user)
    for group in session.find(Group, domain_id=domain.id):
        session.delete_all(session.find(Assignment, actor_kind="group", actor_id=group.id))
        session.delete_all(session.find(Membership, group_id=group.id))
        session.delete(group)
    for role in session.find(Role, domain_id=domain.id):
        delete_role(context, session, role)
    for project in reversed(descendants(session, domain)):
        _delete_with_assignments(session, project)
    _delete_with_assignments(session, domain)


def check_immutable(row: Project | Role, kind: str, operation: str, values: Values | None = None) -> None:
    """Resource option `immutable`: only the option itself may change (and back to false)."""
    if row.options.get("immutable") is not True:
        return
    if values is not None and set(values) == {"options"} and "immutable" in values["options"]:
        return
    raise Immutable(operation=operation, type=kind, resource_id=row.id)


def merged(row: Project | User | Group | Role, values: Values) -> Values:
    """Values with unknown attributes and options laid over those the row has; an option of null goes away."""
    result = dict(values)
    if "extra" in result:
        result["extra"] = {**row.extra, **result["extra"]}
    if "options" in result and not isinstance(row, Group):
        options = {**row.options, **result["options"]}
        result["options"] = {name: value for name, value in options.items() if value is not None}
    return result


def find_project(session: Session, given: Values, target: str = "project") -> Project | None:
    """The enabled project that a scope names: by id, or by name and domain; None when there is none."""
    if "id" in given:
        project = session.get(Project, str(given["id"]))
        domain = session.get(Project, project.domain_id) if project is not None and project.domain_id else None
    else:
        if "domain" not in given or not isinstance(given["domain"], dict):
            raise ValidationError(attribute="domain", target=target)
        domain = find_domain(session, given["domain"])
        if domain is None:
            return None
        project = session.first(Project, name=str(given.get("name", "")), domain_id=domain.id)
    usable = project is not None and project.enabled and domain is not None and domain.enabled
    return project if usable else None


def find_domain(session: Session, given: Values) -> Project | None:
    """The enabled domain named by id or name; None when there is none."""
    if "id" not in given and "name" not in given:
        raise ValidationError(attribute="id or name", target="domain")
    if "id" in given:
        domain = session.get(Project, str(given["id"]))
    else:
        domain = session.first(Project, name=str(given["name"]), is_domain=True)
    return domain if domain is not None and domain.is_domain and domain.enabled else None
