"""Giving and taking roles: /v3/{projects,domains}/{id}/{users,groups}/{id}/roles, the same inherited, and the system.

The routes differ in three words only, so they are made in a loop: target, actor, inherited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from brume.apis.identity.views import linked, list_links
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.identity import assignments, projects, roles, users
from brume.cloud.identity.assignments import SYSTEM, Target
from brume.cloud.identity.resources import Assignment, Project, User


class Grants(msgspec.Struct, frozen=True):
    """The handlers of one kind of path."""

    target: str
    """"project", "domain" or "system"."""
    actor: str
    """"user" or "group"."""
    inherited: bool = False

    def routes(self) -> Iterator[Route]:
        """List, give, check, take."""
        place = "/v3/system" if self.target == SYSTEM else f"/v3/{self.target}s/{{target_id}}"
        if self.inherited:
            place = place.replace("/v3/", "/v3/OS-INHERIT/")
        end = "/inherited_to_projects" if self.inherited else ""
        path = f"{place}/{self.actor}s/{{actor_id}}/roles"
        yield Route("GET", path + end, self.list_roles)
        yield Route("PUT", f"{path}/{{role_id}}{end}", self.give)
        yield Route("GET", f"{path}/{{role_id}}{end}", self.check)
        yield Route("DELETE", f"{path}/{{role_id}}{end}", self.take)

    def list_roles(self, request: Request) -> dict[str, Any]:
        """GET .../roles."""
        self._enforce(request, "list", "s", strict=True)
        target = Target(self.target, request.parameters.get("target_id", SYSTEM))
        actor_id = request.parameters["actor_id"]
        found = assignments.granted(request.session, self.actor, actor_id, target, self.inherited)
        return {"roles": [linked(request, role) for role in found], **list_links(request)}

    def give(self, request: Request) -> None:
        """PUT .../roles/{role_id}."""
        self._enforce(request, "create", "", strict=True)
        assignments.grant(request.session, self._row(request))

    def check(self, request: Request) -> None:
        """GET .../roles/{role_id}: 204 or 404."""
        self._enforce(request, "check", "", strict=True)
        assignments.check(request.session, self._row(request))

    def take(self, request: Request) -> None:
        """DELETE .../roles/{role_id}; the actor may be gone already."""
        self._enforce(request, "revoke", "", strict=False)
        assignments.revoke(request.session, self._row(request))

    def _row(self, request: Request) -> Assignment:
        return Assignment(
            actor_kind=self.actor,
            actor_id=request.parameters["actor_id"],
            target_kind=self.target,
            target_id=request.parameters.get("target_id", SYSTEM),
            role_id=request.parameters["role_id"],
            inherited=self.inherited,
        )

    def _enforce(self, request: Request, operation: str, plural: str, *, strict: bool) -> None:
        """Ask policy, with actor, target and role as they are; what does not exist is 404 (unless not `strict`)."""
        session = request.session
        values: dict[str, Any] = {}
        actor_id = request.parameters["actor_id"]
        if self.actor == "user":
            user = users.load(session, actor_id) if strict else session.get(User, actor_id)
            values["target.user.domain_id"] = user.domain_id if user is not None else None
        else:
            values["target.group.domain_id"] = users.load_group(session, actor_id).domain_id
        if self.target == SYSTEM:
            request.service.policy.enforce(f"identity:{operation}_system_grant{plural}", request.context, values)
            return
        place = self._place(request)
        values |= {"target.project.domain_id": place.domain_id} if self.target == "project" else {}
        values |= {"target.domain.id": place.id} if self.target == "domain" else {}
        if "role_id" in request.parameters:
            role = roles.load(session, request.parameters["role_id"])
            values |= {"target.role.domain_id": role.domain_id, "target.role.name": role.name}
        request.service.policy.enforce(f"identity:{operation}_grant{plural}", request.context, values)

    def _place(self, request: Request) -> Project:
        load = projects.load if self.target == "project" else projects.load_domain
        return load(request.session, request.parameters["target_id"])


ROUTES = [
    route
    for actor in ("user", "group")
    for grants in (
        Grants("project", actor),
        Grants("domain", actor),
        Grants(SYSTEM, actor),
        Grants("project", actor, True),
        Grants("domain", actor, True),
    )
    for route in grants.routes()
]
