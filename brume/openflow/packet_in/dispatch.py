"""From opcode to handler, as a table.

Rule: a packet-in that cannot be answered raises BadPacketIn; the caller counts it and goes on, as pinctrl logs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from brume.openflow.packet_in import (
    arp,
    dhcp4,
    dhcp6,
    events,
    fragment_mtu,
    icmp,
    learn,
    log,
    names,
    neighbor,
    reject,
    router_advertisement,
    service_check,
    snooping,
    tcp_reset,
)
from brume.openflow.packet_in.messages import Answer, BadPacketIn, PacketIn
from brume.openflow.packet_in.opcodes import HEADER_SIZE, Opcode

Handler = Callable[[PacketIn], Iterator[Answer]]

HANDLERS: Final[Mapping[Opcode, Handler]] = {
    Opcode.ARP: arp.ask,
    Opcode.PUT_ARP: learn.neighbor,
    Opcode.PUT_DHCP_OPTS: dhcp4.put_dhcp_opts,
    Opcode.ND_NA: neighbor.advertise,
    Opcode.PUT_ND: learn.neighbor6,
    Opcode.PUT_DHCPV6_OPTS: dhcp6.put_dhcpv6_opts,
    Opcode.DNS_LOOKUP: names.look_up,
    Opcode.LOG: log.log,
    Opcode.PUT_ND_RA_OPTS: router_advertisement.put_nd_ra_opts,
    Opcode.ND_NS: neighbor.solicit,
    Opcode.ICMP: icmp.unreachable,
    Opcode.TCP_RESET: tcp_reset.reset,
    Opcode.ND_NA_ROUTER: neighbor.advertise_router,
    Opcode.PUT_ICMP4_FRAG_MTU: fragment_mtu.put_fragment_mtu,
    Opcode.ICMP4_ERROR: icmp.error,
    Opcode.ICMP6_ERROR: icmp.error,
    Opcode.PUT_ICMP6_FRAG_MTU: fragment_mtu.put_fragment_mtu,
    Opcode.EVENT: events.report,
    Opcode.HANDLE_SVC_CHECK: service_check.handle,
    Opcode.IGMP: snooping.snoop,
    Opcode.BIND_VPORT: learn.virtual_port,
    Opcode.REJECT: reject.reject,
    Opcode.PUT_FDB: learn.station,
}


def respond(packet_in: PacketIn) -> tuple[Answer, ...]:
    """The answers to one packet-in."""
    if len(packet_in.userdata) < HEADER_SIZE:
        raise BadPacketIn("packet-in userdata lacks action header")
    number = int.from_bytes(packet_in.userdata[:4], "big")
    handler = HANDLERS.get(number)  # type: ignore[call-overload]
    if handler is None:
        known = Opcode(number).name if number in Opcode._value2member_map_ else str(number)
        raise BadPacketIn(f"packet-in opcode {known} is not served")
    return tuple(handler(replace(packet_in, userdata=packet_in.userdata[HEADER_SIZE:])))
