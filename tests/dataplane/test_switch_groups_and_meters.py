"""Stories of packets that groups choose a way for, and that meters let through."""

import pytest
from scapy.layers.inet import IP

from brume.dataplane.trace import Memory
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.group import format_group, parse_group
from brume.openflow.messages.meter import MeterEntry, format_meter
from tests.dataplane.story import Story, udp


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
