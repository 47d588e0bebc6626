"""Stories of packets through a switch: ports, actions, bridges, controllers."""

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1Q, Ether

from brume.dataplane.ports import PortKind
from brume.dataplane.switch import Switch
from brume.openflow.messages import ports
from brume.openflow.messages.action_parse import parse_actions
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import field
from brume.openflow.messages.flow_text import parse_flow
from brume.openflow.messages.match import make_match
from tests.dataplane.story import Story, udp


def test_outputs_and_where_a_packet_does_not_go():
    story = Story("actions=output:2,output:1,output:9,output:3,IN_PORT")
    assert story.send() == [2, 3, 1]  # not back by output:1, nobody at 9
    assert story.bridge.counters[2].sent == 1
    assert story.bridge.counters[1].received_bytes == len(udp())
    assert Story().send() == []  # a table miss drops
    assert Story("actions=drop").send() == []
    assert Story("actions=ALL").send() == [ports.LOCAL, 2, 3, 4, 5]


def test_the_port_a_packet_came_by_is_remembered_with_what_was_not_sent():
    story = Story("actions=output:3")
    assert story.send(port=3) == []
    assert story.send(port=1) == [3]


def test_a_table_leads_to_another_and_back():
    story = Story(
        "table=0,actions=set_field:1->reg0,resubmit(,1),output:3",
        "table=1,reg0=1 actions=set_field:2->reg0,resubmit(,2),output:4",
        "table=2,reg0=2 actions=output:2",
    )
    assert story.send() == [2, 4, 3]
    assert [entry.packets for entry in story.bridge.tables.entries()] == [1, 1, 1]


def test_resubmit_as_if_from_another_port_is_only_for_the_look_up():
    story = Story("table=0,in_port=1 actions=resubmit(5,1)", "table=1,in_port=5 actions=output:1,output:5")
    assert story.send() == [5]  # the packet is still port 1's


def test_an_endless_loop_sends_nothing():
    assert Story("actions=resubmit(,0)").send() == []
    assert Story("actions=output:2,resubmit(,0)").send() == []
    assert Story("actions=clone(resubmit(,0)),output:2").send() == []
    assert Story("table=0,actions=resubmit(,1),resubmit(,1)", "table=1,actions=resubmit(,0)").send() == []


def test_fields_and_the_stack():
    story = Story(
        "actions=set_field:9.9.9.9->ip_src,push:NXM_OF_ETH_SRC[],push:NXM_OF_ETH_DST[],pop:NXM_OF_ETH_SRC[],"
        "pop:NXM_OF_ETH_DST[],move:NXM_OF_UDP_SRC[]->NXM_OF_UDP_DST[],load:0x7->NXM_OF_UDP_SRC[0..3],dec_ttl,output:2"
    )
    story.send()
    frame = story.frame
    assert (frame.src, frame.dst) == ("00:00:00:00:00:02", "00:00:00:00:00:01")
    assert (frame[IP].src, frame[IP].ttl, frame[UDP].dport) == ("9.9.9.9", 63, 1000)
    assert frame[UDP].sport == (1000 & ~0xF) | 7


def test_clone_forgets():
    story = Story("actions=clone(set_field:9.9.9.9->ip_src,output:2),output:3")
    assert story.send() == [2, 3]
    assert story.frame[IP].src == "10.0.0.1"


def test_a_ttl_that_runs_out_ends_its_list_only():
    story = Story("table=0,actions=resubmit(,1),output:3", "table=1,actions=dec_ttl,output:2")
    assert story.send(udp(ttl=1)) == [3]
    assert [told.reason for told in story.result.packet_ins] == [2]
    silent = Story("actions=dec_ttl(),output:2")
    assert silent.send(udp(ttl=1)) == []


def test_vlan_tags_come_and_go():
    story = Story(
        "in_port=1 actions=push_vlan:0x8100,set_field:4101->vlan_vid,output:2",
        "in_port=2 actions=pop_vlan,output:1",
        "in_port=3 actions=mod_vlan_vid:7,mod_vlan_pcp:3,output:2",
        "in_port=4 actions=push_vlan:0x88a8,output:2",
    )
    story.send()
    tagged = story.frame
    assert tagged[Dot1Q].vlan == 5
    assert story.send(bytes(tagged), 2) == [1]
    assert bytes(story.frame) == udp()
    story.send(udp(), 3)
    assert (story.frame[Dot1Q].vlan, story.frame[Dot1Q].prio) == (7, 3)
    story.send(bytes(tagged), 4)
    assert bytes(story.frame)[12:20].hex() == "88a80005" + "81000005"


