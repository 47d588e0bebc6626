"""What a trace needs to know about the cloud it is in: who is where, and which switches there are.

Values and one protocol; whoever assembles a cloud (the service, a test) answers it from what it has. Not here: what
rows mean and where they come from (`provenance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.switch import Switch
from brume.values import InterfaceAddress, IpAddress, Ipv4Address, MacAddress, Prefix


class Plug(NamedTuple):
    """A port of a bridge of a chassis."""

    chassis: str
    bridge: str
    port: int


class Route(NamedTuple):
    """A host's way to a network: through a gateway, or straight (None)."""

    prefix: Prefix
    gateway: IpAddress | None


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A network card of a host: a server's, or one on a physical network. `plug` or `physical_network` says where."""

    name: str
    mac: MacAddress
    addresses: tuple[InterfaceAddress, ...] = ()
    routes: tuple[Route, ...] = ()  # the longest prefix first
    mtu: int = 1500
    plug: Plug | None = None
    tag: int = 0  # of a container, which sends by the card of whom it is inside
    physical_network: str | None = None
    port_id: str | None = None  # the Neutron port
    listening: frozenset[tuple[str, int]] | None = None  # ("tcp", 22); None: nobody knows

    def has(self, address: IpAddress) -> bool:
        """Whether an address is the station's own."""
        return any(own.address == address for own in self.addresses)

    def route_to(self, destination: IpAddress) -> Route | None:
        """The route a packet takes."""
        return next((route for route in self.routes if destination in route.prefix), None)

    def address_towards(self, destination: IpAddress) -> IpAddress | None:
        """The source address of a packet: one in the next hop's network, else the first of the same family."""
        route = self.route_to(destination)
        hop = destination if route is None or route.gateway is None else route.gateway
        same = [own for own in self.addresses if own.address.VERSION == destination.VERSION]
        in_scope = [own for own in same if own.address.is_link_local == destination.is_link_local]
        same = in_scope if destination.VERSION == 6 else same  # RFC 6724, rule 2
        near = [own for own in same if hop in own.prefix]
        return next((own.address for own in (*near, *same)), None)


class TraceTopology(Protocol):
    """The cloud, as a trace sees it."""

    @property
    def provenance(self) -> Provenance:
        """What flows and rows mean."""

    @property
    def underlay_mtu(self) -> int:
        """The longest IP packet between two chassis."""

    def now(self) -> float:
        """The time of the switches."""

    def stations(self, name: str) -> Sequence[Station]:
        """The cards of a server (by name or id) or of `outside`; none when there is no such host."""

    def switch(self, chassis: str) -> Switch | None:
        """The switch of a chassis."""

    def chassis_at(self, address: Ipv4Address) -> str | None:
        """The chassis with this tunnel address."""

    def station_at(self, plug: Plug, tag: int = 0) -> Station | None:
        """Who is behind a port: the host that is plugged in, or the container with a VLAN tag inside it."""

    def physical_network_at(self, plug: Plug) -> str | None:
        """The physical network behind a port."""

    def attachments(self, physical_network: str) -> Sequence[Plug]:
        """The ports by which chassis are on a physical network."""

    def outsiders(self, physical_network: str) -> Sequence[Station]:
        """The hosts on a physical network that are no servers."""
