"""Frames of every kind this room knows, by name, built by `stack`."""

from __future__ import annotations

from brume.packets import dhcp6, icmp4, icmp6, nd, tcp
from brume.packets.arp import REPLY, REQUEST, Arp
from brume.packets.build import stack
from brume.packets.dhcp import ACK, BOOT_REPLY, DISCOVER, Dhcp, DhcpMessage
from brume.packets.dhcp6 import Dhcp6, Dhcp6Message, Dhcp6Option, IaAddress
from brume.packets.dhcp_options import OptionValue
from brume.packets.dns import Dns, DnsMessage, Question, Record
from brume.packets.ethernet import Ethernet, Vlan
from brume.packets.geneve import ovn_geneve
from brume.packets.gre import Gre
from brume.packets.icmp4 import Echo, ErrorRest, Icmp4, Unreachable
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6, Ipv6Fragment, Ipv6Options
from brume.packets.nd import (
    LinkLayerOption,
    MtuOption,
    NeighborAdvertisement,
    NeighborSolicitation,
    PrefixOption,
    RouterAdvertisement,
    RouterSolicitation,
)
from brume.packets.tcp import TCP_OPTIONS, Tcp, TcpOption
from brume.packets.udp import Udp
from brume.packets.vxlan import Vxlan
from brume.values import Ipv4Address, Ipv6Address, MacAddress, Prefix

MAC1, MAC2 = MacAddress.parse("fa:16:3e:00:00:01"), MacAddress.parse("fa:16:3e:00:00:02")
A, B = Ipv4Address.parse("10.0.0.1"), Ipv4Address.parse("10.0.0.2")
A6, B6 = Ipv6Address.parse("fd00::1"), Ipv6Address.parse("fd00::2")
ETH = Ethernet(MAC2, MAC1)
IP = Ipv4(source=A, destination=B)
IP6 = Ipv6(source=A6, destination=B6)
ND6 = Ipv6(hop_limit=nd.HOP_LIMIT, source=A6, destination=B6)
PING = (IP, Icmp4(icmp4.ECHO_REQUEST), Echo(1, 1), b"x" * 56)
QUOTED = stack(Ipv4(source=B, destination=A), Udp(33, 44), b"ab")
QUOTED6 = stack(Ipv6(source=B6, destination=A6), Udp(33, 44), b"ab")
SYN_OPTIONS = TCP_OPTIONS.pack(
    [
        TcpOption(tcp.MAXIMUM_SEGMENT_SIZE, b"\x05\xb4"),
        TcpOption(tcp.SACK_PERMITTED),
        TcpOption(tcp.TIMESTAMPS, bytes(7) + b"\x09"),
    ]
)
LEASE: dict[str, OptionValue] = {
    "message_type": ACK,
    "server_id": B,
    "lease_time": 86400,
    "netmask": Ipv4Address.parse("255.255.255.0"),
    "router": (B,),
    "dns_server": (A, B),
    "mtu": 1442,
    "domain_name": "example.org",
    "classless_static_route": ((Prefix.parse("169.254.169.254/32"), B), (Prefix.parse("0.0.0.0/0"), A)),
}
SOLICITATION = Dhcp6Message(
    Dhcp6(dhcp6.SOLICIT, 0x123456), (Dhcp6Option(dhcp6.CLIENT_ID, dhcp6.duid(MAC1)), dhcp6.association(7))
)
ADVERTISEMENT = Dhcp6Message(
    Dhcp6(dhcp6.ADVERTISE, 0x123456),
    (
        Dhcp6Option(dhcp6.CLIENT_ID, dhcp6.duid(MAC1)),
        Dhcp6Option(dhcp6.SERVER_ID, dhcp6.duid(MAC2)),
        dhcp6.association(7, IaAddress(A6, 60, 120)),
        Dhcp6Option(dhcp6.DNS_SERVERS, B6.packed),
    ),
)


def _unreachable(code: int, mtu: int = 0) -> bytes:
    return stack(ETH, IP, Icmp4(icmp4.UNREACHABLE, code), Unreachable(0, mtu), QUOTED)


def _tcp(flags: int, data: bytes = b"", **fields: object) -> bytes:
    values = {"sequence": 100, "acknowledgment": 5 if flags & tcp.ACK else 0, "window": 64240} | fields
    return stack(ETH, IP, Tcp(40000, 22, flags=flags, **values), data)  # type: ignore[arg-type]


