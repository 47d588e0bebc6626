"""Packet-in handlers: one packet in, the answers out."""

from __future__ import annotations

import pytest

from brume.openflow.messages.fields import FIELDS
from brume.openflow.packet_in.announcements import Announcement, Announcements
from brume.openflow.packet_in.buffered import BufferedPackets
from brume.openflow.packet_in.dispatch import respond
from brume.openflow.packet_in.messages import (
    Await,
    BadPacketIn,
    LearnMac,
    PacketIn,
    PacketOut,
    ReportEvent,
    Resume,
)
from brume.openflow.packet_in.opcodes import Opcode
from brume.packets import dhcp, icmp4, tcp
from brume.packets.arp import Arp
from brume.packets.build import stack
from brume.packets.checksum import internet_checksum
from brume.packets.ethernet import Ethernet, Vlan
from brume.packets.icmp4 import Echo, Icmp4, Unreachable
from brume.packets.icmp6 import NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, Icmp6
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.layers import headers
from brume.packets.nd import LinkLayerOption, NeighborAdvertisement, NeighborSolicitation
from brume.packets.udp import Udp
from brume.tables.map import Map
from brume.values import Ipv4Address, Ipv6Address, MacAddress

VM = MacAddress.parse("fa:16:3e:00:01:11")
GATEWAY = MacAddress.parse("fa:16:3e:00:01:01")
VM_IP = Ipv4Address.parse("10.0.0.11")
OTHER_IP = Ipv4Address.parse("10.0.1.13")
NESTED = bytes.fromhex("0019001000011508000000010000000100")[:16]

# recorded from ovn-controller 23.03.1: reg0[3] (bit 99 of xxreg0) = put_dhcp_opts(offerip = 10.0.0.11, ...)
DHCP_USERDATA = bytes.fromhex(
    "00000002000000000001de10000000630a00000b790e20a9fea9fe0a000002000a00000106040808080833040000a8c01a0205a2"
    "0104ffffff0003040a00000136040a000001"
)


def key(**fields: int) -> int:
    """A key with these fields set."""
    value = 0
    for name, number in fields.items():
        value = FIELDS[name].set(value, number)
    return value


def packet_in(data: bytes, opcode: Opcode, arguments: bytes = NESTED, **fields: int) -> PacketIn:
    return PacketIn(data, key(**fields), opcode.header + arguments, continuation="here")


def dhcp_request(kind: int, *, requested: str = "", broadcast: int = 0) -> bytes:
    options: dict[str, object] = {"message_type": kind}
    if requested:
        options["requested_ip"] = Ipv4Address.parse(requested)
    body = dhcp.DhcpMessage(dhcp.Dhcp(transaction=7, client_mac=VM, broadcast=broadcast), options).pack()  # type: ignore[arg-type]
    return stack(
        Ethernet(MacAddress.BROADCAST, VM),
        Ipv4(destination=Ipv4Address.BROADCAST),
        Udp(source=68, destination=67),
        body,
    )


def dhcp_reply(kind: int, **options: object) -> tuple[Resume, dhcp.DhcpMessage, Ipv4]:
    frame = dhcp_request(kind, **options)  # type: ignore[arg-type]
    (answer,) = respond(PacketIn(frame, key(metadata=1, reg14=1), DHCP_USERDATA, continuation="here"))
    assert isinstance(answer, Resume)
    ip = next(header for header in headers(answer.data) if isinstance(header, Ipv4))
    return answer, dhcp.DhcpMessage.parse(answer.data, 42), ip


def test_a_dhcp_discover_is_answered_with_an_offer() -> None:
    answer, message, ip = dhcp_reply(dhcp.DISCOVER)
    assert answer.continuation == "here"
    assert FIELDS["reg0"].get(answer.key) == 1 << 3
    assert message.type == dhcp.OFFER
    assert message.header.operation == dhcp.BOOT_REPLY
    assert message.header.your_ip == VM_IP
    assert message.header.transaction == 7
    assert message.options["mtu"] == 1442
    assert ip.destination == VM_IP
    assert internet_checksum(answer.data[14:34]) == 0


def test_a_client_that_cannot_yet_take_unicast_gets_a_broadcast() -> None:
    assert dhcp_reply(dhcp.DISCOVER, broadcast=1)[2].destination == Ipv4Address.BROADCAST


def test_a_dhcp_request_for_the_offered_address_is_acknowledged() -> None:
    assert dhcp_reply(dhcp.REQUEST, requested="10.0.0.11")[1].type == dhcp.ACK


def test_a_dhcp_request_for_another_address_is_refused_without_options() -> None:
    _, message, _ = dhcp_reply(dhcp.REQUEST, requested="10.0.0.99")
    assert message.type == dhcp.NAK
    assert set(message.options) == {"message_type"}
    assert message.header.your_ip == Ipv4Address.ANY


def test_a_dhcp_inform_gets_settings_but_no_lease() -> None:
    _, message, _ = dhcp_reply(dhcp.INFORM)
    assert message.type == dhcp.ACK
    assert "lease_time" not in message.options
    assert "mtu" in message.options


