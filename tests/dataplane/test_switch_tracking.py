"""Stories of packets whose connections a switch tracks and translates."""

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether

from brume.openflow.messages.fields import field
from tests.dataplane.story import Story, udp


def test_what_left_before_connection_tracking_has_left_also_when_a_loop_follows():
    assert Story("table=0,ip actions=output:2,ct(table=1)", "table=1,actions=output:3,resubmit(,1)").send() == [2]


def test_what_is_sent_beside_a_translated_copy_is_translated():
    story = Story("table=0,ip actions=ct(commit,table=1,nat(src=10.0.0.50)),output:2", "table=1,actions=drop")
    assert story.send() == [2]
    assert story.frame[IP].src == "10.0.0.50"
    assert story.send() == [2]  # from the cache now
    assert story.frame[IP].src == "10.0.0.50"


def test_what_is_nested_deeper_than_pythons_stack_is_given_up():
    """Sixty tables inside each other, again and again; the third time is one too many, and sends nothing."""
    down = [f"table={n},ip actions=resubmit(,{n + 1}),output:2" for n in range(60)]
    for caching in (True, False):
        assert Story(*down, "table=60,ip actions=ct(table=0)", caching=caching).send() == [2] * 120


def test_copies_of_copies_end_too():
    tracked = "table=0,ip actions=ct(commit,table=0),ct(table=0,zone=2),clone(ct(table=0),resubmit(,0)),resubmit(,0)"
    assert Story(tracked).send() == []
    assert Story(tracked, caching=False).send() == []


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
