"""The first rows of a fresh cloud: what `keystone-manage bootstrap` makes, and a project to play in.

    domain    default ("Default")
    projects  admin, service, demo
    roles     admin implies manager implies member implies reader; service
    users     admin: admin on the project admin and on the system; demo: member of the project demo
    catalog   one region; each service with a public, an internal and an admin endpoint under one base URL

Safe to run at each start: what is there is left alone, but for the endpoints' URLs, which follow `base_url`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from brume.cloud.context import RequestContext, system_context
from brume.cloud.identity import assignments, catalog, projects, roles, users
from brume.cloud.identity.assignments import SYSTEM
from brume.cloud.identity.resources import Assignment, CatalogService, Endpoint, Project, Region, Role, User
from brume.cloud.store.engine import Store
from brume.cloud.store.session import Session

DEFAULT_DOMAIN = "default"
ROLES = ("admin", "manager", "member", "reader", "service")
IMPLIED = (("admin", "manager"), ("manager", "member"), ("member", "reader"))
PROJECTS = {
    "admin": "The administrators' project.",
    "service": "The services' project.",
    "demo": "A project to play in.",
}
USERS = {"admin": ("admin", "admin"), "demo": ("demo", "member")}
"""User -> its project and its role there."""


class Entry(NamedTuple):
    """A service of the catalog."""

    type: str
    name: str
    path: str


CATALOG: tuple[Entry, ...] = (
    Entry("identity", "keystone", "/identity"),
    Entry("network", "neutron", "/network"),
    Entry("compute", "nova", "/compute/v2.1"),
    Entry("image", "glance", "/image"),
    Entry("placement", "placement", "/placement"),
)
"""Paths as in DevStack, where all services share a port."""


def bootstrap(
    store: Store,
    passwords: Mapping[str, str],
    *,
    region: str,
    base_url: str,
    now: float,
    entries: Sequence[Entry] = CATALOG,
) -> None:
    """Make what is missing. `passwords`: of "admin" and "demo", used for a user that is made now."""
    context = system_context(now, request_id="req-bootstrap")
    with store.write(context) as session:
        if session.get(Project, DEFAULT_DOMAIN) is None:
            session.insert(Project(id=DEFAULT_DOMAIN, name="Default", is_domain=True, description="The default domain"))
        held = _roles(context, session)
        places = _projects(context, session)
        for name, (project, role) in USERS.items():
            _user(context, session, name, passwords, places[project], held[role])
        admin = session.first(User, name="admin", domain_id=DEFAULT_DOMAIN)
        if admin is not None:
            _grant(session, admin, SYSTEM, SYSTEM, held["admin"])
        _catalog(context, session, region, base_url.rstrip("/"), entries)


def _roles(context: RequestContext, session: Session) -> dict[str, Role]:
    found = {}
    for name in ROLES:
        present = session.first(Role, name=name, domain_id=None)
        found[name] = present or roles.create_role(context, session, {"name": name})
    for prior, implied in IMPLIED:
        roles.imply(session, found[prior], found[implied])
    return found


def _projects(context: RequestContext, session: Session) -> dict[str, Project]:
    found = {}
    for name, description in PROJECTS.items():
        present = session.first(Project, name=name, domain_id=DEFAULT_DOMAIN)
        values = {"name": name, "domain_id": DEFAULT_DOMAIN, "description": description}
        found[name] = present or projects.create_project(context, session, values)
    return found


def _user(
    context: RequestContext,
    session: Session,
    name: str,
    passwords: Mapping[str, str],
    project: Project,
    role: Role,
) -> None:
    if session.first(User, name=name, domain_id=DEFAULT_DOMAIN) is not None or name not in passwords:
        return
    values = {"name": name, "domain_id": DEFAULT_DOMAIN, "extra": {"password": passwords[name]}}
    user = users.create_user(context, session, values)
    _grant(session, user, "project", project.id, role)


def _grant(session: Session, user: User, kind: str, target_id: str, role: Role) -> None:
    row = Assignment(actor_kind="user", actor_id=user.id, target_kind=kind, target_id=target_id, role_id=role.id)
    assignments.grant(session, row)


def _catalog(context: RequestContext, session: Session, region: str, base_url: str, entries: Sequence[Entry]) -> None:
    if session.get(Region, region) is None:
        session.insert(Region(id=region))
    for entry in entries:
        service = session.first(CatalogService, type=entry.type) or catalog.create_service(
            context, session, {"type": entry.type, "name": entry.name}
        )
        for interface in catalog.INTERFACES:
            url = base_url + entry.path
            endpoint = session.first(Endpoint, service_id=service.id, interface=interface, region_id=region)
            if endpoint is not None:
                session.update(endpoint, url=url)
                continue
            values = {"service_id": service.id, "interface": interface, "url": url, "region_id": region}
            catalog.create_endpoint(context, session, values)
