"""Router, and FloatingIp: a public address that stands for a port behind a router."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from brume.cloud.network import checks
from brume.cloud.network.resources.port import FixedIp, check_fixed_ips
from brume.cloud.network.resources.standard import FLAG, INTERNAL, NAME, READ_ONLY, REFERENCE, Standard
from brume.cloud.network.resources.subnet import Route, check_routes
from brume.cloud.resource import Attribute, resource


class GatewayInfo(msgspec.Struct, frozen=True):
    """The wish for a gateway: an external network, its addresses there, and whether to translate (None: keep)."""

    network_id: str
    enable_snat: bool | None = None
    external_fixed_ips: tuple[FixedIp, ...] = ()


def check_gateway(value: Any) -> GatewayInfo | None:
    """external_gateway_info; None and {} take the gateway away."""
    if value is None or value == {}:
        return None
    given = checks.dictionary(value)
    if "network_id" not in given:
        raise ValueError(
            "Validation of dictionary's keys failed. Expected keys: {'network_id'} "
            f"Provided keys: {set(given) or '{}'}"
        )
    unknown = [name for name in given if name not in ("network_id", "enable_snat", "external_fixed_ips")]
    if unknown:
        raise ValueError(f"Unexpected keys supplied: {', '.join(unknown)}")
    snat = given.get("enable_snat")
    return GatewayInfo(
        checks.uuid(given["network_id"]),
        None if snat is None else checks.boolean(snat),
        check_fixed_ips(given.get("external_fixed_ips") or []),
    )


@resource("router", "routers")
class Router(Standard, frozen=True, kw_only=True):
    """A router. Its interfaces and its gateway are ports; external_gateway_info is made of the gateway port."""

    name: Annotated[str, NAME] = ""
    admin_state_up: Annotated[bool, FLAG] = True
    status: Annotated[str, READ_ONLY] = "ACTIVE"
    external_gateway_info: Annotated[
        GatewayInfo | None, Attribute(filter=False, sort=False, visible=False, check=check_gateway)
    ] = None
    """As asked for; what is shown comes from the gateway port."""
    gateway_port_id: Annotated[str | None, INTERNAL] = None
    enable_snat: Annotated[bool, Attribute(create=False, update=False)] = True
    routes: Annotated[tuple[Route, ...], Attribute(create=False, filter=False, sort=False, check=check_routes)] = ()
    availability_zone_hints: Annotated[
        tuple[str, ...], Attribute(update=False, sort=False, check=checks.texts(255))
    ] = ()
    ha: Annotated[bool, Attribute(sort=False, check=checks.boolean)] = True
    enable_default_route_bfd: Annotated[bool, FLAG] = False
    enable_default_route_ecmp: Annotated[bool, FLAG] = False
    flavor_id: Annotated[str | None, READ_ONLY] = None


@resource("floatingip", "floatingips", indexes=(("floating_network_id", "floating_ip_address"),))
class FloatingIp(Standard, frozen=True, kw_only=True):
    """A floating IP. It holds a port of its own on the external network, which keeps the address taken."""

    floating_network_id: Annotated[
        str, Attribute(required=True, update=False, length=36, check=checks.uuid, references="networks.id")
    ]
    floating_ip_address: Annotated[str, Attribute(update=False, check=checks.optional(checks.ip))]
    floating_port_id: Annotated[
        str, Attribute(create=False, update=False, visible=False, filter=False, sort=False, index=True)
    ]
    router_id: Annotated[str | None, Attribute(create=False, update=False, length=36, index=True)] = None
    port_id: Annotated[str | None, Attribute(length=36, index=True, check=checks.optional(checks.uuid))] = None
    fixed_ip_address: Annotated[str | None, Attribute(check=checks.optional(checks.ip))] = None
    status: Annotated[str, READ_ONLY] = "DOWN"
    dns_name: Annotated[str, Attribute(update=False, check=checks.dns_name)] = ""
    dns_domain: Annotated[str, Attribute(update=False, check=checks.dns_name)] = ""
    subnet_id: Annotated[
        str | None,
        Attribute(update=False, visible=False, filter=False, sort=False, check=checks.optional(checks.uuid)),
    ] = None
    """Only asked for: from which subnet the address shall be."""


__all__ = ["REFERENCE", "FloatingIp", "GatewayInfo", "Router"]
