"""Neighbors: which MAC address has which IP address on the link; ARP (RFC 826) and neighbour discovery (RFC 4861).

Packets to a neighbour not known yet wait here; after three questions a second apart without an
answer they are given up, and their senders told "host unreachable", as Linux does.

Rules: an entry older than a minute is used, but asked again meanwhile; a conflict is not defended against (RFC 5227's
probes are left out: the cloud hands out addresses); gratuitous ARP changes an entry we have and makes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.packets import arp, ethernet, icmp6, nd
from brume.packets.arp import Arp
from brume.packets.build import stack
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv6 import Ipv6
from brume.packets.nd import ND_OPTIONS, LinkLayerOption, NeighborAdvertisement, NeighborSolicitation
from brume.simulator.clock import Timer
from brume.values import IpAddress, Ipv4Address, Ipv6Address, MacAddress

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

ATTEMPTS = 3
INTERVAL = 1.0
STALE_AFTER = 60.0
QUEUE_LIMIT = 64  # net.ipv4.neigh.default.unres_qlen_bytes has room for about as many full ones


class Neighbor:
    """What is known of one address: its MAC (None while asking), since when, and what waits for it."""

    __slots__ = ("address", "attempts", "confirmed", "mac", "queue", "timer")

    def __init__(self, address: IpAddress) -> None:
        self.address = address
        self.mac: MacAddress | None = None
        self.confirmed = 0.0
        self.attempts = 0
        self.timer: Timer | None = None
        self.queue: list[bytes] = []

    def state(self, now: float) -> str:
        """As `ip neigh` calls it."""
        if self.mac is None:
            return "INCOMPLETE" if self.timer is not None else "FAILED"
        if now - self.confirmed < STALE_AFTER:
            return "REACHABLE"
        return "PROBE" if self.timer is not None else "STALE"


class Neighbors:
    """The cache and its questions."""

    __slots__ = ("entries", "host")

    def __init__(self, host: Host) -> None:
        self.host = host
        self.entries: dict[IpAddress, Neighbor] = {}

    def send(self, next_hop: IpAddress, packet: bytes) -> None:
        """Send an IP packet to an address on the link, asking for its MAC first if need be."""
        entry = self.entries.get(next_hop)
        if entry is None:
            entry = self.entries[next_hop] = Neighbor(next_hop)
        if entry.mac is None:
            entry.queue.append(packet)
            del entry.queue[:-QUEUE_LIMIT]
        else:
            self.host.transmit(entry.mac, _ethertype(next_hop), packet)
        if entry.timer is None and entry.state(self.host.scheduler.now()) != "REACHABLE":
            entry.attempts = 0
            self._ask(entry)

    def abandon(self) -> None:
        """Lose power: forget all, ask no more."""
        for entry in self.entries.values():
            if entry.timer is not None:
                entry.timer.cancel()
        self.entries = {}

    def announce(self, address: IpAddress) -> None:
        """Tell everyone on the link that this address is ours: gratuitous ARP, or an unsolicited advertisement."""
        if isinstance(address, Ipv4Address):
            self._send_arp(MacAddress.BROADCAST, Arp(arp.REQUEST, self.host.mac, address, MacAddress.ZERO, address))
        else:
            self._advertise(address, Ipv6Address.ALL_NODES, solicited=0)

    def receive_arp(self, message: Arp) -> None:
        """Learn from an ARP message, and answer a question for an address of ours."""
        asked_me = self.host.owns(message.target_ip)
        if not message.sender_ip.is_unspecified:
            self._learn(message.sender_ip, message.sender_mac, make=asked_me)
        if message.operation == arp.REQUEST and asked_me and message.sender_ip != message.target_ip:
            answer = Arp(arp.REPLY, self.host.mac, message.target_ip, message.sender_mac, message.sender_ip)
            self._send_arp(message.sender_mac, answer)

    def receive_nd(self, header: Ipv6, message: Icmp6, body: bytes) -> None:
        """Learn from a solicitation or advertisement, and answer; `body` follows the ICMPv6 header."""
        if header.hop_limit != nd.HOP_LIMIT:
            self.host.drops["neighbour discovery from off the link"] += 1
        elif message.type == icmp6.NEIGHBOR_SOLICITATION:
            question = NeighborSolicitation.parse(body)
            if not self.host.owns(question.target):
                return
            mac = _link_layer(body[question.size() :], nd.SOURCE_LINK_LAYER)
            if header.source.is_unspecified:
                self._advertise(question.target, Ipv6Address.ALL_NODES, solicited=0)
                return
            if mac is not None:
                self._learn(header.source, mac, make=True)
            self._advertise(question.target, header.source, solicited=1)
        else:
            answer = NeighborAdvertisement.parse(body)
            mac = _link_layer(body[answer.size() :], nd.TARGET_LINK_LAYER)
            if mac is not None:
                self._learn(answer.target, mac, make=False)

    def learn(self, address: IpAddress, mac: MacAddress) -> None:
        """Note a neighbour that made itself known otherwise (a router advertisement)."""
        self._learn(address, mac, make=True)

    def _learn(self, address: IpAddress, mac: MacAddress, *, make: bool) -> None:
        entry = self.entries.get(address)
        if entry is None:
            if not make or mac.is_multicast:
                return
            entry = self.entries[address] = Neighbor(address)
        entry.mac = mac
        entry.confirmed = self.host.scheduler.now()
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None
        waiting, entry.queue = entry.queue, []
        for packet in waiting:
            self.host.transmit(mac, _ethertype(address), packet)

    def _ask(self, entry: Neighbor) -> None:
        entry.timer = None
        if entry.attempts == ATTEMPTS:
            self._give_up(entry)
            return
        entry.attempts += 1
        entry.timer = self.host.scheduler.call_later(INTERVAL, self._ask, entry)  # first: a switch may answer at once
        if isinstance(entry.address, Ipv4Address):
            self._ask_by_arp(entry.address)
        else:
            self._solicit(entry.address)

    def _give_up(self, entry: Neighbor) -> None:
        entry.mac = None
        waiting, entry.queue = entry.queue, []
        for packet in waiting:
            self.host.icmp.neighbor_unreachable(packet)

    def _ask_by_arp(self, target: Ipv4Address) -> None:
        source = self.host.internet.source_for(target) or Ipv4Address.ANY
        assert isinstance(source, Ipv4Address)
        question = Arp(arp.REQUEST, self.host.mac, source, MacAddress.ZERO, target)
        self._send_arp(MacAddress.BROADCAST, question)

    def _send_arp(self, destination: MacAddress, message: Arp) -> None:
        self.host.transmit(destination, ethernet.ARP, message.pack())

    def _solicit(self, target: Ipv6Address) -> None:
        source = self.host.internet.source_for(target)
        if not isinstance(source, Ipv6Address):
            return
        group = target.solicited_node
        packet = stack(
            Ipv6(hop_limit=nd.HOP_LIMIT, source=source, destination=group),
            Icmp6(icmp6.NEIGHBOR_SOLICITATION),
            NeighborSolicitation(target=target),
            LinkLayerOption(nd.SOURCE_LINK_LAYER, self.host.mac),
        )
        self.host.transmit(multicast_mac(group), ethernet.IPV6, packet)

    def _advertise(self, target: Ipv6Address, to: Ipv6Address, *, solicited: int) -> None:
        packet = stack(
            Ipv6(hop_limit=nd.HOP_LIMIT, source=target, destination=to),
            Icmp6(icmp6.NEIGHBOR_ADVERTISEMENT),
            NeighborAdvertisement(solicited=solicited, override=1, target=target),
            LinkLayerOption(nd.TARGET_LINK_LAYER, self.host.mac),
        )
        if to.is_multicast:
            self.host.transmit(multicast_mac(to), ethernet.IPV6, packet)
        else:
            self.send(to, packet)


def multicast_mac(group: IpAddress) -> MacAddress:
    """The Ethernet address of a multicast group (RFC 1112 section 6.4, RFC 2464 section 7)."""
    if isinstance(group, Ipv4Address):
        return MacAddress(0x0100_5E00_0000 | group.value & 0x7FFFFF)
    return MacAddress(0x3333_0000_0000 | group.value & 0xFFFF_FFFF)


def _ethertype(address: IpAddress) -> int:
    return ethernet.IPV4 if isinstance(address, Ipv4Address) else ethernet.IPV6


def _link_layer(options: bytes, kind: int) -> MacAddress | None:
    """The address in a link-layer option, if there is one."""
    for option in ND_OPTIONS.parse(options):
        if option.type == kind and len(option.data) == 6:
            return MacAddress.from_packed(option.data)
    return None
