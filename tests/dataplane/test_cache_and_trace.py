"""The cache changes nothing but the time it takes; a trace changes nothing at all."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from brume.dataplane import trace as t
from brume.dataplane.ports import PortKind
from brume.dataplane.switch import Switch
from brume.openflow.messages.flow_text import parse_flow
from brume.openflow.messages.group import parse_group

DATA = Path(__file__).parents[1] / "data" / "openflow"
FLOWS = [parse_flow(line) for line in (DATA / "ovn-chassis-openflow15.txt").read_text().splitlines()]
GROUPS = [parse_group(line) for line in (DATA / "ovn-chassis-groups.txt").read_text().splitlines()]
A, C = ("fa:16:3e:00:01:10", "192.168.10.10"), ("fa:16:3e:00:01:12", "192.168.10.12")


def chassis(caching=True):
    switch = Switch("hv1", caching=caching)
    inner, outer = switch.add_bridge("br-int"), switch.add_bridge("br-ex")
    for number in (1, 2):
        inner.add_port(f"tunnel{number}", number, PortKind.TUNNEL, remote=0xC0A80001 + number, local=0x7F000001)
    inner.add_port("inner", 3, PortKind.PATCH, peer="outer")
    for number, name in enumerate(("a", "b", "c", "md"), 4):
        inner.add_port(name, number)
    outer.add_port("ext", 1)
    outer.add_port("outer", 2, PortKind.PATCH, peer="inner")
    outer.tables.add(parse_flow("priority=0 actions=NORMAL"))
    for flow in FLOWS:
        inner.tables.add(flow)
    for group in GROUPS:
        inner.set_group(group)
    return switch


def tcp(source=A, target=C, sport=1000, dport=22, flags="S"):
    ether = Ether(src=source[0], dst=target[0])
    return bytes(ether / IP(src=source[1], dst=target[1]) / TCP(sport=sport, dport=dport, flags=flags))


def traffic(chance, count):
    frames = []
    hosts = [(4, A), (6, C), (5, ("fa:16:3e:00:02:20", "10.0.1.20"))]
    router = {4: "fa:16:3e:00:01:01", 6: "fa:16:3e:00:01:01", 5: "fa:16:3e:00:02:01"}
    for _ in range(count):
        port, source = chance.choice(hosts)
        _, target = chance.choice(hosts)
        near = source[1][:10] == target[1][:10]
        frames.append(
            (
                port,
                tcp(
                    source,
                    (target[0] if near else router[port], target[1]),
                    sport=chance.choice([1000, 1001, 22]),
                    dport=chance.choice([1000, 22, 80]),
                    flags=chance.choice(["S", "SA", "A", "FA", "R"]),
                ),
            )
        )
    return frames


FUZZED = chassis()


def everything(result):
    return result.outputs, result.tunnels, [(told.userdata, told.frame, told.key) for told in result.packet_ins]


@pytest.mark.parametrize("seed", range(5))
def test_cached_and_uncached_switches_do_the_same(seed):
    cached, plain = chassis(), chassis(caching=False)
    for number, (port, frame) in enumerate(traffic(random.Random(seed), 150)):
        now = number / 10
        got, wanted = (switch.receive("br-int", port, frame, now) for switch in (cached, plain))
        assert everything(got) == everything(wanted)
    for table in ("br-int", "br-ex"):
        counts = [
            {entry.flow.identity: (entry.packets, entry.bytes) for entry in switch.bridge(table).tables.entries()}
            for switch in (cached, plain)
        ]
        assert counts[0] == counts[1]
    assert cached.cache.size > 0


def test_a_changed_flow_is_met_by_the_very_next_packet():
    switch = chassis()
    frame = tcp()
    assert switch.receive("br-int", 4, frame, 0).outputs
    assert switch.receive("br-int", 4, frame, 0).outputs
    block = parse_flow("table=0,priority=999,in_port=4 actions=drop")
    switch.bridge("br-int").tables.add(block)
    assert not switch.receive("br-int", 4, frame, 0).outputs
    switch.bridge("br-int").tables.delete(block)
    assert switch.receive("br-int", 4, frame, 0).outputs


def picture(switch):
    """All that a packet could change."""
    return (
        [(c.forward, c.expires, c.mark, c.life.name) for c in switch.conntrack.connections()],
        [(e.flow, e.packets, e.used) for b in switch.bridges.values() for e in b.tables.entries()],
        [(b.version, b.tables.generation, dict(b.macs), b.levels) for b in switch.bridges.values()],
        [(c.sent, c.received) for b in switch.bridges.values() for c in b.counters.values()],
        switch.cache.size,
    )


def test_a_trace_tells_the_whole_way_and_leaves_no_mark():
    switch = chassis()
    switch.receive("br-int", 4, tcp(), 0)
    before = picture(switch)
    told = t.trace(switch, "br-int", "a", tcp(sport=5), 1.0)
    assert picture(switch) == before
    assert [out.name for out in told.result.outputs] == ["c"]
    tables = [looked.table for looked in told.flows()]
    assert tables[0] == 0
    assert [table for table in tables if table < 64] == sorted(table for table in tables if table < 64)
    assert all(looked.flow is not None for looked in told.flows() if looked.table < 64)
    tracked = [node for node in told.walk() if isinstance(node, t.Tracked)]
    found = {str(change) for change in tracked[0].changes}
    assert found >= {"ct_state: 0 -> new|trk", "ct_nw_src: 0.0.0.0 -> 192.168.10.10"}
    (sent,) = [node for node in told.walk() if isinstance(node, t.Sent)]
    assert (sent.name, sent.kind, sent.frame) == ("c", "tap", told.result.outputs[0].frame)
    first = told.flows()[0]
    changed = [str(change) for step in first.steps for change in step.changes]
    assert "metadata: 0 -> 0x3" in changed


def test_a_trace_tells_who_dropped_a_packet():
    told = t.trace(chassis(), "br-int", "a", tcp(dport=80), 0)
    assert not told.result.outputs
    last = told.flows()[-1]
    assert last.flow is not None
    assert last.flow.actions == ()  # an explicit drop: its cookie leads to the ACL
    assert (last.table, last.flow.cookie) == (46, 0x9E6BF7B7)
    missed = t.trace(chassis(), "br-int", "md", b"\xff" * 14, 0).flows()[-1]
    assert missed.flow is None or missed.flow.actions == ()


def test_a_trace_shows_the_tunnel_header():
    told = t.trace(chassis(), "br-int", "a", tcp(target=("fa:16:3e:00:01:30", "192.168.10.30")), 0)
    (node,) = [node for node in told.walk() if isinstance(node, t.Tunnelled)]
    assert node.packet.payload[:16].hex() == "0240655800000300" + "0102800100020004"
    assert node.packet.destination == 0xC0A80002


def test_the_second_chassis_can_be_traced_from_the_payload_on():
    switch = chassis()
    told = t.trace(switch, "br-int", "a", tcp(target=("fa:16:3e:00:01:30", "192.168.10.30")), 0)
    payload = told.result.tunnels[0].payload
    before = picture(switch)
    back = bytearray(payload)
    back[14:16] = (3).to_bytes(2, "big")  # for port c, which is here
    there = switch.traced_tunnel("geneve", 0xC0A80002, 0x7F000001, bytes(back), 0)
    assert [looked.table for looked in there.flows()][:2] == [0, 40]
    assert picture(switch) == before


@given(st.binary(max_size=150), st.integers(1, 7))
@settings(deadline=None)
def test_no_frame_breaks_a_chassis(data, port):
    if port == 3:
        return  # a patch port: nothing comes in there from outside
    wanted = everything(FUZZED.receive("br-int", port, data, 0.0))
    assert everything(FUZZED.receive("br-int", port, data, 0.0)) == wanted
    t.trace(FUZZED, "br-int", port, data, 0.0)


@given(st.integers(0, 60), st.integers(0, 255), st.sampled_from([4, 5, 6]))
@settings(deadline=None)
def test_no_damaged_packet_does(position, octet, port):
    data = bytearray(tcp())
    data[position % len(data)] = octet
    FUZZED.receive("br-int", port, bytes(data), 0.0)
    t.trace(FUZZED, "br-int", port, bytes(data), 0.0)


def test_changes_are_named_as_the_packet_speaks():
    switch = Switch("s")
    bridge = switch.add_bridge("br")
    bridge.add_port("in", 1)
    bridge.add_port("out", 2)
    bridge.tables.add(parse_flow("actions=dec_ttl,set_field:99->tcp_dst,set_field:5->reg3,output:2"))
    told = t.trace(switch, "br", 1, tcp(), 0)
    changed = [str(change) for step in told.flows()[0].steps for change in step.changes]
    assert changed == ["nw_ttl: 64 -> 63", "tcp_dst: 22 -> 99", "reg3: 0 -> 0x5"]


def test_the_packets_of_one_question_find_each_other_behind_an_ordinary_switch():
    switch = Switch("hv1")
    bridge = switch.add_bridge("br-ex")
    for number in (1, 2, 3):
        bridge.add_port(f"p{number}", number)
    bridge.tables.add(parse_flow("priority=0 actions=NORMAL"))
    switch.receive("br-ex", 2, tcp(A, C), 0)  # A was behind port 2, and is behind port 1 now
    macs = dict(bridge.macs)
    memory = t.Memory(switch)

    def ports(frame, port, memory):
        walk = switch.traced("br-ex", port, frame, 1, memory).walk()
        return [node.port for node in walk if isinstance(node, t.Sent) and node.kind != "local"]

    assert ports(tcp(A, C), 1, memory) == [2, 3]
    assert ports(tcp(C, A), 3, memory) == [1]
    assert ports(tcp(A, C), 1, memory) == [3]
    assert ports(tcp(C, A), 3, t.Memory(switch)) == [2]
    assert bridge.macs == macs


def test_the_packets_of_one_question_meet_flows_that_they_made_the_switch_learn():
    """The answer goes out by the port that the question came in by; to another question the switch knows nothing."""
    switch = Switch("hv1")
    bridge = switch.add_bridge("br")
    for number in (1, 2, 3):
        bridge.add_port(f"p{number}", number)
    learn = (
        "learn(table=1,idle_timeout=20,eth_type=0x800,NXM_OF_IP_DST[]=NXM_OF_IP_SRC[],load:NXM_OF_IN_PORT[]->reg1[])"
    )
    bridge.tables.add(parse_flow(f"table=0,in_port=1,tcp actions={learn},output:3"))
    bridge.tables.add(parse_flow(f"table=0,in_port=2,tcp actions={learn},output:3"))
    bridge.tables.add(parse_flow("table=0,in_port=3,tcp actions=resubmit(,1),output:NXM_NX_REG1[0..15]"))
    memory = t.Memory(switch)

    def ports(frame, port, memory):
        walk = switch.traced("br", port, frame, 1, memory).walk()
        return [node.port for node in walk if isinstance(node, t.Sent)]

    assert ports(tcp(A, C), 2, memory) == [3]
    assert ports(tcp(C, A), 3, memory) == [2]
    assert ports(tcp(C, A), 3, t.Memory(switch)) != [2]
    assert len(bridge.tables) == 3
