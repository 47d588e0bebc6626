"""Address allocation: which address a port gets in a subnet.

An address is chosen at random from the allocation pools and looked up by key; on a collision another is tried. That
is constant work whatever the number of ports, until a pool is nearly full; then the free ones are counted out. The
key (subnet, address) of IpAllocation makes the choice safe against anybody else's.

Randomness comes from the context's identifiers, so a test that gives its own knows the outcome.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from brume.cloud.context import RequestContext
from brume.cloud.network.errors import (
    AllocationOnAutoAddressSubnet,
    InvalidInput,
    InvalidIpForNetwork,
    InvalidIpForSubnet,
    IpAddressAlreadyAllocated,
    IpAddressGenerationFailure,
    SubnetNotFound,
)
from brume.cloud.network.resources import FixedIp, IpAllocation, Pool, Subnet
from brume.cloud.store.session import Session
from brume.values import IpAddress, Ipv6Address, MacAddress, Prefix, parse_address

TRIES = 8
"""Random choices before the free addresses are counted out: a pool half full fails once in 256 times."""

ROUTER_INTERFACE = "network:router_interface"
ROUTER_GATEWAY = "network:router_gateway"
FLOATING_IP = "network:floatingip"
DISTRIBUTED = "network:distributed"
DHCP = "network:dhcp"
ROUTER_OWNERS = (ROUTER_INTERFACE, ROUTER_GATEWAY)
AUTO_DELETED = (DHCP, DISTRIBUTED, "network:floatingip_agent_gateway")
"""Ports that the cloud makes for a network and that go with it."""


def random_number(context: RequestContext) -> int:
    """128 bits, of which 122 are random."""
    return int(context.new_id().replace("-", ""), 16)


def eui64(subnet: Subnet, mac: str) -> str:
    """The address a host makes of its MAC."""
    prefix = Prefix.parse(subnet.cidr)
    return str(Ipv6Address.from_mac(prefix.network.value, MacAddress.parse(mac)))


def default_pools(prefix: Prefix, gateway: IpAddress | None) -> tuple[Pool, ...]:
    """Every host address but the gateway."""
    make = type(prefix.network)
    first, last = prefix.network.value, prefix.last.value
    if prefix.size > 1 and (prefix.version == 6 or prefix.length <= 30):
        first += 1
        last -= 1 if prefix.version == 4 else 0
    if gateway is None or prefix.size == 1 or not first <= gateway.value <= last or type(gateway) is not make:
        ranges = [(first, last)]
    else:
        ranges = [(first, gateway.value - 1), (gateway.value + 1, last)]
    return tuple(Pool(str(make(low)), str(make(high))) for low, high in ranges if low <= high)


def default_gateway(prefix: Prefix) -> IpAddress:
    """The first host address; in IPv6 the subnet-router anycast address (RFC 4291 section 2.6.1)."""
    return prefix.network if prefix.version == 6 or prefix.size == 1 else prefix.network + 1


def may_hold(prefix: Prefix, address: IpAddress, device_owner: str) -> bool:
    """Whether a port may have the address in this network: not its first (routers may, in IPv6), nor its broadcast."""
    if address not in prefix:
        return False
    if prefix.version == 6:
        return address != prefix.network or device_owner in ("", *ROUTER_OWNERS, FLOATING_IP)
    return prefix.length > 30 or address not in (prefix.network, prefix.last)


def ranges_of(subnet: Subnet) -> list[tuple[int, int]]:
    """The pools as numbers, both ends included."""
    return [(parse_address(pool.start).value, parse_address(pool.end).value) for pool in subnet.allocation_pools]


def pick(ranges: Sequence[tuple[int, int]], number: int) -> int:
    """The address that a number stands for in the pools."""
    offset = number % sum(last - first + 1 for first, last in ranges)
    for first, last in ranges:
        size = last - first + 1
        if offset < size:
            return first + offset
        offset -= size
    raise ValueError("there are no pools")


def nearest_free(ranges: Sequence[tuple[int, int]], used: Sequence[int], start: int) -> int | None:
    """The first free address at or after `start`, going round; `used` is sorted."""
    for after in (True, False):
        for first, last in ranges:
            low = max(first, start) if after else first
            free = _first_gap(low, last, used)
            if free is not None:
                return free
    return None


def _first_gap(low: int, high: int, used: Sequence[int]) -> int | None:
    index = bisect_left(used, low)
    while low <= high:
        if index >= len(used) or used[index] != low:
            return low
        low += 1
        index += 1
    return None


def allocate(context: RequestContext, session: Session, subnet: Subnet) -> str | None:
    """A free address of the subnet's pools, or None."""
    ranges = ranges_of(subnet)
    if not ranges:
        return None
    make = type(parse_address(subnet.allocation_pools[0].start))
    candidate = 0
    for _ in range(TRIES):
        candidate = pick(ranges, random_number(context))
        text = str(make(candidate))
        if session.get(IpAllocation, subnet.id, text) is None:
            return text
    used = sorted(parse_address(row.ip_address).value for row in session.find(IpAllocation, subnet_id=subnet.id))
    free = nearest_free(ranges, used, candidate)
    return None if free is None else str(make(free))


