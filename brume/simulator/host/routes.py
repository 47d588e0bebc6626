"""Routes: the routing table of a host.

Rules: the longest prefix wins, and of two equal ones the later; a gateway is on a network of the host's own.
"""

from __future__ import annotations

import msgspec

from brume.values import IpAddress, Ipv4Address, Ipv6Address, Prefix

DEFAULT4 = Prefix(Ipv4Address.ANY, 0)
DEFAULT6 = Prefix(Ipv6Address.ANY, 0)


class Route(msgspec.Struct, frozen=True):
    """Where packets to a network go: straight to the link, or through a gateway; `via` says who made it."""

    prefix: Prefix
    gateway: IpAddress | None
    via: str


class Routes:
    """The table: few entries, looked through one by one."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: tuple[Route, ...] = ()

    def add(self, prefix: Prefix, gateway: IpAddress | None, via: str) -> None:
        """Add a route in the place of any other to the same network."""
        others = [route for route in self.entries if route.prefix != prefix]
        others.append(Route(prefix, gateway, via))
        self.entries = tuple(sorted(others, key=lambda route: -route.prefix.length))

    def add_default(self, gateway: IpAddress, via: str) -> None:
        """Send what has no other route to a gateway."""
        self.add(DEFAULT4 if isinstance(gateway, Ipv4Address) else DEFAULT6, gateway, via)

    def remove(self, prefix: Prefix) -> None:
        """Forget the route to a network."""
        self.entries = tuple(route for route in self.entries if route.prefix != prefix)

    def remove_through(self, network: Prefix) -> None:
        """Forget all routes whose gateway lies in a network, which is gone."""
        self.entries = tuple(route for route in self.entries if route.gateway is None or route.gateway not in network)

    def find(self, destination: IpAddress) -> Route | None:
        """The route a packet takes."""
        for route in self.entries:
            if destination in route.prefix:
                return route
        return None
