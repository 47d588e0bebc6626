"""What a host gets back is the same, octet for octet, from our chassis and from ovn-controller with Open vSwitch.

One chassis, two networks behind a router, security groups. Each dialogue puts frames into one host's card; compared
are all frames that leave by any card. So our compilers, flows, switch and packet-in handlers are compared at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.northbound.schema import LogicalRouterPort
from brume.openflow.packet_in import dhcp6
from brume.openflow.shared import SharedTranslation
from brume.packets import dhcp, tcp
from brume.packets.arp import Arp
from brume.packets.build import stack
from brume.packets.describe import describe
from brume.packets.ethernet import Ethernet
from brume.packets.icmp4 import Echo, Icmp4
from brume.packets.icmp6 import ECHO_REQUEST, NEIGHBOR_SOLICITATION, ROUTER_SOLICITATION, Icmp6
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.nd import LinkLayerOption, NeighborSolicitation, RouterSolicitation
from brume.packets.udp import Udp
from brume.simulator.chassis import Chassis
from brume.simulator.clock import Scheduler
from brume.simulator.underlay import Underlay
from brume.southbound.compiler import Compiler
from brume.tables.database import Database
from brume.tables.map import Map
from brume.values import Ipv4Address, Ipv6Address, MacAddress
from tests.agreement.controller_lab import ControllerLab, RealChassis, why_not
from tests.agreement.ovn_lab import short_directory
from tests.southbound.builder import Builder, uuid

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")

CHASSIS = "compute1"
PATIENCE = 2.0
QUIET = 0.1

MACS = {"a": "fa:16:3e:00:01:0a", "b": "fa:16:3e:00:01:0b", "c": "fa:16:3e:00:02:0c", "d": "fa:16:3e:00:02:0d"}
ADDRESSES = {"a": "10.0.0.10", "b": "10.0.0.11", "c": "10.0.1.12", "d": "10.0.1.13"}
ADDRESSES_6 = {"a": "fd00::a", "b": "fd00::b", "c": "fd00:1::c", "d": "fd00:1::d"}
ROUTER_MACS = {"net": "fa:16:3e:aa:00:01", "other": "fa:16:3e:aa:00:02"}


def network() -> Database:
    """a and b on one network, c and d on another; who is in the web group takes TCP 80 and refuses TCP 81."""
    build = Builder()
    for number, name in enumerate(("net", "other")):
        build.switch(name)
        build.dhcp4(f"10.0.{number}.0/24", f"10.0.{number}.1")
    build.router("router")
    build.interface("router", "net", ROUTER_MACS["net"], "10.0.0.1/24", "fd00::1/64")
    build.interface("router", "other", ROUTER_MACS["other"], "10.0.1.1/24", "fd00:1::1/64")
    advertise(build, "lrp-router-net", address_mode="dhcpv6_stateful", mtu="1442", send_periodic="false")
    for name, mac in MACS.items():
        number = 0 if name in "ab" else 1
        addresses = f"{mac} {ADDRESSES[name]} {ADDRESSES_6[name]}"
        four = build.dhcp4(f"10.0.{number}.0/24", f"10.0.{number}.1")
        server = {"server_id": "fa:16:3e:0d:0d:06", "dns_server": "{fd00::53,fd00::54}", "domain_search": '"example"'}
        six = build.dhcp(f"six-{number}", "fd00::/64" if number == 0 else "fd00:1::/64", **server)
        build.port("net" if name in "ab" else "other", name, addresses, dhcpv4_options=four, dhcpv6_options=six)
    build.drop_group("b", "c")
    build.security_group("sg", "b", "c")
    web = build.group("web", "d")
    build.acl(web, "to-lport", "outport == @web && tcp && tcp.dst == 80", "allow-related")
    build.acl(web, "to-lport", "outport == @web && (tcp.dst == 81 || udp.dst == 81)", "reject")
    return build.apply()


def advertise(build: Builder, port: str, **configuration: str) -> None:
    """Let a router port advertise itself."""
    key = uuid("router port", port)
    row = build.transaction.rows[LogicalRouterPort, key]
    assert isinstance(row, LogicalRouterPort)
    build.transaction.put(replace(row, ipv6_ra_configs=Map(configuration)))


class Ours:
    """The network on one simulated chassis."""

    def __init__(self, southbound: Database | None = None) -> None:
        """On a southbound that is there already, or of our own compiler."""
        compiler = None
        if southbound is None:
            southbound = Database("southbound")
            compiler = Compiler(network(), southbound)
        self.scheduler = Scheduler(1000.0)
        shared = SharedTranslation(southbound)
        underlay = Underlay(self.scheduler)
        address = Ipv4Address.parse("192.0.2.1")
        self.chassis = Chassis(CHASSIS, address, southbound, shared, self.scheduler, underlay)
        if compiler is not None:
            compiler.start()
            southbound.subscribe(compiler.observe)
        self.frames: list[tuple[str, bytes]] = []
        self.inject = {
            name: self.chassis.plug(name, lambda frame, name=name: self.frames.append((name, frame)))  # type: ignore[misc]
            for name in MACS
        }
        self.scheduler.run_for(5)
        self.frames.clear()

    def say(self, host: str, frame: bytes) -> list[tuple[str, bytes]]:
        self.inject[host](frame)
        self.scheduler.run_for(1)
        frames, self.frames = self.frames, []
        return frames


class Theirs:
    """The network on a real chassis; `sync` waits until it has installed what the northbound says."""

    def __init__(self, directory: Path, chassis: RealChassis, sync: Callable[[], object]) -> None:
        self.chassis = chassis
        self.cards: dict[str, str] = {}
        for name in MACS:
            card = f"card-{name}"
            options = (f"options:tx_pcap={directory}/{card}.pcap", f"external_ids:iface-id={name}")
            self.chassis.switch.vsctl(
                "add-port", "br-int", card, "--", "set", "interface", card, "type=dummy", *options
            )
            self.cards[name] = card
        self.directory = directory
        sync()
        self.chassis.await_installed(self.cards.values())
        self.seen = dict.fromkeys(MACS, 0)
        self._new()

    def say(self, host: str, frame: bytes, expected: int) -> list[tuple[str, bytes]]:
        """Until as many frames have come as are expected, and then none for a while."""
        self.chassis.switch.receive(self.cards[host], frame)
        found: list[tuple[str, bytes]] = []
        deadline, quiet = time.monotonic() + PATIENCE, time.monotonic() + QUIET
        while time.monotonic() < deadline and (len(found) < expected or time.monotonic() < quiet):
            fresh = self._new()
            if fresh:
                found += fresh
                quiet = time.monotonic() + QUIET
            time.sleep(0.01)  # another program answers; nothing tells when
        return found

    def _new(self) -> list[tuple[str, bytes]]:
        from tests.agreement.real_switch import read_pcap

        found = []
        for name, card in self.cards.items():
            frames = read_pcap((self.directory / f"{card}.pcap").read_bytes())
            found += [(name, frame) for frame in frames[self.seen[name] :]]
            self.seen[name] = len(frames)
        return found


class Both:
    """The same said to both."""

    def __init__(self, theirs: Theirs, ours: Ours | None = None) -> None:
        self.ours, self.theirs = ours or Ours(), theirs

    def say(self, host: str, frame: bytes, at: str = "abcd") -> list[tuple[str, bytes]]:
        """What comes out at some hosts' cards; the same from both."""
        here = [(name, out) for name, out in self.ours.say(host, frame) if name in at]
        there = [(name, out) for name, out in self.theirs.say(host, frame, len(here)) if name in at]
        assert pictures(here) == pictures(there)
        assert sorted(here) == sorted(there)
        return here


