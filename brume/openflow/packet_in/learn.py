"""put_arp, put_nd, put_fdb and bind_vport: what a packet tells about who is where."""

from __future__ import annotations

from collections.abc import Iterator

from brume.openflow.packet_in.headers import parse
from brume.openflow.packet_in.messages import Answer, BadPacketIn, BindVirtual, LearnFdb, LearnMac, PacketIn


def neighbor(packet_in: PacketIn) -> Iterator[Answer]:
    """put_arp(port, ip, mac): arguments in reg14, reg0 and eth.src."""
    yield LearnMac(packet_in.datapath, packet_in.inport, packet_in.next_hop, parse(packet_in).ethernet.source)


def neighbor6(packet_in: PacketIn) -> Iterator[Answer]:
    """put_nd(port, ip6, mac): arguments in reg14, xxreg0 and eth.src."""
    yield LearnMac(packet_in.datapath, packet_in.inport, packet_in.next_hop6, parse(packet_in).ethernet.source)


def station(packet_in: PacketIn) -> Iterator[Answer]:
    """put_fdb(port, mac)."""
    yield LearnFdb(packet_in.datapath, packet_in.inport, parse(packet_in).ethernet.source)


def virtual_port(packet_in: PacketIn) -> Iterator[Answer]:
    """bind_vport(port, parent): the virtual port's key in the userdata, its parent's in reg14."""
    if len(packet_in.userdata) < 4:
        raise BadPacketIn("bind_vport without a port")
    yield BindVirtual(packet_in.datapath, int.from_bytes(packet_in.userdata[:4], "big"), packet_in.inport)
