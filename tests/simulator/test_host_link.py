"""Hosts on a link: ARP, neighbour discovery, ping, fragments."""

from __future__ import annotations

from brume.packets.arp import REPLY, REQUEST, Arp
from brume.packets.build import stack
from brume.packets.describe import describe
from brume.packets.ethernet import ARP, Ethernet
from brume.packets.icmp4 import Echo, Icmp4, Unreachable
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.nd import HOP_LIMIT, LinkLayerOption, MtuOption, PrefixOption, RouterAdvertisement
from brume.packets.udp import Udp
from brume.simulator.host.ping import Ping
from brume.values import InterfaceAddress, Ipv4Address, Ipv6Address, MacAddress, parse_address


def ping(host, destination, **options):
    """Ping to the end."""
    options.setdefault("count", 1)
    running = Ping(host, parse_address(destination), **options).start()
    host.scheduler.run_while(lambda: not running.done)
    return running


def test_an_address_is_announced(bench) -> None:
    bench.host(1, "10.0.0.1/24")
    assert bench.settle() == ["ARP, Request who-has 10.0.0.1 tell 10.0.0.1, length 28"]


def test_a_ping_asks_by_arp_once(pair) -> None:
    bench, vm1, _ = pair
    result = ping(vm1, "10.0.0.2", count=2)
    assert bench.settle() == [
        "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28",
        "ARP, Reply 10.0.0.2 is-at fa:16:3e:00:00:02, length 28",
        "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 2, seq 1, length 64",
        "IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 2, seq 1, length 64",
        "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 2, seq 2, length 64",
        "IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 2, seq 2, length 64",
    ]
    assert [(reply.sequence, reply.ttl) for reply in result.replies] == [(1, 64), (2, 64)]


def test_nobody_there_is_told_by_the_host_itself(pair) -> None:
    bench, vm1, _ = pair
    result = ping(vm1, "10.0.0.9")
    assert [(str(p.source), p.text) for p in result.problems] == [("10.0.0.1", "Destination Host Unreachable")]
    assert bench.settle() == ["ARP, Request who-has 10.0.0.9 tell 10.0.0.1, length 28"] * 3


def test_a_stale_neighbour_is_used_and_asked_again(pair) -> None:
    bench, vm1, _ = pair
    ping(vm1, "10.0.0.2")
    bench.settle()
    bench.scheduler.run_for(100)
    assert vm1.neighbors.entries[parse_address("10.0.0.2")].state(bench.scheduler.now()) == "STALE"
    assert len(ping(vm1, "10.0.0.2").replies) == 1
    lines = bench.settle()
    assert lines[0].startswith("IP 10.0.0.1 > 10.0.0.2: ICMP echo request")
    assert "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28" in lines


def test_a_moved_address_is_learned_from_gratuitous_arp(pair) -> None:
    bench, vm1, vm2 = pair
    ping(vm1, "10.0.0.2")
    moved = vm2.addresses[0]
    vm2.remove_address(moved)
    bench.host(3).add_address(moved)
    bench.settle()
    assert vm1.neighbors.entries[moved.address].mac == MacAddress(0xFA163E000003)
    assert len(ping(vm1, "10.0.0.2").replies) == 1


def test_an_idle_host_has_no_timer(pair) -> None:
    bench, vm1, _ = pair
    ping(vm1, "10.0.0.2")
    bench.scheduler.run_until_idle()
    assert len(bench.scheduler) == 0


def test_large_pings_are_cut_and_joined(pair) -> None:
    bench, vm1, _ = pair
    result = ping(vm1, "10.0.0.2", size=4000)
    assert [reply.size for reply in result.replies] == [4008]
    assert max(len(frame) for _, frame in bench.frames) <= 1514


def test_the_mtu_is_kept(bench) -> None:
    vm1, _ = bench.host(1, "10.0.0.1/24", mtu=576), bench.host(2, "10.0.0.2/24", mtu=576)
    assert len(ping(vm1, "10.0.0.2", size=3000).replies) == 1
    assert max(len(frame) for _, frame in bench.frames) <= 576 + 14


