"""Neutron's errors about routers and floating IPs."""

from __future__ import annotations

from brume.cloud import errors
from brume.cloud.network.errors import InUse, InvalidInput


class RouterNotFound(errors.NotFound):
    template = "Router {router_id} could not be found"


class RouterInUse(InUse):
    template = "Router {router_id} {reason}"


class RouterInterfaceNotFound(errors.NotFound):
    template = "Router {router_id} does not have an interface with id {port_id}"


class RouterInterfaceNotFoundForSubnet(errors.NotFound):
    template = "Router {router_id} has no interface on subnet {subnet_id}"


class RouterInterfaceInUseByFloatingIP(InUse):
    template = (
        "Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, "
        "as it is required by one or more floating IPs."
    )


class RouterInterfaceInUseByRoute(InUse):
    template = (
        "Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, "
        "as it is required by one or more routes."
    )


class RouterExternalGatewayInUseByFloatingIp(InUse):
    template = (
        "Gateway cannot be updated for router {router_id}, since a gateway to external network {net_id} "
        "is required by one or more floating IPs."
    )


class SubnetMismatchForPort(errors.BadRequest):
    template = "Subnet on port {port_id} does not match the requested subnet {subnet_id}."


class InvalidRoutes(InvalidInput):
    template = "Invalid format for routes: {routes}, {reason}"


class RoutesExhausted(errors.BadRequest):
    template = "Unable to complete operation for {router_id}. The number of routes exceeds the maximum {quota}."


class FloatingIPNotFound(errors.NotFound):
    template = "Floating IP {floatingip_id} could not be found"


class ExternalGatewayForFloatingIPNotFound(errors.NotFound):
    template = (
        "External network {external_network_id} is not reachable from subnet {subnet_id}.  "
        "Therefore, cannot associate Port {port_id} with a Floating IP."
    )


class FloatingIPPortAlreadyAssociated(InUse):
    template = (
        "Cannot associate floating IP {floating_ip_address} ({fip_id}) with port {port_id} using fixed IP {fixed_ip}, "
        "as that fixed IP already has a floating IP on external network {net_id}."
    )


class ExternalIpAddressExhausted(errors.BadRequest):
    template = "Unable to find any IP address on external network {net_id}."


class FipAssociated(InUse):
    template = (
        "Unable to complete the operation on port {port_id} because the port still has an associated floating IP."
    )
