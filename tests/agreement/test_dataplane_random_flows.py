"""Random little pipelines, run by our switch and by Open vSwitch: the same frames must come out.

Where the chassis test has OVN's flows, this one has what OVN does not do: tags pushed twice, stacks used oddly,
clones in clones, loops, fields moved onto each other, connection tracking in any order.
"""

import random

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

from brume.dataplane import run
from brume.dataplane.switch import Switch
from brume.openflow.messages.flow_text import parse_flow
from tests.agreement.real_switch import MISSING, RealSwitch
from tests.agreement.test_dataplane_packets import same

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"Open vSwitch is not installed: {MISSING}")
PORTS = (1, 2, 3)
ROUNDS, PACKETS = 40, 40


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    switch = RealSwitch(tmp_path_factory.mktemp("ovs"))
    try:
        switch.add_bridge("br")
        for port in PORTS:
            switch.add_port("br", f"q{port}", port)
        switch.appctl("dpctl/ct-disable-tcp-seq-chk")  # we have no windows either
        yield switch
    finally:
        switch.stop()


def actions(chance, kind, depth=0):
    """Some actions that are legal for a packet of this kind."""
    some = [
        "output:1", "output:2", "output:3", "IN_PORT", "NORMAL",
        f"set_field:{chance.randrange(4)}->reg{chance.randrange(3)}",
        f"load:{chance.randrange(4)}->NXM_NX_REG1[{chance.randrange(20)}..30]",
        "move:NXM_NX_REG0[0..3]->NXM_NX_REG1[4..7]",
        "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]",
        "push:NXM_OF_ETH_SRC[],push:NXM_OF_ETH_DST[],pop:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[]",
        "set_field:02:00:00:00:00:77->eth_src",
        "set_field:0x100000000/0x100000000->xreg0",
        f"mod_vlan_vid:{chance.randrange(1, 9)}", "strip_vlan", "push_vlan:0x8100",
    ]  # fmt: skip
    if depth < 3:
        some += [f"resubmit(,{chance.randrange(4)})"] * 6
        inner = actions(chance, kind, depth + 2)
        some += [f"clone({inner})"] if inner != "drop" else []
    if kind in ("ip", "tcp", "udp", "icmp"):
        some += [
            "set_field:10.9.8.7->ip_src", "set_field:10.0.0.2->ip_dst", "dec_ttl", "set_field:8->nw_tos",
            "move:NXM_OF_IP_SRC[]->NXM_NX_REG2[]", "move:NXM_OF_IP_SRC[0..15]->NXM_OF_IP_DST[0..15]",
            "set_field:1->nw_ecn", "set_field:7->nw_ttl",
            f"ct(table={chance.randrange(4)},zone={chance.randrange(3)})",
            f"ct(commit,table={chance.randrange(4)},zone={chance.randrange(3)},exec(set_field:1->ct_mark))",
            f"ct(commit,zone={chance.randrange(3)})",
            f"ct(commit,table={chance.randrange(4)},zone=1,nat(src=10.0.0.50))",
            f"ct(table={chance.randrange(4)},zone=1,nat)",
            "ct_clear",
        ]  # fmt: skip
    if kind in ("tcp", "udp"):
        some += [f"set_field:99->{kind}_dst", f"move:NXM_OF_{kind.upper()}_SRC[]->NXM_OF_{kind.upper()}_DST[]"]
    if kind == "arp":
        some += [
            "set_field:2->arp_op",
            "move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]",
            "set_field:02:00:00:00:00:11->arp_sha",
        ]
    if kind == "ipv6":
        some += ["dec_ttl", "set_field:fd00::7->ipv6_dst", "set_field:5->ipv6_label"]
    chosen = [chance.choice(some) for _ in range(chance.randrange(4))]
    if chance.random() < 0.5:
        chosen.append(chance.choice(["output:1", "output:2", "output:3"]))
    return ",".join(chosen) or "drop"


