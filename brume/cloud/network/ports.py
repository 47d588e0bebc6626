"""Ports: the rules about making, changing and deleting them.

Everything here is a constant number of statements for one port, whatever the number of ports: the network by key,
its subnets by index, an address by key, groups by key. Nothing scans.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from brume.cloud.context import RequestContext
from brume.cloud.network import addresses, floating_addresses, security_groups
from brume.cloud.network.addresses import DISTRIBUTED, FLOATING_IP, ROUTER_INTERFACE, random_number
from brume.cloud.network.binding import bound
from brume.cloud.network.errors import (
    AddressPairAndPortSecurityRequired,
    DeviceIDNotOwnedByTenant,
    InvalidInput,
    MacAddressInUse,
    NetworkMacAddressGenerationFailure,
    NetworkNotFound,
    PortBound,
    PortNotFound,
    PortSecurityAndIPRequiredForSecurityGroups,
    PortSecurityPortHasSecurityGroup,
    ServicePortInUse,
    UnsupportedPortDeviceOwner,
)
from brume.cloud.network.records import Values, change, check_quota, new
from brume.cloud.network.resources import (
    AddressPair,
    DhcpOption,
    FixedIp,
    FloatingIp,
    IpAllocation,
    Network,
    Port,
    PortSecurityGroup,
    Router,
    Subnet,
)
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session

BASE_MAC = 0xFA163E << 24
MAC_TRIES = 16
PROTECTED = (ROUTER_INTERFACE, "network:router_gateway", FLOATING_IP)


def load(session: Session, port_id: str) -> Port:
    """The port; raises PortNotFound."""
    port = session.get(Port, port_id)
    if port is None:
        raise PortNotFound(port_id=port_id)
    return port


def is_trusted(device_owner: str) -> bool:
    """Ports of the cloud itself: no port security, no groups."""
    return device_owner.startswith("network:")


def create(
    context: RequestContext,
    session: Session,
    settings: NetworkSettings,
    values: Values,
    *,
    status: str = "DOWN",
) -> Port:
    """A port with its MAC, its addresses and its groups."""
    network = session.get(Network, values["network_id"])
    if network is None:
        raise NetworkNotFound(net_id=values["network_id"])
    project_id = values.get("project_id", context.project_id or "")
    check_quota(session, settings, "port", Port, project_id)
    owner = values.get("device_owner", "")
    _check_device(context, session, owner, values.get("device_id", ""), project_id)
    mac = _mac(context, session, network, values.get("mac_address"))
    secured = values.get("port_security_enabled", network.port_security_enabled and not is_trusted(owner))
    chosen = {
        **values,
        "project_id": project_id,
        "status": status,
        "mac_address": mac,
        "fixed_ips": _first_addresses(context, session, settings, network, values, mac),
        "port_security_enabled": secured,
        "allowed_address_pairs": own_mac(values.get("allowed_address_pairs", ()), mac),
        "extra_dhcp_opts": _options((), values.get("extra_dhcp_opts", ())),
        "security_groups": _first_groups(context, session, project_id, owner, secured, values),
    }
    if chosen["allowed_address_pairs"] and not secured:
        raise AddressPairAndPortSecurityRequired()
    port = new(context, Port, chosen | bound(session, network, chosen), revision=1)
    session.insert(port)
    _record(session, None, port)
    return port


def update(context: RequestContext, session: Session, settings: NetworkSettings, port: Port, values: Values) -> Port:
    """Change a port."""
    chosen = dict(values)
    if port.router_id is not None:
        _check_router_port(port, chosen)
    elif "device_id" in chosen or "device_owner" in chosen:
        device_id = chosen.get("device_id", port.device_id)
        _check_device(context, session, chosen.get("device_owner", port.device_owner), device_id, port.project_id)
    mac = chosen.get("mac_address", port.mac_address)
    if mac != port.mac_address:
        _check_new_mac(session, port, mac)
    network = session.get(Network, port.network_id)
    if network is None:
        raise NetworkNotFound(net_id=port.network_id)
    if "fixed_ips" in chosen:
        chosen["fixed_ips"] = _next_addresses(context, session, settings, port, chosen, mac)
        floating_addresses.keep_internal_address(session, port, chosen["fixed_ips"])
    if "allowed_address_pairs" in chosen:
        chosen["allowed_address_pairs"] = own_mac(chosen["allowed_address_pairs"], mac)
    if "extra_dhcp_opts" in chosen:
        chosen["extra_dhcp_opts"] = _options(port.extra_dhcp_opts, chosen["extra_dhcp_opts"])
    _secure(context, session, port, chosen)
    if {"binding_host_id", "binding_vnic_type", "binding_profile"} & chosen.keys():
        chosen |= bound(session, network, {**_binding(port), **chosen})
    changed = change(context, session, port, **chosen)
    _record(session, port, changed)
    return changed


def delete(context: RequestContext, session: Session, settings: NetworkSettings, port: Port) -> None:
    """Delete a port, as a tenant: not one that a router or a floating IP stands on."""
    if port.device_owner in PROTECTED and _owner_exists(session, port):
        raise ServicePortInUse(port_id=port.id, reason=f"has device owner {port.device_owner}")
    floating_addresses.disassociate_port(context, session, port)
    remove(session, port)


def remove(session: Session, port: Port) -> None:
    """Take a port and what is recorded for it away."""
    session.delete_all(session.find(IpAllocation, port_id=port.id))
    session.delete_all(session.find(PortSecurityGroup, port_id=port.id))
    session.delete(port)


def set_port_status(context: RequestContext, session: Session, port_id: str, up: bool) -> Port | None:
    """Observed state: the chassis has the port up, or not any more. Answers the port, or None when it is gone."""
    port = session.get(Port, port_id)
    if port is None or port.status == "N/A":
        return port
    return change(context, session, port, status="ACTIVE" if up else "DOWN")


def own_mac(pairs: Sequence[AddressPair], mac: str) -> tuple[AddressPair, ...]:
    """The pairs with the port's MAC where none was given."""
    return tuple(AddressPair(pair.mac_address or mac, pair.ip_address) for pair in pairs)