def test_two_tags_popped_one_by_one():
    story = Story("table=0,actions=pop_vlan,resubmit(,1)", "table=1,dl_vlan=6 actions=output:2")
    inner = Ether() / Dot1Q(vlan=5) / Dot1Q(vlan=6) / IP() / UDP()
    assert story.send(bytes(inner)) == [2]
    assert story.frame[Dot1Q].vlan == 6


def test_a_packet_in_carries_everything_and_a_pause_waits():
    story = Story(
        "cookie=0x77,table=0,actions=set_field:5->reg9,resubmit(,1),output:4",
        "cookie=0x88,table=1,actions=push:NXM_NX_REG9[],controller(userdata=00.01,pause),pop:NXM_NX_REG8[],resubmit(,2)",
        "table=2,reg8=5,reg7=1 actions=output:2",
    )
    assert story.send() == []
    (told,) = story.result.packet_ins
    assert (told.table, told.cookie, told.userdata, told.frame) == (1, 0x88, b"\0\1", udp())
    assert field("reg9").get(told.key) == 5
    changed = field("reg7").set(told.key, 1)
    result = story.switch.resume(told, 1.0, frame=udp(sport=7), key=changed)
    assert [out.port for out in result.outputs] == [2, 4]
    assert Ether(result.outputs[0].frame)[UDP].sport == 7
    unpaused = Story("actions=CONTROLLER:100")
    unpaused.send()
    with pytest.raises(OpenFlowError, match="did not pause"):
        story.switch.resume(unpaused.result.packet_ins[0], 1.0)


def test_a_pause_in_a_clone_holds_up_only_the_clone():
    story = Story("actions=clone(controller(pause),output:2),output:3")
    assert story.send() == [3]
    result = story.switch.resume(story.result.packet_ins[0], 1.0)
    assert [out.port for out in result.outputs] == [2]


def test_packet_out():
    story = Story("table=3,reg15=4 actions=output:4")
    actions = parse_actions("set_field:4->reg15,resubmit(,3),output:1")
    result = story.switch.packet_out("br", udp(), actions, 1.0)
    assert [out.port for out in result.outputs] == [4, 1]
    with_metadata = story.switch.packet_out(
        "br", udp(), parse_actions("resubmit(,3)"), 1.0, metadata=make_match(reg15=4)
    )
    assert [out.port for out in with_metadata.outputs] == [4]


def test_check_packet_larger():
    story = Story(
        "table=0,actions=check_pkt_larger(100)->NXM_NX_REG0[0],resubmit(,1)",
        "table=1,reg0=1 actions=output:3",
        "table=1,reg0=0 actions=output:2",
    )
    assert story.send() == [2]
    assert story.send(udp() + bytes(100)) == [3]


def test_patch_ports_leave_the_metadata_behind():
    switch = Switch("two")
    inner, outer = switch.add_bridge("inner"), switch.add_bridge("outer")
    inner.add_port("a", 1)
    inner.add_port("to-outer", 2, PortKind.PATCH, peer="to-inner")
    outer.add_port("to-inner", 7, PortKind.PATCH, peer="to-outer")
    outer.add_port("wire", 8)
    inner.tables.add(parse_flow("in_port=1 actions=set_field:1->reg0,set_field:2->metadata,output:2,resubmit(,1)"))
    inner.tables.add(parse_flow("table=1,in_port=1,reg0=1 actions=IN_PORT"))
    outer.tables.add(parse_flow("in_port=7,reg0=0,metadata=0 actions=set_field:5.5.5.5->ip_src,output:8"))
    for _ in range(2):
        result = switch.receive("inner", "a", udp(), 0)
        assert [(out.bridge, out.name) for out in result.outputs] == [("outer", "wire"), ("inner", "a")]
        assert [Ether(out.frame)[IP].src for out in result.outputs] == ["5.5.5.5", "10.0.0.1"]


def test_what_is_not_there_is_named():
    switch = Switch("s")
    with pytest.raises(OpenFlowError, match="no bridge br"):
        switch.receive("br", 1, b"", 0)
    bridge = switch.add_bridge("br")
    with pytest.raises(OpenFlowError, match="no port 1"):
        switch.receive("br", 1, udp(), 0)
    bridge.add_port("x")
    with pytest.raises(OpenFlowError, match="already"):
        bridge.add_port("x")
    bridge.delete_port("x")
    with pytest.raises(OpenFlowError, match="no port x"):
        bridge.port("x")


def test_tcp_flags_decide():
    story = Story("tcp,tcp_flags=+syn-ack actions=output:2", "priority=1,actions=output:3")
    assert story.send(bytes(Ether() / IP() / TCP(flags="S"))) == [2]
    assert story.send(bytes(Ether() / IP() / TCP(flags="SA"))) == [3]
