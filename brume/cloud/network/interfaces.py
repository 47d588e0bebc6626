"""Router interfaces: attaching a router to a subnet, by the subnet or by a port, and detaching it.

A router's port is ACTIVE as soon as it is there: it is on every chassis, and none has to report it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from brume.cloud.context import RequestContext
from brume.cloud.network import checks, gateways, ports, subnets
from brume.cloud.network.addresses import ROUTER_INTERFACE
from brume.cloud.network.errors import PortInUse, PortNotFound, ResourceRequest, SubnetNotFound
from brume.cloud.network.records import change, touch
from brume.cloud.network.resources import FixedIp, FloatingIp, Network, Port, Router, Subnet
from brume.cloud.network.router_errors import (
    RouterInterfaceInUseByFloatingIP,
    RouterInterfaceInUseByRoute,
    RouterInterfaceNotFound,
    RouterInterfaceNotFoundForSubnet,
    SubnetMismatchForPort,
)
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session
from brume.values import Prefix, parse_address


class Interface(NamedTuple):
    """What was attached or detached."""

    port: Port
    subnets: tuple[Subnet, ...]


def bad(reason: str) -> ResourceRequest:
    """Neutron's usual answer here."""
    return ResourceRequest(resource="router", msg=reason)


def add(
    context: RequestContext, session: Session, settings: NetworkSettings, router: Router, body: Mapping[str, Any]
) -> Interface:
    """Attach the router."""
    _check_body(body)
    if "port_id" in body and "subnet_id" in body:
        raise bad("Cannot specify both subnet-id and port-id")
    if "port_id" in body:
        interface = _add_port(context, session, settings, router, body["port_id"])
    else:
        interface = _add_subnet(context, session, settings, router, body["subnet_id"])
    touch(context, session, router)
    return interface


def remove(
    context: RequestContext, session: Session, settings: NetworkSettings, router: Router, body: Mapping[str, Any]
) -> Interface:
    """Detach the router."""
    _check_body(body)
    if "port_id" in body:
        interface = _remove_port(session, router, body["port_id"], body.get("subnet_id"))
    else:
        interface = _remove_subnet(context, session, settings, router, body["subnet_id"])
    touch(context, session, router)
    return interface


def _check_body(body: Mapping[str, Any]) -> None:
    if "port_id" not in body and "subnet_id" not in body:
        raise bad("Either subnet_id or port_id must be specified")
    for name in ("port_id", "subnet_id"):
        if name in body:
            try:
                checks.uuid(body[name])
            except ValueError as error:
                raise bad(str(error)) from None


def _visible(context: RequestContext, session: Session, network_id: str, project_id: str) -> bool:
    if context.is_admin or project_id == context.project_id:
        return True
    network = session.get(Network, network_id)
    return network is not None and (network.shared or network.project_id == context.project_id)


def _add_port(
    context: RequestContext, session: Session, settings: NetworkSettings, router: Router, port_id: str
) -> Interface:
    port = ports.load(session, port_id)
    if not context.is_admin and context.project_id != port.project_id:
        raise PortNotFound(port_id=port_id)
    if port.device_id:
        raise PortInUse(net_id=port.network_id, port_id=port.id, device_id=port.device_id)
    if not port.fixed_ips:
        raise bad("Router port must have at least one fixed IP")
    attached = session.find(Subnet, id=tuple({fixed.subnet_id for fixed in port.fixed_ips}))
    _check_subnets(session, router, attached)
    if sum(subnet.ip_version == 4 for subnet in attached) > 1:
        raise bad("Cannot have multiple IPv4 subnets on router port")
    values = {
        "device_id": router.id,
        "device_owner": ROUTER_INTERFACE,
        "security_groups": (),
        "allowed_address_pairs": (),
        "port_security_enabled": False,
    }
    changed = ports.update(context, session, settings, port, values)
    return Interface(change(context, session, changed, status="ACTIVE", router_id=router.id), tuple(attached))


