"""FloatingIp -> NAT of type dnat_and_snat."""

from __future__ import annotations

from collections.abc import Iterator

from brume.cloud.network.resources import FloatingIp
from brume.derive.rules import rule
from brume.derive.view import View
from brume.northbound.from_cloud import names
from brume.northbound.from_cloud.facts import distributes_floating_ips, floating_mac, gateway_facts, is_up
from brume.northbound.schema import NAT, LogicalRouter
from brume.tables.map import Map
from brume.tables.row import Member
from brume.values import derive_uuid


@rule(FloatingIp)
def floating_nat(floating: FloatingIp, view: View) -> Iterator[NAT | Member]:
    """An associated floating IP. Distributed, it has its own MAC and leaves where its port is up."""
    if floating.router_id is None or floating.port_id is None or floating.fixed_ip_address is None:
        return
    gateway = gateway_facts(view, floating.router_id)
    if gateway is None:
        return
    mac = floating_mac(view, floating.floating_port_id)
    distributed = distributes_floating_ips(view)
    uuid = derive_uuid("NAT", "dnat_and_snat", floating.id)
    yield NAT(
        uuid=uuid,
        type="dnat_and_snat",
        logical_ip=floating.fixed_ip_address,
        external_ip=floating.floating_ip_address,
        logical_port=floating.port_id,
        external_mac=mac if distributed and is_up(view, floating.port_id) else None,
        gateway_port=names.router_port_uuid(gateway.port_id) if distributed else None,
        options=Map({"stateless": "false"}),
        external_ids=Map(
            {
                "neutron:fip_id": floating.id,
                "neutron:revision_number": str(floating.revision_number),
                "neutron:fip_port_id": floating.port_id,
                "neutron:router_name": names.router_name(floating.router_id),
                "neutron:fip_external_mac": mac,
                "neutron:fip_network_id": floating.floating_network_id,
            }
        ),
    )
    yield Member(LogicalRouter.nat, names.router_uuid(floating.router_id), uuid)
