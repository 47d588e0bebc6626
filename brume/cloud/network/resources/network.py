"""Network: a layer 2 segment that ports are plugged into. SegmentAllocation: which segment identifiers are taken."""

from __future__ import annotations

from typing import Annotated

from brume.cloud.network import checks
from brume.cloud.network.resources.standard import FLAG, INTERNAL, NAME, READ_ONLY, Standard
from brume.cloud.resource import Attribute, Resource, resource

MOST_MTU = 65535
LEAST_MTU = 68
"""IPv4's least (RFC 791)."""


@resource("network", "networks")
class Network(Standard, frozen=True, kw_only=True):
    """A network. `subnets` and the availability zones of its agents are added when it is shown."""

    name: Annotated[str, NAME] = ""
    admin_state_up: Annotated[bool, FLAG] = True
    mtu: Annotated[int, Attribute(check=checks.within(0, MOST_MTU))]
    status: Annotated[str, READ_ONLY] = "ACTIVE"
    shared: Annotated[bool, FLAG] = False
    port_security_enabled: Annotated[bool, FLAG] = True
    dns_domain: Annotated[str, Attribute(check=checks.dns_name)] = ""
    router_external: Annotated[bool, Attribute(wire="router:external", check=checks.boolean)] = False
    provider_network_type: Annotated[str, Attribute(wire="provider:network_type", check=checks.text(32))]
    provider_physical_network: Annotated[
        str | None, Attribute(wire="provider:physical_network", check=checks.optional(checks.text(64)))
    ] = None
    provider_segmentation_id: Annotated[
        int | None, Attribute(wire="provider:segmentation_id", check=checks.optional(checks.integer))
    ] = None
    vlan_transparent: Annotated[bool, Attribute(update=False, check=checks.boolean)] = False
    is_default: Annotated[bool, FLAG] = False
    availability_zone_hints: Annotated[
        tuple[str, ...], Attribute(update=False, sort=False, check=checks.texts(255))
    ] = ()
    segment_id: Annotated[str, INTERNAL]
    """The identity of its one segment: Neutron's localnet ports are named after it."""


@resource(
    "segment_allocation",
    "segment_allocations",
    key=("network_type", "physical_network", "segmentation_id"),
)
class SegmentAllocation(Resource, frozen=True, kw_only=True):
    """A segment identifier in use. A flat network takes its whole physical network: segmentation_id is 0."""

    network_type: Annotated[str, Attribute(length=32)]
    physical_network: Annotated[str, Attribute(length=64)]
    """Empty for tunnels."""
    segmentation_id: Annotated[int, Attribute()]
    network_id: Annotated[str, Attribute(length=36, index=True)]