def _add_subnet(
    context: RequestContext, session: Session, settings: NetworkSettings, router: Router, subnet_id: str
) -> Interface:
    subnet = subnets.load(session, subnet_id)
    if not _visible(context, session, subnet.network_id, subnet.project_id):
        raise SubnetNotFound(subnet_id=subnet_id)
    if not subnet.gateway_ip:
        raise bad("Subnet for router interface must have a gateway IP")
    if subnet.project_id != context.project_id and not context.is_admin:
        raise bad(
            f"Cannot add interface to router because subnet {subnet_id} is not owned by project making the request"
        )
    _check_subnets(session, router, [subnet])
    fixed = FixedIp(subnet.id, subnet.gateway_ip)
    if subnet.ip_version == 6:
        present = _ipv6_port(session, router, subnet.network_id)
        if present is not None:
            values = {"fixed_ips": (*present.fixed_ips, fixed)}
            return Interface(ports.update(context, session, settings, present, values), (subnet,))
    chosen: dict[str, Any] = {
        "network_id": subnet.network_id,
        "project_id": router.project_id,
        "device_id": router.id,
        "device_owner": ROUTER_INTERFACE,
        "router_id": router.id,
        "fixed_ips": (fixed,),
    }
    return Interface(ports.create(context, session, settings, chosen, status="ACTIVE"), (subnet,))


def _check_subnets(session: Session, router: Router, attached: Sequence[Subnet]) -> None:
    for subnet in attached:
        if subnet.ip_version == 6 and subnet.ipv6_ra_mode is None and subnet.ipv6_address_mode is not None:
            raise bad(
                f"IPv6 subnet {subnet.id} configured to receive RAs from an external router cannot be added "
                "to Neutron Router."
            )
    gateways.check_overlap(session, router, attached)


def _interfaces(session: Session, router: Router) -> list[Port]:
    return session.find(Port, router_id=router.id, device_owner=ROUTER_INTERFACE)


def _ipv6_port(session: Session, router: Router, network_id: str) -> Port | None:
    """The interface that a further IPv6 prefix of the same network joins."""
    for port in _interfaces(session, router):
        if port.network_id == network_id and any(":" in fixed.ip_address for fixed in port.fixed_ips):
            return port
    return None


def _remove_port(session: Session, router: Router, port_id: str, subnet_id: str | None) -> Interface:
    port = next((p for p in _interfaces(session, router) if p.id == port_id), None)
    if port is None:
        raise RouterInterfaceNotFound(router_id=router.id, port_id=port_id)
    identities = {fixed.subnet_id for fixed in port.fixed_ips}
    if subnet_id and subnet_id not in identities:
        raise SubnetMismatchForPort(port_id=port_id, subnet_id=subnet_id)
    attached = session.find(Subnet, id=tuple(identities))
    for subnet in attached:
        _check_unused(session, router, subnet)
    ports.remove(session, port)
    return Interface(port, tuple(attached))


def _remove_subnet(
    context: RequestContext, session: Session, settings: NetworkSettings, router: Router, subnet_id: str
) -> Interface:
    subnet = subnets.load(session, subnet_id)
    for port in _interfaces(session, router):
        if any(fixed.subnet_id == subnet_id for fixed in port.fixed_ips):
            _check_unused(session, router, subnet)
            kept = tuple(fixed for fixed in port.fixed_ips if fixed.subnet_id != subnet_id)
            if kept:
                ports.update(context, session, settings, port, {"fixed_ips": kept})
            else:
                ports.remove(session, port)
            return Interface(port, (subnet,))
    raise RouterInterfaceNotFoundForSubnet(router_id=router.id, subnet_id=subnet_id)


def _check_unused(session: Session, router: Router, subnet: Subnet) -> None:
    prefix = Prefix.parse(subnet.cidr)
    for route in router.routes:
        if parse_address(route.nexthop) in prefix:
            raise RouterInterfaceInUseByRoute(router_id=router.id, subnet_id=subnet.id)
    for floating in session.find(FloatingIp, router_id=router.id):
        if floating.fixed_ip_address and parse_address(floating.fixed_ip_address) in prefix:
            raise RouterInterfaceInUseByFloatingIP(router_id=router.id, subnet_id=subnet.id)
