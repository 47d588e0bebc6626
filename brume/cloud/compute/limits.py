"""How much a project may have of compute, and how much it has."""

from __future__ import annotations

import msgspec
import sqlalchemy as sql

from brume.cloud import quotas
from brume.cloud.compute.resources import Flavor, Server
from brume.cloud.errors import OverQuota
from brume.cloud.store.session import Session

SERVICE = "compute"

DEFAULTS = {
    "instances": 10_000,
    "cores": 20_000,
    "ram": 52_428_800,
    "key_pairs": 1_000,
    "metadata_items": 128,
    "server_groups": 10,
    "server_group_members": 10,
}

_SERVERS = sql.table(Server.DECLARATION.table, sql.column("project_id"), sql.column("flavor"))
_OF_PROJECT = (
    sql.select(_SERVERS.c.flavor, sql.func.count())
    .where(_SERVERS.c.project_id == sql.bindparam("project"))
    .group_by(_SERVERS.c.flavor)
)
"""Added up by the database: a project may have ten thousand servers."""


class TooManyInstances(OverQuota):
    """Nova answers 403 where others answer 409."""

    status = 403
    template = "Quota exceeded for {resource}: Requested {wanted}, but already used {used} of {limit} {resource}"


def used(session: Session, project_id: str) -> dict[str, int]:
    """What the project's servers take."""
    taken = {"instances": 0, "cores": 0, "ram": 0}
    for text, count in session.execute(_OF_PROJECT, project=project_id):
        flavor = msgspec.json.decode(text)
        taken["instances"] += count
        taken["cores"] += count * flavor["vcpus"]
        taken["ram"] += count * flavor["ram"]
    return taken


def check(session: Session, project_id: str, flavor: Flavor, count: int) -> None:
    """Raise TooManyInstances when `count` more servers of this flavor would pass a limit."""
    taken = used(session, project_id)
    for name, wanted in (("instances", count), ("cores", count * flavor.vcpus), ("ram", count * flavor.ram)):
        quotas.check(
            session,
            SERVICE,
            project_id,
            name,
            default=DEFAULTS[name],
            used=taken[name],
            wanted=wanted,
            error=TooManyInstances,
        )
