"""Our switch and Open vSwitch get the same flows and the same packets: the same frames must leave the same ports.

The flows are those a real ovn-controller installed (tests/data/openflow); the packets a random mixture of what the
hosts, the router and strangers might say. Conversations answer each other, so connection tracking and NAT are met.
"""

import random
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from brume.dataplane.ports import PortKind
from brume.dataplane.switch import Switch
from brume.openflow.messages.flow_text import parse_flow
from brume.openflow.messages.group import parse_group
from tests.agreement.real_switch import MISSING, RealSwitch

# what ovn-controller would add once it had heard the outside's ARP
NEIGHBOR = (
    "table=66,priority=100,reg0=0xcb007101,reg15=0x3,metadata=0x4 "
    "actions=set_field:fa:16:3e:99:99:99->eth_dst,set_field:0x40/0x40->reg10"
)

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"Open vSwitch is not installed: {MISSING}")
DATA = Path(__file__).parents[1] / "data" / "openflow"
PORTS = {4: "p-a", 5: "p-b", 6: "p-c", 7: "p-md"}
HOSTS = {  # port: (MAC, IPv4, IPv6, the router's MAC there)
    "p-a": ("fa:16:3e:00:01:10", "192.168.10.10", "fd00:10::10", "fa:16:3e:00:01:01"),
    "p-b": ("fa:16:3e:00:02:20", "10.0.1.20", "fd00:20::20", "fa:16:3e:00:02:01"),
    "p-c": ("fa:16:3e:00:01:12", "192.168.10.12", "fd00:10::12", "fa:16:3e:00:01:01"),
    "p-md": ("fa:16:3e:00:01:02", "192.168.10.2", "fd00:10::2", "fa:16:3e:00:01:01"),
    "ext": ("fa:16:3e:99:99:99", "203.0.113.1", "2001:db8::1", "fa:16:3e:00:03:01"),
}
V4 = [
    *(host[1] for host in HOSTS.values()), "192.168.10.1", "10.0.1.1", "203.0.113.10", "203.0.113.100",
    "203.0.113.120", "192.168.10.200", "192.168.10.201", "192.168.10.30", "10.9.0.7", "8.8.8.8", "224.0.0.251",
]  # fmt: skip
V6 = [*(host[2] for host in HOSTS.values()), "fd00:10::1", "fe80::1", "ff02::1", "ff02::1:ff00:10"]
MACS = [*(host[0] for host in HOSTS.values()), "fa:16:3e:00:01:30", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:fb"]


def ours():
    switch = Switch("ours")
    inner, outer = switch.add_bridge("br-int"), switch.add_bridge("br-ex")
    for number, name in PORTS.items():
        inner.add_port(name, number)
    inner.add_port("inner", 3, PortKind.PATCH, peer="outer")
    outer.add_port("outer", 2, PortKind.PATCH, peer="inner")
    outer.add_port("ext", 1)
    outer.tables.add(parse_flow("priority=0 actions=NORMAL"))
    for line in (DATA / "ovn-chassis-openflow15.txt").read_text().splitlines():
        inner.tables.add(parse_flow(line))
    inner.tables.add(parse_flow(NEIGHBOR))
    for line in group_lines():
        inner.set_group(parse_group(line))
    return switch


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    switch = RealSwitch(tmp_path_factory.mktemp("ovs"))
    try:
        switch.add_bridge("br-int")
        switch.add_bridge("br-ex")
        for number, name in PORTS.items():
            switch.add_port("br-int", name, number)
        switch.add_port("br-ex", "ext", 1)
        switch.add_port("br-int", "inner", 3, type="patch", peer="outer")
        switch.add_port("br-ex", "outer", 2, type="patch", peer="inner")
        switch.ofctl("add-tlv-map", "br-int", "{class=0x102,type=0x80,len=4}->tun_metadata0")
        switch.ofctl("add-flow", "br-ex", "priority=0 actions=NORMAL")
        switch.ofctl("add-groups", "br-int", "-", given="\n".join([*group_lines(), ""]))
        meter = "meter=1 kbps burst bands=type=drop rate=5000 burst_size=500"
        switch.ofctl("add-meter", "br-int", meter)
        switch.ofctl("add-flows", "br-int", "-", given=flow_lines())
        switch.appctl("dpctl/ct-disable-tcp-seq-chk")  # we have no windows either
        yield switch
    finally:
        switch.stop()


def group_lines():
    """The load balancers' groups, each with its first bucket only: which one a hash chooses is anybody's guess."""
    lines = (DATA / "ovn-chassis-groups.txt").read_text().splitlines()
    return [",bucket=".join(line.split(",bucket=")[:2]) for line in lines]


def flow_lines():
    lines = []
    for line in (DATA / "ovn-chassis-openflow15.txt").read_text().splitlines():
        parts = line.split(", ")
        kept = [part for part in parts if not part.startswith(("duration=", "n_packets=", "n_bytes=", "idle_age="))]
        lines.append(", ".join(kept).replace("dec_ttl()", "dec_ttl").replace("/0x3f->ip_dscp", "->ip_dscp"))
    return "\n".join([*lines, NEIGHBOR, ""])


def packets(seed, count):
    """(port, frame) pairs; one in three answers one before."""
    chance = random.Random(seed)
    said = []
    for number in range(count):
        if said and chance.random() < 0.4:
            packet = answer(chance, *chance.choice(said))
            if packet is not None:
                yield packet
                continue
        port = chance.choice(list(HOSTS))
        packet = invent(chance, port, number)
        said.append((port, packet))
        yield port, bytes(packet)


def invent(chance, port, number):
    mac, four, six, router = HOSTS[port]
    if chance.random() < 0.1:
        four, six = chance.choice(V4), chance.choice(V6)
    if chance.random() < 0.5:
        return sensible(chance, port, number)
    # outside nobody pretends: an address that moves is noticed by Open vSwitch's NORMAL only some time later
    honest = port == "ext" or chance.random() < 0.95
    ether = Ether(src=mac if honest else chance.choice(MACS), dst=chance.choice([router, *MACS]))
    body = Raw(bytes(chance.randrange(2, 60)))
    what = chance.random()
    if what < 0.1:
        told = {"hwdst": chance.choice(MACS), "pdst": chance.choice(V4)}
        return ether / ARP(op=chance.choice([1, 2]), hwsrc=mac, psrc=four, **told)
    if what < 0.2:
        option = ICMPv6NDOptSrcLLAddr(lladdr=mac)
        return ether / IPv6(src=six, dst=chance.choice(V6), hlim=255) / ICMPv6ND_NS(tgt=chance.choice(V6)) / option
    if what < 0.3:
        hops = chance.choice([1, 64])
        return ether / IPv6(src=six, dst=chance.choice(V6), hlim=hops) / ICMPv6EchoRequest(id=number) / body
    ip = IP(src=four, dst=chance.choice(V4), ttl=chance.choice([1, 2, 64, 255]), id=number)
    port_number = chance.choice([22, 53, 80, 7777, 1500, 67, 9])
    if what < 0.5:
        return ether / ip / ICMP(type=8, id=number) / body
    if what < 0.8:
        flags = chance.choice(["S", "S", "A", "SA"])
        return ether / ip / TCP(sport=10000 + number, dport=port_number, flags=flags) / body
    return ether / ip / UDP(sport=chance.choice([10000 + number, 68]), dport=port_number) / body


def sensible(chance, port, number):
    """What a host would really send: to a neighbour, through its router, or from outside to a public address."""
    mac, four, _, router = HOSTS[port]
    if port == "ext":
        four = chance.choice([four, "8.8.8.8"])
        destination = chance.choice(["203.0.113.100", "203.0.113.120", "203.0.113.10"])
    else:
        others = [host[1] for host in HOSTS.values() if host[1] != four]
        destination = chance.choice([*others, "8.8.8.8", "192.168.10.200"])
    near = next((h for h in HOSTS.values() if h[1] == destination and h[3] == router), None)
    target = near[0] if near else "fa:16:3e:00:ff:12" if destination == "203.0.113.120" else router
    start = Ether(src=mac, dst=target) / IP(src=four, dst=destination, id=number)
    kinds = [
        TCP(sport=20000 + number, dport=22, flags="S"),
        UDP(sport=20000 + number, dport=1500),
        ICMP(type=8, id=number),
        TCP(sport=20000 + number, dport=80, flags="S"),
    ]
    return start / chance.choice(kinds) / Raw(b"hello")


def answer(chance, port, packet):
    """What somebody would answer, from where the packet's receiver lives."""
    if IP not in packet:
        return None
    where = next((name for name, host in HOSTS.items() if host[1] == packet[IP].dst), None)
    if where is None:
        return None
    mac, _, _, router = HOSTS[where]
    ether, ip = Ether(src=mac, dst=router), IP(src=packet[IP].dst, dst=packet[IP].src, ttl=64)
    if HOSTS[where][3] == HOSTS[port][3]:
        ether.dst = HOSTS[port][0]
    elif where == "ext":  # it saw a translated source
        ip.dst = chance.choice(["203.0.113.10", "203.0.113.100", "203.0.113.120"])
        ether.dst = "fa:16:3e:00:ff:12" if ip.dst == "203.0.113.120" else router
    if TCP in packet:
        layer = TCP(sport=packet[TCP].dport, dport=packet[TCP].sport, flags=chance.choice(["SA", "A", "RA"]))
    elif UDP in packet:
        layer = UDP(sport=packet[UDP].dport, dport=packet[UDP].sport)
    elif ICMP in packet and chance.random() < 0.7:
        layer = ICMP(type=0, id=packet[ICMP].id)
    else:
        layer = ICMP(type=3, code=1) / Raw(bytes(packet[IP])[:28])
    return where, bytes(ether / ip / layer / Raw(b"answer"))


def same(left, right):
    """Equal, but for a checksum of zero said the other way (0 and 0xffff are the same sum)."""
    if left == right:
        return True
    if len(left) != len(right):
        return False
    return all({a, b} == {0, 255} for a, b in zip(left, right, strict=True) if a != b)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_same_frames_leave_the_same_ports(real, seed):
    real.appctl("dpctl/flush-conntrack")
    real.appctl("fdb/flush", "br-ex")
    real.appctl("revalidator/purge")
    switch = ours()
    names = [*PORTS.values(), "ext"]
    before = {name: len(real.sent(name)) for name in names}
    expected = {name: [] for name in names}
    came = {}
    for number, (port, frame) in enumerate(packets(seed, 250)):
        bridge = "br-ex" if port == "ext" else "br-int"
        real.receive(port, frame)
        for out in switch.receive(bridge, port, frame, 1.0 + number / 1000).outputs:
            if out.name in expected:
                expected[out.name].append(out.frame)
                came[out.name, len(expected[out.name]) - 1] = (port, frame)
    for name in names:
        got = real.sent(name)[before[name] :]
        for index, (theirs, our) in enumerate(zip(got, expected[name], strict=False)):
            assert same(theirs, our), f"{name} {index}: {came[name, index]}\n{theirs.hex()}\n{our.hex()}"
        assert len(got) == len(expected[name]), name
    assert sum(len(frames) for frames in expected.values()) > 50
