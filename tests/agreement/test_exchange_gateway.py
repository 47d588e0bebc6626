"""A gateway on the real ovn-controller and Open vSwitch, on our southbound: NAT, neighbours, the physical network.

Two machines and a router's gateway on one chassis, and a wire to the outside. Each frame is put into the same card of
both chassis, ours and the real one; what leaves by any card, the wire among them, is the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import pytest

from brume.openflow.shared import SharedTranslation
from brume.packets import tcp
from brume.packets.arp import Arp
from brume.packets.build import stack
from brume.packets.describe import describe
from brume.packets.ethernet import ARP, Ethernet
from brume.packets.icmp4 import Echo, Icmp4
from brume.packets.ipv4 import Ipv4
from brume.simulator.chassis import Chassis, PhysicalNetwork
from brume.simulator.clock import Scheduler
from brume.simulator.underlay import Underlay
from brume.simulator.wire import Segment
from brume.southbound.compiler import Compiler
from brume.southbound.schema import MACBinding, PortBinding, port_binding_by_logical_port
from brume.tables.database import Database
from brume.values import Ipv4Address, MacAddress
from tests.agreement.controller_lab import RealChassis, why_not
from tests.agreement.machines import MACS, OUTSIDE, small_network
from tests.agreement.real_switch import read_pcap
from tests.agreement.test_exchange_controller import OurDatabases, our_databases

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")

HERE: Final = ("a1", "b2")
"""The machines whose places are on the gateway's chassis."""
WIRE: Final = "outside"
ROUTER: Final = {"a": "fa:16:3e:aa:00:01", "b": "fa:16:3e:aa:00:02", "public": "fa:16:3e:aa:00:03"}
ADDRESSES: Final = {"a1": "10.0.0.11", "b2": "10.0.1.12", WIRE: "203.0.113.1"}
PATIENCE, QUIET = 2.0, 0.1
Frames = list[tuple[str, bytes]]


class Ours:
    """The simulated chassis."""

    def __init__(self) -> None:
        northbound, southbound = small_network(), Database("southbound")
        compiler = Compiler(northbound, southbound)
        compiler.start()
        southbound.subscribe(compiler.observe)
        self.southbound = southbound
        self.scheduler = Scheduler(1000.0)
        segment = Segment(self.scheduler)
        shared, underlay = SharedTranslation(southbound), Underlay(self.scheduler)
        address, physical = Ipv4Address.parse("192.0.2.1"), {"physnet1": PhysicalNetwork("br-ex", segment)}
        chassis = Chassis("compute1", address, southbound, shared, self.scheduler, underlay, physical)
        self.frames: Frames = []
        self.inject = {name: chassis.plug(name, self._seen(name)) for name in HERE}
        self.inject[WIRE] = segment.attach(self._seen(WIRE)).send
        self.scheduler.run_for(60)  # announcements are over
        self.frames.clear()

    def _seen(self, name: str):  # type: ignore[no-untyped-def]
        return lambda frame: self.frames.append((name, frame))

    def say(self, name: str, frame: bytes) -> Frames:
        self.inject[name](frame)
        self.scheduler.run_for(1)
        frames, self.frames = self.frames, []
        return frames


class Theirs:
    """The real chassis."""

    def __init__(self, databases: OurDatabases) -> None:
        self.directory = databases.directory
        self.chassis: RealChassis = databases.chassis
        switch = self.chassis.switch
        switch.ofctl("add-flow", "br-ex", "actions=NORMAL")
        for name in (*HERE, WIRE):
            bridge = "br-ex" if name == WIRE else "br-int"
            options = [f"options:tx_pcap={self.directory}/card-{name}.pcap"]
            options += [] if name == WIRE else [f"external_ids:iface-id={name}"]
            command = ("add-port", bridge, f"card-{name}", "--", "set", "interface", f"card-{name}", "type=dummy")
            switch.vsctl(*command, *options)
        databases.sync()
        self.chassis.await_installed(f"card-{name}" for name in HERE)
        self.seen = dict.fromkeys((*HERE, WIRE), 0)
        self._new()

    def say(self, name: str, frame: bytes, expected: int) -> Frames:
        """Until as many frames have come as are expected, and then none for a while; announcements do not count."""
        self.chassis.switch.receive(f"card-{name}", frame)
        found: Frames = []
        deadline, quiet = time.monotonic() + PATIENCE, time.monotonic() + QUIET
        while time.monotonic() < deadline and (len(found) < expected or time.monotonic() < quiet):
            fresh = [one for one in self._new() if not is_announcement(one[1])]
            if fresh:
                found += fresh
                quiet = time.monotonic() + QUIET
            time.sleep(0.01)  # another program answers; nothing tells when
        return found

    def _new(self) -> Frames:
        found: Frames = []
        for name, count in list(self.seen.items()):
            frames = read_pcap((self.directory / f"card-{name}.pcap").read_bytes())
            found += [(name, frame) for frame in frames[count:]]
            self.seen[name] = len(frames)
        return found


def is_announcement(frame: bytes) -> bool:
    """An ARP packet that says where its sender is: ovn-controller repeats them, ever more seldom."""
    link = Ethernet.parse(frame)
    if link.ethertype != ARP:
        return False
    message = Arp.parse(frame, link.size())
    return message.sender_ip == message.target_ip


