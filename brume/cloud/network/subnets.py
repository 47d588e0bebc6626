"""Subnets: the rules about ranges, gateways, pools and what hosts are told."""

from __future__ import annotations

from collections.abc import Sequence

from brume.cloud.context import RequestContext
from brume.cloud.network import ports
from brume.cloud.network.addresses import (
    AUTO_DELETED,
    FLOATING_IP,
    ROUTER_GATEWAY,
    ROUTER_INTERFACE,
    ROUTER_OWNERS,
    default_gateway,
    default_pools,
)
from brume.cloud.network.errors import (
    DNSNameServersExhausted,
    GatewayConflictWithAllocationPools,
    GatewayIpInUse,
    HostRoutesExhausted,
    InvalidAllocationPool,
    InvalidInput,
    NetworkMTUSubnetConflict,
    NetworkNotFound,
    OutOfBoundsAllocationPool,
    OverlappingAllocationPools,
    ResourceRequest,
    SubnetInUse,
    SubnetNotFound,
    SubnetPoolNotFound,
)
from brume.cloud.network.records import Values, change, check_quota, new, touch
from brume.cloud.network.resources import IpAllocation, Network, Pool, Port, Route, Subnet
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session
from brume.values import IpAddress, Prefix, parse_address

LEAST_MTU = {4: 68, 6: 1280}


def load(session: Session, subnet_id: str) -> Subnet:
    """The subnet; raises SubnetNotFound."""
    subnet = session.get(Subnet, subnet_id)
    if subnet is None:
        raise SubnetNotFound(subnet_id=subnet_id)
    return subnet


def invalid(reason: str) -> InvalidInput:
    """Neutron's usual answer here."""
    return InvalidInput(error_message=reason)


def create(context: RequestContext, session: Session, settings: NetworkSettings, values: Values) -> Subnet:
    """A subnet. Where hosts make their own addresses, the network's ports get theirs."""
    if values.get("subnetpool_id") is not None:
        raise SubnetPoolNotFound(subnetpool_id=values["subnetpool_id"])
    if "cidr" not in values:
        raise ResourceRequest(resource="subnets", msg="a subnetpool must be specified in the absence of a cidr")
    address, _, length = values["cidr"].partition("/")
    prefix = Prefix.containing(parse_address(address), int(length))
    gateway = _gateway(prefix, values)
    chosen = {**values, "cidr": str(prefix), "gateway_ip": None if gateway is None else str(gateway)}
    _check(settings, prefix, chosen, "new subnet")
    network = session.get(Network, values["network_id"])
    if network is None:
        raise NetworkNotFound(net_id=values["network_id"])
    if network.mtu < LEAST_MTU[prefix.version]:
        raise NetworkMTUSubnetConflict(net_id=network.id, mtu=LEAST_MTU[prefix.version])
    check_quota(session, settings, "subnet", Subnet, values.get("project_id", context.project_id or ""))
    _check_overlap(prefix, network, session.find(Subnet, network_id=network.id))
    if "allocation_pools" in chosen:
        _check_pools(prefix, chosen["allocation_pools"], gateway)
    else:
        chosen["allocation_pools"] = default_pools(prefix, gateway)
    subnet = session.insert(new(context, Subnet, chosen))
    touch(context, session, network)
    _follow(context, session, settings, subnet)
    return subnet


def update(
    context: RequestContext, session: Session, settings: NetworkSettings, subnet: Subnet, values: Values
) -> Subnet:
    """Change a subnet: not its range, nor how hosts get their addresses."""
    prefix = Prefix.parse(subnet.cidr)
    _check(settings, prefix, {**_ipv6_modes(subnet), **values}, subnet.id, subnet)
    gateway_text = values.get("gateway_ip", subnet.gateway_ip)
    gateway = parse_address(gateway_text) if gateway_text else None
    if "gateway_ip" in values and gateway_text != subnet.gateway_ip:
        _check_gateway_unused(session, subnet)
    pools = values.get("allocation_pools", subnet.allocation_pools)
    if gateway_text != subnet.gateway_ip or "allocation_pools" in values:
        _check_pools(prefix, pools, gateway)
    changed = change(context, session, subnet, **values)
    _follow(context, session, settings, changed)
    return changed


