"""Quotas: how many of a thing a project may have.

A limit is the project's own row where an administrator set one, else the service's default. Counting is the
service's business: the rule that makes something says how many there are and how many more it wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from brume.cloud.errors import OverQuota
from brume.cloud.resource import Attribute, Resource, resource
from brume.cloud.store.session import Session

UNLIMITED = -1


@resource("quota_limit", "quota_limits", key=("project_id", "service", "resource"))
class QuotaLimit(Resource, frozen=True, kw_only=True):
    """A limit that an administrator set for a project."""

    project_id: Annotated[str, Attribute(length=64)]
    service: Annotated[str, Attribute(length=32)]
    """"network", "compute", ..."""
    resource: Annotated[str, Attribute(length=64)]
    """"port", "cores", ..."""
    maximum: Annotated[int, Attribute(wire="limit")]
    """UNLIMITED, or how many."""


def limits(session: Session, service: str, project_id: str, defaults: Mapping[str, int]) -> dict[str, int]:
    """All limits of a project in a service."""
    own = session.find(QuotaLimit, project_id=project_id, service=service)
    return {**defaults, **{row.resource: row.maximum for row in own if row.resource in defaults}}


def set_limit(session: Session, service: str, project_id: str, resource: str, maximum: int) -> None:
    """Set a project's limit."""
    present = session.get(QuotaLimit, project_id, service, resource)
    if present is None:
        session.insert(QuotaLimit(project_id=project_id, service=service, resource=resource, maximum=maximum))
    else:
        session.update(present, maximum=maximum)


def reset(session: Session, service: str, project_id: str) -> None:
    """Back to the defaults."""
    session.delete_all(session.find(QuotaLimit, project_id=project_id, service=service))


def check(
    session: Session,
    service: str,
    project_id: str,
    resource: str,
    *,
    default: int,
    used: int,
    wanted: int = 1,
    error: type[OverQuota] = OverQuota,
) -> None:
    """Raise when `wanted` more than the `used` ones would pass the limit."""
    row = session.get(QuotaLimit, project_id, service, resource)
    maximum = default if row is None else row.maximum
    if maximum != UNLIMITED and used + wanted > maximum:
        raise error(resources=[resource], resource=resource, limit=maximum, used=used, wanted=wanted)
