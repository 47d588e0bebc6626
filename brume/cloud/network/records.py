"""Making and changing rows with the standard attributes: identity, times, revision; and counting them for a quota."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from brume.cloud.context import RequestContext, iso_seconds
from brume.cloud.network.errors import OverQuota
from brume.cloud.network.resources.standard import Standard
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.quotas import UNLIMITED, QuotaLimit
from brume.cloud.resource import Resource
from brume.cloud.store.session import Session

S = TypeVar("S", bound=Standard)
SERVICE = "network"
Values = Mapping[str, Any]


def new(context: RequestContext, kind: type[S], values: Values, *, revision: int = 0) -> S:
    """A row of these values, with an identity and its time of birth."""
    now = iso_seconds(context.now)
    own: dict[str, Any] = {"project_id": context.project_id or "", "id": None, **values}
    own["id"] = own["id"] or context.new_id()
    return kind(**own, created_at=now, updated_at=now, revision_number=revision)


def change(context: RequestContext, session: Session, row: S, /, **values: Any) -> S:
    """The row with these values; its revision counts up if anything differs."""
    if all(getattr(row, name) == value for name, value in values.items()):
        return row
    return session.update(row, **values, revision_number=row.revision_number + 1, updated_at=iso_seconds(context.now))


def touch(context: RequestContext, session: Session, row: Standard) -> None:
    """Count the revision up because something that belongs to the row has changed."""
    session.update(row, revision_number=row.revision_number + 1, updated_at=iso_seconds(context.now))


def check_quota(
    session: Session, settings: NetworkSettings, name: str, kind: type[Resource], project_id: str, wanted: int = 1
) -> None:
    """Raise OverQuota when the project may not have so many more. Nothing is counted where there is no limit."""
    own = session.get(QuotaLimit, project_id, SERVICE, name)
    maximum = settings.quotas.get(name, UNLIMITED) if own is None else own.maximum
    if maximum != UNLIMITED and session.count(kind, project_id=project_id) + wanted > maximum:
        raise OverQuota(resources=[name])