class Both:
    """The same said to both."""

    def __init__(self, databases: OurDatabases) -> None:
        self.databases = databases
        self.ours, self.theirs = Ours(), Theirs(databases)

    def say(self, name: str, frame: bytes) -> list[str]:
        """What comes out, described; the same from both, octet for octet."""
        here = self.ours.say(name, frame)
        there = self.theirs.say(name, frame, len(here))
        assert pictures(here) == pictures(there)
        assert sorted(here) == sorted(there)
        return pictures(here)


def pictures(frames: Frames) -> list[str]:
    return sorted(f"{name}: {describe(frame)}" for name, frame in frames)


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with our_databases(small_network()) as databases:
        yield Both(databases)


def mac(name: str) -> MacAddress:
    return MacAddress.parse(OUTSIDE[0] if name == WIRE else MACS[name])


def ip(name: str) -> Ipv4Address:
    return Ipv4Address.parse(ADDRESSES.get(name, name))


def towards_router(name: str) -> Ethernet:
    return Ethernet(MacAddress.parse(ROUTER["public" if name == WIRE else name[0]]), mac(name))


def ping(source: str, destination: str, kind: int = 8) -> bytes:
    carrier = Ipv4(source=ip(source), destination=ip(destination))
    return stack(towards_router(source), carrier, Icmp4(type=kind), Echo(7, 1), b"abcdefgh")


def answer_for(target: str, asker: str) -> bytes:
    """The outside host tells the router where it is."""
    router = MacAddress.parse(ROUTER["public"])
    message = Arp(operation=2, sender_mac=mac(WIRE), sender_ip=ip(target), target_mac=router, target_ip=ip(asker))
    return stack(Ethernet(router, mac(WIRE)), message)


def test_a_packet_waits_for_the_neighbour_and_goes_on_translated(both: Both) -> None:
    """The router asks on the wire; when it is told, the packet goes out with the floating IP, and its answer back."""
    (asked,) = both.say("a1", ping("a1", "203.0.113.1"))
    assert asked.startswith("outside: ")
    assert "who-has 203.0.113.1" in asked
    (out,) = both.say(WIRE, answer_for("203.0.113.1", "203.0.113.10"))
    assert "203.0.113.20 > 203.0.113.1: ICMP echo request" in out
    (back,) = both.say(WIRE, ping(WIRE, "203.0.113.20", kind=0))
    assert back.startswith("a1: ")
    learned = both.databases.network.southbound.rows(MACBinding)
    assert {(row.logical_port, row.ip, row.mac) for row in learned} >= {
        ("lrp-router-public", "203.0.113.1", OUTSIDE[0])
    }


def test_who_has_no_floating_ip_goes_out_as_the_router(both: Both) -> None:
    both.say(WIRE, answer_for("203.0.113.1", "203.0.113.10"))
    (out,) = both.say("b2", ping("b2", "203.0.113.1"))
    assert "203.0.113.10 > 203.0.113.1: ICMP echo request" in out
    (back,) = both.say(WIRE, ping(WIRE, "203.0.113.10", kind=0))
    assert back.startswith("b2: ")


@pytest.mark.parametrize("target", ["203.0.113.10", "203.0.113.20", "203.0.113.99"])
def test_the_outside_asks_for_addresses(both: Both, target: str) -> None:
    message = Arp(sender_mac=mac(WIRE), sender_ip=ip(WIRE), target_ip=ip(target))
    answers = both.say(WIRE, stack(Ethernet(MacAddress.BROADCAST, mac(WIRE)), message))
    assert bool(answers) == (target != "203.0.113.99")


@pytest.mark.parametrize(("target", "port"), [("203.0.113.20", 22), ("203.0.113.20", 80), ("203.0.113.10", 22)])
def test_the_outside_connects(both: Both, target: str, port: int) -> None:
    both.say(WIRE, answer_for("203.0.113.1", "203.0.113.10"))
    syn = tcp.Tcp(source=5000, destination=port, sequence=77, flags=tcp.SYN)
    seen = both.say(WIRE, stack(towards_router(WIRE), Ipv4(source=ip(WIRE), destination=ip(target)), syn))
    assert any(line.startswith("a1: ") for line in seen) == ((target, port) == ("203.0.113.20", 22))


@pytest.mark.parametrize("target", ["203.0.113.10", "203.0.113.20", "10.0.0.11", "10.0.1.12"])
def test_the_outside_pings(both: Both, target: str) -> None:
    both.say(WIRE, answer_for("203.0.113.1", "203.0.113.10"))
    both.say(WIRE, ping(WIRE, target))


def test_the_machines_reach_each_other_and_the_floating_ip(both: Both) -> None:
    assert both.say("a1", ping("a1", "10.0.1.12"))
    assert both.say("b2", ping("b2", "10.0.0.11"))
    assert both.say("b2", ping("b2", "203.0.113.20"))
    assert both.say("a1", ping("a1", "203.0.113.20"))


def test_the_gateway_is_claimed_by_the_real_chassis(both: Both) -> None:
    southbound = both.databases.network.southbound
    (gateway,) = southbound.find(port_binding_by_logical_port, "cr-lrp-router-public")
    assert isinstance(gateway, PortBinding)
    assert gateway.chassis is not None
    assert gateway.ha_chassis_group is not None
