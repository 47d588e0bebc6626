"""Host: a machine with a name and one interface, eth0.

Not a forwarder: a packet for another address is dropped, as Linux does with ip_forward=0.

Rules: frames go out by the function given at the start; parts are joined here and know each other through here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from brume.packets import ethernet
from brume.packets.arp import Arp
from brume.packets.errors import PacketError
from brume.packets.ethernet import Ethernet
from brume.simulator.clock import Scheduler
from brume.simulator.host.icmp import Icmp
from brume.simulator.host.internet import Internet
from brume.simulator.host.neighbors import Neighbors
from brume.simulator.host.routes import Routes
from brume.simulator.host.tcp import Tcp
from brume.simulator.host.udp import Udp
from brume.values import InterfaceAddress, IpAddress, Ipv4Address, Ipv6Address, MacAddress

if TYPE_CHECKING:
    from brume.simulator.host.autoconfig import RouterSearch
    from brume.simulator.host.console import Console
    from brume.simulator.host.dhcp import DhcpClient
    from brume.simulator.host.dhcp6 import Dhcp6Client
    from brume.simulator.host.groups import Groups

DEFAULT_TCP_PORTS = (22, 80)
DEFAULT_UDP_PORTS = (7,)
_ETHERNET_SIZE = Ethernet.minimum()


def _nowhere(frame: bytes) -> None:
    """Where the frames of a host without power go."""


class Host:
    """A simulated machine."""

    __slots__ = (
        "_console",
        "_dhcp",
        "_dhcp6",
        "_groups",
        "_name_servers",
        "_router_search",
        "addresses",
        "drops",
        "icmp",
        "internet",
        "mac",
        "mtu",
        "name",
        "neighbors",
        "routes",
        "scheduler",
        "send",
        "tcp",
        "udp",
    )

    def __init__(
        self,
        name: str,
        mac: MacAddress,
        scheduler: Scheduler,
        send: Callable[[bytes], object],
        *,
        mtu: int = 1500,
        tcp_ports: Iterable[int] = DEFAULT_TCP_PORTS,
        udp_ports: Iterable[int] = DEFAULT_UDP_PORTS,
    ) -> None:
        self.name = name
        self.mac = mac
        self.scheduler = scheduler
        self.send = send
        self.mtu = mtu
        self.addresses: tuple[InterfaceAddress, ...] = ()
        self._name_servers: dict[str, tuple[IpAddress, ...]] = {}
        self.drops: Counter[str] = Counter()
        self.routes = Routes()
        self.neighbors = Neighbors(self)
        self.internet = Internet(self)
        self.icmp = Icmp(self)
        self.udp = Udp(self, udp_ports)
        self.tcp = Tcp(self, tcp_ports)
        self._dhcp: DhcpClient | None = None
        self._dhcp6: Dhcp6Client | None = None
        self._router_search: RouterSearch | None = None
        self._groups: Groups | None = None
        self._console: Console | None = None

    def __repr__(self) -> str:
        return f"Host({self.name!r}, {self.mac}, {[str(address) for address in self.addresses]})"

    @property
    def console(self) -> Console:
        """Where commands are run."""
        if self._console is None:
            from brume.simulator.host.console import Console

            self._console = Console(self)
        return self._console

    @property
    def dhcp(self) -> DhcpClient:
        """The DHCP client; `host.dhcp.start()` begins."""
        if self._dhcp is None:
            from brume.simulator.host.dhcp import DhcpClient

            self._dhcp = DhcpClient(self)
        return self._dhcp

    @property
    def dhcp6(self) -> Dhcp6Client:
        """The DHCPv6 client, which router advertisements start."""
        if self._dhcp6 is None:
            from brume.simulator.host.dhcp6 import Dhcp6Client

            self._dhcp6 = Dhcp6Client(self)
        return self._dhcp6

    @property
    def router_search(self) -> RouterSearch:
        """Who routes here, in IPv6."""
        if self._router_search is None:
            from brume.simulator.host.autoconfig import RouterSearch

            self._router_search = RouterSearch(self)
        return self._router_search

    @property
    def groups(self) -> Groups:
        """The multicast groups it has joined."""
        if self._groups is None:
            from brume.simulator.host.groups import Groups

            self._groups = Groups(self)
        return self._groups

    @property
    def name_servers(self) -> tuple[IpAddress, ...]:
        """Whom to ask for names, as /etc/resolv.conf has them."""
        return tuple(dict.fromkeys(one for servers in self._name_servers.values() for one in servers))

    def learn_name_servers(self, via: str, servers: Iterable[IpAddress]) -> None:
        """Take name servers in the place of those that came the same way."""
        self._name_servers[via] = tuple(servers)

    def has_dhcp_running(self) -> bool:
        """True while the DHCP client wants to see packets, even for addresses that are not ours."""
        return self._dhcp is not None and self._dhcp.listening

    def add_address(self, address: InterfaceAddress, gateway: IpAddress | None = None, via: str = "static") -> None:
        """Take an address, with the route to its network and perhaps a default route; tell the neighbours."""
        if address in self.addresses:
            return
        self.addresses += (address,)
        self.routes.add(address.prefix, None, "kernel")
        if gateway is not None:
            self.routes.add_default(gateway, via)
        if not address.address.is_multicast:
            self.neighbors.announce(address.address)

    def remove_address(self, address: InterfaceAddress) -> None:
        """Give up an address, and the routes that hang on it."""
        self.addresses = tuple(other for other in self.addresses if other != address)
        kept = {other.prefix for other in self.addresses}
        if address.prefix not in kept:
            self.routes.remove(address.prefix)
            self.routes.remove_through(address.prefix)

    @property
    def has_ipv6(self) -> bool:
        """Whether the host takes part in IPv6."""
        return self._router_search is not None

    def enable_ipv6(self) -> None:
        """Take the link-local address, and ask routers for a prefix."""
        self.add_address(InterfaceAddress(Ipv6Address.link_local(self.mac), 64), via="kernel")
        self.router_search.start()

    def shut_down(self) -> None:
        """Lose power: forget everything, interrupt every command, leave no timer; nobody is told."""
        self.send = _nowhere
        if self._console is not None:
            self._console.interrupt_all()
        if self._dhcp is not None:
            self._dhcp.abandon()
        if self._dhcp6 is not None:
            self._dhcp6.abandon()
        if self._router_search is not None:
            self._router_search.stop()
        if self._groups is not None:
            self._groups.abandon()
        self.tcp.abandon()
        self.neighbors.abandon()
        self.addresses = ()
        self.routes = Routes()

    def owns(self, address: IpAddress) -> bool:
        """True for addresses of this host's interface."""
        return any(mine.address == address for mine in self.addresses)

    def is_local(self, address: IpAddress) -> bool:
        """True for addresses that need no wire: this host's, and loopback."""
        return address.is_loopback or self.owns(address)

    def ipv4_address(self) -> Ipv4Address | None:
        """The first IPv4 address."""
        for mine in self.addresses:
            if isinstance(mine.address, Ipv4Address):
                return mine.address
        return None

    def transmit(self, destination: MacAddress, ethertype: int, payload: bytes) -> None:
        """Send a frame."""
        self.send(Ethernet(destination, self.mac, ethertype).pack() + payload)

    def receive(self, frame: bytes) -> None:
        """Take a frame from the wire."""
        try:
            header = Ethernet.parse(frame)
            if not self._listens_to(header.destination) or header.source == self.mac:
                return
            match header.ethertype:
                case ethernet.ARP:
                    self.neighbors.receive_arp(Arp.parse(frame, _ETHERNET_SIZE))
                case ethernet.IPV4:
                    self.internet.receive4(frame, _ETHERNET_SIZE)
                case ethernet.IPV6:
                    self.internet.receive6(frame, _ETHERNET_SIZE)
                case _:
                    self.drops["unknown ethertype"] += 1
        except PacketError as error:
            self.drops[error.reason] += 1

    def _listens_to(self, destination: MacAddress) -> bool:
        return destination == self.mac or destination.is_multicast