def in_order(subnets: Sequence[Subnet]) -> list[Subnet]:
    """Subnets as they are tried: those made for a service first, then by age."""
    return sorted(subnets, key=lambda subnet: (not subnet.service_types, subnet.created_at, subnet.id))


def usable(subnets: Sequence[Subnet], device_owner: str) -> list[Subnet]:
    """Subnets for ports of this owner: those without service types, or with this one."""
    return [s for s in in_order(subnets) if not s.service_types or device_owner in s.service_types]


def automatic(subnets: Sequence[Subnet], mac: str, device_owner: str) -> Iterator[FixedIp]:
    """The addresses a port has without being asked, where hosts make their own."""
    if device_owner not in ROUTER_OWNERS:
        for subnet in subnets:
            if subnet.is_automatic:
                yield FixedIp(subnet.id, eui64(subnet, mac))


def for_any(
    context: RequestContext, session: Session, network_id: str, subnets: Sequence[Subnet], mac: str, device_owner: str
) -> tuple[FixedIp, ...]:
    """Addresses for a port that asked for none in particular: one of each family that has pools."""
    fitting = usable(subnets, device_owner)
    result: list[FixedIp] = []
    for version in (4, 6):
        family = [s for s in fitting if s.ip_version == version and not s.is_automatic]
        for subnet in family:
            address = allocate(context, session, subnet)
            if address is not None:
                result.append(FixedIp(subnet.id, address))
                break
        else:
            if family:
                raise IpAddressGenerationFailure(net_id=network_id)
    return (*result, *automatic(fitting, mac, device_owner))


def for_wishes(
    context: RequestContext,
    session: Session,
    network_id: str,
    subnets: Sequence[Subnet],
    mac: str,
    device_owner: str,
    wishes: Sequence[FixedIp],
    kept: Sequence[FixedIp] = (),
) -> tuple[FixedIp, ...]:
    """Addresses for a port that asked. `kept` are the port's own already: they are not looked up again."""
    result: list[FixedIp] = []
    for wish in wishes:
        subnet = _subnet_of(session, network_id, subnets, wish, device_owner)
        if wish.ip_address:
            result.append(_wanted(session, subnet, wish.ip_address, mac, device_owner, kept))
        elif subnet.is_automatic and device_owner not in ROUTER_OWNERS:
            result.append(FixedIp(subnet.id, eui64(subnet, mac)))
        else:
            address = allocate(context, session, subnet)
            if address is None:
                raise IpAddressGenerationFailure(net_id=network_id)
            result.append(FixedIp(subnet.id, address))
    asked = {fixed.subnet_id for fixed in result}
    rest = [s for s in in_order(subnets) if s.id not in asked]
    return (*result, *automatic(rest, mac, device_owner)) if result else ()


def _subnet_of(
    session: Session, network_id: str, subnets: Sequence[Subnet], wish: FixedIp, device_owner: str
) -> Subnet:
    if not subnets:
        raise InvalidInput(error_message="IP allocation requires subnets for network")
    if wish.subnet_id:
        subnet = next((s for s in subnets if s.id == wish.subnet_id), None)
        if subnet is None:
            if session.get(Subnet, wish.subnet_id) is None:
                raise SubnetNotFound(subnet_id=wish.subnet_id)
            raise InvalidInput(
                error_message=f"Failed to create port on network {network_id}, because fixed_ips included "
                f"invalid subnet {wish.subnet_id}"
            )
        if wish.ip_address and not may_hold(Prefix.parse(subnet.cidr), parse_address(wish.ip_address), device_owner):
            raise InvalidIpForSubnet(ip_address=wish.ip_address)
        return subnet
    if not wish.ip_address:
        raise InvalidInput(error_message="IP allocation requires subnet_id or ip_address")
    address = parse_address(wish.ip_address)
    for subnet in in_order(subnets):
        if may_hold(Prefix.parse(subnet.cidr), address, device_owner):
            return subnet
    raise InvalidIpForNetwork(ip_address=wish.ip_address)


def _wanted(
    session: Session, subnet: Subnet, address: str, mac: str, device_owner: str, kept: Sequence[FixedIp]
) -> FixedIp:
    fixed = FixedIp(subnet.id, address)
    if fixed in kept:
        return fixed
    if subnet.is_automatic and device_owner != ROUTER_INTERFACE and address != eui64(subnet, mac):
        raise AllocationOnAutoAddressSubnet(ip=address, subnet_id=subnet.id)
    if session.get(IpAllocation, subnet.id, address) is not None:
        raise IpAddressAlreadyAllocated(ip=address, subnet_id=subnet.id)
    return fixed
