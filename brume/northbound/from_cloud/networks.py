"""Network -> Logical_Switch; a provider network's way to the wire -> a port of type localnet."""

from __future__ import annotations

from collections.abc import Iterator

from brume.cloud.network.resources import Network
from brume.derive.rules import rule
from brume.derive.view import View
from brume.northbound.from_cloud import names
from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort
from brume.tables.map import Map
from brume.tables.row import Member

UNKNOWN = frozenset(("unknown",))
"""A port behind which any address may be."""


@rule(Network)
def logical_switch(network: Network, view: View) -> Iterator[LogicalSwitch]:
    """The switch. Multicast is flooded as Ethernet does it: snooping is an operator's choice in Neutron, off."""
    about = {
        "neutron:network_name": network.name,
        "neutron:mtu": str(network.mtu),
        "neutron:revision_number": str(network.revision_number),
        "neutron:availability_zone_hints": ",".join(network.availability_zone_hints),
        "neutron:provnet-network-type": network.provider_network_type,
    }
    if network.provider_physical_network:
        about["neutron:provnet-physical-network"] = network.provider_physical_network
    yield LogicalSwitch(
        uuid=names.switch_uuid(network.id),
        name=names.switch_name(network.id),
        other_config=Map(
            {
                "mcast_snoop": "false",
                "mcast_flood_unregistered": "false",
                "vlan-passthru": str(network.vlan_transparent).lower(),
            }
        ),
        external_ids=Map(about),
    )


@rule(Network)
def localnet_port(network: Network, view: View) -> Iterator[LogicalSwitchPort | Member]:
    """The port by which a provider network's packets reach the bridge of its physical network."""
    if not network.provider_physical_network:
        return
    name = names.provider_port_name(network.segment_id)
    uuid = names.switch_port_uuid(name)
    yield LogicalSwitchPort(
        uuid=uuid,
        name=name,
        type="localnet",
        tag=network.provider_segmentation_id,
        addresses=UNKNOWN,
        options=Map(
            {
                "network_name": network.provider_physical_network,
                "mcast_flood_reports": "true",
                "mcast_flood": "false",
                "localnet_learn_fdb": "false",
            }
        ),
        external_ids=Map({"neutron:provnet-physical-network": network.provider_physical_network}),
    )
    yield Member(LogicalSwitch.ports, names.switch_uuid(network.id), uuid)
