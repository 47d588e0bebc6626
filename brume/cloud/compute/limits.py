"""How much a project may have of compute, and how much it has."""

from __future__ import annotations

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


class TooManyInstances(OverQuota):
    """Nova answers 403 where others answer 409."""

    status = 403
    template = "Quota exceeded for {resource}: Requested {wanted}, but already used {used} of {limit} {resource}"


def used(session: Session, project_id: str) -> dict[str, int]:
    """What the project's servers take."""
    found = session.find(Server, project_id=project_id)
    return {
        "instances": len(found),
        "cores": sum(server.flavor["vcpus"] for server in found),
        "ram": sum(server.flavor["ram"] for server in found),
    }


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