@pytest.mark.parametrize("kind", [dhcp.RELEASE, dhcp.DECLINE, 99])
def test_what_needs_no_dhcp_answer_goes_on_unchanged(kind: int) -> None:
    frame = dhcp_request(kind)
    (answer,) = respond(PacketIn(frame, key(reg0=8), DHCP_USERDATA, continuation="here"))
    assert answer == Resume(frame, 0, "here")


def test_arp_asks_for_the_next_hop_and_keeps_the_packet() -> None:
    frame = stack(Ethernet(GATEWAY, VM), Ipv4(source=VM_IP, destination=OTHER_IP), Udp(source=1, destination=2))
    waiting, asked = respond(packet_in(frame, Opcode.ARP, metadata=3, reg15=2, reg0=OTHER_IP.value, reg14=9, in_port=4))
    assert isinstance(waiting, Await)
    assert (waiting.datapath, waiting.port, waiting.ip, waiting.data) == (3, 2, OTHER_IP, frame)
    assert isinstance(asked, PacketOut)
    assert asked.actions == NESTED
    assert asked.key == key(metadata=3, reg15=2, reg0=OTHER_IP.value, reg14=9), "metadata goes along, in_port does not"
    _, request = headers(asked.data)[:2]
    assert request == Arp(sender_mac=VM, sender_ip=VM_IP, target_ip=OTHER_IP)


def test_put_arp_learns_the_sender() -> None:
    frame = stack(Ethernet(GATEWAY, VM), Arp(operation=2, sender_mac=VM, sender_ip=VM_IP))
    assert respond(packet_in(frame, Opcode.PUT_ARP, b"", metadata=3, reg14=2, reg0=VM_IP.value)) == (
        LearnMac(3, 2, VM_IP, VM),
    )


def test_an_icmp_error_quotes_the_packet() -> None:
    frame = stack(
        Ethernet(GATEWAY, VM), Ipv4(source=VM_IP, destination=OTHER_IP), Udp(source=1, destination=2), b"x" * 900
    )
    (answer,) = respond(packet_in(frame, Opcode.ICMP4_ERROR))
    assert isinstance(answer, PacketOut)
    link, ip, head, rest, quoted = headers(answer.data)
    assert link == Ethernet(GATEWAY, VM, 0x0800)
    assert isinstance(ip, Ipv4)
    assert (ip.source, ip.destination, ip.ttl) == (VM_IP, OTHER_IP, 255)
    assert isinstance(head, Icmp4)
    assert (head.type, head.code) == (icmp4.UNREACHABLE, icmp4.HOST_UNREACHABLE)
    assert rest == Unreachable()
    assert quoted == frame[14 : 14 + 534]


def test_an_icmp_error_about_udp_says_port_unreachable() -> None:
    frame = stack(Ethernet(GATEWAY, VM), Ipv4(source=VM_IP, destination=OTHER_IP), Udp(source=1, destination=2), b"x")
    (answer,) = respond(packet_in(frame, Opcode.ICMP))
    assert isinstance(answer, PacketOut)
    assert headers(answer.data)[2].code == icmp4.PORT_UNREACHABLE  # type: ignore[union-attr]


def test_a_rejected_connection_is_reset_towards_the_client() -> None:
    syn = tcp.Tcp(source=5000, destination=22, sequence=41, flags=tcp.SYN)
    frame = stack(Ethernet(GATEWAY, VM), Ipv4(source=VM_IP, destination=OTHER_IP), syn)
    (answer,) = respond(packet_in(frame, Opcode.REJECT))
    assert isinstance(answer, PacketOut)
    link, ip, segment = headers(answer.data)
    assert link == Ethernet(VM, GATEWAY, 0x0800)
    assert isinstance(ip, Ipv4)
    assert (ip.source, ip.destination) == (OTHER_IP, VM_IP)
    assert isinstance(segment, tcp.Tcp)
    assert (segment.source, segment.destination, segment.acknowledgment) == (22, 5000, 42)
    assert segment.flags == tcp.RST | tcp.ACK


def test_a_reset_is_not_rejected_again() -> None:
    frame = stack(Ethernet(GATEWAY, VM), Ipv4(source=VM_IP, destination=OTHER_IP), tcp.Tcp(flags=tcp.RST))
    assert respond(packet_in(frame, Opcode.REJECT)) == ()


def test_a_tagged_packet_is_answered_with_its_tag() -> None:
    frame = stack(Ethernet(GATEWAY, VM), Vlan(vlan=5), Ipv4(source=VM_IP, destination=OTHER_IP), Icmp4(type=8), Echo())
    (answer,) = respond(packet_in(frame, Opcode.ICMP))
    assert isinstance(answer, PacketOut)
    assert headers(answer.data)[1] == Vlan(vlan=5, ethertype=0x0800)


