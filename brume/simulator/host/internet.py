"""Internet: sending IP packets by route, cutting them to the MTU, and receiving them.

Rules: a packet to an address of our own comes back by the scheduler and never leaves; options are ignored; only IPv4
is fragmented and put together again (64 packets at a time at most, thirty seconds each).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from brume.packets import ethernet, ipv4, ipv6
from brume.packets.build import stack
from brume.packets.checksum import internet_checksum
from brume.packets.errors import PacketError
from brume.packets.header import Header
from brume.packets.igmp import ALL_SYSTEMS
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.simulator.host.errors import Unreachable
from brume.simulator.host.fragments import Reassembly, fragments
from brume.simulator.host.neighbors import multicast_mac
from brume.values import IpAddress, Ipv4Address, Ipv6Address, MacAddress

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


class Internet:
    """The IP layer of a host."""

    __slots__ = ("_identification", "_reassembly", "host", "path_mtu")

    def __init__(self, host: Host) -> None:
        self.host = host
        self._identification = host.mac.value & 0xFFFF
        self._reassembly: Reassembly | None = None
        self.path_mtu: dict[IpAddress, int] = {}

    def source_for(self, destination: IpAddress) -> IpAddress | None:
        """The address of ours that a packet to there carries: one in the network of the next hop, or any."""
        if self.host.is_local(destination) and not destination.is_multicast:
            return destination
        route = self.host.routes.find(destination)
        hop = route.gateway if route is not None and route.gateway is not None else destination
        mine = [
            address
            for address in self.host.addresses
            if type(address.address) is type(destination)
            and not address.address.is_multicast
            and not _scope_differs(address.address, destination)
        ]
        on_link = (address.address for address in mine if hop in address.prefix)
        return next(on_link, mine[0].address if mine else None)

    def send(
        self,
        destination: IpAddress,
        *layers: Header | bytes,
        source: IpAddress | None = None,
        ttl: int = ipv4.DEFAULT_TTL,
        dont_fragment: bool = False,
    ) -> None:
        """Send transport headers and data; `Unreachable` when there is no way."""
        source = source or self.source_for(destination)
        if source is None:
            raise Unreachable("Network is unreachable")
        if isinstance(destination, Ipv4Address) and isinstance(source, Ipv4Address):
            self._identification = self._identification + 1 & 0xFFFF
            header: Header = Ipv4(
                identification=self._identification,
                dont_fragment=int(dont_fragment),
                ttl=ttl,
                source=source,
                destination=destination,
            )
        elif isinstance(destination, Ipv6Address) and isinstance(source, Ipv6Address):
            header = Ipv6(hop_limit=ttl, source=source, destination=destination)
        else:
            raise ValueError(f"a packet from {source} to {destination} mixes IPv4 and IPv6")
        self._route(destination, stack(header, *layers))

    def _route(self, destination: IpAddress, packet: bytes) -> None:
        if destination.is_multicast or self.is_broadcast(destination):
            self.transmit_to_group(destination, packet)
            return
        if self.host.is_local(destination):
            loopback = self.receive4 if isinstance(destination, Ipv4Address) else self.receive6
            self.host.scheduler.call_later(0.00002, loopback, packet, 0)
            return
        route = self.host.routes.find(destination)
        if route is None:
            raise Unreachable("Network is unreachable")
        for piece in self._cut(packet, self.mtu_to(destination)):
            self.host.neighbors.send(route.gateway or destination, piece)

    def transmit_to_group(self, destination: IpAddress, packet: bytes) -> None:
        """Send a packet to a multicast group, or to everybody on the link."""
        group = multicast_mac(destination) if destination.is_multicast else MacAddress.BROADCAST
        ethertype = ethernet.IPV4 if isinstance(destination, Ipv4Address) else ethernet.IPV6
        for piece in self._cut(packet, self.host.mtu):
            self.host.transmit(group, ethertype, piece)

    def mtu_to(self, destination: IpAddress) -> int:
        """The longest packet that gets there, as far as is known."""
        return min(self.host.mtu, self.path_mtu.get(destination, self.host.mtu))

    def learn_path_mtu(self, destination: IpAddress, mtu: int) -> None:
        """A router on the way said how long a packet may be (RFC 1191, RFC 8201)."""
        least = ipv4.MINIMUM_MTU if isinstance(destination, Ipv4Address) else ipv6.MINIMUM_MTU
        self.path_mtu[destination] = max(least, min(mtu, self.mtu_to(destination)))

    def _cut(self, packet: bytes, mtu: int) -> list[bytes]:
        if len(packet) <= mtu:
            return [packet]
        if packet[0] >> 4 == 6:
            raise Unreachable("Message too long")
        header = Ipv4.parse(packet)
        if header.dont_fragment:
            raise Unreachable(f"local error: message too long, mtu={mtu}")
        return fragments(header, packet[header.size() :], mtu)

    def is_broadcast(self, destination: IpAddress) -> bool:
        if not isinstance(destination, Ipv4Address):
            return False
        return destination.is_broadcast or any(
            mine.length < 31 and isinstance(mine.address, Ipv4Address) and mine.prefix.last == destination
            for mine in self.host.addresses
        )

    def receive4(self, data: bytes, offset: int) -> None:
        """Take an IPv4 packet that begins at an offset of a frame."""
        header = Ipv4.parse(data, offset)
        size = header.size()
        if not size <= header.total_length <= len(data) - offset:
            raise PacketError("Ipv4 total length is not what is there", offset)
        if internet_checksum(data[offset : offset + size]):
            self.host.drops["IPv4 header checksum"] += 1
            return
        payload = bytes(data[offset + size : offset + header.total_length])
        if not self._is_for_me(header, payload):
            self.host.drops["not my address"] += 1
            return
        if header.more_fragments or header.fragment_offset:
            whole = self._join(header, payload)
            if whole is None:
                return
            header, payload = whole
        match header.protocol:
            case ipv4.ICMP:
                self.host.icmp.receive4(header, payload)
            case ipv4.UDP:
                self.host.udp.receive(header, payload)
            case ipv4.TCP:
                self.host.tcp.receive(header, payload)
            case ipv4.IGMP:
                self.host.groups.receive(payload)
            case _:
                self.host.icmp.refuse_protocol(header, payload)

    def _is_for_me(self, header: Ipv4, payload: bytes) -> bool:
        destination = header.destination
        if destination.is_loopback:
            return self.host.is_local(header.source)
        if self.host.owns(destination) or self.is_broadcast(destination) or destination == ALL_SYSTEMS:
            return True
        # An offer may be addressed to the address that is only being offered (RFC 2131 section 4.1).
        is_dhcp = header.protocol == ipv4.UDP and payload[2:4] == b"\x00\x44"
        return is_dhcp and self.host.has_dhcp_running()

    def _join(self, header: Ipv4, payload: bytes) -> tuple[Ipv4, bytes] | None:
        if self._reassembly is None:
            self._reassembly = Reassembly()
        whole = self._reassembly.add(self.host.scheduler.now(), header, payload)
        if whole is None:
            return None
        joined = replace(header, more_fragments=0, fragment_offset=0, total_length=header.size() + len(whole))
        return joined, whole

    def receive6(self, data: bytes, offset: int) -> None:
        """Take an IPv6 packet that begins at an offset of a frame."""
        header = Ipv6.parse(data, offset)
        start = offset + header.size()
        end = start + header.payload_length
        if end > len(data):
            raise PacketError("Ipv6 payload length is more than what is there", offset)
        destination = header.destination
        mine = self.host.is_local(header.source if destination.is_loopback else destination)
        if not mine and not self._in_group(destination):
            self.host.drops["not my address"] += 1
            return
        found = ipv6.transport(header.next_header, data[:end], start)
        if found.fragment is not None and (found.fragment.fragment_offset or found.fragment.more_fragments):
            self.host.drops["IPv6 fragment"] += 1
            return
        payload = bytes(data[found.offset : end])
        match found.protocol:
            case ipv4.ICMP6:
                self.host.icmp.receive6(header, payload)
            case ipv4.UDP:
                self.host.udp.receive(header, payload)
            case ipv4.TCP:
                self.host.tcp.receive(header, payload)
            case _:
                self.host.drops["unknown protocol"] += 1

    def _in_group(self, destination: Ipv6Address) -> bool:
        if destination == Ipv6Address.ALL_NODES:
            return True
        return any(
            isinstance(mine.address, Ipv6Address) and mine.address.solicited_node == destination
            for mine in self.host.addresses
        )


def _scope_differs(mine: IpAddress, destination: IpAddress) -> bool:
    """True when one is link-local and the other is not (RFC 6724 rule 2, as far as it matters here)."""
    if not isinstance(mine, Ipv6Address) or not isinstance(destination, Ipv6Address):
        return False
    link_scope = destination.is_link_local or destination.value >> 112 == 0xFF02
    return mine.is_link_local != link_scope
