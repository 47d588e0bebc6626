"""The embedded cloud as a trace sees it (`dataplane.explain.topology.TraceTopology`), read from what is running now."""

from __future__ import annotations

from collections.abc import Sequence

from brume.cloud.compute.resources import Server
from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.explain.requests import journal_requests
from brume.dataplane.explain.topology import Plug, Route, Station
from brume.dataplane.switch import Switch
from brume.service.cloud import EmbeddedCloud
from brume.service.instances import Plug as InstancePlug
from brume.service.outside import NAME as OUTSIDE
from brume.simulator.chassis import INTEGRATION
from brume.simulator.host.host import Host
from brume.values import Ipv4Address


class LiveTopology:
    """Made anew for each question: it remembers what it looked up."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud
        self.provenance = Provenance(
            cloud.northbound, cloud.southbound, self._server_name, journal_requests(cloud.cloud.store)
        )
        self._plugs: dict[tuple[str, str, int], str] = {
            (name, INTEGRATION, number): port_id
            for name, chassis in cloud.nodes.items()
            for port_id, number in chassis.plugs().items()
        }
        self._cards: dict[tuple[str, str, int], str] = {
            (name, place[0], place[1]): network
            for name, chassis in cloud.nodes.items()
            for network, place in chassis.cards().items()
        }
        self._places = {port_id: Plug(*place) for place, port_id in self._plugs.items()}

    @property
    def underlay_mtu(self) -> int:
        """The longest IP packet between two chassis."""
        return self._cloud.underlay.mtu

    def now(self) -> float:
        """The time of the switches."""
        return self._cloud.scheduler.now()

    def stations(self, name: str) -> Sequence[Station]:
        """The cards of a server (by name or id) or of `outside`."""
        if name == OUTSIDE:
            return [self._outside()]
        with self._cloud.cloud.store.read() as session:
            server = session.get(Server, name)
            found = [server] if server is not None else session.find(Server, name=name)
        return [
            self._station(one, plug)
            for one in found
            if (running := self._cloud.running(one.id)) is not None
            for plug in running.plugs
        ]

    def switch(self, chassis: str) -> Switch | None:
        """The switch of a chassis."""
        node = self._cloud.nodes.get(chassis)
        return node.switch if node is not None else None

    def chassis_at(self, address: Ipv4Address) -> str | None:
        """The chassis with this tunnel address."""
        return next((name for name, chassis in self._cloud.nodes.items() if chassis.address == address), None)

    def station_at(self, plug: Plug) -> Station | None:
        """Who is behind a port."""
        port_id = self._plugs.get((plug.chassis, plug.bridge, plug.port))
        for server_id, running in self._cloud.instances.running.items():
            for own in running.plugs:
                if own.port_id == port_id:
                    with self._cloud.cloud.store.read() as session:
                        server = session.get(Server, server_id)
                    return self._station(server, own) if server is not None else None
        return None

    def physical_network_at(self, plug: Plug) -> str | None:
        """The physical network behind a port."""
        return self._cards.get((plug.chassis, plug.bridge, plug.port))

    def attachments(self, physical_network: str) -> Sequence[Plug]:
        """The ports by which chassis are on a physical network."""
        return [Plug(*place) for place, network in self._cards.items() if network == physical_network]

    def outsiders(self, physical_network: str) -> Sequence[Station]:
        """The hosts on a physical network that are no servers."""
        return [self._outside()] if physical_network == self._cloud.outside.physical_network else []

    def _server_name(self, server_id: str) -> str | None:
        with self._cloud.cloud.store.read() as session:
            server = session.get(Server, server_id)
        return server.name if server is not None else None

    def _station(self, server: Server, plug: InstancePlug) -> Station:
        place = self._places.get(plug.port_id)
        return _station(server.name, plug.host, plug=place, port_id=plug.port_id)

    def _outside(self) -> Station:
        outside = self._cloud.outside
        return _station(OUTSIDE, outside.host, physical_network=outside.physical_network)


def _station(
    name: str,
    host: Host,
    *,
    plug: Plug | None = None,
    physical_network: str | None = None,
    port_id: str | None = None,
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
        listening=frozenset(listening),
    )
