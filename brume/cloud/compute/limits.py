"""How much a project may have of compute, and how much it has. Words: Nova's; it answers 403 where others answer 409.

An administrator may change the defaults too (Nova's quota class "default"): they are kept as the limits of a project
of that name.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import sqlalchemy as sql

from brume.cloud import quotas
from brume.cloud.compute.resources import Flavor, Keypair, Server
from brume.cloud.errors import OverQuota
from brume.cloud.store.session import Session

SERVICE = "compute"
DEFAULT_CLASS = "class:default"

DEFAULTS = {
    "instances": 10_000,
    "cores": 20_000,
    "ram": 52_428_800,
    "key_pairs": 1_000,
    "metadata_items": 128,
    "server_groups": 10,
    "server_group_members": 10,
    "injected_files": 5,
    "injected_file_content_bytes": 10_240,
    "injected_file_path_bytes": 255,
    "fixed_ips": quotas.UNLIMITED,
    "floating_ips": quotas.UNLIMITED,
    "security_groups": quotas.UNLIMITED,
    "security_group_rules": quotas.UNLIMITED,
}
"""The last seven are shown by old microversions only; what they name belongs to the network service now."""

_SERVERS = sql.table(Server.DECLARATION.table, sql.column("project_id"), sql.column("flavor"))
_OF_PROJECT = (
    sql.select(_SERVERS.c.flavor, sql.func.count())
    .where(_SERVERS.c.project_id == sql.bindparam("project"))
    .group_by(_SERVERS.c.flavor)
)
"""Added up by the database: a project may have ten thousand servers."""


class TooManyInstances(OverQuota):
    status = 403
    template = "Quota exceeded for {overs}: Requested {wanted}, but already used {used} of {limit} {overs}"


class TooManyKeypairs(OverQuota):
    status = 403
    template = "Quota exceeded, too many key pairs."


class TooMuchMetadata(OverQuota):
    status = 403
    template = "Maximum number of metadata items exceeds {limit}"


def defaults(session: Session) -> dict[str, int]:
    """What a project without limits of its own may have."""
    return quotas.limits(session, SERVICE, DEFAULT_CLASS, DEFAULTS)


def limits(session: Session, project_id: str) -> dict[str, int]:
    """What a project may have."""
    return quotas.limits(session, SERVICE, project_id, defaults(session))


def used(session: Session, project_id: str) -> dict[str, int]:
    """What the project's servers take."""
    taken = {"instances": 0, "cores": 0, "ram": 0}
    for text, count in session.execute(_OF_PROJECT, project=project_id):
        flavor = msgspec.json.decode(text)
        taken["instances"] += count
        taken["cores"] += count * flavor["vcpus"]
        taken["ram"] += count * flavor["ram"]
    return taken


def allowed_servers(session: Session, project_id: str, flavor: Flavor, least: int, most: int) -> int:
    """How many servers of this flavor may be made, `most` at most; raises TooManyInstances if not even `least` may."""
    limit, taken = limits(session, project_id), used(session, project_id)
    each = {"instances": 1, "cores": flavor.vcpus, "ram": flavor.ram}
    count = min(_fitting(limit[name], taken[name], size, most) for name, size in each.items())
    if count < least:
        _refuse(limit, taken, {name: size * least for name, size in each.items()})
    return count


def _fitting(limit: int, taken: int, size: int, most: int) -> int:
    if limit == quotas.UNLIMITED or size == 0:
        return most
    return max(0, min(most, (limit - taken) // size))


def _refuse(limit: Mapping[str, int], taken: Mapping[str, int], wanted: Mapping[str, int]) -> None:
    over = [n for n in sorted(wanted) if limit[n] != quotas.UNLIMITED and taken[n] + wanted[n] > limit[n]]
    raise TooManyInstances(
        overs=", ".join(over),
        wanted=", ".join(str(wanted[name]) for name in over),
        used=", ".join(str(taken[name]) for name in over),
        limit=", ".join(str(limit[name]) for name in over),
    )


def check_keypair(session: Session, project_id: str, user_id: str) -> None:
    """Raise TooManyKeypairs when the user may have no further key pair."""
    limit = limits(session, project_id)["key_pairs"]
    if limit != quotas.UNLIMITED and session.count(Keypair, user_id=user_id) >= limit:
        raise TooManyKeypairs()


def check_metadata(session: Session, project_id: str, metadata: Mapping[str, str]) -> None:
    """Raise TooMuchMetadata when a server may not have so many items."""
    limit = limits(session, project_id)["metadata_items"]
    if limit != quotas.UNLIMITED and len(metadata) > limit:
        raise TooMuchMetadata(limit=limit)
