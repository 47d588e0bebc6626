"""Floating IPs: taking an address of an external network, and letting it stand for a port behind a router."""

from __future__ import annotations

from typing import NamedTuple

from brume.cloud.context import RequestContext
from brume.cloud.network import ports
from brume.cloud.network.addresses import FLOATING_IP, ROUTER_GATEWAY, ROUTER_INTERFACE
from brume.cloud.network.errors import NetworkNotFound, PortNotFound, ResourceRequest
from brume.cloud.network.records import Values, change, check_quota, new
from brume.cloud.network.resources import FixedIp, FloatingIp, Network, Port, Subnet
from brume.cloud.network.router_errors import (
    ExternalGatewayForFloatingIPNotFound,
    ExternalIpAddressExhausted,
    FloatingIPNotFound,
    FloatingIPPortAlreadyAssociated,
)
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session

ASSOCIATED = "ACTIVE"
FREE = "DOWN"


class Association(NamedTuple):
    """What a floating IP stands for; nothing of it, or all."""

    port_id: str | None = None
    fixed_ip_address: str | None = None
    router_id: str | None = None

    @property
    def status(self) -> str:
        """ACTIVE as soon as the northbound has its NAT row: that is, with the association."""
        return ASSOCIATED if self.router_id else FREE

    def values(self) -> dict[str, str | None]:
        """The fields of the floating IP that say so."""
        return {**self._asdict(), "status": self.status}


def bad(reason: str) -> ResourceRequest:
    """Neutron's usual answer here."""
    return ResourceRequest(resource="floatingip", msg=reason)


def load(session: Session, floating_id: str) -> FloatingIp:
    """The floating IP; raises FloatingIPNotFound."""
    floating = session.get(FloatingIp, floating_id)
    if floating is None:
        raise FloatingIPNotFound(floatingip_id=floating_id)
    return floating


def create(context: RequestContext, session: Session, settings: NetworkSettings, values: Values) -> FloatingIp:
    """A floating IP: by network, by subnet, or a certain address."""
    network = session.get(Network, values["floating_network_id"])
    if network is None:
        raise NetworkNotFound(net_id=values["floating_network_id"])
    if not network.router_external:
        raise bad(f"Network {network.id} is not a valid external network")
    project_id = values.get("project_id", context.project_id or "")
    check_quota(session, settings, "floatingip", FloatingIp, project_id)
    identity = context.new_id()
    port = _take_address(context, session, settings, network, identity, values)
    address = next(fixed.ip_address for fixed in port.fixed_ips if ":" not in fixed.ip_address)
    draft = new(
        context,
        FloatingIp,
        {
            **values,
            "id": identity,
            "project_id": project_id,
            "floating_ip_address": address,
            "floating_port_id": port.id,
            "port_id": None,
            "fixed_ip_address": None,
        },
    )
    association = _associate(context, session, draft, values)
    return session.insert(new(context, FloatingIp, {**_fields(draft), **association.values()}))


def update(
    context: RequestContext, session: Session, settings: NetworkSettings, floating: FloatingIp, values: Values
) -> FloatingIp:
    """Associate, associate otherwise, set free (port_id null); a request that names no port changes nothing of it."""
    rest = {n: v for n, v in values.items() if n not in ("port_id", "fixed_ip_address")}
    if "port_id" not in values and "fixed_ip_address" not in values:
        return change(context, session, floating, **rest)
    wish = {"port_id": floating.port_id, **values}
    association = _associate(context, session, floating, wish)
    return change(context, session, floating, **rest, **association.values())


def delete(context: RequestContext, session: Session, settings: NetworkSettings, floating: FloatingIp) -> None:
    """Give the address back."""
    session.delete(floating)
    port = session.get(Port, floating.floating_port_id)
    if port is not None:
        ports.remove(session, port)


def _fields(floating: FloatingIp) -> dict[str, object]:
    return {
        name: getattr(floating, name)
        for name in FloatingIp.__struct_fields__
        if name not in ("created_at", "updated_at", "revision_number")
    }


