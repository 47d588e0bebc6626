"""Probes of load balancers' backends: what is sent, and what an answer says (ovn-controller's svc_monitor).

A TCP backend lives if it takes up a connection, which is reset at once; it is dead if it refuses. A UDP backend is dead
if it says that nobody listens; silence is life. The source address belongs to nobody: what is sent to its MAC comes
here (handle_svc_check).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from brume.openflow.messages import ports
from brume.openflow.messages.actions import Resubmit
from brume.openflow.messages.fields import FIELDS
from brume.openflow.packet_in.headers import Parsed, parse
from brume.openflow.packet_in.messages import Answer, BadPacketIn, PacketIn, PacketOut, ProbeHeard
from brume.openflow.registers import DATAPATH, FLAGS, OUTPORT, Flag
from brume.openflow.tables import Table
from brume.packets import PacketError, icmp4, icmp6, tcp
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.header import Header
from brume.packets.icmp4 import Icmp4
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv4 import UDP, Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.tcp import Tcp
from brume.packets.udp import Udp
from brume.values import IpAddress, Ipv4Address, MacAddress

TTL = 63
WINDOW = 65160
ERROR_HEADER = 8
"""Octets of an ICMP error before the packet that it is about."""
NOTHING = bytes(8)
"""What a UDP backend is sent."""


class Target(msgspec.Struct, frozen=True):
    """A backend: where it is, and from which addresses it is asked."""

    datapath: int
    port: int
    mac: MacAddress
    ip: IpAddress
    protocol: Literal["tcp", "udp"]
    number: int
    source_mac: MacAddress
    source_ip: IpAddress


def ask(target: Target, source_port: int, sequence: int) -> PacketOut:
    """A connection request, or a datagram."""
    if target.protocol == "udp":
        return _out(target, Udp(source=source_port, destination=target.number), NOTHING)
    request = Tcp(source=source_port, destination=target.number, sequence=sequence, flags=tcp.SYN, window=WINDOW)
    return _out(target, request)


def hang_up(target: Target, heard: ProbeHeard) -> PacketOut:
    """Reset the connection that the backend took up."""
    reset = Tcp(
        source=heard.source_port,
        destination=target.number,
        sequence=heard.acknowledgment,
        acknowledgment=(heard.sequence + 1) & 0xFFFFFFFF,
        flags=tcp.RST | tcp.ACK,
    )
    return _out(target, reset)


def _out(target: Target, *layers: Header | bytes) -> PacketOut:
    """To the backend's port on this chassis, and nowhere else."""
    if isinstance(target.ip, Ipv4Address) and isinstance(target.source_ip, Ipv4Address):
        header: Header = Ipv4(ttl=TTL, source=target.source_ip, destination=target.ip)
    else:
        header = Ipv6(hop_limit=TTL, source=target.source_ip, destination=target.ip)  # type: ignore[arg-type]
    key = FIELDS[OUTPORT].set(FIELDS[DATAPATH].set(0, target.datapath), target.port)
    key = FIELDS[FLAGS].set(key, 1 << Flag.LOCAL_ONLY)
    data = stack(Ethernet(target.mac, target.source_mac), header, *layers)
    return PacketOut(data, key, (Resubmit(Table.LOCAL_OUTPUT, ports.CONTROLLER),))


def handle(packet_in: PacketIn) -> Iterator[Answer]:
    """What a backend says."""
    packet = parse(packet_in)
    where = (packet_in.datapath, packet_in.inport, packet.ip.source)
    segment = packet.find(Tcp)
    if segment is not None:
        alive = segment.has(tcp.SYN | tcp.ACK)
        if alive or segment.has(tcp.RST):
            yield ProbeHeard(
                *where, "tcp", segment.source, segment.destination, alive, segment.sequence, segment.acknowledgment
            )
        return
    asked = _refused(packet)
    if asked is None:
        raise BadPacketIn("handle_svc_check of a packet that is no answer to a probe")
    yield ProbeHeard(*where, "udp", asked.destination, asked.source, False, 0, 0)


def _refused(packet: Parsed) -> Udp | None:
    """The datagram to which an ICMP message says that it cannot be delivered."""
    error: Icmp4 | Icmp6 | None = packet.find(Icmp4) or packet.find(Icmp6)
    unreachable = icmp4.UNREACHABLE if isinstance(error, Icmp4) else icmp6.UNREACHABLE
    if error is None or error.type != unreachable:
        return None
    quoted = packet.data[packet.offset_of(error) + ERROR_HEADER :]
    kind = Ipv4 if isinstance(error, Icmp4) else Ipv6
    try:
        header = kind.parse(quoted)
        protocol = header.protocol if isinstance(header, Ipv4) else header.next_header
        return Udp.parse(quoted[header.size() :]) if protocol == UDP else None
    except PacketError:
        return None
