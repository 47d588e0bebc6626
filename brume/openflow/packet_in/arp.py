"""arp { ... }: ask for the MAC address of the next hop in reg0, and keep the packet meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from brume.openflow.packet_in.headers import parse, reply
from brume.openflow.packet_in.messages import KEPT, Answer, Await, PacketIn
from brume.packets.arp import Arp
from brume.packets.ethernet import Ethernet
from brume.packets.ipv4 import Ipv4


def ask(packet_in: PacketIn) -> Iterator[Answer]:
    """An ARP request from the packet's source; the nested actions say for what and where to."""
    packet = parse(packet_in)
    link, ip = packet.ethernet, packet.require(Ipv4)
    yield Await(packet_in.datapath, packet_in.outport, packet_in.next_hop, packet_in.data, packet_in.key & KEPT)
    request = Arp(sender_mac=link.source, sender_ip=ip.source, target_ip=ip.destination)
    yield reply(packet_in, packet, Ethernet(link.destination, link.source), request)
