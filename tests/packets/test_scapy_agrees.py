"""Scapy as oracle: it reads our frames as we meant them, and builds the same octets from the same fields."""

from __future__ import annotations

import pytest
from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import (
    DUID_LL,
    DHCP6_Advertise,
    DHCP6_InfoRequest,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptDNSServers,
    DHCP6OptIA_NA,
    DHCP6OptIAAddress,
    DHCP6OptServerId,
)
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
)
from scapy.layers.l2 import ARP, GRE, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from brume.packets.dhcp import DhcpMessage
from brume.packets.layers import headers, walk
from brume.packets.tcp import TCP_OPTIONS, Tcp

ETH = Ether(src="fa:16:3e:00:00:01", dst="fa:16:3e:00:00:02")
PING = IP(src="10.0.0.1", dst="10.0.0.2", id=0) / ICMP(type=8, id=1, seq=1) / Raw(b"x" * 56)
A = IP(src="10.0.0.1", dst="10.0.0.2", id=0)
A6 = IPv6(src="fd00::1", dst="fd00::2")

SAME = [
    (
        "IP6 fd00::1.546 > fd00::2.547: dhcp6 solicit",
        ETH
        / A6
        / UDP(sport=546, dport=547)
        / DHCP6_Solicit(trid=0x123456)
        / DHCP6OptClientId(duid=DUID_LL(hwtype=1, lladdr="fa:16:3e:00:00:01"))
        / DHCP6OptIA_NA(iaid=7, T1=0, T2=0),
    ),
    (
        "IP6 fd00::1.547 > fd00::2.546: dhcp6 advertise",
        ETH
        / A6
        / UDP(sport=547, dport=546)
        / DHCP6_Advertise(trid=0x123456)
        / DHCP6OptClientId(duid=DUID_LL(hwtype=1, lladdr="fa:16:3e:00:00:01"))
        / DHCP6OptServerId(duid=DUID_LL(hwtype=1, lladdr="fa:16:3e:00:00:02"))
        / DHCP6OptIA_NA(iaid=7, T1=0, T2=0, ianaopts=[DHCP6OptIAAddress(addr="fd00::1", preflft=60, validlft=120)])
        / DHCP6OptDNSServers(dnsservers=["fd00::2"]),
    ),
    (
        "IP6 fd00::1.546 > fd00::2.547: dhcp6 inf-req",
        ETH / A6 / UDP(sport=546, dport=547) / DHCP6_InfoRequest(trid=0xABCDEF),
    ),
    ("ARP, Request who-has", ETH / ARP(op=1, hwsrc=ETH.src, psrc="10.0.0.1", pdst="10.0.0.2")),
    ("IP 10.0.0.1 > 10.0.0.2: ICMP echo request", ETH / PING),
    ("vlan 100", ETH / Dot1Q(vlan=100, prio=3) / PING),
    (
        "IP 10.0.0.1.40000 > 10.0.0.2.22: Flags [S]",
        ETH
        / A
        / TCP(
            sport=40000,
            dport=22,
            seq=100,
            flags="S",
            window=64240,
            options=[("MSS", 1460), ("SAckOK", b""), ("Timestamp", (0, 9))],
        ),
    ),
    (
        "IP 10.0.0.1.40000 > 10.0.0.2.22: Flags [P.]",
        ETH / A / TCP(sport=40000, dport=22, seq=100, ack=5, flags="PA", window=64240) / Raw(b"hello"),
    ),
    ("IP 10.0.0.1.5000 > 10.0.0.2.6000", ETH / A / UDP(sport=5000, dport=6000) / Raw(b"hello")),
    (
        "IP 10.0.0.1.5000 > 10.0.0.2.53",
        ETH / A / UDP(sport=5000, dport=53) / DNS(id=7, rd=1, qd=DNSQR(qname="vm1.example.org")),
    ),
    ("ICMP6, echo request", ETH / A6 / ICMPv6EchoRequest(id=1, seq=2, data=b"x" * 8)),
    (
        "neighbor solicitation",
        ETH / A6 / ICMPv6ND_NS(tgt="fd00::2") / ICMPv6NDOptSrcLLAddr(lladdr="fa:16:3e:00:00:01"),
    ),
    (
        "neighbor advertisement",
        ETH / A6 / ICMPv6ND_NA(tgt="fd00::2", R=0, S=1, O=0) / ICMPv6NDOptDstLLAddr(lladdr="fa:16:3e:00:00:01"),
    ),
    (
        "router advertisement",
        ETH
        / A6
        / ICMPv6ND_RA(chlim=64, routerlifetime=0, prf=0)
        / ICMPv6NDOptPrefixInfo(prefix="fd00::1", prefixlen=64, L=1, A=1, validlifetime=0, preferredlifetime=0)
        / ICMPv6NDOptMTU(mtu=1400),
    ),
    (
        "IP 10.0.0.1.5000 > 10.0.0.2.6081",
        ETH
        / A
        / UDP(sport=5000, dport=6081)
        / GENEVE(
            critical=1,
            vni=3,
            proto=0x6558,
            options=GeneveOptions(classid=0x0102, type=0x80, data=b"\x00\x04\x00\x05"),
        )
        / ETH
        / PING,
    ),
    ("VXLAN", ETH / A / UDP(sport=5000, dport=4789) / VXLAN(flags=8, vni=5) / ETH / PING),
    ("GREv0", ETH / A / GRE(key_present=1, seqnum_present=1, key=7, seqence_number=3) / PING),
    (
        "IP6 fd00::1.3 > fd00::2.4",
        ETH / A6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(id=9) / UDP(sport=3, dport=4) / Raw(b"abc"),
    ),
]


