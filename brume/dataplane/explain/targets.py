"""Who sends, and where to: names of hosts and addresses, as stations and addresses of one family.

    source, target = Pairs(topology).of(request)

A name is a host's address: its IPv4 address if both hosts have one (or should, as the cloud says), else its IPv6
address; `family` of the request decides otherwise. From outside, a server is its floating IP, or its IPv6 address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.cloud.network.resources import FloatingIp, Network, Port
from brume.dataplane.explain import by_hand_hosts as by_hand
from brume.dataplane.explain import host_causes as causes
from brume.dataplane.explain.explanation import Cause, TraceError, TraceRequest
from brume.dataplane.explain.topology import Station, TraceTopology
from brume.values import IpAddress, Ipv4Address, parse_address

Found = tuple[Station, "Target"]


class Target(NamedTuple):
    """Where the packet shall go: an address, and the host that is meant, if one is."""

    address: IpAddress
    station: Station | None


class Stopped(Exception):
    """The packet is not even sent, or stays where it is: why."""

    def __init__(self, cause: Cause, facts: tuple[str, ...] = ()) -> None:
        super().__init__(cause.who)
        self.cause = cause
        self.facts = facts


class Pairs:
    """Answers who the ends of a request are."""

    def __init__(self, topology: TraceTopology) -> None:
        self.topology = topology
        self.cloud = topology.provenance.cloud

    def of(self, request: TraceRequest) -> Found:
        """The card the packet leaves by, and where it goes. TraceError when there is no such host."""
        sources = self.stations(request.source)
        address = _literal(request)
        if address is not None:
            return _nearest(sources, [Target(address, None)])
        stations = self.stations(request.destination)
        both = (sources, stations)
        family: int = request.family or max((4, 6), key=lambda one: sum(self._has(ends, one) for ends in both))
        return _nearest(sources, self._targets(request.destination, stations, sources[0], family))

    def stations(self, name: str) -> tuple[Station, ...]:
        """The cards of a host."""
        found = tuple(self.topology.stations(name))
        if not found:
            raise TraceError(f"no server is named {name}, or it does not run")
        return found

    def _has(self, stations: tuple[Station, ...], family: int) -> bool:
        """Whether a host has an address of a family, or should have one."""
        return any(next(_own(one, family), None) or self._given(one, family) for one in stations)

    def _targets(self, name: str, stations: tuple[Station, ...], source: Station, family: int) -> list[Target]:
        """The addresses of a host, as it is called from where the source is."""
        if source.physical_network is not None and stations[0].physical_network is None:
            return [self._from_outside(name, stations[0], family)]
        found = [Target(address, one) for one in stations for address in _own(one, family)]
        return found or [self._expected(name, stations[0], family)]

    def _expected(self, name: str, station: Station, family: int) -> Target:
        """A host without an address is looked for where the cloud says that it is; or on the same link."""
        given = self._given(station, family)
        on_link = (own.address for own in station.addresses if own.address.VERSION == family == 6)
        address = next(on_link, None) if given is None else given
        if address is None:
            raise Stopped(causes.no_address(self.topology.provenance, station, family, name))
        return Target(address, station)

    def _given(self, station: Station, family: int) -> IpAddress | None:
        port = self.cloud.get(Port, station.port_id) if station.port_id is not None else None
        given = (parse_address(fixed.ip_address) for fixed in (port.fixed_ips if port is not None else ()))
        return next((address for address in given if family == address.VERSION), None)

    def _from_outside(self, name: str, station: Station, family: int) -> Target:
        """Outside, a server is its floating IP; on an external network, or in IPv6, its own address."""
        found = by_hand.address_from_outside(self.topology.provenance, station, family)
        if isinstance(found, Cause):
            raise Stopped(found)
        if found is not None:
            return Target(found, station)
        if family == 6:  # never translated by Neutron
            own = next(_own(station, 6), None)
            return Target(own, station) if own is not None else self._expected(name, station, 6)
        port = self.cloud.get(Port, station.port_id) if station.port_id is not None else None
        for floating in self.cloud.rows(FloatingIp):
            if port is not None and floating.port_id == port.id:
                return Target(Ipv4Address.parse(floating.floating_ip_address), station)
        network = self.cloud.get(Network, port.network_id) if port is not None else None
        if network is not None and network.provider_physical_network:
            return self._expected(name, station, 4)
        outside = next((one.name for one in self.cloud.rows(Network) if one.router_external), "NETWORK")
        raise Stopped(causes.no_floating_ip(name, outside))


def _nearest(sources: tuple[Station, ...], targets: list[Target]) -> Found:
    """The first pair of which the one is in the other's own network, else the first of all."""
    for target in targets:
        for source in sources:
            route = source.route_to(target.address)
            if route is not None and route.gateway is None:
                return source, target
    return sources[0], targets[0]


def _own(station: Station, family: int) -> Iterator[IpAddress]:
    """The addresses by which a host is called: not those of one link only."""
    for own in station.addresses:
        if family == own.address.VERSION and not (family == 6 and own.address.is_link_local):
            yield own.address


def _literal(request: TraceRequest) -> IpAddress | None:
    """The destination as an address; None if it is a name."""
    try:
        address = parse_address(request.destination)
    except ValueError:
        return None
    if request.family is not None and request.family != address.VERSION:
        raise TraceError(f"{address} is no IPv{request.family} address")
    broadcast = isinstance(address, Ipv4Address) and address.is_broadcast
    if address.is_multicast or broadcast or address.is_loopback or address.is_unspecified:
        raise TraceError(f"{address} is not the address of one host on the network")
    return address
