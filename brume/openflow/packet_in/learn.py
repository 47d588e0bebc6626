"""put_arp, put_nd and put_fdb: what a packet tells about who is where."""

from __future__ import annotations

from collections.abc import Iterator

from brume.openflow.packet_in.headers import parse
from brume.openflow.packet_in.messages import Answer, LearnFdb, LearnMac, PacketIn


def neighbor(packet_in: PacketIn) -> Iterator[Answer]:
    """put_arp(port, ip, mac): arguments in reg14, reg0 and eth.src."""
    yield LearnMac(packet_in.datapath, packet_in.inport, packet_in.next_hop, parse(packet_in).ethernet.source)


def neighbor6(packet_in: PacketIn) -> Iterator[Answer]:
    """put_nd(port, ip6, mac): arguments in reg14, xxreg0 and eth.src."""
    yield LearnMac(packet_in.datapath, packet_in.inport, packet_in.next_hop6, parse(packet_in).ethernet.source)


def station(packet_in: PacketIn) -> Iterator[Answer]:
    """put_fdb(port, mac)."""
    yield LearnFdb(packet_in.datapath, packet_in.inport, parse(packet_in).ethernet.source)