def pictures(frames: list[tuple[str, bytes]]) -> list[str]:
    return sorted(f"{name}: {describe(frame)}" for name, frame in frames)


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with short_directory() as directory:
        lab = ControllerLab(Path(directory), [CHASSIS])
        lab.run(network(), {})
        yield Both(Theirs(Path(directory), lab.chassis[CHASSIS], lab.sync))
        lab.stop()


def mac(name: str) -> MacAddress:
    return MacAddress.parse(MACS.get(name) or ROUTER_MACS[name])


def ip(name: str) -> Ipv4Address:
    return Ipv4Address.parse(ADDRESSES.get(name, name))


def ip6(name: str) -> Ipv6Address:
    return Ipv6Address.parse(ADDRESSES_6.get(name, name))


def to_router(name: str) -> Ethernet:
    return Ethernet(mac("net" if name in "ab" else "other"), mac(name))


def between(sender: str, receiver: str) -> Ethernet:
    """On one network directly, else by the router."""
    near = (sender in "ab") == (receiver in "ab")
    return Ethernet(mac(receiver), mac(sender)) if near else to_router(sender)


def request(kind: int, **options: object) -> bytes:
    header = dhcp.Dhcp(transaction=0x1234, client_mac=mac("a"), broadcast=int(bool(options.pop("broadcast", 0))))
    message = dhcp.DhcpMessage(header, {"message_type": kind, **options})  # type: ignore[arg-type]
    link = Ethernet(MacAddress.BROADCAST, mac("a"))
    return stack(link, Ipv4(destination=Ipv4Address.BROADCAST), Udp(source=68, destination=67), message.pack())