def matches(chance):
    kind = chance.choice(["", "ip", "tcp", "udp", "icmp", "arp", "ipv6"])
    parts = [kind] if kind else []
    if chance.random() < 0.3:
        parts.append(f"in_port={chance.choice(PORTS)}")
    if chance.random() < 0.3:
        parts.append(f"reg{chance.randrange(3)}={chance.randrange(4)}")
    if chance.random() < 0.15:
        parts.append(chance.choice(["vlan_tci=0x0000/0x1000", "vlan_tci=0x1000/0x1000", "dl_vlan=3"]))
    if kind in ("ip", "tcp", "udp", "icmp"):
        if chance.random() < 0.3:
            parts.append(chance.choice(["nw_src=10.0.0.0/24", "nw_dst=10.0.0.2", "nw_ttl=1", "nw_frag=no"]))
        if chance.random() < 0.3:
            parts.append(
                chance.choice(["ct_state=+trk", "ct_state=-trk", "ct_state=+new", "ct_state=+est", "ct_mark=1"])
            )
    if kind in ("tcp", "udp") and chance.random() < 0.5:
        parts.append(f"tp_dst={chance.choice([1, 80, 99])}")
    return kind, ",".join(parts)


def pipeline(chance, real):
    lines = []
    for table in (0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3):
        kind, match = matches(chance)
        priority = len(lines) + 1  # all different: which of two equals wins is nobody's business
        head = f"table={table},priority={priority}{',' + match if match else ''}"
        done = actions(chance, kind)
        lines.append(f"{head} actions={done if real.understands(f'{head} actions={done}') else 'drop'}")
    return lines


def packet(chance):
    ether = Ether(src=f"02:00:00:00:00:0{chance.randrange(1, 4)}", dst=f"02:00:00:00:00:0{chance.randrange(1, 4)}")
    if chance.random() < 0.25:
        ether = ether / Dot1Q(vlan=chance.randrange(1, 5), prio=chance.randrange(8))
    ip = IP(
        src=f"10.0.0.{chance.randrange(1, 4)}", dst=f"10.0.0.{chance.randrange(1, 4)}", ttl=chance.choice([1, 2, 64])
    )
    layers = [
        ip
        / TCP(sport=chance.choice([1, 80]), dport=chance.choice([1, 80]), flags=chance.choice(["S", "SA", "A", "FA"])),
        ip / UDP(sport=chance.choice([1, 80]), dport=chance.choice([1, 80])),
        ip / ICMP(type=chance.choice([8, 0]), id=3),
        ARP(op=1, psrc="10.0.0.1", pdst="10.0.0.2"),
        IPv6(src="fd00::1", dst="fd00::2", hlim=chance.choice([1, 64])) / UDP(sport=1, dport=80),
    ]
    return bytes(ether / chance.choice(layers) / Raw(b"some payload to see"))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_pipelines(real, seed, monkeypatch):
    monkeypatch.setattr(run, "MAX_RECIRCULATIONS", 6)  # the limit of the userspace datapath; the kernel's is another
    chance = random.Random(seed)
    lines = pipeline(chance, real)
    real.appctl("dpctl/flush-conntrack")
    real.appctl("fdb/flush", "br")
    real.replace_flows("br", lines)
    switch = Switch("ours")
    bridge = switch.add_bridge("br")
    for port in PORTS:
        bridge.add_port(f"q{port}", port)
    for line in lines:
        bridge.tables.add(parse_flow(line))
    before = {port: len(real.sent(f"q{port}")) for port in PORTS}
    expected = {port: [] for port in PORTS}
    for number in range(PACKETS):
        port, frame = chance.choice(PORTS), packet(chance)
        real.appctl("revalidator/purge")  # a packet that hits the cache is learned from later; nothing orders when
        real.receive(f"q{port}", frame)
        for out in switch.receive("br", port, frame, number / 1000).outputs:
            if out.port in PORTS:
                expected[out.port].append((out.frame, number, port, frame))
    for port in PORTS:
        got = real.sent(f"q{port}")[before[port] :]
        wanted = [frame for frame, *_ in expected[port]]
        for index, (theirs, our) in enumerate(zip(got, wanted, strict=False)):
            assert same(theirs, our), "\n".join([*lines, str(expected[port][index][1:]), theirs.hex(), our.hex()])
        assert len(got) == len(wanted), "\n".join(lines)
