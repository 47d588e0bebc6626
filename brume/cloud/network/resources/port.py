"""Port: where a host, a router or the cloud itself is plugged into a network.

IpAllocation and PortSecurityGroup hold, as rows, what the port's own columns say: the first makes an address unique
in its subnet, both answer "who uses this?" by an index. They are written with the port, in the same transaction.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from brume.cloud.network import checks
from brume.cloud.network.errors import (
    AddressPairMissingIp,
    AllowedAddressPairExhausted,
    DuplicateAddressPairInRequest,
    HTTPBadRequest,
)
from brume.cloud.network.resources.standard import FLAG, NAME, READ_ONLY, Standard
from brume.cloud.resource import Attribute, Resource, resource
from brume.values import Prefix, parse_address

MOST_ADDRESS_PAIRS = 10
"""Neutron's max_allowed_address_pair."""

MAY_BE_BLANK = ("router", "classless-static-route")
"""DHCP options that may be sent empty: the client is told there is none."""

VNIC_TYPES = (
    "baremetal",
    "direct",
    "direct-physical",
    "macvtap",
    "normal",
    "remote-managed",
    "smart-nic",
    "vdpa",
    "virtio-forwarder",
    "accelerator-direct",
    "accelerator-direct-physical",
)


class FixedIp(msgspec.Struct, frozen=True):
    """An address of a port. In a request either may be left out: the rule fills it in."""

    subnet_id: str = ""
    ip_address: str = ""


class AddressPair(msgspec.Struct, frozen=True):
    """Another address the port may send from. An empty MAC means the port's own."""

    mac_address: str
    ip_address: str


class DhcpOption(msgspec.Struct, frozen=True):
    """A DHCP option for this port alone. In an update, a value of None takes it away."""

    opt_name: str
    opt_value: str | None
    ip_version: int = 4


def check_fixed_ips(value: Any) -> tuple[FixedIp, ...]:
    """Wanted addresses: by subnet, by address, or both."""
    if not isinstance(value, list):
        raise ValueError(f"Invalid data format for fixed IP: '{value}'")
    wanted: list[FixedIp] = []
    for item in value:
        if not isinstance(item, dict):
            raise ValueError(f"Invalid data format for fixed IP: '{item}'")
        address = checks.ip(item["ip_address"]) if "ip_address" in item else ""
        if address and any(address == other.ip_address for other in wanted):
            raise ValueError(f"Duplicate IP address '{address}'")
        wanted.append(FixedIp(checks.uuid(item["subnet_id"]) if "subnet_id" in item else "", address))
    return tuple(wanted)


def check_address_pairs(value: Any) -> tuple[AddressPair, ...]:
    """Allowed address pairs; None is the empty list."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise HTTPBadRequest("Allowed address pairs must be a list.")
    if len(value) > MOST_ADDRESS_PAIRS:
        raise AllowedAddressPairExhausted(quota=MOST_ADDRESS_PAIRS)
    pairs: list[AddressPair] = []
    for item in value:
        pair = _address_pair(checks.dictionary(item))
        if pair in pairs:
            raise DuplicateAddressPairInRequest(mac_address=item.get("mac_address"), ip_address=item.get("ip_address"))
        pairs.append(pair)
    return tuple(pairs)


def _address_pair(item: dict[str, Any]) -> AddressPair:
    unknown = set(item) - {"mac_address", "ip_address"}
    if unknown:
        raise HTTPBadRequest(f"Unrecognized attribute(s) '{', '.join(sorted(unknown))}'")
    if "ip_address" not in item:
        raise AddressPairMissingIp()
    try:
        mac = checks.mac(item["mac_address"]) if item.get("mac_address") is not None else ""
        return AddressPair(mac, _pair_network(item["ip_address"]))
    except ValueError as error:
        raise HTTPBadRequest(str(error)) from None


def _pair_network(value: Any) -> str:
    if not isinstance(value, str) or "/" not in value:
        address = checks.ip(value)
        if parse_address(address).is_multicast:
            raise ValueError(f"'{value}' is a multicast IP address")
        return address
    try:
        prefix = Prefix.parse(value)
    except ValueError:
        raise ValueError(f"'{value}' is not a valid IP subnet") from None
    return str(prefix)


def check_dhcp_options(value: Any) -> tuple[DhcpOption, ...]:
    """Extra DHCP options; None is the empty list."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError(f"'{value}' is not a list")
    return tuple(_dhcp_option(item) for item in value)