def test_neighbor_discovery_is_answered_for_the_target() -> None:
    asked = Ipv6Address.parse("fd00::11")
    frame = stack(
        Ethernet(MacAddress.parse("33:33:ff:00:00:11"), GATEWAY),
        Ipv6(hop_limit=255, source=Ipv6Address.parse("fd00::1"), destination=asked.solicited_node),
        Icmp6(type=NEIGHBOR_SOLICITATION),
        NeighborSolicitation(target=asked),
    )
    (answer,) = respond(packet_in(frame, Opcode.ND_NA_ROUTER))
    assert isinstance(answer, PacketOut)
    _link, ip, head, said, *_ = headers(answer.data)
    assert isinstance(ip, Ipv6)
    assert (ip.source, str(ip.destination), ip.hop_limit) == (asked, "fd00::1", 255)
    assert isinstance(head, Icmp6)
    assert head.type == NEIGHBOR_ADVERTISEMENT
    assert said == NeighborAdvertisement(router=1, solicited=1, override=1, target=asked)
    assert LinkLayerOption.parse(answer.data, len(answer.data) - 8).type == 2


def test_nd_ns_asks_the_solicited_node_group() -> None:
    target = Ipv6Address.parse("fd00::ab:cdef")
    frame = stack(Ethernet(GATEWAY, VM), Ipv6(source=Ipv6Address.parse("fd00::1"), destination=target), Udp(source=1))
    waiting, asked = respond(packet_in(frame, Opcode.ND_NS, xxreg0=target.value))
    assert isinstance(waiting, Await)
    assert waiting.ip == target
    assert isinstance(asked, PacketOut)
    link, ip, _, question, *_ = headers(asked.data)
    assert isinstance(link, Ethernet)
    assert str(link.destination) == "33:33:ff:ab:cd:ef"
    assert isinstance(ip, Ipv6)
    assert str(ip.source) == "fe80::f816:3eff:fe00:111"
    assert question == NeighborSolicitation(target=target)


def test_the_mtu_of_an_icmp_error_is_written_by_the_controller() -> None:
    quoted = Ipv4(source=VM_IP, destination=OTHER_IP, protocol=1, total_length=28).pack() + bytes(8)
    frame = stack(
        Ethernet(VM, GATEWAY), Ipv4(source=OTHER_IP, destination=VM_IP), Icmp4(type=3, code=4), Unreachable(), quoted
    )
    (answer,) = respond(packet_in(frame, Opcode.PUT_ICMP4_FRAG_MTU, (1400).to_bytes(2, "big")))
    assert isinstance(answer, Resume)
    assert headers(answer.data)[3] == Unreachable(next_hop_mtu=1400)
    assert internet_checksum(answer.data[34:]) == 0


def test_an_action_that_is_not_served_is_refused_by_name() -> None:
    with pytest.raises(BadPacketIn, match="BFD_MSG"):
        respond(packet_in(b"", Opcode.BFD_MSG))


def test_an_event_is_told_with_what_it_is_about() -> None:
    """Userdata recorded from ovn-controller 23.03.1; garbled ones are refused."""
    event, vip = bytes(4), bytes.fromhex("0001000c3139322e302e322e383a3830")
    (told,) = respond(packet_in(b"", Opcode.EVENT, event + vip + bytes.fromhex("00020003746370")))
    assert told == ReportEvent("empty_lb_backends", Map({"vip": "192.0.2.8:80", "protocol": "tcp"}))
    for garbled in (b"", bytes(3), b"\0\0\0\1", event + vip[:-1], event + b"\0\7\0\0", event + b"\0"):
        with pytest.raises(BadPacketIn, match="trigger_event"):
            respond(packet_in(b"", Opcode.EVENT, garbled))


def test_packets_wait_for_their_next_hop_and_no_longer() -> None:
    waiting = BufferedPackets()
    for number in range(6):
        assert waiting.add(Await(3, 2, OTHER_IP, bytes(12) + bytes((number,)), 77), now=float(number))
    assert waiting.expire(now=15.0) == 0
    released = waiting.release((3, 2, OTHER_IP), GATEWAY)
    assert [packet.data for packet in released] == [GATEWAY.packed + bytes(6) + bytes((n,)) for n in (2, 3, 4, 5)]
    assert waiting.release((3, 2, OTHER_IP), GATEWAY) == []
    waiting.add(Await(3, 2, OTHER_IP, bytes(12), 0), now=20.0)
    assert waiting.expire(now=30.5) == 1


def test_an_address_is_announced_five_times_and_then_no_more() -> None:
    schedule = Announcements()
    announcement = Announcement(GATEWAY, Ipv4Address.parse("203.0.113.2"), datapath=4, port=2)
    schedule.update({"public-r1-203.0.113.2": announcement}, now=100.0)
    times = []
    while schedule.next_time() < 1000:
        now = schedule.next_time()
        times += [now for _ in schedule.due(now)]
    assert times == [101.0, 103.0, 107.0, 115.0, 131.0]


def test_an_announcement_enters_the_pipeline_of_its_port() -> None:
    packet = Announcement(GATEWAY, VM_IP, datapath=4, port=2).packet()
    link, request, *_ = headers(packet.data)
    assert isinstance(link, Ethernet)
    assert link.destination == MacAddress.BROADCAST
    assert request == Arp(sender_mac=GATEWAY, sender_ip=VM_IP, target_ip=VM_IP)
    assert packet.key == key(metadata=4, reg14=2)
