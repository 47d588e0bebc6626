"""Neutron's errors: class names and messages are what clients see and match on.

Only what this room raises. The status is that of the base class; the words follow neutron-lib's `exceptions` and
Neutron's extensions, so that a program written against the real service finds what it looks for.
"""

from __future__ import annotations

from brume.cloud import errors


class InvalidInput(errors.BadRequest):
    template = "Invalid input for operation: {error_message}."


class ResourceRequest(errors.BadRequest):
    """Neutron's BadRequest: type name "BadRequest", and the resource named."""

    template = "Bad {resource} request: {msg}."

    @property
    def type(self) -> str:
        return "BadRequest"


class HTTPBadRequest(errors.BadRequest):
    """What Neutron's API layer itself refuses."""


class InUse(errors.Conflict):
    template = "The resource is in use."


# -- networks


class NetworkNotFound(errors.NotFound):
    template = "Network {net_id} could not be found."


class NetworkInUse(InUse):
    template = "Unable to complete operation on network {net_id}. {reason}."


class NetworkMTUSubnetConflict(errors.Conflict):
    template = "MTU of {net_id} is not valid, subnet requires a minimum of {mtu}"


class InvalidSharedSetting(errors.Conflict):
    template = "Unable to reconfigure sharing settings for network {network}. Multiple projects are using it."


class ExternalNetworkInUse(InUse):
    template = (
        "External network {net_id} cannot be updated to be made non-external, since it has existing gateway ports."
    )


class DefaultExternalNetworkExists(errors.Conflict):
    template = "A default external network already exists: {net_id}."


class VlanIdInUse(InUse):
    template = "Unable to create the network. The VLAN {vlan_id} on physical network {physical_network} is in use."


class TunnelIdInUse(InUse):
    template = "Unable to create the network. The tunnel ID {tunnel_id} is in use."


class FlatNetworkInUse(InUse):
    template = "Unable to create the flat network. Physical network {physical_network} is in use."


class NoNetworkAvailable(errors.Unavailable):
    template = "Unable to create the network. No project network is available for allocation."


# -- subnets


class SubnetNotFound(errors.NotFound):
    template = "Subnet {subnet_id} could not be found."


class SubnetPoolNotFound(errors.NotFound):
    template = "Subnet pool {subnetpool_id} could not be found."


class SubnetInUse(InUse):
    template = "Unable to complete operation on subnet {subnet_id}: {reason}."

    def __init__(self, **values: object) -> None:
        values.setdefault("reason", "One or more ports have an IP allocation from this subnet")
        super().__init__(**values)


class InvalidAllocationPool(errors.BadRequest):
    template = "The allocation pool {pool} is not valid."


class OutOfBoundsAllocationPool(errors.BadRequest):
    template = "The allocation pool {pool} spans beyond the subnet cidr {subnet_cidr}."


class OverlappingAllocationPools(errors.Conflict):
    template = "Found overlapping allocation pools: {pool_1} {pool_2} for subnet {subnet_cidr}."


class GatewayConflictWithAllocationPools(InUse):
    template = "Gateway ip {ip_address} conflicts with allocation pool {pool}."


class GatewayIpInUse(InUse):
    template = "Current gateway ip {ip_address} already in use by port {port_id}. Unable to update."


class HostRoutesExhausted(errors.BadRequest):
    template = "Unable to complete operation for {subnet_id}. The number of host routes exceeds the limit {quota}."


class DNSNameServersExhausted(errors.BadRequest):
    template = "Unable to complete operation for {subnet_id}. The number of DNS nameservers exceeds the limit {quota}."


# -- ports


class PortNotFound(errors.NotFound):
    template = "Port {port_id} could not be found."


class PortInUse(InUse):
    template = (
        "Unable to complete operation on port {port_id} for network {net_id}. "
        "Port already has an attached device {device_id}."
    )


class ServicePortInUse(InUse):
    template = "Port {port_id} cannot be deleted directly via the port API: {reason}."


class UnsupportedPortDeviceOwner(errors.Conflict):
    template = "Operation {op} is not supported for device_owner {device_owner} on port {port_id}."


class PortBound(InUse):
    template = (
        "Unable to complete operation on port {port_id}, port is already bound, port type: {vif_type}, "
        "old_mac {old_mac}, new_mac {new_mac}."
    )


class DeviceIDNotOwnedByTenant(errors.Conflict):
    template = "The following device_id {device_id} is not owned by your project or matches another projects router."


class MacAddressInUse(InUse):
    template = "Unable to complete operation for network {net_id}. The mac address {mac} is in use."


class NetworkMacAddressGenerationFailure(errors.Unavailable):
    template = "Unable to generate unique mac on network {net_id}."


class InvalidIpForNetwork(errors.BadRequest):
    template = "IP address {ip_address} is not a valid IP for any of the subnets on the specified network."


class InvalidIpForSubnet(errors.BadRequest):
    template = "IP address {ip_address} is not a valid IP for the specified subnet."


class IpAddressAlreadyAllocated(errors.Conflict):
    template = "IP address {ip} already allocated in subnet {subnet_id}"


class AllocationOnAutoAddressSubnet(InvalidInput):
    template = (
        "IPv6 address {ip} cannot be directly assigned to a port on subnet {subnet_id} as the subnet is "
        "configured for automatic addresses"
    )


class IpAddressGenerationFailure(errors.Conflict):
    template = "No more IP addresses available on network {net_id}."


class AddressPairMissingIp(InvalidInput):
    template = "AllowedAddressPair must contain ip_address"

    @property
    def type(self) -> str:
        return "AllowedAddressPairsMissingIP"


class DuplicateAddressPairInRequest(InvalidInput):
    template = "Request contains duplicate address pair: mac_address {mac_address} ip_address {ip_address}."


class AllowedAddressPairExhausted(errors.BadRequest):
    template = "The number of allowed address pair exceeds the maximum {quota}."


class PortSecurityPortHasSecurityGroup(InUse):
    template = (
        "Port has security group associated. Cannot disable port security or IP address until security group is "
        "removed."
    )


class PortSecurityAndIPRequiredForSecurityGroups(errors.BadRequest):
    template = "Port security must be enabled and port must have an IP address in order to use security groups."


class AddressPairAndPortSecurityRequired(errors.Conflict):
    template = "Port Security must be enabled in order to have allowed address pairs on a port."


class PortBindingNotFound(errors.NotFound):
    template = "Binding for port {port_id} for host {host} could not be found."


# -- the rest


class OverQuota(errors.OverQuota):
    template = "Quota exceeded for resources: {resources}."


class AvailabilityZoneNotFound(errors.NotFound):
    template = "AvailabilityZone {availability_zone} could not be found."


class AgentNotFound(errors.NotFound):
    template = "Agent {id} could not be found."


class TagNotFound(errors.NotFound):
    template = "Tag {tag} could not be found."


class RevisionNumberConstraintFailed(errors.PreconditionFailed):
    template = "Constrained to {expected}, but current revision is {current}"


class PolicyNotAuthorized(errors.Forbidden):
    """A policy rule says no. `rule` reads as oslo.policy prints the checks: "rule:create_network"."""

    template = "{rule} is disallowed by policy"
