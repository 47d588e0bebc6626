"""Subnet: a range of addresses on a network, and what its hosts are told by DHCP or router advertisements."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from brume.cloud.network import checks
from brume.cloud.network.resources.standard import FLAG, NAME, READ_ONLY, Standard
from brume.cloud.resource import Attribute, resource

IPV6_MODES = ("dhcpv6-stateful", "dhcpv6-stateless", "slaac")


class Pool(msgspec.Struct, frozen=True):
    """Addresses that may be given out: from `start` to `end`, both included."""

    start: str
    end: str

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


class Route(msgspec.Struct, frozen=True):
    """A static route."""

    destination: str
    nexthop: str


def check_pools(value: Any) -> tuple[Pool, ...]:
    """Allocation pools by their words; whether they fit the subnet is a rule."""
    if not isinstance(value, list):
        raise ValueError(f"Invalid data format for IP pool: '{value}'")
    pools = [checks.expect_keys(pool, ("start", "end")) for pool in value]
    return tuple(Pool(checks.ip(pool["start"]), checks.ip(pool["end"])) for pool in pools)


def check_routes(value: Any) -> tuple[Route, ...]:
    """Host routes; None is the empty list."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError(f"Invalid data format for hostroute: '{value}'")
    routes: list[Route] = []
    for item in value:
        given = checks.expect_keys(item, ("destination", "nexthop"))
        route = Route(checks.network_prefix(given["destination"]), checks.ip(given["nexthop"]))
        if route in routes:
            raise ValueError(f"Duplicate hostroute '{item}'")
        routes.append(route)
    return tuple(routes)


def check_version(value: Any) -> int:
    """4 or 6, or their text."""
    return int(checks.one_of(4, 6)(checks.integer(value)))


@resource("subnet", "subnets")
class Subnet(Standard, frozen=True, kw_only=True):
    """A subnet. `router:external` is its network's and is added when it is shown."""

    name: Annotated[str, NAME] = ""
    network_id: Annotated[
        str,
        Attribute(required=True, update=False, length=36, index=True, check=checks.uuid, references="networks.id"),
    ]
    ip_version: Annotated[int, Attribute(required=True, update=False, check=check_version)]
    subnetpool_id: Annotated[str | None, Attribute(update=False, check=checks.optional(checks.text(36)))] = None
    enable_dhcp: Annotated[bool, FLAG] = True
    ipv6_ra_mode: Annotated[str | None, Attribute(update=False, check=checks.optional(checks.one_of(*IPV6_MODES)))] = (
        None
    )
    ipv6_address_mode: Annotated[
        str | None, Attribute(update=False, check=checks.optional(checks.one_of(*IPV6_MODES)))
    ] = None
    gateway_ip: Annotated[str | None, Attribute(check=checks.optional(checks.ip))] = None
    cidr: Annotated[str, Attribute(update=False, check=checks.cidr)]
    allocation_pools: Annotated[tuple[Pool, ...], Attribute(filter=False, sort=False, check=check_pools)] = ()
    host_routes: Annotated[tuple[Route, ...], Attribute(filter=False, sort=False, check=check_routes)] = ()
    dns_nameservers: Annotated[tuple[str, ...], Attribute(filter=False, sort=False, check=checks.nameservers)] = ()
    service_types: Annotated[tuple[str, ...], Attribute(filter=False, sort=False, check=checks.texts(255))] = ()
    dns_publish_fixed_ip: Annotated[bool, FLAG] = False
    segment_id: Annotated[str | None, READ_ONLY] = None

    @property
    def is_automatic(self) -> bool:
        """Hosts make their address of their MAC (SLAAC, stateless DHCPv6): none is chosen from a pool."""
        modes = (self.ipv6_ra_mode, self.ipv6_address_mode)
        return "slaac" in modes or "dhcpv6-stateless" in modes