@pytest.mark.parametrize("kind", [dhcp.DISCOVER, dhcp.REQUEST, dhcp.RELEASE, dhcp.INFORM, dhcp.DECLINE])
@pytest.mark.parametrize("wanted", ["10.0.0.10", "10.0.0.99"])
def test_dhcp(both: Both, kind: int, wanted: str) -> None:
    both.say("a", request(kind, requested_ip=Ipv4Address.parse(wanted)))


def test_dhcp_by_broadcast(both: Both) -> None:
    assert both.say("a", request(dhcp.DISCOVER, broadcast=1))


@pytest.mark.parametrize("target", ["10.0.0.1", "10.0.0.11", "10.0.0.10", "10.0.0.77"])
def test_arp(both: Both, target: str) -> None:
    arp = Arp(sender_mac=mac("a"), sender_ip=ip("a"), target_ip=ip(target))
    both.say("a", stack(Ethernet(MacAddress.BROADCAST, mac("a")), arp))


def test_arp_with_a_false_sender(both: Both) -> None:
    arp = Arp(sender_mac=mac("a"), sender_ip=ip("10.0.0.1"), target_ip=ip("b"))
    assert both.say("a", stack(Ethernet(MacAddress.BROADCAST, mac("a")), arp)) == []


@pytest.mark.parametrize("target", ["10.0.0.1", "10.0.1.1", "b", "c", "d", "10.0.1.99", "192.0.2.9"])
@pytest.mark.parametrize("ttl", [64, 1])
def test_ping(both: Both, target: str, ttl: int) -> None:
    link = between("a", target) if target in MACS else to_router("a")
    carrier = Ipv4(source=ip("a"), destination=ip(target), ttl=ttl)
    both.say("a", stack(link, carrier, Icmp4(type=8), Echo(7, 1), b"abcdefgh"))


def test_a_connection_and_its_answer(both: Both) -> None:
    """SYN, SYN ACK back through connection tracking, and the ACK."""
    there = (to_router("a"), Ipv4(source=ip("a"), destination=ip("c")))
    back = (to_router("c"), Ipv4(source=ip("c"), destination=ip("a")))
    assert both.say("a", stack(*there, tcp.Tcp(source=4000, destination=22, sequence=1, flags=tcp.SYN, window=65535)))
    answer = tcp.Tcp(source=22, destination=4000, sequence=9, acknowledgment=2, flags=tcp.SYN | tcp.ACK, window=65535)
    assert both.say("c", stack(*back, answer))
    last = tcp.Tcp(source=4000, destination=22, sequence=2, acknowledgment=10, flags=tcp.ACK, window=65535)
    assert both.say("a", stack(*there, last, b"hello"))


@pytest.mark.parametrize(("target", "port"), [("c", 80), ("c", 22), ("d", 80), ("d", 81), ("d", 82), ("10.0.0.1", 80)])
def test_tcp(both: Both, target: str, port: int) -> None:
    syn = tcp.Tcp(source=5000, destination=port, sequence=77, flags=tcp.SYN)
    both.say("a", stack(to_router("a"), Ipv4(source=ip("a"), destination=ip(target)), syn))


@pytest.mark.parametrize(("target", "port"), [("c", 53), ("d", 81), ("d", 53), ("10.0.0.1", 53), ("10.0.1.1", 33434)])
def test_udp(both: Both, target: str, port: int) -> None:
    both.say("a", stack(to_router("a"), Ipv4(source=ip("a"), destination=ip(target)), Udp(5000, port), b"question"))