def add_automatic(context: RequestContext, session: Session, subnet: Subnet, port: Port) -> None:
    """Give the port its own address in a subnet where hosts make theirs."""
    if all(fixed.subnet_id != subnet.id for fixed in port.fixed_ips):
        fixed = FixedIp(subnet.id, addresses.eui64(subnet, port.mac_address))
        _record(session, port, change(context, session, port, fixed_ips=(*port.fixed_ips, fixed)))


def create_metadata_port(
    context: RequestContext, session: Session, settings: NetworkSettings, network: Network
) -> Port:
    """The port that ML2/OVN makes for the metadata service of a network: every chassis has it (a localport)."""
    values = {
        "network_id": network.id,
        "project_id": network.project_id,
        "device_owner": DISTRIBUTED,
        "device_id": f"ovnmeta-{network.id}",
        "fixed_ips": (),
    }
    return create(context, session, settings, values)


def join_metadata_port(context: RequestContext, session: Session, subnet: Subnet) -> None:
    """Give the metadata port an address in a subnet that has DHCP."""
    port = _metadata_port(session, subnet)
    if port is None or any(fixed.subnet_id == subnet.id for fixed in port.fixed_ips):
        return
    address = addresses.allocate(context, session, subnet)
    if address is not None:
        fixed = (*port.fixed_ips, FixedIp(subnet.id, address))
        _record(session, port, change(context, session, port, fixed_ips=fixed))


def leave_metadata_port(context: RequestContext, session: Session, subnet: Subnet) -> None:
    """Take the metadata port's address in a subnet away that has no DHCP any more."""
    port = _metadata_port(session, subnet)
    if port is not None:
        kept = tuple(fixed for fixed in port.fixed_ips if fixed.subnet_id != subnet.id)
        _record(session, port, change(context, session, port, fixed_ips=kept))


# -- parts


def _metadata_port(session: Session, subnet: Subnet) -> Port | None:
    """Only a port of the network itself: on a network of his own, a tenant may name any device."""
    network_id = subnet.network_id
    device_id = f"ovnmeta-{network_id}"
    return session.first(Port, network_id=network_id, device_id=device_id, device_owner=DISTRIBUTED)


def _mac(context: RequestContext, session: Session, network: Network, wanted: str | None) -> str:
    if wanted is not None:
        if session.first(Port, network_id=network.id, mac_address=wanted) is not None:
            raise MacAddressInUse(net_id=network.id, mac=wanted)
        return wanted
    for _ in range(MAC_TRIES):
        number = BASE_MAC | random_number(context) & 0xFFFFFF
        mac = number.to_bytes(6, "big").hex(":")
        if session.first(Port, network_id=network.id, mac_address=mac) is None:
            return mac
    raise NetworkMacAddressGenerationFailure(net_id=network.id)


def _check_device(context: RequestContext, session: Session, owner: str, device_id: str, project_id: str) -> None:
    """Nobody gives his port to another project's router (CVE-2014-0056)."""
    if owner == ROUTER_INTERFACE and device_id and not context.is_admin:
        router = session.get(Router, device_id)
        if router is not None and router.project_id != project_id:
            raise DeviceIDNotOwnedByTenant(device_id=device_id)


def _check_router_port(port: Port, chosen: Values) -> None:
    """A router's port is given back by the router."""
    if chosen.get("device_owner", port.device_owner) != port.device_owner or (
        chosen.get("device_id", port.device_id) != port.device_id
    ):
        raise UnsupportedPortDeviceOwner(op="port update", device_owner=port.device_owner, port_id=port.id)


def _check_new_mac(session: Session, port: Port, mac: str) -> None:
    if port.binding_vif_type not in ("unbound", "binding_failed"):
        raise PortBound(port_id=port.id, vif_type=port.binding_vif_type, old_mac=port.mac_address, new_mac=mac)
    if session.first(Port, network_id=port.network_id, mac_address=mac) is not None:
        raise MacAddressInUse(net_id=port.network_id, mac=mac)


