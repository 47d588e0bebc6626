"""What every Neutron resource has: identity, owner, times, revision, description, tags.

Times are kept as Neutron writes them ("2026-11-21T03:00:00Z"): they are shown often and never calculated with.
"""

from __future__ import annotations

from typing import Annotated

from brume.cloud.network import checks
from brume.cloud.resource import Attribute, Resource

READ_ONLY = Attribute(create=False, update=False)
IDENTITY = Attribute(create=False, update=False, length=36)
REFERENCE = Attribute(create=False, update=False, length=36)
INTERNAL = Attribute(create=False, update=False, visible=False, filter=False, sort=False)
FLAG = Attribute(check=checks.boolean)
NAME = Attribute(check=checks.NAME)


class Standard(Resource, frozen=True, kw_only=True):
    """The common attributes."""

    id: Annotated[str, IDENTITY]
    project_id: Annotated[str, Attribute(update=False, length=64, index=True, check=checks.text(255))]
    description: Annotated[str | None, Attribute(check=checks.NAME)] = ""
    revision_number: Annotated[int, READ_ONLY] = 0
    created_at: Annotated[str, Attribute(create=False, update=False, length=20)]
    updated_at: Annotated[str, Attribute(create=False, update=False, length=20)]
    tags: Annotated[tuple[str, ...], Attribute(update=False, sort=False, filter=False, check=checks.texts(255))] = ()
