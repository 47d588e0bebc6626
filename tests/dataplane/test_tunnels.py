"""Frames from chassis to chassis, as octets a real one would understand (scapy says so)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.contrib.geneve import GENEVE
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import GRE, Ether
from scapy.layers.vxlan import VXLAN

from brume.dataplane.ports import PortKind
from brume.dataplane.switch import Switch
from brume.dataplane.tunnels import decapsulate
from brume.openflow.messages.fields import field
from brume.openflow.messages.flow_text import parse_flow

ONE, TWO = 0xC0A80001, 0xC0A80002
FRAME = bytes(Ether(src="00:00:00:00:00:01", dst="00:00:00:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2") / UDP())


def chassis(own, other, protocol="geneve", **options):
    switch = Switch("chassis")
    bridge = switch.add_bridge("br-int")
    bridge.add_port("vm", 1)
    bridge.add_port("tunnel", 2, PortKind.TUNNEL, protocol=protocol, local=own, remote=other, **options)
    bridge.tables.add(parse_flow("in_port=1 actions=set_field:7->tun_id,set_field:0x10002->tun_metadata0,output:2"))
    bridge.tables.add(
        parse_flow(
            "in_port=2,tun_id=7 actions=move:NXM_NX_TUN_METADATA0[16..30]->NXM_NX_REG14[0..14],"
            "move:NXM_NX_TUN_METADATA0[0..15]->NXM_NX_REG15[0..15],controller(userdata=01),output:1"
        )
    )
    return switch


@pytest.mark.parametrize("protocol", ["geneve", "vxlan", "gre"])
def test_from_one_chassis_to_the_other(protocol):
    one, two = chassis(ONE, TWO, protocol), chassis(TWO, ONE, protocol)
    for _ in range(2):
        (packet,) = one.receive("br-int", "vm", FRAME, 0).tunnels
        assert (packet.source, packet.destination) == (ONE, TWO)
        result = two.receive_tunnel(protocol, packet.source, packet.destination, packet.payload, 0)
        assert [(out.name, out.frame) for out in result.outputs] == [("vm", FRAME)]
        key = result.packet_ins[0].key
        assert (field("tun_src").get(key), field("tun_dst").get(key)) == (ONE, TWO)
        ports = (1, 2) if protocol == "geneve" else (0, 0)
        assert (field("reg14").get(key), field("reg15").get(key)) == ports


def test_geneve_octets():
    (packet,) = chassis(ONE, TWO).receive("br-int", 1, FRAME, 0).tunnels
    assert packet.payload[:16].hex() == "02406558" + "00000700" + "01028001" + "00010002"
    whole = IP(packet.ip_packet())
    assert (whole.src, whole.dst, whole[UDP].dport, whole[GENEVE].vni) == ("192.168.0.1", "192.168.0.2", 6081, 7)
    assert bytes(whole[GENEVE].payload) == FRAME
    checksum = whole.chksum
    del whole.chksum
    assert IP(bytes(whole)).chksum == checksum


def test_vxlan_and_gre_octets():
    (packet,) = chassis(ONE, TWO, "vxlan").receive("br-int", 1, FRAME, 0).tunnels
    assert IP(packet.ip_packet())[VXLAN].vni == 7
    (packet,) = chassis(ONE, TWO, "gre").receive("br-int", 1, FRAME, 0).tunnels
    assert (IP(packet.ip_packet())[GRE].key, IP(packet.ip_packet()).proto) == (7, 47)


def test_a_port_for_any_remote_takes_it_from_the_packet():
    switch = chassis(ONE, None)
    flow = parse_flow("priority=40000,in_port=1 actions=set_field:192.168.0.9->tun_dst,output:2")
    switch.bridge("br-int").tables.add(flow)
    (packet,) = switch.receive("br-int", 1, FRAME, 0).tunnels
    assert packet.destination == 0xC0A80009
    assert packet.payload[:4].hex() == "00006558"  # no option was set, none is sent
    back = chassis(0xC0A80009, ONE).receive("br-int", 1, FRAME, 0).tunnels[0]
    assert switch.receive_tunnel("geneve", back.source, ONE, back.payload, 0).outputs


def test_strangers_and_broken_headers_are_dropped():
    switch = chassis(ONE, TWO)
    (packet,) = chassis(TWO, ONE).receive("br-int", 1, FRAME, 0).tunnels
    assert not switch.receive_tunnel("geneve", 0x01020304, ONE, packet.payload, 0).outputs
    assert not switch.receive_tunnel("geneve", TWO, ONE, packet.payload[:20], 0).outputs
    unknown_critical = bytearray(packet.payload)
    unknown_critical[8] = 0x99
    assert not switch.receive_tunnel("geneve", TWO, ONE, bytes(unknown_critical), 0).outputs


@given(st.sampled_from(["geneve", "vxlan", "gre"]), st.binary(max_size=60))
def test_any_payload(protocol, payload):
    decapsulate(protocol, payload)