@pytest.mark.parametrize(("start", "theirs"), SAME, ids=[start for start, _ in SAME])
def test_scapy_builds_the_same_octets(frames: dict[str, bytes], start: str, theirs: Packet) -> None:
    mine = next(frame for line, frame in frames.items() if start in line)
    built = bytes(theirs)
    if "fd00::2.4" in start:  # scapy pads hop-by-hop options with PadN, we wrote zeros (Pad1)
        built = built.replace(b"\x01\x04\x00\x00\x00\x00", bytes(6), 1)
    if "VXLAN" in start:  # scapy leaves a tunnel's UDP checksum out
        mine = mine[:40] + built[40:42] + mine[42:]
    assert mine.hex(" ") == built.hex(" ")


def test_scapy_finds_our_checksums_and_lengths_right(frame: bytes) -> None:
    """Scapy fills in what is deleted: the result must be what we wrote."""
    theirs = Ether(frame)
    for layer in (IP, TCP, ICMP):
        if layer in theirs and theirs[layer].getfieldval("chksum") is not None and GRE not in theirs:
            if layer is IP and theirs[IP].frag:
                continue
            del theirs[layer].chksum
    if UDP in theirs and VXLAN not in theirs and GENEVE not in theirs:
        del theirs[UDP].chksum
    assert bytes(theirs) == frame


def test_scapy_reads_our_dhcp(frames: dict[str, bytes]) -> None:
    theirs = Ether(next(frame for line, frame in frames.items() if "ACK" in line))
    options = {option[0]: option[1:] for option in theirs[DHCP].options if isinstance(option, tuple)}
    assert theirs[BOOTP].yiaddr == "10.0.0.2"
    assert options["message-type"] == (5,)
    assert options["subnet_mask"] == ("255.255.255.0",)
    assert options["name_server"] == ("10.0.0.1", "10.0.0.2")
    assert options["interface-mtu"] == (1442,)
    assert options["lease_time"] == (86400,)


def test_we_read_scapys_dhcp() -> None:
    options = [("message-type", "offer"), ("server_id", "10.0.0.2"), ("renewal_time", 300), "end"]
    payload = bytes(BOOTP(op=2, yiaddr="10.0.0.9", chaddr=b"\xfa\x16\x3e\x00\x00\x01") / DHCP(options=options))
    message = DhcpMessage.parse(payload)
    assert message.type == 2
    assert message.number("T1", 0) == 300
    assert str(message.address("server_id")) == "10.0.0.2"
    assert str(message.header.client_mac) == "fa:16:3e:00:00:01"


def test_we_read_scapys_dns() -> None:
    theirs = DNS(id=7, qr=1, qd=DNSQR(qname="vm1.example.org"), an=DNSRR(rrname="vm1.example.org", rdata="10.0.0.1"))
    message = headers(bytes(ETH / A / UDP(sport=53, dport=5000) / theirs))
    assert message[3].answers == 1  # type: ignore[union-attr]


def test_we_read_scapys_tcp_options() -> None:
    theirs = ETH / A / TCP(flags="S", options=[("NOP", None), ("WScale", 7), ("MSS", 1400)])
    segment = next(layer.content for layer in walk(bytes(theirs)) if isinstance(layer.content, Tcp))
    assert [(option.kind, option.data) for option in TCP_OPTIONS.parse(segment.options)] == [
        (3, b"\x07"),
        (2, b"\x05\x78"),
    ]
