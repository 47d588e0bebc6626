"""network-ip-availabilities: how many addresses of a network are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from brume.apis.network import access
from brume.apis.network.noun import Noun
from brume.apis.network.views import Json
from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Route
from brume.cloud.network import networks
from brume.cloud.network.addresses import ranges_of
from brume.cloud.network.resources import IpAllocation, Network, Subnet
from brume.values import Prefix, parse_address


def availability_routes(noun: Noun[Network]) -> list[Route]:
    """The routes."""

    def bind(handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
        def guarded(request: Request) -> Any:
            access.enforce(request, "get_network_ip_availability", {})
            return handler(request)

        return guarded

    path = "/v2.0/network-ip-availabilities"
    return [Route("GET", path, bind(_list)), Route("GET", f"{path}/{{id}}", bind(_show))]


def _list(request: Request) -> Json:
    names = {"network_id": "id", "network_name": "name", "project_id": "project_id", "tenant_id": "project_id"}
    equal = {names[n]: tuple(texts) for n, texts in request.query.items() if n in names}
    rows = request.session.find(Network, **equal)
    versions = {int(text) for text in request.query.get("ip_version", ()) if text in ("4", "6")} or {4, 6}
    return {"network_ip_availabilities": [_network(request, network, versions) for network in rows]}


def _show(request: Request) -> Json:
    network = networks.load(request.session, request.parameters["id"])
    return {"network_ip_availability": _network(request, network, {4, 6})}


def _network(request: Request, network: Network, versions: set[int]) -> Json:
    subnets = [s for s in request.session.find(Subnet, network_id=network.id) if s.ip_version in versions]
    parts = [_subnet(request, subnet) for subnet in subnets]
    details = [part["ip_availability_details"] for part in parts]
    return {
        "network_id": network.id,
        "network_name": network.name,
        "project_id": network.project_id,
        "tenant_id": network.project_id,
        "subnet_ip_availability": parts,
        "used_ips": sum(part["used_ips"] for part in parts),
        "total_ips": _Big(sum(int(part["total_ips"]) for part in parts)).shown,
        "ip_availability_details": {name: _total(details, name) for name in _DETAILS},
    }


_DETAILS = (
    "total_ips_in_subnet",
    "total_ips_in_allocation_pool",
    "used_ips_in_subnet",
    "used_ips_in_allocation_pool",
)


class _Big(int):
    """A number that may pass 64 bits."""

    @property
    def shown(self) -> float | int:
        """As JSON takes it here: beyond 64 bits as the nearest floating point number."""
        return int(self) if self < 1 << 64 else float(self)


def _total(details: Iterable[Json], name: str) -> float | int:
    return _Big(sum(int(part[name]) for part in details)).shown


def _subnet(request: Request, subnet: Subnet) -> Json:
    prefix = Prefix.parse(subnet.cidr)
    ranges = ranges_of(subnet)
    used = [parse_address(row.ip_address).value for row in request.session.find(IpAllocation, subnet_id=subnet.id)]
    in_pools = sum(any(first <= value <= last for first, last in ranges) for value in used)
    whole = prefix.size - 2 if prefix.version == 4 and prefix.length <= 30 else prefix.size
    pooled = sum(last - first + 1 for first, last in ranges)
    return {
        "subnet_id": subnet.id,
        "ip_version": subnet.ip_version,
        "cidr": subnet.cidr,
        "subnet_name": subnet.name,
        "used_ips": len(used),
        "total_ips": _Big(pooled).shown,
        "ip_availability_details": {
            "total_ips_in_subnet": _Big(whole).shown,
            "total_ips_in_allocation_pool": _Big(pooled).shown,
            "used_ips_in_subnet": len(used),
            "used_ips_in_allocation_pool": in_pools,
        },
    }