FRAMES: dict[str, bytes] = {
    "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28": stack(ETH, Arp(REQUEST, MAC1, A, target_ip=B)),
    "ARP, Reply 10.0.0.1 is-at fa:16:3e:00:00:01, length 28": stack(ETH, Arp(REPLY, MAC1, A, MAC2, B)),
    "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64": stack(ETH, *PING),
    "IP 10.0.0.1 > 10.0.0.2: ICMP echo reply, id 7, seq 2, length 9": stack(
        ETH, IP, Icmp4(icmp4.ECHO_REPLY), Echo(7, 2), b"x"
    ),
    "vlan 100, p 3, ethertype IPv4 (0x0800), 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64": stack(
        ETH, Vlan(vlan=100, priority=3), *PING
    ),
    "IP 10.0.0.1 > 10.0.0.2: ICMP net 10.0.0.1 unreachable, length 38": _unreachable(0),
    "IP 10.0.0.1 > 10.0.0.2: ICMP host 10.0.0.1 unreachable, length 38": _unreachable(1),
    "IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.1 protocol 17 unreachable, length 38": _unreachable(2),
    "IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.1 udp port 44 unreachable, length 38": _unreachable(3),
    "IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.1 unreachable - need to frag (mtu 1400), length 38": _unreachable(4, 1400),
    "IP 10.0.0.1 > 10.0.0.2: ICMP host 10.0.0.1 unreachable - admin prohibited filter, length 38": _unreachable(13),
    "IP 10.0.0.1 > 10.0.0.2: ICMP time exceeded in-transit, length 38": stack(
        ETH, IP, Icmp4(icmp4.TIME_EXCEEDED), ErrorRest(), QUOTED
    ),
    "IP 10.0.0.1.40000 > 10.0.0.2.22: Flags [S], seq 100, win 64240, "
    "options [mss 1460,sackOK,TS val 0 ecr 9], length 0": _tcp(tcp.SYN, options=SYN_OPTIONS),
    "IP 10.0.0.1.40000 > 10.0.0.2.22: Flags [S.], seq 100, ack 5, win 64240, length 0": _tcp(tcp.SYN | tcp.ACK),
    "IP 10.0.0.1.40000 > 10.0.0.2.22: Flags [P.], seq 100:105, ack 5, win 64240, length 5": _tcp(
        tcp.PSH | tcp.ACK, b"hello"
    ),
    "IP 10.0.0.1.40000 > 10.0.0.2.22: Flags [.], ack 5, win 1, length 0": _tcp(tcp.ACK, window=1),
    "IP 10.0.0.1.40000 > 10.0.0.2.22: Flags [R], seq 100, win 0, length 0": _tcp(tcp.RST, window=0),
    "IP 10.0.0.1.5000 > 10.0.0.2.6000: UDP, length 5": stack(ETH, IP, Udp(5000, 6000), b"hello"),
    "IP 10.0.0.1.68 > 10.0.0.2.67: BOOTP/DHCP, Request from fa:16:3e:00:00:01, length 300, Discover": stack(
        ETH, IP, Udp(68, 67), DhcpMessage(Dhcp(client_mac=MAC1), {"message_type": DISCOVER}).pack()
    ),
    "IP 10.0.0.1.67 > 10.0.0.2.68: BOOTP/DHCP, Reply, length 311, your-IP 10.0.0.2, ACK": stack(
        ETH, IP, Udp(67, 68), DhcpMessage(Dhcp(BOOT_REPLY, your_ip=B, client_mac=MAC1), LEASE).pack()
    ),
    "IP 10.0.0.1.5000 > 10.0.0.2.53: 7+ A? vm1.example.org. (33)": stack(
        ETH, IP, Udp(5000, 53), DnsMessage(Dns(7, recursion_desired=1), (Question("vm1.example.org"),)).pack()
    ),
    "IP 10.0.0.1.53 > 10.0.0.2.5000: 7- 1/0/0 A 10.0.0.1 (64)": stack(
        ETH,
        IP,
        Udp(53, 5000),
        DnsMessage(
            Dns(7, response=1), (Question("vm1.example.org"),), (Record("vm1.example.org", 1, 60, A.packed),)
        ).pack(),
    ),
    "IP6 fd00::1 > fd00::2: ICMP6, echo request, id 1, seq 2, length 16": stack(
        ETH, IP6, Icmp6(icmp6.ECHO_REQUEST), Echo(1, 2), b"x" * 8
    ),
    "IP6 fd00::1 > fd00::2: ICMP6, neighbor solicitation, who has fd00::2, length 32": stack(
        ETH, ND6, Icmp6(135), NeighborSolicitation(target=B6), LinkLayerOption(nd.SOURCE_LINK_LAYER, MAC1)
    ),
    "IP6 fd00::1 > fd00::2: ICMP6, neighbor advertisement, tgt is fd00::2, length 32": stack(
        ETH, ND6, Icmp6(136), NeighborAdvertisement(solicited=1, target=B6), LinkLayerOption(2, MAC1)
    ),
    "IP6 fd00::1 > fd00::2: ICMP6, router solicitation, length 8": stack(ETH, ND6, Icmp6(133), RouterSolicitation()),
    "IP6 fd00::1 > fd00::2: ICMP6, router advertisement, length 56": stack(
        ETH, ND6, Icmp6(134), RouterAdvertisement(), PrefixOption(prefix=A6), MtuOption(mtu=1400)
    ),
    "IP6 fd00::1 > fd00::2: ICMP6, destination unreachable, unreachable port, fd00::1 udp port 44, length 58": stack(
        ETH, IP6, Icmp6(1, 4), ErrorRest(), QUOTED6
    ),
    "IP6 fd00::1 > fd00::2: ICMP6, packet too big, mtu 1400, length 58": stack(
        ETH, IP6, Icmp6(2), ErrorRest(1400), QUOTED6
    ),
    "IP6 fd00::1 > fd00::2: ICMP6, time exceeded in-transit for fd00::1, length 58": stack(
        ETH, IP6, Icmp6(3), ErrorRest(), QUOTED6
    ),
    "IP6 fd00::1.546 > fd00::2.547: dhcp6 solicit": stack(ETH, IP6, Udp(546, 547), SOLICITATION.pack()),
    "IP6 fd00::1.547 > fd00::2.546: dhcp6 advertise": stack(ETH, IP6, Udp(547, 546), ADVERTISEMENT.pack()),
    "IP6 fd00::1.546 > fd00::2.547: dhcp6 inf-req": stack(ETH, IP6, Udp(546, 547), Dhcp6(11, 0xABCDEF).pack()),
    "IP6 fd00::1.1 > fd00::2.2: UDP, length 3": stack(ETH, IP6, Udp(1, 2), b"abc"),
    "IP6 fd00::1.3 > fd00::2.4: UDP, length 3": stack(
        ETH, IP6, Ipv6Options(), Ipv6Fragment(identification=9), Udp(3, 4), b"abc"
    ),
    "IP 10.0.0.1.5000 > 10.0.0.2.6081: Geneve, Flags [C], vni 0x3, options [OVN ingress 4 egress 5]: "
    "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64": stack(
        ETH, IP, Udp(5000, 6081), ovn_geneve(3, 4, 5), ETH, *PING
    ),
    "IP 10.0.0.1.5000 > 10.0.0.2.4789: VXLAN, flags [I] (0x08), vni 5: "
    "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64": stack(
        ETH, IP, Udp(5000, 4789), Vxlan(vni=5), ETH, *PING
    ),
    "IP 10.0.0.1 > 10.0.0.2: GREv0, key=0x7, seq 3, length 96: "
    "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64": stack(ETH, IP, Gre(key=7, sequence=3), *PING),
    "IP 10.0.0.1 > 10.0.0.2: ip-proto-17 frag 80, length 20": stack(
        ETH, Ipv4(source=A, destination=B, fragment_offset=10, protocol=17), b"x" * 20
    ),
    "IP 10.0.0.1 > 10.0.0.2: ip-proto-103 20": stack(ETH, Ipv4(source=A, destination=B, protocol=103), b"x" * 20),
    "ethertype Unknown (0x88b5), length 20": stack(Ethernet(MAC2, MAC1, 0x88B5), b"x" * 20),
}
"""By the line that describes it."""