def test_a_broadcast_ping_is_heard_and_not_answered(pair):
    """As Linux does (icmp_echo_ignore_broadcasts); to all IPv6 nodes it does answer."""
    bench, vm1, _ = pair
    bench.host(3, "10.0.0.3/24")
    assert ping(vm1, "10.0.0.255", wait=1.0).results == []
    for host in (vm1, *(end.receive.__self__ for end in bench.segment.ends[1:])):
        host.enable_ipv6()
    bench.settle()
    assert len(ping(vm1, "ff02::1", count=2).results) >= 2


def test_loopback_needs_no_wire(pair):
    bench, vm1, _ = pair
    assert [str(reply.source) for reply in ping(vm1, "127.0.0.1").replies] == ["127.0.0.1"]
    assert [str(reply.source) for reply in ping(vm1, "::1").replies] == ["::1"]
    assert bench.run(vm1, "nc -z 127.0.0.1 22").exit_code == 0
    assert bench.run(vm1, "traceroute 10.0.0.1").lines[1].startswith(" 1  10.0.0.1 (10.0.0.1)  0.040 ms")
    assert bench.settle() == []


def test_a_host_off_the_network_needs_a_route(pair) -> None:
    _, vm1, _ = pair
    result = ping(vm1, "8.8.8.8")
    assert [problem.text for problem in result.problems] == ["Network is unreachable"]


def test_the_longest_prefix_wins(bench) -> None:
    vm1 = bench.host(1, "10.0.0.1/24", "10.0.0.254")
    vm1.routes.add(InterfaceAddress.parse("8.8.0.0/16").prefix, parse_address("10.0.0.253"), "static")
    ping(vm1, "8.8.8.8")
    ping(vm1, "9.9.9.9")
    asked = {line for line in bench.settle() if "tell 10.0.0.1" in line and "who-has 10.0.0.1 " not in line}
    assert asked == {
        "ARP, Request who-has 10.0.0.253 tell 10.0.0.1, length 28",
        "ARP, Request who-has 10.0.0.254 tell 10.0.0.1, length 28",
    }


def test_frames_that_make_no_sense_are_counted(pair) -> None:
    _, vm1, vm2 = pair
    link = Ethernet(vm1.mac, vm2.mac)
    a, b = Ipv4Address.parse("10.0.0.1"), Ipv4Address.parse("10.0.0.2")
    for frame in (
        b"",
        link.pack(),
        stack(link, Ipv4(source=b, destination=a, checksum=1), Udp(1, 7)),
        stack(link, Ipv4(source=b, destination=a), Udp(1, 7, checksum=1)),
        stack(link, Ipv4(source=b, destination=Ipv4Address.parse("10.0.0.77")), Udp(1, 7)),
        stack(link, Ipv4(source=b, destination=a), Udp(1, 7))[:30],
    ):
        vm1.receive(frame)
    assert vm1.drops.total() == 6


def test_every_prefix_of_a_frame_is_survived(pair) -> None:
    bench, vm1, vm2 = pair
    vm1.enable_ipv6()
    ping(vm1, "10.0.0.2", size=3000)
    bench.run(vm1, "nc -z 10.0.0.2 22")
    bench.run(vm1, "nc -zu 10.0.0.2 9")
    for _, frame in list(bench.frames):
        for length in range(min(len(frame), 120)):
            vm2.receive(frame[:length])
            vm1.receive(frame[:length])
    bench.settle()


def test_ipv6_neighbours_are_found_and_pinged(pair) -> None:
    bench, vm1, vm2 = pair
    vm1.add_address(InterfaceAddress.parse("fd00::1/64"))
    vm2.add_address(InterfaceAddress.parse("fd00::2/64"))
    bench.settle()
    assert len(ping(vm1, "fd00::2").replies) == 1
    assert bench.settle()[:2] == [
        "IP6 fd00::1 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fd00::2, length 32",
        "IP6 fd00::2 > fd00::1: ICMP6, neighbor advertisement, tgt is fd00::2, length 32",
    ]
    result = ping(vm1, "fd00::9")
    assert [problem.text for problem in result.problems] == ["Destination unreachable: Address unreachable"]


