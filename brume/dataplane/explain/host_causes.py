"""Why a packet is not even sent, or is lost at a host: what never reached a switch, or reached one that could not help.

Plain functions with the words of the user and the commands that cure; not asked by place, as those in `causes.py` are.
"""

from __future__ import annotations

from brume.cloud.network.resources import Port, Router, Subnet
from brume.dataplane.explain.explanation import Cause
from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.explain.topology import Station
from brume.northbound.neighbourhood import interfaces
from brume.northbound.schema import LogicalRouter, LogicalRouterPort
from brume.values import InterfaceAddress, IpAddress

INTERFACE = "network:router_interface"


def no_address(provenance: Provenance, station: Station, family: int, name: str) -> Cause:
    """A host has no address of a family; `name`: what it was called."""
    if family == 6:
        return _no_ipv6_address(provenance, station, name)
    return Cause(
        f"{name} has no IPv4 address: it got none by DHCP",
        (f"brume exec {name} dhclient", "openstack subnet set --dhcp SUBNET, if the subnet has DHCP switched off"),
    )


def _no_ipv6_address(provenance: Provenance, station: Station, name: str) -> Cause:
    """In IPv6 a router must say how hosts get their addresses, whichever way that is."""
    cloud = provenance.cloud
    if station.physical_network is not None:
        cure = "openstack subnet create --ip-version 6 --no-dhcp --network NETWORK --subnet-range PREFIX SUBNET"
        return Cause(f"{name} has no IPv6 address: no external network has an IPv6 subnet with a gateway", (cure,))
    port = cloud.get(Port, station.port_id) if station.port_id is not None else None
    if port is None:
        cures = (f"brume exec {name} dhclient -6", f"brume exec {name} ip -6 addr add ADDRESS/64 dev eth0")
        return Cause(f"{name} has no IPv6 address: no router advertised one, and it got none by DHCPv6", cures)
    for fixed in port.fixed_ips:
        subnet = cloud.get(Subnet, fixed.subnet_id)
        if subnet is None or subnet.ip_version != 6:
            continue
        called = subnet.name or subnet.cidr
        length = subnet.cidr.rpartition("/")[2]
        by_hand = f"brume exec {name} ip -6 addr add {fixed.ip_address}/{length} dev eth0"
        if subnet.ipv6_address_mode is None:
            return Cause(f"{name} has no IPv6 address: subnet {called} lets no host learn its own", (by_hand,))
        if not any(_is_interface_in(row, subnet) for row in cloud.rows(Port)):
            cure = f"openstack router add subnet ROUTER {called}"
            return Cause(f"{name} has no IPv6 address: no router advertises subnet {called}", (cure,))
        return Cause(f"{name} has no IPv6 address: it got none in subnet {called}", (f"brume exec {name} dhclient -6",))
    return Cause(
        f"{name} has no IPv6 address: its port has none", ("openstack subnet create --ip-version 6, then a new port",)
    )


def _is_interface_in(port: Port, subnet: Subnet) -> bool:
    return port.device_owner == INTERFACE and any(fixed.subnet_id == subnet.id for fixed in port.fixed_ips)


def own_address(station: str, address: object) -> Cause:
    return Cause(f"{station} itself has the address {address}: the packet never leaves it")


def not_running(station: str) -> Cause:
    return Cause(f"{station} is plugged in on no chassis", (f"openstack server start {station}",))


def no_host_route(station: str, destination: IpAddress) -> Cause:
    if destination.VERSION == 6:
        return Cause(
            f"{station} has no route to {destination}: no router has advertised itself",
            ("openstack router add subnet ROUTER SUBNET, with a subnet that has an --ipv6-ra-mode",),
        )
    return Cause(
        f"{station} has no route to {destination}: no gateway is known to it",
        ("openstack subnet set --gateway ADDRESS SUBNET, then let the host ask DHCP again",),
    )


def nobody_answers(station: str, address: object, gateway_of: str | None, router: Router | None) -> Cause:
    """The host's own ARP request stays without an answer."""
    who = f"{station} asks for the MAC address of {address}, and nobody answers"
    if gateway_of is None:
        return Cause(who, (f"is there a host with {address} in the network of {station}, and is it running?",))
    if router is not None:
        return Cause(f"{who}: router {router.name} is down", (f"openstack router set --enable {router.name}",))
    return Cause(
        f"{who}: no router has the gateway address of subnet {gateway_of}",
        (f"openstack router add subnet ROUTER {gateway_of}",),
    )


def nobody_takes(station: str, address: object, mac: object) -> Cause:
    """The frame is delivered to whoever may have its address, and no host has it."""
    who = f"{station} sends to {mac} for {address}, and no host takes the frame"
    return Cause(who, ("is that the MAC address of a host that runs, or does the sender remember an old one?",))


def no_floating_ip(name: str, network: str) -> Cause:
    return Cause(
        f"{name} cannot be reached from outside: it has no floating IP",
        (f"openstack floating ip create {network}", f"openstack server add floating ip {name} ADDRESS"),
    )


def host_lacks_address(name: str, address: object, *, is_server: bool) -> Cause:
    if not is_server:
        return Cause(
            f"{name} gets the packet as the next hop, but neither has the address {address} nor routes on",
            (f"is {address} the address you mean?",),
        )
    return Cause(
        f"{name} gets the packet, but does not have the address {address}",
        (f"brume exec {name} ip addr: did it get its address by DHCP?",),
    )


def card_has_another_mac(name: str, addressed: object, own: object) -> Cause:
    cure = f"brume ovn unbind {name}; brume ovn bind {name} CHASSIS: without --mac, the card is as its port says"
    return Cause(f"{name} takes no frame for {addressed}: its card has {own}", (cure,))


def outside_cannot_answer(name: str, address: object, router: str | None) -> Cause:
    cure = (f"openstack router set --enable-snat --external-gateway NETWORK {router or 'ROUTER'}",)
    return Cause(f"{name} has no way back to {address}: the router does not translate it (SNAT is off)", cure)


def outside_has_no_route(provenance: Provenance, outside: Station, address: IpAddress, *, back: bool) -> Cause:
    """Nobody translates IPv6, so who is outside needs a route to the network within, by a router that is on both."""
    who = f"{outside.name} has no {'way back' if back else 'route'} to {address}: IPv6 addresses are not translated"
    northbound = provenance.northbound.northbound
    for port in northbound.rows(LogicalRouterPort):
        within = next((own.prefix for own in interfaces(port) if address in own.prefix), None)
        for router in northbound.owners(LogicalRouter.ports, port.uuid) if within is not None else ():
            for uuid in northbound.members(LogicalRouter.ports, router):
                gateway = _address_near(northbound.get(LogicalRouterPort, uuid), outside)
                if gateway is not None:
                    route = f"ip -6 route add {within} via {gateway.address}"
                    return Cause(f"{who}, and the way is not known there", (f"brume exec {outside.name} {route}",))
    return Cause(f"{who}, and no router leads from there to {address}")


def _address_near(port: LogicalRouterPort | None, outside: Station) -> InterfaceAddress | None:
    """The IPv6 address of a router's port in a network of a host's."""
    for own in interfaces(port) if port is not None else ():
        if own.address.VERSION == 6 and any(own.address in mine.prefix for mine in outside.addresses):
            return own
    return None
