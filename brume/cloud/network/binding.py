"""Binding: where a port's host has its end, as far as the network knows it."""

from __future__ import annotations

from typing import Any

from brume.cloud.network.records import Values
from brume.cloud.network.resources import Chassis, Network
from brume.cloud.store.session import Session

VIF_DETAILS: dict[str, Any] = {
    "port_filter": True,
    "connectivity": "l2",
    "bridge_name": "br-int",
    "datapath_type": "system",
    "bound_drivers": {"0": "ovn"},
}
"""What Nova is told about a bound port, as ML2/OVN tells it."""


def bound(session: Session, network: Network, values: Values) -> dict[str, Any]:
    """vif_type and vif_details for a host: bound where a chassis has that name, and the network reaches it."""
    host = values.get("binding_host_id", "")
    if not host:
        return {"binding_host_id": "", "binding_vif_type": "unbound", "binding_vif_details": {}}
    chassis = session.first(Chassis, host=host)
    if chassis is None or values.get("binding_vnic_type", "normal") != "normal" or not reaches(chassis, network):
        return {"binding_vif_type": "binding_failed", "binding_vif_details": {}}
    return {"binding_vif_type": "ovs", "binding_vif_details": VIF_DETAILS}


def reaches(chassis: Chassis, network: Network) -> bool:
    """Tunnels reach every chassis; a provider network only those with a bridge for its physical network."""
    physical = network.provider_physical_network
    return physical is None or any(name == physical for name, _ in chassis.bridge_mappings)