def test_false_source_addresses_go_nowhere(both: Both) -> None:
    false_mac = Ethernet(mac("b"), mac("c"))
    packet = (Ipv4(source=ip("a"), destination=ip("b")), Icmp4(type=8), Echo(1, 1))
    assert both.say("a", stack(false_mac, *packet)) == []
    false_ip = (Ipv4(source=ip("10.0.0.66"), destination=ip("b")), Icmp4(type=8), Echo(1, 1))
    assert both.say("a", stack(between("a", "b"), *false_ip)) == []


@pytest.mark.parametrize("target", ["fd00::1", "fd00::b", "fe80::f816:3eff:feaa:1", "fd00::77"])
def test_neighbor_solicitation(both: Both, target: str) -> None:
    group = ip6(target).solicited_node
    link = Ethernet(MacAddress(0x3333 << 32 | group.value & 0xFFFFFFFF), mac("a"))
    carrier = Ipv6(hop_limit=255, source=ip6("a"), destination=group)
    asked = (Icmp6(type=NEIGHBOR_SOLICITATION), NeighborSolicitation(target=ip6(target)), LinkLayerOption(mac=mac("a")))
    both.say("a", stack(link, carrier, *asked))


@pytest.mark.parametrize("target", ["fd00::1", "fd00:1::1", "b", "c", "fd00:1::77"])
@pytest.mark.parametrize("hops", [64, 1])
def test_ping6(both: Both, target: str, hops: int) -> None:
    link = between("a", target) if target in MACS else to_router("a")
    carrier = Ipv6(source=ip6("a"), destination=ip6(target), hop_limit=hops)
    both.say("a", stack(link, carrier, Icmp6(type=ECHO_REQUEST), Echo(7, 1), b"abcdefgh"))


@pytest.mark.parametrize("host", ["a", "c"])
def test_router_solicitation(both: Both, host: str) -> None:
    """One network has a router that advertises itself, the other has not.

    Looked at only where it was asked: in Open vSwitch 3.1 a pause inside a clone ends the actions around it too, so a
    flooded solicitation goes no further than the router.
    """
    link = Ethernet(MacAddress.parse("33:33:00:00:00:02"), mac(host))
    source = Ipv6Address.link_local(mac(host))
    carrier = Ipv6(hop_limit=255, source=source, destination=Ipv6Address.parse("ff02::2"))
    answers = both.say(host, stack(link, carrier, Icmp6(type=ROUTER_SOLICITATION), RouterSolicitation()), at=host)
    assert bool(answers) == (host == "a")


@pytest.mark.parametrize("kind", [1, 3, 4, 9, 11, 8])
def test_dhcpv6(both: Both, kind: int) -> None:
    """SOLICIT, REQUEST, CONFIRM, DECLINE, INFORMATION-REQUEST; RELEASE is not answered."""
    link = Ethernet(MacAddress.parse("33:33:00:01:00:02"), mac("a"))
    source, servers = Ipv6Address.link_local(mac("a")), Ipv6Address.parse("ff02::1:2")
    identity = dhcp6.option(dhcp6.CLIENT_ID, dhcp6.DUID_LINK_LAYER + mac("a").packed)
    association = (
        dhcp6.option(dhcp6.IA_NA, b"\x00\x00\x00\x07" + bytes(8)) if kind != dhcp6.INFORMATION_REQUEST else b""
    )
    message = bytes((kind,)) + b"\x11\x22\x33" + identity + association
    answers = both.say("a", stack(link, Ipv6(source=source, destination=servers), Udp(546, 547), message))
    assert bool(answers) == (kind != 8)


def test_broadcast_and_multicast_reach_the_network(both: Both) -> None:
    link = Ethernet(MacAddress.BROADCAST, mac("a"))
    carrier = Ipv4(source=ip("a"), destination=Ipv4Address.parse("10.0.0.255"))
    both.say("a", stack(link, carrier, Udp(9, 9), b"all"))
    group = Ethernet(MacAddress.parse("01:00:5e:01:02:03"), mac("a"))
    carrier = Ipv4(source=ip("a"), destination=Ipv4Address.parse("224.1.2.3"))
    both.say("a", stack(group, carrier, Udp(9, 9), b"some"))