def _first_addresses(
    context: RequestContext,
    session: Session,
    settings: NetworkSettings,
    network: Network,
    values: Values,
    mac: str,
) -> tuple[FixedIp, ...]:
    owner = values.get("device_owner", "")
    wishes = values.get("fixed_ips")
    if wishes is not None and not wishes:
        return ()
    subnets = session.find(Subnet, network_id=network.id)
    if wishes is None:
        return addresses.for_any(context, session, network.id, subnets, mac, owner) if subnets else ()
    _check_number(settings, wishes, owner)
    return addresses.for_wishes(context, session, network.id, subnets, mac, owner, wishes)


def _next_addresses(
    context: RequestContext, session: Session, settings: NetworkSettings, port: Port, chosen: Values, mac: str
) -> tuple[FixedIp, ...]:
    """The addresses after an update: those asked for by subnet alone keep the address they have there."""
    owner = chosen.get("device_owner", port.device_owner)
    _check_number(settings, chosen["fixed_ips"], owner)
    subnets = session.find(Subnet, network_id=port.network_id)
    left = [fixed for fixed in port.fixed_ips if fixed not in chosen["fixed_ips"]]
    wishes: list[FixedIp] = []
    for wish in chosen["fixed_ips"]:
        same = next((fixed for fixed in left if not wish.ip_address and fixed.subnet_id == wish.subnet_id), None)
        if same is not None:
            left.remove(same)
        wishes.append(same or wish)
    return addresses.for_wishes(context, session, port.network_id, subnets, mac, owner, wishes, port.fixed_ips)


def _check_number(settings: NetworkSettings, wishes: Sequence[FixedIp], owner: str) -> None:
    if len(wishes) > settings.most_fixed_ips and not is_trusted(owner):
        raise InvalidInput(error_message="Exceeded maximum amount of fixed ips per port.")


def _first_groups(
    context: RequestContext, session: Session, project_id: str, owner: str, secured: bool, values: Values
) -> tuple[str, ...]:
    wanted = values.get("security_groups")
    if is_trusted(owner):
        return ()
    if not secured:
        if wanted:
            raise PortSecurityAndIPRequiredForSecurityGroups()
        return ()
    if wanted is None:
        default = security_groups.ensure_default(context, session, project_id)
        return (default,) if default is not None else ()
    return security_groups.for_port(context, session, project_id, wanted)


def _secure(context: RequestContext, session: Session, port: Port, chosen: dict[str, Any]) -> None:
    """Groups and address pairs of an update must fit port security, before and after."""
    secured = chosen.get("port_security_enabled", port.port_security_enabled)
    if "security_groups" in chosen:
        if chosen["security_groups"] and not secured:
            raise PortSecurityAndIPRequiredForSecurityGroups()
        chosen["security_groups"] = security_groups.for_port(
            context, session, port.project_id, chosen["security_groups"]
        )
    if secured:
        return
    if chosen.get("security_groups", port.security_groups):
        raise PortSecurityPortHasSecurityGroup()
    if chosen.get("allowed_address_pairs", port.allowed_address_pairs):
        raise AddressPairAndPortSecurityRequired()


def _options(present: Sequence[DhcpOption], wanted: Sequence[DhcpOption]) -> tuple[DhcpOption, ...]:
    """Options after an update: a named one is replaced, or taken away by None; the others stay."""
    result = {(option.opt_name, option.ip_version): option for option in present}
    for option in wanted:
        if option.opt_value is None:
            result.pop((option.opt_name, option.ip_version), None)
        else:
            result[option.opt_name, option.ip_version] = option
    return tuple(result.values())


def _binding(port: Port) -> dict[str, Any]:
    return {
        "binding_host_id": port.binding_host_id,
        "binding_vnic_type": port.binding_vnic_type,
        "binding_profile": port.binding_profile,
    }


def _owner_exists(session: Session, port: Port) -> bool:
    if port.device_owner == FLOATING_IP:
        return session.get(FloatingIp, port.device_id) is not None
    return port.router_id is not None and session.get(Router, port.router_id) is not None


def _record(session: Session, before: Port | None, port: Port) -> None:
    """Bring the rows that tell who uses an address or a group in line with the port."""
    old_addresses = set(before.fixed_ips) if before is not None else set()
    for fixed in old_addresses.difference(port.fixed_ips):
        row = session.get(IpAllocation, fixed.subnet_id, fixed.ip_address)
        if row is not None:
            session.delete(row)
    for fixed in port.fixed_ips:
        if fixed not in old_addresses:
            session.insert(
                IpAllocation(
                    subnet_id=fixed.subnet_id,
                    ip_address=fixed.ip_address,
                    port_id=port.id,
                    network_id=port.network_id,
                )
            )
    old_groups = set(before.security_groups) if before is not None else set()
    for group_id in old_groups.difference(port.security_groups):
        row_of_group = session.get(PortSecurityGroup, port.id, group_id)
        if row_of_group is not None:
            session.delete(row_of_group)
    for group_id in port.security_groups:
        if group_id not in old_groups:
            session.insert(PortSecurityGroup(port_id=port.id, security_group_id=group_id))
