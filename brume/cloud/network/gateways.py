"""The gateway of a router: a port on an external network, and whether addresses are translated there."""

from __future__ import annotations

from collections.abc import Sequence

from brume.cloud.context import RequestContext
from brume.cloud.network import ports
from brume.cloud.network.addresses import ROUTER_GATEWAY
from brume.cloud.network.errors import NetworkNotFound, ResourceRequest
from brume.cloud.network.records import change
from brume.cloud.network.resources import FixedIp, FloatingIp, GatewayInfo, Network, Port, Router, Subnet
from brume.cloud.network.router_errors import RouterExternalGatewayInUseByFloatingIp
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session
from brume.values import Prefix


def apply(
    context: RequestContext, session: Session, settings: NetworkSettings, router: Router, wish: GatewayInfo | None
) -> Router:
    """Bring the router's gateway in line with the wish; None takes it away."""
    if wish is None:
        return remove(context, session, router)
    snat = router.enable_snat if wish.enable_snat is None else wish.enable_snat
    present = session.get(Port, router.gateway_port_id) if router.gateway_port_id else None
    network = _external(context, session, wish)
    if present is not None and present.network_id == network.id:
        if wish.external_fixed_ips and _differs(present, wish.external_fixed_ips):
            ports.update(context, session, settings, present, {"fixed_ips": wish.external_fixed_ips})
        return change(context, session, router, enable_snat=snat)
    router = remove(context, session, router)
    subnets = session.find(Subnet, network_id=network.id)
    check_overlap(session, router, subnets)
    values = {
        "network_id": network.id,
        "project_id": "",  # hidden from the tenant, as in Neutron
        "device_id": router.id,
        "device_owner": ROUTER_GATEWAY,
        "router_id": router.id,
        **({"fixed_ips": wish.external_fixed_ips} if wish.external_fixed_ips else {}),
    }
    port = ports.create(context, session, settings, values, status="ACTIVE")
    return change(context, session, router, gateway_port_id=port.id, enable_snat=snat)


def remove(context: RequestContext, session: Session, router: Router) -> Router:
    """Take the gateway away, unless floating IPs need it."""
    port = session.get(Port, router.gateway_port_id) if router.gateway_port_id else None
    if port is None:
        return router
    if session.first(FloatingIp, router_id=router.id) is not None:
        raise RouterExternalGatewayInUseByFloatingIp(router_id=router.id, net_id=port.network_id)
    ports.remove(session, port)
    return change(context, session, router, gateway_port_id=None, enable_snat=True)


def _external(context: RequestContext, session: Session, wish: GatewayInfo) -> Network:
    network = session.get(Network, wish.network_id)
    if network is None:
        raise NetworkNotFound(net_id=wish.network_id)
    if not network.router_external:
        if not (context.is_admin or network.shared or network.project_id == context.project_id):
            raise NetworkNotFound(net_id=wish.network_id)
        raise ResourceRequest(resource="router", msg=f"Network {network.id} is not an external network")
    gateways = {subnet.gateway_ip for subnet in session.find(Subnet, network_id=network.id)}
    for fixed in wish.external_fixed_ips:
        if fixed.ip_address and fixed.ip_address in gateways:
            raise ResourceRequest(
                resource="router", msg=f"External IP {fixed.ip_address} is the same as the gateway IP"
            )
    return network


def _differs(port: Port, wishes: Sequence[FixedIp]) -> bool:
    if {wish.subnet_id for wish in wishes if wish.subnet_id} - {f.subnet_id for f in port.fixed_ips}:
        return True
    wanted = {wish.ip_address for wish in wishes if wish.ip_address}
    return wanted != {fixed.ip_address for fixed in port.fixed_ips}


def check_overlap(session: Session, router: Router, subnets: Sequence[Subnet]) -> None:
    """A router never has two subnets that overlap, on whatever side."""
    new = {subnet.id for subnet in subnets}
    behind: list[Subnet] = []
    for port in session.find(Port, router_id=router.id):
        for fixed in port.fixed_ips:
            if fixed.subnet_id in new:
                raise ResourceRequest(resource="router", msg=f"Router already has a port on subnet {fixed.subnet_id}")
        if port.device_owner == ROUTER_GATEWAY:
            behind += session.find(Subnet, network_id=port.network_id)
        else:
            behind += session.find(Subnet, id=tuple({fixed.subnet_id for fixed in port.fixed_ips}))
    for present in behind:
        for subnet in subnets:
            if Prefix.parse(present.cidr).overlaps(Prefix.parse(subnet.cidr)):
                raise ResourceRequest(
                    resource="router",
                    msg=f"Cidr {subnet.cidr} of subnet {subnet.id} overlaps with cidr {present.cidr} "
                    f"of subnet {present.id}",
                )
