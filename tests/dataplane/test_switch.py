"""Stories of packets through a switch: ports, actions, bridges, tunnels, controllers."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Dot1Q, Ether

from brume.dataplane.ports import PortKind
from brume.dataplane.switch import Switch
from brume.dataplane.trace import Memory
from brume.openflow.messages import ports
from brume.openflow.messages.action_parse import parse_actions
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import field
from brume.openflow.messages.flow_text import parse_flow
from brume.openflow.messages.group import format_group, parse_group
from brume.openflow.messages.match import make_match
from brume.openflow.messages.meter import MeterEntry, format_meter


def udp(sport=1000, dport=2000, ttl=64, source="10.0.0.1"):
    ether = Ether(src="00:00:00:00:00:01", dst="00:00:00:00:00:02")
    return bytes(ether / IP(src=source, dst="10.0.0.2", ttl=ttl) / UDP(sport=sport, dport=dport) / b"hello")


class Story:
    """One bridge with five ports; `send` tells which ports a frame left by, `frame` what left last."""

    def __init__(self, *flows, caching=True):
        self.switch = Switch("story", caching=caching)
        self.bridge = self.switch.add_bridge("br")
        for number in range(1, 6):
            self.bridge.add_port(f"p{number}", number)
        for flow in flows:
            self.bridge.tables.add(parse_flow(flow))
        self.now = 0.0
        self.result = None

    def send(self, frame=None, port=1):
        self.result = self.switch.receive("br", port, frame or udp(), self.now)
        return [out.port for out in self.result.outputs]

    @property
    def frame(self):
        return Ether(self.result.outputs[-1].frame)


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


def test_what_left_before_connection_tracking_has_left_also_when_a_loop_follows():
    assert Story("table=0,ip actions=output:2,ct(table=1)", "table=1,actions=output:3,resubmit(,1)").send() == [2]


def test_what_is_sent_beside_a_translated_copy_is_translated():
    story = Story("table=0,ip actions=ct(commit,table=1,nat(src=10.0.0.50)),output:2", "table=1,actions=drop")
    assert story.send() == [2]
    assert story.frame[IP].src == "10.0.0.50"
    assert story.send() == [2]  # from the cache now
    assert story.frame[IP].src == "10.0.0.50"


def test_copies_of_copies_end_too():
    tracked = "table=0,ip actions=ct(commit,table=0),ct(table=0,zone=2),clone(ct(table=0),resubmit(,0)),resubmit(,0)"
    assert Story(tracked).send() == []
    assert Story(tracked, caching=False).send() == []


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


def test_connection_tracking_goes_on_in_its_table_with_a_copy():
    story = Story(
        "table=0,ip,in_port=1 actions=ct(commit,zone=5,table=1,exec(set_field:0x3->ct_mark)),output:5",
        "table=0,ip,in_port=2 actions=ct(zone=5,table=1)",
        "table=1,ct_state=+new+trk,ct_mark=3 actions=output:2",
        "table=1,ct_state=+est+rpl+trk,ct_mark=3,ct_nw_src=10.0.0.1 actions=output:1",
        "table=1,ct_state=+inv actions=output:4",
    )
    assert story.send() == [2, 5]
    back = bytes(Ether() / IP(src="10.0.0.2", dst="10.0.0.1") / UDP(sport=2000, dport=1000))
    assert story.send(back, 2) == [1]
    assert story.send(bytes(Ether() / IP() / ICMP(type=77)), 2) == [4]


def test_a_zone_and_marks_from_registers_and_headers():
    story = Story(
        "table=0,actions=set_field:9->reg0,ct(commit,zone=NXM_NX_REG0[0..15],table=1,"
        "exec(move:NXM_OF_ETH_SRC[]->NXM_NX_CT_LABEL[32..79],set_field:1->ct_mark))",
        "table=1,ct_zone=9,ct_mark=1 actions=controller(userdata=01)",
    )
    story.send()
    assert field("ct_label").get(story.result.packet_ins[0].key) == 1 << 32


def test_translation_reaches_the_frame():
    story = Story(
        "table=0,in_port=1,ip actions=ct(commit,zone=1,table=1,nat(src=192.0.2.1))",
        "table=0,in_port=2,ip actions=ct(zone=1,table=1,nat)",
        "table=1,in_port=1,nw_src=192.0.2.1,ip actions=output:2",
        "table=1,in_port=2,nw_dst=10.0.0.1,ip actions=output:1",
    )
    assert story.send() == [2]
    assert story.frame[IP].src == "192.0.2.1"
    assert story.send(bytes(Ether() / IP(src="10.0.0.2", dst="192.0.2.1") / UDP(sport=2000, dport=1000)), 2) == [1]
    assert story.frame[IP].dst == "10.0.0.1"


def test_translation_without_a_table_shows_on_the_wire_only():
    story = Story(
        "ip,nw_src=10.0.0.1 actions=ct(commit,zone=1,nat(src=192.0.2.1)),resubmit(,1)",
        "table=1,ip,nw_src=10.0.0.1 actions=output:2",
    )
    for port in (1, 1, 5):
        assert story.send(udp(sport=port)) == [2]
        assert (story.frame[IP].src, story.frame[UDP].sport) == ("192.0.2.1", port)


def test_a_second_ct_sees_what_a_first_one_without_a_table_translated():
    """As in OVN when a load balancer chooses who asked: one zone translates the source, another tracks the result."""
    story = Story(
        "in_port=1,ip actions=ct(commit,zone=1,nat(src=192.0.2.1)),resubmit(,1)",
        "in_port=2,ip actions=ct(zone=2,table=3)",
        "table=1,ip,nw_src=10.0.0.1 actions=ct(zone=2,table=2)",
        "table=2,ct_state=+new,ip,nw_src=192.0.2.1 actions=ct(commit,zone=2),output:2",
        "table=3,ct_state=+est+rpl actions=output:1",
    )
    back = bytes(Ether() / IP(src="10.0.0.2", dst="192.0.2.1") / UDP(sport=2000, dport=1000))
    for _ in range(2):  # the slow way, and from the cache
        assert story.send() == [2]
        assert story.frame[IP].src == "192.0.2.1"
    assert story.send(back, 2) == [1]


def test_ct_clear():
    story = Story(
        "table=0,ip actions=ct(table=1)",
        "table=1,actions=ct_clear,resubmit(,2)",
        "table=2,ct_state=-trk actions=output:2",
    )
    assert story.send() == [2]


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


def test_groups():
    text = (
        "group_id=1,type=select,selection_method=dp_hash,bucket=bucket_id:0,weight:100,actions=output:2,"
        "bucket=bucket_id:1,weight:100,actions=output:3"
    )
    assert format_group(parse_group(text)) == text
    story = Story("actions=group:1,output:5")
    assert story.send() == [5]  # no such group
    story.bridge.set_group(parse_group(text))
    chosen = {tuple(story.send(udp(sport=port))) for port in range(50)}
    assert chosen == {(2, 5), (3, 5)}
    assert story.send(udp(sport=1)) == story.send(udp(sport=1))
    story.bridge.set_group(parse_group("group_id=1,type=all,bucket=set_field:1.1.1.1->ip_src,output:2,bucket=output:3"))
    assert story.send() == [2, 3, 5]
    assert story.frame[IP].src == "10.0.0.1"
    story.bridge.set_group(
        parse_group(
            "group_id=1,type=fast_failover,bucket=watch_port:9,actions=output:2,bucket=watch_port:3,actions=output:3"
        )
    )
    assert story.send() == [3, 5]
    story.bridge.set_group(parse_group(text.replace("dp_hash", "hash,fields(ip_dst,ip_src)")))
    assert len({tuple(story.send(udp(sport=port))) for port in range(50)}) == 1  # the port does not choose
    for fields in ("fields=ip_src", "fields(ip_src,ip_dst,tcp_src)"):
        assert fields in format_group(parse_group(text.replace("dp_hash", f"hash,{fields}")))
    with pytest.raises(OpenFlowError, match="group_id and type"):
        parse_group("group_id=1,type=magic")


def test_a_meter_lets_through_what_its_rate_allows():
    story = Story("actions=meter:1,output:2")
    story.bridge.set_meter(MeterEntry(1, rate=2, packets=True))
    assert format_meter(story.bridge.meters[1]) == "meter=1 pktps bands=\ntype=drop rate=2"
    assert [story.send() for _ in range(4)] == [[2], [2], [], []]
    story.now = 1.0
    assert [story.send() for _ in range(3)] == [[2], [2], []]


def test_a_trace_finds_a_meter_as_it_is_and_takes_nothing():
    story = Story("actions=meter:1,output:2")
    story.bridge.set_meter(MeterEntry(1, rate=1, packets=True))
    assert story.send() == [2]
    for when, drops in ((0.5, ["meter 1: over its rate"]), (1.0, []), (1.0, [])):
        assert story.switch.traced("br", 1, udp(), when, Memory(story.switch)).result.drops == drops
    story.now = 1.0
    assert story.send() == [2]


def test_a_meter_limits_what_the_controller_is_told():
    """The log of an ACL: the packet goes on, the controller hears of one a second."""
    story = Story("actions=controller(userdata=00.01,meter_id=3),output:2")
    story.bridge.set_meter(MeterEntry(3, rate=1, packets=True))
    told = []
    for story.now in (0.0, 0.1, 0.2, 1.3):
        assert story.send() == [2]
        told.append(len(story.result.packet_ins))
    assert told == [1, 0, 0, 1]


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