def _dhcp_option(item: Any) -> DhcpOption:
    refused = HTTPBadRequest(f"Invalid input for extra_dhcp_opts. Reason: No valid key specs matched for: {item}.")
    if not isinstance(item, dict) or not {"opt_name", "opt_value"} <= set(item) <= {
        "opt_name",
        "opt_value",
        "ip_version",
    }:
        raise refused
    name, option = item["opt_name"], item["opt_value"]
    blank = isinstance(option, str) and not option.strip() and name not in MAY_BE_BLANK
    if not isinstance(name, str) or not name.strip() or len(name) > 64 or "\n" in name or blank:
        raise refused
    if option is not None and (not isinstance(option, str) or len(option) > 255 or "\n" in option):
        raise refused
    version = checks.integer(item.get("ip_version", 4))
    if version not in (4, 6):
        raise refused
    return DhcpOption(name, option, version)


def check_profile(value: Any) -> dict[str, Any]:
    """Any object; None is the empty one."""
    return checks.dictionary(value or {})


def check_host(value: Any) -> str:
    """A host's name; None is no host."""
    return str(checks.NAME(value or ""))


@resource("port", "ports", unique=(("network_id", "mac_address"),), indexes=(("device_id", "device_owner"),))
class Port(Standard, frozen=True, kw_only=True):
    """A port. `dns_assignment` is made of its addresses when it is shown."""

    name: Annotated[str, NAME] = ""
    network_id: Annotated[
        str, Attribute(required=True, update=False, length=36, check=checks.uuid, references="networks.id")
    ]
    mac_address: Annotated[str, Attribute(length=17, check=checks.mac)]
    admin_state_up: Annotated[bool, FLAG] = True
    status: Annotated[str, READ_ONLY] = "DOWN"
    device_id: Annotated[str, Attribute(check=checks.NAME)] = ""
    device_owner: Annotated[str, Attribute(check=checks.NAME)] = ""
    fixed_ips: Annotated[tuple[FixedIp, ...], Attribute(sort=False, check=check_fixed_ips)] = ()
    allowed_address_pairs: Annotated[
        tuple[AddressPair, ...], Attribute(filter=False, sort=False, check=check_address_pairs)
    ] = ()
    extra_dhcp_opts: Annotated[
        tuple[DhcpOption, ...], Attribute(filter=False, sort=False, check=check_dhcp_options)
    ] = ()
    security_groups: Annotated[tuple[str, ...], Attribute(sort=False, check=checks.uuids)] = ()
    port_security_enabled: Annotated[bool, FLAG] = True
    binding_vnic_type: Annotated[str, Attribute(wire="binding:vnic_type", check=checks.one_of(*VNIC_TYPES))] = "normal"
    binding_profile: Annotated[
        dict[str, Any],
        Attribute(wire="binding:profile", filter=False, sort=False, check=check_profile),
    ] = {}  # noqa: RUF012 - msgspec copies it
    binding_host_id: Annotated[str, Attribute(wire="binding:host_id", length=255, check=check_host)] = ""
    binding_vif_type: Annotated[str, Attribute(wire="binding:vif_type", create=False, update=False)] = "unbound"
    binding_vif_details: Annotated[
        dict[str, Any], Attribute(wire="binding:vif_details", create=False, update=False, filter=False, sort=False)
    ] = {}  # noqa: RUF012 - msgspec copies it
    dns_name: Annotated[str, Attribute(check=checks.dns_name)] = ""
    dns_domain: Annotated[str, Attribute(check=checks.dns_name)] = ""
    propagate_uplink_status: Annotated[bool, FLAG] = True
    router_id: Annotated[
        str | None,
        Attribute(create=False, update=False, visible=False, filter=False, sort=False, length=36, index=True),
    ] = None
    """The router it belongs to. Only the router's own operations set it: device_id is what a tenant says."""


@resource("ip_allocation", "ip_allocations", key=("subnet_id", "ip_address"))
class IpAllocation(Resource, frozen=True, kw_only=True):
    """An address of a subnet in use by a port."""

    subnet_id: Annotated[str, Attribute(length=36, references="subnets.id")]
    ip_address: Annotated[str, Attribute(length=64, index=True)]
    port_id: Annotated[str, Attribute(length=36, index=True)]
    network_id: Annotated[str, Attribute(length=36, index=True)]


@resource("port_security_group", "port_security_groups", key=("port_id", "security_group_id"))
class PortSecurityGroup(Resource, frozen=True, kw_only=True):
    """A port in a security group."""

    port_id: Annotated[str, Attribute(length=36)]
    security_group_id: Annotated[str, Attribute(length=36, index=True, references="security_groups.id")]
