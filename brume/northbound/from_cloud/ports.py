"""Port -> Logical_Switch_Port, and its membership in the switch and in port groups.

Not here: the router's side of a port (`router_ports`), DHCP options of a port's own (`dhcp`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.cloud.network.addresses import DISTRIBUTED, FLOATING_IP, ROUTER_GATEWAY
from brume.cloud.network.resources import Port
from brume.derive.rules import rule
from brume.derive.view import View
from brume.northbound.from_cloud import names
from brume.northbound.from_cloud.dhcp import options_of
from brume.northbound.from_cloud.facts import network_facts, subnet_facts, with_length
from brume.northbound.from_cloud.virtual_ports import Reserved, reserved
from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort, PortGroup
from brume.tables.map import Map
from brume.tables.row import Member

ROUTER = "router"
LOCALPORT = "localport"
VIRTUAL = "virtual"
UNKNOWN = "unknown"


class Addresses(NamedTuple):
    """What a port answers for, and what it may send as."""

    addresses: frozenset[str]
    port_security: frozenset[str]


def is_trusted(port: Port) -> bool:
    """A port of the cloud itself."""
    return port.device_owner.startswith("network:")


def allowed(port: Port) -> tuple[frozenset[str], frozenset[str]]:
    """Port security entries, and the further MACs that address pairs bring."""
    if not port.port_security_enabled or is_trusted(port):
        return frozenset(), frozenset()
    own = [port.mac_address, *(fixed.ip_address for fixed in port.fixed_ips)]
    entries, macs = set(), set()
    for pair in port.allowed_address_pairs:
        if pair.mac_address == port.mac_address:
            own.append(pair.ip_address)
        else:
            entries.add(f"{pair.mac_address} {pair.ip_address}")
            macs.add(pair.mac_address)
    entries.add(" ".join(own))
    return frozenset(entries), frozenset(macs)


def addresses_of(port: Port, kind: str, has_dhcp: bool) -> Addresses:
    """Without port security a port may be anybody: `unknown`, beside its own address where OVN answers its DHCP."""
    if kind == ROUTER:
        return Addresses(frozenset((ROUTER,)), frozenset())
    entries, macs = allowed(port)
    result: set[str] = set()
    if entries or kind or has_dhcp:
        result.add(" ".join([port.mac_address, *(fixed.ip_address for fixed in port.fixed_ips)]))
        result |= macs
    if not entries and not kind:
        result.add(UNKNOWN)
    return Addresses(frozenset(result), entries)


def kind_of(port: Port, virtual: Reserved | None) -> str:
    """The port's type in OVN."""
    if port.router_id is not None:
        return ROUTER
    if virtual is not None:
        return VIRTUAL
    return LOCALPORT if port.device_owner == DISTRIBUTED else ""


def options(port: Port, kind: str, virtual: Reserved | None) -> dict[str, str]:
    """Where the port belongs: to a router port, to one of its parents, or on a chassis."""
    if virtual is not None:
        return {"virtual-ip": virtual.address, "virtual-parents": ",".join(virtual.parents)}
    if kind == ROUTER:
        result = {"router-port": names.router_port_name(port.id)}
        if port.device_owner == ROUTER_GATEWAY:
            result |= {"nat-addresses": "router", "exclude-lb-vips-from-garp": "true"}
        return result
    return {"requested-chassis": port.binding_host_id} if port.binding_host_id and not kind else {}


@rule(Port)
def switch_port(port: Port, view: View) -> Iterator[LogicalSwitchPort | Member]:
    """The port on its switch. A floating IP's own port is none: it only keeps the address taken."""
    network = network_facts(view, port.network_id)
    if port.device_owner == FLOATING_IP or network is None:
        return
    virtual = reserved(view, port)
    kind = kind_of(port, virtual)
    dhcp4, dhcp6 = options_of(view, port)
    found = addresses_of(port, kind, dhcp4 is not None or dhcp6 is not None)
    cidrs = []
    for fixed in port.fixed_ips:
        subnet = subnet_facts(view, fixed.subnet_id)
        if subnet is not None:
            cidrs.append(with_length(fixed.ip_address, subnet))
    groups = () if is_trusted(port) else port.security_groups
    uuid = names.switch_port_uuid(port.id)
    yield LogicalSwitchPort(
        uuid=uuid,
        name=port.id,
        type=kind,
        enabled=port.admin_state_up,
        addresses=found.addresses,
        port_security=found.port_security,
        options=Map(options(port, kind, virtual)),
        dhcpv4_options=dhcp4,
        dhcpv6_options=dhcp6,
        external_ids=Map(
            {
                "neutron:port_name": port.name,
                "neutron:device_id": port.device_id,
                "neutron:project_id": port.project_id,
                "neutron:cidrs": " ".join(cidrs),
                "neutron:device_owner": port.device_owner,
                "neutron:subnet_pool_addr_scope4": "",
                "neutron:subnet_pool_addr_scope6": "",
                "neutron:network_name": names.switch_name(port.network_id),
                "neutron:security_group_ids": " ".join(groups),
                "neutron:revision_number": str(port.revision_number),
                "neutron:vnic_type": port.binding_vnic_type,
                "neutron:port_capabilities": "",
                "neutron:mtu": str(network.mtu) if kind == LOCALPORT else "",
            }
        ),
    )
    yield Member(LogicalSwitch.ports, names.switch_uuid(port.network_id), uuid)
    if found.port_security:
        yield Member(PortGroup.ports, names.group_uuid(names.DROP_GROUP), uuid)
    for group in groups:
        yield Member(PortGroup.ports, names.group_uuid(names.group_name(group)), uuid)