def delete(context: RequestContext, session: Session, subnet: Subnet) -> None:
    """Delete a subnet that no port needs; ports lose the addresses that they made themselves in it."""
    allocations = session.find(IpAllocation, subnet_id=subnet.id)
    users = session.find(Port, id=tuple({a.port_id for a in allocations}))
    for port in users:
        if port.device_owner == ROUTER_INTERFACE or not (subnet.is_automatic or port.device_owner in AUTO_DELETED):
            raise SubnetInUse(subnet_id=subnet.id)
    for port in users:
        kept = tuple(fixed for fixed in port.fixed_ips if fixed.subnet_id != subnet.id)
        change(context, session, port, fixed_ips=kept)
    network = session.get(Network, subnet.network_id)
    remove(session, subnet)
    if network is not None:
        touch(context, session, network)


def remove(session: Session, subnet: Subnet) -> None:
    """Take the subnet and the record of its addresses away; who used them has been seen to."""
    session.delete_all(session.find(IpAllocation, subnet_id=subnet.id))
    session.delete(subnet)


def _gateway(prefix: Prefix, values: Values) -> IpAddress | None:
    if "gateway_ip" not in values:
        return default_gateway(prefix)
    text = values["gateway_ip"]
    return parse_address(text) if text else None


def _ipv6_modes(subnet: Subnet) -> dict[str, str | None]:
    return {"ipv6_ra_mode": subnet.ipv6_ra_mode, "ipv6_address_mode": subnet.ipv6_address_mode}


def _check(settings: NetworkSettings, prefix: Prefix, values: Values, name: str, present: Subnet | None = None) -> None:
    """What can be said of the values alone."""
    version = values.get("ip_version", prefix.version)
    _check_version(version, values.get("cidr", str(prefix)), "cidr")
    if prefix.length == 0:
        raise invalid("0 is not allowed as CIDR prefix length")
    if prefix.version == 6 and prefix.network.is_unspecified:
        raise invalid("IPv6 subnet '::' is not supported")
    if values.get("enable_dhcp", present is None) and not (present is not None and present.enable_dhcp):
        _check_dhcp(prefix)
    if values.get("gateway_ip"):
        _check_version(version, values["gateway_ip"], "gateway_ip")
        if prefix.version == 4 and parse_address(values["gateway_ip"]) in (prefix.network, prefix.last):
            raise invalid("Gateway is not valid on subnet")
    _check_told(settings, version, values, name)
    _check_ipv6(version, prefix, values, present)


def _check_version(version: int, address: str, name: str) -> None:
    if (6 if ":" in address else 4) != version:
        raise invalid(f"{name} '{address}' does not match the ip_version '{version}'")


def _check_dhcp(prefix: Prefix) -> None:
    if prefix.length > (30 if prefix.version == 4 else 126):
        raise invalid("Subnet has a prefix length that is incompatible with DHCP service enabled")
    if prefix.network.is_multicast:
        raise invalid("Multicast IP subnet is not supported if enable_dhcp is True")
    if prefix.network.is_loopback:
        raise invalid("Loopback IP subnet is not supported if enable_dhcp is True")
    if prefix.version == 4 and prefix.network.is_unspecified:
        raise invalid("First IP '0.0.0.0' of network is not supported if enable_dhcp is True.")


def _check_told(settings: NetworkSettings, version: int, values: Values, name: str) -> None:
    servers: Sequence[str] = values.get("dns_nameservers", ())
    if len(servers) > settings.most_nameservers:
        raise DNSNameServersExhausted(subnet_id=name, quota=settings.most_nameservers)
    for server in servers:
        _check_version(version, server, "dns_nameserver")
    routes: Sequence[Route] = values.get("host_routes", ())
    if len(routes) > settings.most_host_routes:
        raise HostRoutesExhausted(subnet_id=name, quota=settings.most_host_routes)
    for route in routes:
        _check_version(version, route.nexthop, "nexthop")
        _check_version(version, route.destination, "destination")