def test_a_router_advertisement_gives_an_address_and_a_route(bench) -> None:
    vm1 = bench.host(1)
    vm1.enable_ipv6()
    assert "IP6 fe80::f816:3eff:fe00:1 > ff02::2: ICMP6, router solicitation, length 16" in bench.settle()
    router_mac = MacAddress.parse("fa:16:3e:00:00:fe")
    router = Ipv6Address.link_local(router_mac)
    vm1.receive(
        stack(
            Ethernet(MacAddress.parse("33:33:00:00:00:01"), router_mac),
            Ipv6(hop_limit=HOP_LIMIT, source=router, destination=Ipv6Address.ALL_NODES),
            Icmp6(134),
            RouterAdvertisement(router_lifetime=1800),
            LinkLayerOption(1, router_mac),
            PrefixOption(prefix=Ipv6Address.parse("fd00:1::"), valid_lifetime=3600),
            MtuOption(mtu=1442),
        )
    )
    assert [str(address) for address in vm1.addresses] == ["fe80::f816:3eff:fe00:1/64", "fd00:1::f816:3eff:fe00:1/64"]
    assert vm1.mtu == 1442
    route = vm1.routes.find(Ipv6Address.parse("2001:db8::1"))
    assert route is not None
    assert route.gateway == router


def test_a_path_mtu_is_learned_from_a_router(pair):
    """The router's word shortens what is sent there afterwards: pings are cut, TCP segments smaller."""
    bench, vm1, vm2 = pair
    ping(vm1, "10.0.0.2")
    a, b = Ipv4Address.parse("10.0.0.1"), Ipv4Address.parse("10.0.0.2")
    quoted = stack(Ipv4(source=a, destination=b, dont_fragment=1), Icmp4(8), Echo(2, 1), bytes(1400))
    too_long = stack(
        Ethernet(vm1.mac, vm2.mac), Ipv4(source=b, destination=a), Icmp4(3, 4), Unreachable(0, 1000), quoted[:28]
    )
    vm1.receive(too_long)
    assert vm1.internet.mtu_to(b) == 1000
    bench.settle()
    bench.frames.clear()
    assert len(ping(vm1, "10.0.0.2", size=1200).replies) == 1
    assert max(len(frame) for _, frame in bench.frames if frame[26:30] == a.packed) <= 1014
    result = ping(vm1, "10.0.0.2", size=1200, dont_fragment=True)
    assert [problem.text for problem in result.problems] == ["local error: message too long, mtu=1000"]


def test_an_answer_that_comes_at_once_ends_the_asking(bench) -> None:
    """A switch with an ARP responder answers while the question is being sent."""
    vm1 = bench.host(1, "10.0.0.1/24")
    mac = MacAddress.parse("fa:16:3e:00:00:02")
    sent = []

    def answer(frame: bytes) -> None:
        sent.append(describe(frame))
        header, message = Ethernet.parse(frame), Arp.parse(frame, Ethernet.minimum())
        if header.ethertype == ARP and message.operation == REQUEST and message.sender_ip != message.target_ip:
            reply = Arp(REPLY, mac, message.target_ip, message.sender_mac, message.sender_ip)
            vm1.receive(stack(Ethernet(message.sender_mac, mac), reply))

    vm1.send = answer
    ping(vm1, "10.0.0.2", wait=5)
    assert [line for line in sent if "ARP" in line] == ["ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28"]


def test_another_mac_address_forgets_the_neighbours(pair) -> None:
    """As Linux does: what was asked for in vain with the old address is asked for again."""
    _, vm1, _ = pair
    ping(vm1, "10.0.0.2")
    assert vm1.neighbors.entries
    vm1.console.run(["ip", "link", "set", "address", "fa:16:3e:00:00:99", "dev", "eth0"])
    assert not vm1.neighbors.entries
