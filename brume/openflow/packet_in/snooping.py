"""igmp: a report, a leave or a query of a host on a switch that snoops on multicast, as pinctrl takes it.

What it says is learned; then a report goes on to multicast routers, and a query to all hosts. A message whose checksum
is wrong says nothing. MLD's checksum is not looked at: simulated hosts send none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.openflow.messages import ports
from brume.openflow.messages.actions import Resubmit
from brume.openflow.messages.fields import FIELDS
from brume.openflow.packet_in.headers import Parsed, parse
from brume.openflow.packet_in.messages import Answer, BadPacketIn, LearnMembership, PacketIn, PacketOut
from brume.openflow.registers import DATAPATH, FLAGS, INPORT, OUTPORT, Flag
from brume.openflow.tables import OUTPUT, Table
from brume.packets import PacketError
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.icmp6 import Icmp6
from brume.packets.igmp import ALL_SYSTEMS, ROUTER_ALERT, Membership, general_query, membership4, membership6
from brume.packets.ipv4 import IGMP, Ipv4
from brume.values import Ipv4Address, MacAddress

FLOOD: Final = 32768
MULTICAST_ROUTERS: Final = 32770
FLOOD_L2: Final = 32772
"""Numbers that OVN gives to multicast groups of every switch."""
ALL_SYSTEMS_MAC: Final = MacAddress.parse("01:00:5e:00:00:01")


def snoop(packet_in: PacketIn) -> Iterator[Answer]:
    """Learn, and send on."""
    said = _membership(parse(packet_in))
    yield LearnMembership(packet_in.datapath, packet_in.inport, said.joined, said.left, said.asks)
    to = FLOOD_L2 if said.asks else MULTICAST_ROUTERS
    key = FIELDS[INPORT].set(_to(packet_in.datapath, to), packet_in.inport)
    yield PacketOut(packet_in.data, key, (Resubmit(OUTPUT, ports.CONTROLLER),))


def _membership(packet: Parsed) -> Membership:
    try:
        ip = packet.ip
        if isinstance(ip, Ipv4):
            start = packet.offset_of(ip)
            message = packet.data[start + ip.size() : start + ip.total_length]
            if ip.protocol != IGMP or not message:
                raise BadPacketIn("igmp action on another packet")
            return membership4(message)
        return membership6(packet.data[packet.offset_of(packet.require(Icmp6)) :])
    except PacketError as error:
        raise BadPacketIn(f"igmp: {error}") from None


def query(datapath: int, mac: MacAddress, source: Ipv4Address, max_response: int, interval: int) -> PacketOut:
    """The question of a querier, to the hosts of one switch on this chassis."""
    message = general_query(max_response * 10, interval)
    header = Ipv4(ttl=1, protocol=IGMP, source=source, destination=ALL_SYSTEMS, options=ROUTER_ALERT)
    key = FIELDS[FLAGS].set(_to(datapath, FLOOD), 1 << Flag.LOCAL_ONLY)
    return PacketOut(
        stack(Ethernet(ALL_SYSTEMS_MAC, mac), header, message), key, (Resubmit(Table.LOCAL_OUTPUT, ports.CONTROLLER),)
    )


def _to(datapath: int, group: int) -> int:
    """Metadata of a packet on its way to a multicast group."""
    return FIELDS[OUTPORT].set(FIELDS[DATAPATH].set(0, datapath), group)
