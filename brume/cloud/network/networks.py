"""Networks: the rules about making, changing and deleting them."""

from __future__ import annotations

from collections.abc import Sequence

from brume.cloud.context import RequestContext
from brume.cloud.network import agents, ports, security_groups, segments, subnets
from brume.cloud.network.addresses import AUTO_DELETED, ROUTER_GATEWAY
from brume.cloud.network.errors import (
    DefaultExternalNetworkExists,
    ExternalNetworkInUse,
    InvalidSharedSetting,
    NetworkInUse,
    NetworkMTUSubnetConflict,
    NetworkNotFound,
)
from brume.cloud.network.records import Values, change, check_quota, new
from brume.cloud.network.resources import Network, Port, Subnet
from brume.cloud.network.segments import refuse
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session

LEAST_MTU = {4: 68, 6: 1280}


def load(session: Session, network_id: str) -> Network:
    """The network; raises NetworkNotFound."""
    network = session.get(Network, network_id)
    if network is None:
        raise NetworkNotFound(net_id=network_id)
    return network


def create(context: RequestContext, session: Session, settings: NetworkSettings, values: Values) -> Network:
    """A network, its segment and, as ML2/OVN makes it, its metadata port."""
    project_id = values.get("project_id", context.project_id or "")
    check_quota(session, settings, "network", Network, project_id)
    agents.check_zones(session, values.get("availability_zone_hints", ()))
    segment = segments.choose(session, settings, values)
    if values.get("is_default"):
        _only_default(session, None)
    most = settings.mtu_of(segment.network_type)
    mtu = values.get("mtu") or most
    if mtu > most:
        raise refuse(f"Requested MTU is too big, maximum is {most}")
    chosen = {
        **values,
        "mtu": mtu,
        "provider_network_type": segment.network_type,
        "provider_physical_network": segment.physical_network,
        "provider_segmentation_id": segment.segmentation_id,
        "segment_id": context.new_id(),
    }
    network = session.insert(new(context, Network, chosen, revision=1))
    segments.occupy(session, segment, network.id)
    security_groups.ensure_default(context, session, network.project_id)
    if settings.metadata_port:
        ports.create_metadata_port(context, session, settings, network)
    return network


def update(
    context: RequestContext, session: Session, settings: NetworkSettings, network: Network, values: Values
) -> Network:
    """Change a network. Provider attributes may be repeated, not changed."""
    for name in ("provider_network_type", "provider_physical_network", "provider_segmentation_id"):
        if name in values and values[name] != getattr(network, name):
            raise refuse("Plugin does not support updating provider attributes")
    if "mtu" in values:
        _check_mtu(session, settings, network, values["mtu"])
    if network.shared and values.get("shared") is False:
        _check_unshare(session, network)
    closing = network.router_external and values.get("router_external") is False
    if closing and session.first(Port, network_id=network.id, device_owner=ROUTER_GATEWAY):
        raise ExternalNetworkInUse(net_id=network.id)
    if values.get("is_default") and not network.is_default:
        _only_default(session, network.id)
    return change(context, session, network, **values)


def delete(context: RequestContext, session: Session, settings: NetworkSettings, network: Network) -> None:
    """Delete a network, its subnets and the ports the cloud itself made on it."""
    present = session.find(Port, network_id=network.id)
    others = [port.id for port in present if port.device_owner not in AUTO_DELETED]
    if others:
        raise NetworkInUse(
            net_id=network.id,
            reason="There are one or more ports still in use on the network, "
            f"id for these ports is: {','.join(others)}",
        )
    for port in present:
        ports.remove(session, port)
    for subnet in session.find(Subnet, network_id=network.id):
        subnets.remove(session, subnet)
    segments.release(session, network.id)
    session.delete(network)


def subnets_of(session: Session, networks: Sequence[Network]) -> dict[str, list[str]]:
    """The subnets' ids of each of these networks, in one query."""
    result: dict[str, list[str]] = {network.id: [] for network in networks}
    for subnet in session.find(Subnet, network_id=tuple(result)):
        result[subnet.network_id].append(subnet.id)
    return result


def _only_default(session: Session, network_id: str | None) -> None:
    present = session.first(Network, is_default=True)
    if present is not None and present.id != network_id:
        raise DefaultExternalNetworkExists(net_id=present.id)


def _check_mtu(session: Session, settings: NetworkSettings, network: Network, mtu: int) -> None:
    most = settings.mtu_of(network.provider_network_type)
    if mtu > most:
        raise refuse(f"Requested MTU is too big, maximum is {most}")
    versions = {subnet.ip_version for subnet in session.find(Subnet, network_id=network.id)}
    for version in sorted(versions):
        if mtu < LEAST_MTU[version]:
            raise NetworkMTUSubnetConflict(net_id=network.id, mtu=LEAST_MTU[version])


def _check_unshare(session: Session, network: Network) -> None:
    """A network that others use stays shared."""
    owners = {
        port.project_id
        for port in session.find(Port, network_id=network.id)
        if not port.device_owner.startswith("network:")
    }
    owners |= {subnet.project_id for subnet in session.find(Subnet, network_id=network.id)}
    if owners - {network.project_id}:
        raise InvalidSharedSetting(network=network.name)
