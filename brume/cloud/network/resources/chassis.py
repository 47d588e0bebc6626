"""Chassis: a machine with an OVN controller, as observed. The service room writes it; no tenant does.

Neutron shows chassis as agents. Gateways are scheduled on those that are told to be gateways and have the physical
network; a port is bound where a chassis has the host name that Nova gives.
"""

from __future__ import annotations

from typing import Annotated

from brume.cloud.network import checks
from brume.cloud.network.resources.standard import READ_ONLY
from brume.cloud.resource import Attribute, Resource, resource

CONTROLLER = "OVN Controller agent"
GATEWAY = "OVN Controller Gateway agent"


@resource("agent", "agents", table="chassis")
class Chassis(Resource, frozen=True, kw_only=True):
    """A chassis. `id` is OVN's system-id, `host` the host name."""

    id: Annotated[str, Attribute(create=False, update=False, length=64)]
    host: Annotated[str, Attribute(create=False, update=False, length=255, index=True)]
    is_gateway: Annotated[bool, Attribute(create=False, update=False, visible=False, filter=False, sort=False)] = False
    bridge_mappings: Annotated[
        tuple[tuple[str, str], ...], Attribute(create=False, update=False, visible=False, filter=False, sort=False)
    ] = ()
    """(physical network, bridge)."""
    availability_zones: Annotated[
        tuple[str, ...], Attribute(create=False, update=False, visible=False, filter=False, sort=False)
    ] = ()
    heartbeat: Annotated[float, Attribute(create=False, update=False, visible=False, filter=False, sort=False)] = 0.0
    """When it was last seen alive, in seconds since 1970."""
    alive: Annotated[bool, READ_ONLY] = True
    admin_state_up: Annotated[bool, Attribute(create=False, check=checks.boolean)] = True
    description: Annotated[str, Attribute(create=False, check=checks.NAME)] = ""

    @property
    def agent_type(self) -> str:
        """What Neutron calls it."""
        return GATEWAY if self.is_gateway else CONTROLLER
