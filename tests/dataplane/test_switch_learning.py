"""Stories of what a switch learns from packets: flows of `learn`, and the addresses of NORMAL."""

from scapy.layers.inet import IP
from scapy.layers.l2 import ARP, Dot1Q, Ether

from brume.openflow.messages import ports
from brume.openflow.messages.flow_text import parse_flow
from tests.dataplane.story import Story, udp


def test_learning_a_flow():
    story = Story(
        "table=0,actions=learn(table=1,idle_timeout=10,cookie=0x5,eth_type=0x800,NXM_OF_IP_DST[]=NXM_OF_IP_SRC[],"
        "load:0x3->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[]),output:2"
    )
    story.send(port=4)
    (flow,) = story.bridge.tables.flows(1)
    assert flow == parse_flow(
        "cookie=0x5,table=1,idle_timeout=10,ip,nw_dst=10.0.0.1 actions=load:0x3->NXM_NX_REG0[0..15],output:4"
    )
    story.now = 9
    story.send(port=4)
    story.switch.tick(18)
    assert list(story.bridge.tables.flows(1))
    story.switch.tick(19)
    assert not list(story.bridge.tables.flows(1))


def test_normal_learns_floods_and_forgets():
    story = Story("actions=NORMAL")
    broadcast = bytes(Ether(src="00:00:00:00:00:02", dst="ff:ff:ff:ff:ff:ff") / ARP())
    assert story.send(broadcast, 3) == [ports.LOCAL, 1, 2, 4, 5]
    assert story.send(udp(), 1) == [3]
    assert story.send(udp(), 1) == [3]  # and from the cache
    story.send(broadcast, 4)
    assert story.send(udp(), 1) == [4]  # it moved
    story.switch.tick(300)
    assert story.send(udp(), 1) == [ports.LOCAL, 2, 3, 4, 5]
    assert story.send(bytes(Ether(dst="01:80:c2:00:00:00")), 1) == []


def test_normal_keeps_vlans_apart():
    story = Story("actions=NORMAL")
    story.bridge.add_port("red", 10, tag=5)
    story.bridge.add_port("red2", 11, tag=5)
    story.bridge.add_port("blue", 12, tag=6)
    story.bridge.add_port("some", 13, trunks=(6, 7))
    reached = story.send(bytes(Ether(dst="ff:ff:ff:ff:ff:ff") / IP()), 10)
    assert reached == [ports.LOCAL, 1, 2, 3, 4, 5, 11]
    assert Dot1Q in Ether(story.result.outputs[1].frame)
    assert Dot1Q not in story.frame
    assert story.send(bytes(Ether(dst="ff:ff:ff:ff:ff:ff") / Dot1Q(vlan=6) / IP()), 10) == []
    assert story.send(bytes(Ether(dst="ff:ff:ff:ff:ff:ff") / Dot1Q(vlan=9) / IP()), 13) == []