def _check_ipv6(version: int, prefix: Prefix, values: Values, present: Subnet | None) -> None:
    advertised, addressed = values.get("ipv6_ra_mode"), values.get("ipv6_address_mode")
    if version == 4:
        for name in ("ipv6_ra_mode", "ipv6_address_mode"):
            if values.get(name) is not None:
                raise invalid(f"{name} is not valid when ip_version is 4")
        return
    if advertised is None and addressed is None:
        return
    if not values.get("enable_dhcp", True):
        if present is not None:
            raise invalid("Cannot disable enable_dhcp with ipv6 attributes set")
        raise invalid("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False")
    if advertised is not None and addressed is not None and advertised != addressed:
        raise invalid(
            f"ipv6_ra_mode set to '{advertised}' with ipv6_address_mode set to '{addressed}' is not valid. "
            "If both attributes are set, they must be the same value"
        )
    if {advertised, addressed} & {"slaac", "dhcpv6-stateless"} and prefix.length != 64:
        raise invalid(
            f"Invalid CIDR {prefix} for IPv6 address mode. OpenStack uses the EUI-64 address format, "
            "which requires the prefix to be /64"
        )


def _check_overlap(prefix: Prefix, network: Network, others: Sequence[Subnet]) -> None:
    for other in others:
        if prefix.overlaps(Prefix.parse(other.cidr)):
            raise invalid(
                f"Requested subnet with cidr: {prefix} for network: {network.id} overlaps with another subnet"
            )


def _check_pools(prefix: Prefix, pools: Sequence[Pool], gateway: IpAddress | None) -> None:
    """Pools lie within the subnet, do not overlap, and leave the gateway out."""
    whole = default_pools(prefix, None)[0]
    least, most = parse_address(whole.start).value, parse_address(whole.end).value
    seen: list[tuple[int, int, Pool]] = []
    for pool in pools:
        start, end = parse_address(pool.start), parse_address(pool.end)
        if prefix.version != start.VERSION or prefix.version != end.VERSION or start.value > end.value:
            raise InvalidAllocationPool(pool=pool)
        if start.value < least or end.value > most:
            raise OutOfBoundsAllocationPool(pool=pool, subnet_cidr=prefix)
        for first, last, other in seen:
            if start.value <= last and first <= end.value:
                raise OverlappingAllocationPools(pool_1=other, pool_2=pool, subnet_cidr=prefix)
        seen.append((start.value, end.value, pool))
    for first, last, pool in seen:
        if gateway is not None and prefix.version == gateway.VERSION and first <= gateway.value <= last:
            raise GatewayConflictWithAllocationPools(pool=pool, ip_address=gateway)


def _check_gateway_unused(session: Session, subnet: Subnet) -> None:
    taken = session.get(IpAllocation, subnet.id, subnet.gateway_ip) if subnet.gateway_ip else None
    port = session.get(Port, taken.port_id) if taken is not None else None
    if port is not None and port.device_owner in ROUTER_OWNERS:
        raise GatewayIpInUse(ip_address=subnet.gateway_ip, port_id=port.id)


def _follow(context: RequestContext, session: Session, settings: NetworkSettings, subnet: Subnet) -> None:
    """Ports that get an address because the subnet is there: everybody by SLAAC, the metadata port by DHCP."""
    if subnet.is_automatic:
        for port in session.find(Port, network_id=subnet.network_id):
            if port.device_owner not in (ROUTER_INTERFACE, ROUTER_GATEWAY, FLOATING_IP):
                ports.add_automatic(context, session, subnet, port)
    if settings.metadata_port and not subnet.is_automatic:
        follow = ports.join_metadata_port if subnet.enable_dhcp else ports.leave_metadata_port
        follow(context, session, subnet)
