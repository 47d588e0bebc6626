"""Packet-ins that make no sense: every handler answers, or says so; nothing else escapes."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from brume.openflow.packet_in.dispatch import HANDLERS, respond
from brume.openflow.packet_in.messages import BadPacketIn, PacketIn
from brume.openflow.packet_in.opcodes import Opcode
from brume.packets.arp import Arp
from brume.packets.build import stack
from brume.packets.ethernet import ARP, Ethernet
from brume.packets.icmp4 import Icmp4
from brume.packets.icmp6 import Icmp6
from brume.packets.igmp import TO_EXCLUDE, Record4, report
from brume.packets.ipv4 import IGMP, Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.tcp import Tcp
from brume.packets.udp import Udp
from brume.values import Ipv4Address, Ipv6Address, MacAddress

MAC = MacAddress.parse("fa:16:3e:00:00:01")
FOUR, SIX = Ipv4Address.parse("10.0.0.1"), Ipv6Address.parse("fd00::1")
LINK = Ethernet(MAC, MAC)
FRAMES = (
    stack(Ethernet(MAC, MAC, ARP), Arp(sender_mac=MAC, sender_ip=FOUR, target_ip=FOUR)),
    stack(LINK, Ipv4(source=FOUR, destination=FOUR, protocol=IGMP), report(Record4(TO_EXCLUDE, group=FOUR))),
    stack(
        LINK,
        Ipv4(source=FOUR, destination=FOUR),
        Udp(source=68, destination=67),
        b"\1\1\6" + bytes(233) + bytes.fromhex("63825363350101ff"),
    ),
    stack(LINK, Ipv4(source=FOUR, destination=FOUR), Tcp(source=1, destination=2, flags=2)),
    stack(
        LINK,
        Ipv4(source=FOUR, destination=FOUR),
        Icmp4(type=3, code=3),
        bytes(4) + stack(Ipv4(source=FOUR, destination=FOUR), Udp(source=1, destination=2)),
    ),
    stack(LINK, Ipv6(source=SIX, destination=SIX), Icmp6(type=143), b"\0\0\0\1\4\0\0\0" + bytes(16)),
    stack(LINK, Ipv6(source=SIX, destination=SIX), Icmp6(type=135), bytes(4) + SIX.packed + b"\1\1" + MAC.packed),
    stack(LINK, Ipv6(source=SIX, destination=SIX), Udp(source=546, destination=547), b"\1abc\0\1\0\4" + bytes(20)),
)


@settings(max_examples=400)
@given(
    st.sampled_from(FRAMES),
    st.dictionaries(st.integers(0, 90), st.integers(0, 255), max_size=4),
    st.integers(0, 300),
    st.sampled_from(sorted(HANDLERS)),
    st.binary(max_size=40),
    st.integers(0, 1 << 300),
)
@example(FRAMES[5], {20: 1}, 300, Opcode.PUT_ICMP4_FRAG_MTU, b"\5\0", 0)
def test_a_handler_answers_or_refuses(
    frame: bytes, changes: dict[int, int], size: int, opcode: Opcode, arguments: bytes, key: int
) -> None:
    octets = bytearray(frame)
    for place, octet in changes.items():
        if place < len(octets):
            octets[place] = octet
    with suppress(BadPacketIn):
        respond(PacketIn(bytes(octets[:size]), key, Opcode(opcode).header + arguments))
