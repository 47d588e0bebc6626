"""Outside: what lies behind the nodes' physical network, so that a cloud on a laptop has somebody to talk to.

One simulated host on each physical network. It has the gateway address of every external subnet there, as the
operator's own router would, and one address further away: what a server reaches through SNAT.
"""

from __future__ import annotations

from collections.abc import Iterable

from brume.cloud.network.resources import Network, Subnet
from brume.simulator.clock import Scheduler
from brume.simulator.host.host import Host
from brume.simulator.wire import End, Segment
from brume.values import InterfaceAddress, MacAddress, Prefix

FAR_AWAY = InterfaceAddress.parse("198.51.100.10/32")
"""A documentation address (RFC 5737) that stands for the Internet."""
MAC = MacAddress.parse("02:00:5e:00:53:01")
"""Locally administered; the low octets are those set aside for documentation (RFC 7042, 2.1.2)."""
NAME = "outside"


class Outside:
    """The physical network, and the host on it."""

    def __init__(self, physical_network: str, scheduler: Scheduler) -> None:
        self.physical_network = physical_network
        self.segment = Segment(scheduler)
        self._end: End = self.segment.attach(self._receive)
        self.host = Host(NAME, MAC, scheduler, self._end.send)
        self.host.add_address(FAR_AWAY)

    def _receive(self, frame: bytes) -> None:
        self.host.receive(frame)

    def follow(self, networks: Iterable[Network], subnets: Iterable[Subnet]) -> None:
        """Have the gateway addresses of these subnets, as far as they lie on this physical network; no others."""
        here = {
            network.id
            for network in networks
            if network.router_external and network.provider_physical_network == self.physical_network
        }
        wanted = set()
        for subnet in subnets:
            if subnet.network_id in here and subnet.gateway_ip:
                length = Prefix.parse(subnet.cidr).length
                wanted.add(InterfaceAddress.parse(f"{subnet.gateway_ip}/{length}"))
        self.have(wanted)

    def have(self, wanted: set[InterfaceAddress]) -> None:
        """Have these addresses, and the one far away; no others."""
        wanted = wanted | {FAR_AWAY}
        for address in set(self.host.addresses) - wanted:
            self.host.remove_address(address)
        for address in sorted(wanted - set(self.host.addresses), key=str):
            self.host.add_address(address)