def _take_address(
    context: RequestContext,
    session: Session,
    settings: NetworkSettings,
    network: Network,
    identity: str,
    values: Values,
) -> Port:
    """The port that keeps the address: nobody's, as in Neutron, so that it costs no project its quota."""
    subnets = session.find(Subnet, network_id=network.id)
    if not any(subnet.ip_version == 4 for subnet in subnets):
        raise bad(f"Network {network.id} does not contain any IPv4 subnet")
    wish = FixedIp(values.get("subnet_id") or "", values.get("floating_ip_address") or "")
    port = ports.create(
        context,
        session,
        settings,
        {
            "network_id": network.id,
            "project_id": "",
            "device_id": identity,
            "device_owner": FLOATING_IP,
            **({"fixed_ips": (wish,)} if wish != FixedIp() else {}),
        },
        status="N/A",
    )
    if not any(":" not in fixed.ip_address for fixed in port.fixed_ips):
        raise ExternalIpAddressExhausted(net_id=network.id)
    return port


def _associate(context: RequestContext, session: Session, floating: FloatingIp, values: Values) -> Association:
    port_id, wanted = values.get("port_id"), values.get("fixed_ip_address")
    if not port_id:
        if wanted:
            raise bad("fixed_ip_address cannot be specified without a port_id")
        return Association()
    port = ports.load(session, port_id)
    if port.project_id != floating.project_id and not context.is_admin:
        network = session.get(Network, port.network_id)
        if network is None or network.project_id != context.project_id:
            raise PortNotFound(port_id=port_id)  # not for him to know of
        raise bad(
            f"Cannot process floating IP association with Port {port_id}, since that port is owned by a "
            "different project"
        )
    fixed = _internal(port, wanted)
    router_id = _router(session, port, fixed, floating.floating_network_id)
    others = session.find(
        FloatingIp,
        port_id=port_id,
        fixed_ip_address=fixed.ip_address,
        floating_network_id=floating.floating_network_id,
    )
    if any(other.id != floating.id for other in others):
        raise FloatingIPPortAlreadyAssociated(
            port_id=port_id,
            fip_id=floating.id,
            floating_ip_address=floating.floating_ip_address,
            fixed_ip=fixed.ip_address,
            net_id=floating.floating_network_id,
        )
    return Association(port_id, fixed.ip_address, router_id)


def _internal(port: Port, wanted: str | None) -> FixedIp:
    """The port's address that shall be reached."""
    if wanted:
        if ":" in wanted:
            raise bad(f"Cannot process floating IP association with {wanted}, since that is not an IPv4 address")
        for fixed in port.fixed_ips:
            if fixed.ip_address == wanted:
                return fixed
        raise bad(f"Port {port.id} does not have fixed ip {wanted}")
    candidates = [fixed for fixed in port.fixed_ips if ":" not in fixed.ip_address]
    if not candidates:
        raise bad(f"Cannot add floating IP to port {port.id} that has no fixed IPv4 addresses")
    if len(candidates) > 1:
        raise bad(
            f"Port {port.id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when "
            "assigning a floating IP"
        )
    return candidates[0]


def _router(session: Session, port: Port, fixed: FixedIp, external_network_id: str) -> str:
    """The router between the port's subnet and the external network: that which is the subnet's gateway, first."""
    subnet = session.get(Subnet, fixed.subnet_id)
    interfaces = session.find(Port, network_id=port.network_id, device_owner=ROUTER_INTERFACE)
    found: list[tuple[bool, str]] = []
    for interface in interfaces:
        here = [own.ip_address for own in interface.fixed_ips if own.subnet_id == fixed.subnet_id]
        router_id = interface.router_id
        if here and router_id is not None and _leads_to(session, router_id, external_network_id):
            found.append((subnet is not None and subnet.gateway_ip in here, router_id))
    if not found:
        raise ExternalGatewayForFloatingIPNotFound(
            subnet_id=fixed.subnet_id, external_network_id=external_network_id, port_id=port.id
        )
    return max(found)[1]


def _leads_to(session: Session, router_id: str, network_id: str) -> bool:
    return session.first(Port, router_id=router_id, device_owner=ROUTER_GATEWAY, network_id=network_id) is not None
