"""Filters that are no columns: addresses and groups of ports, tags. Each answers the identities of the rows it fits.

fixed_ips=ip_address=10.0.0.5, fixed_ips=subnet_id=<id> (several of a kind: one of them; both kinds: both),
fixed_ips=ip_address_substr=10.0. ; tags=a,b (all), tags-any (one), not-tags (not all), not-tags-any (none).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from brume.apis.network.noun import Narrow
from brume.apis.rest.messages import Request
from brume.cloud.network.errors import HTTPBadRequest
from brume.cloud.network.resources import IpAllocation, PortSecurityGroup
from brume.cloud.network.resources.standard import Standard


def by_address(request: Request, texts: Sequence[str]) -> set[str]:
    """Ports with an address."""
    wanted: dict[str, list[str]] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or name not in ("ip_address", "subnet_id", "ip_address_substr"):
            raise HTTPBadRequest(f"Invalid input for fixed_ips. Reason: '{text}' is not a key=value pair.")
        wanted.setdefault(name, []).append(value)
    parts = wanted.pop("ip_address_substr", [])
    equal = {name: tuple(values) for name, values in wanted.items()}
    rows = request.session.find(IpAllocation, **equal)
    return {row.port_id for row in rows if not parts or any(part in row.ip_address for part in parts)}


def by_group(request: Request, texts: Sequence[str]) -> set[str]:
    """Ports in one of these groups."""
    return {row.port_id for row in request.session.find(PortSecurityGroup, security_group_id=tuple(texts))}


def by_tags(kind: type[Standard]) -> Mapping[str, Narrow]:
    """The four filters by tags."""
    names = ("tags", "tags-any", "not-tags", "not-tags-any")
    return {name: partial(_tagged, kind, name) for name in names}


def _tagged(kind: type[Standard], name: str, request: Request, texts: Sequence[str]) -> set[str]:
    wanted = {tag for text in texts for tag in text.split(",")}
    together = any if name.endswith("-any") else all
    expected = not name.startswith("not-")
    rows = request.session.find(kind)
    return {row.id for row in rows if together(tag in row.tags for tag in wanted) is expected}
