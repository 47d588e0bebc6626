"""Flavors: sizes of servers, their extra specs, and who may use one that is not public."""

from __future__ import annotations

from collections.abc import Mapping

from brume.cloud.compute.resources import Flavor
from brume.cloud.context import RequestContext
from brume.cloud.errors import Conflict, NotFound
from brume.cloud.store.session import Session
from brume.cloud.validation import Values

DEFAULTS = (
    ("1", "m1.tiny", 512, 1, 1),
    ("2", "m1.small", 2048, 1, 20),
    ("3", "m1.medium", 4096, 2, 40),
    ("4", "m1.large", 8192, 4, 80),
)
"""id, name, MiB, vCPUs, GiB: the flavors DevStack makes."""


class FlavorNotFound(NotFound):
    template = "Flavor {flavor_id} could not be found."


class FlavorExists(Conflict):
    template = "Flavor with name {name} already exists."


class FlavorIdExists(Conflict):
    template = "Flavor with ID {flavor_id} already exists."


class ExtraSpecNotFound(NotFound):
    template = "Flavor {flavor_id} has no extra specs with key {key}."


def visible(context: RequestContext, flavor: Flavor) -> bool:
    """Whether the asker may use it."""
    return flavor.is_public or context.is_admin or context.project_id in flavor.projects


def get_flavor(context: RequestContext, session: Session, flavor_id: str) -> Flavor:
    """A flavor by id; raises FlavorNotFound."""
    flavor = session.get(Flavor, flavor_id)
    if flavor is None or not visible(context, flavor):
        raise FlavorNotFound(flavor_id=flavor_id)
    return flavor


def create_flavor(context: RequestContext, session: Session, values: Values) -> Flavor:
    """Make a flavor; an id of "auto" or None is generated."""
    flavor_id = values.pop("id", None)
    if flavor_id in (None, "auto"):
        flavor_id = context.new_id()
    if session.first(Flavor, name=values["name"]):
        raise FlavorExists(name=values["name"])
    if session.get(Flavor, flavor_id):
        raise FlavorIdExists(flavor_id=flavor_id)
    return session.insert(Flavor(id=flavor_id, **values))


def create_defaults(session: Session) -> None:
    """The flavors a new cloud has."""
    for flavor_id, name, ram, vcpus, disk in DEFAULTS:
        session.insert(Flavor(id=flavor_id, name=name, ram=ram, vcpus=vcpus, disk=disk))


def set_extra_specs(session: Session, flavor: Flavor, specs: Mapping[str, str]) -> Flavor:
    """Add or change extra specs."""
    return session.update(flavor, extra_specs={**flavor.extra_specs, **specs})


def delete_extra_spec(session: Session, flavor: Flavor, key: str) -> Flavor:
    """Remove an extra spec; raises ExtraSpecNotFound."""
    if key not in flavor.extra_specs:
        raise ExtraSpecNotFound(flavor_id=flavor.id, key=key)
    return session.update(
        flavor, extra_specs={name: value for name, value in flavor.extra_specs.items() if name != key}
    )


def set_access(session: Session, flavor: Flavor, project_id: str, allowed: bool) -> Flavor:
    """Let a project use a flavor that is not public, or no longer."""
    if allowed and project_id in flavor.projects:
        raise Conflict(f"Flavor access already exists for flavor {flavor.id} and project {project_id} combination.")
    if not allowed and project_id not in flavor.projects:
        raise NotFound(f"Flavor access not found for {flavor.id} / {project_id} combination.")
    others = tuple(project for project in flavor.projects if project != project_id)
    return session.update(flavor, projects=(*others, project_id) if allowed else others)
