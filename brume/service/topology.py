"""What runs as a trace sees it (`dataplane.explain.topology.TraceTopology`), read from what is running now."""

from __future__ import annotations

from collections.abc import Sequence

from brume.dataplane.explain.topology import Plug, Route, Station
from brume.dataplane.switch import Switch
from brume.service.guests import Guest, System
from brume.service.outside import NAME as OUTSIDE
from brume.simulator.chassis import INTEGRATION
from brume.simulator.host.host import Host
from brume.values import Ipv4Address


class LiveTopology:
    """Made anew for each question: it remembers what it looked up."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._network = network = system.network
        self.provenance = system.provenance()
        self._plugs: dict[tuple[str, str, int], str] = {
            (name, INTEGRATION, number): port
            for name, chassis in network.chassis.items()
            for port, number in chassis.plugs().items()
        }
        self._cards: dict[tuple[str, str, int], str] = {
            (name, place[0], place[1]): physical
            for name, chassis in network.chassis.items()
            for physical, place in chassis.cards().items()
        }
        self._places = {port: Plug(*place) for place, port in self._plugs.items()}

    @property
    def underlay_mtu(self) -> int:
        """The longest IP packet between two chassis."""
        return self._network.underlay.mtu

    def now(self) -> float:
        """The time of the switches."""
        return self._network.scheduler.now()

    def stations(self, name: str) -> Sequence[Station]:
        """The cards of a guest or of `outside`."""
        if name == OUTSIDE:
            return [self._outside()]
        return [self._station(guest) for guest in self._system.named(name)]

    def switch(self, chassis: str) -> Switch | None:
        """The switch of a chassis."""
        node = self._network.chassis.get(chassis)
        return node.switch if node is not None else None

    def chassis_at(self, address: Ipv4Address) -> str | None:
        """The chassis with this tunnel address."""
        return next((name for name, chassis in self._network.chassis.items() if chassis.address == address), None)

    def station_at(self, plug: Plug, tag: int = 0) -> Station | None:
        """Who is behind a port: the host that is plugged in, or the container with a VLAN tag inside it."""
        port = self._plugs.get((plug.chassis, plug.bridge, plug.port))
        if port is not None and tag:
            port = self._system.inside(port, tag) or port
        guest = self._system.at_port(port) if port is not None else None
        return self._station(guest) if guest is not None else None

    def physical_network_at(self, plug: Plug) -> str | None:
        """The physical network behind a port."""
        return self._cards.get((plug.chassis, plug.bridge, plug.port))

    def attachments(self, physical_network: str) -> Sequence[Plug]:
        """The ports by which chassis are on a physical network."""
        return [Plug(*place) for place, network in self._cards.items() if network == physical_network]

    def outsiders(self, physical_network: str) -> Sequence[Station]:
        """The hosts on a physical network that are no servers."""
        return [self._outside()] if physical_network == self._network.outside.physical_network else []

    def _station(self, guest: Guest) -> Station:
        port, tag = guest.inside if guest.inside is not None else (guest.port, 0)
        return _station(guest.name, guest.host, plug=self._places.get(port), port_id=guest.port, tag=tag)

    def _outside(self) -> Station:
        outside = self._network.outside
        return _station(OUTSIDE, outside.host, physical_network=outside.physical_network)


def _station(
    name: str,
    host: Host,
    *,
    plug: Plug | None = None,
    physical_network: str | None = None,
    port_id: str | None = None,
    tag: int = 0,
) -> Station:
    listening = {("tcp", port) for port in host.tcp.listeners} | {("udp", port) for port in host.udp.sockets}
    return Station(
        name=name,
        mac=host.mac,
        addresses=host.addresses,
        routes=tuple(Route(route.prefix, route.gateway) for route in host.routes.entries),
        mtu=host.mtu,
        plug=plug,
        physical_network=physical_network,
        port_id=port_id,
        tag=tag,
        listening=frozenset(listening),
    )
