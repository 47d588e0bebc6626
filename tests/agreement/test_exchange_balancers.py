"""Load balancers on a real chassis: the real ovn-controller with Open vSwitch on a southbound that our compiler wrote.

Every frame that leaves by any card is the same as from our chassis, octet for octet. Each virtual address has one
backend, because switches choose among several by hashes of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brume.packets import tcp
from brume.packets.build import stack
from brume.packets.header import Header
from brume.packets.icmp4 import Echo, Icmp4
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.udp import Udp
from brume.southbound.compiler import Compiler
from brume.tables.database import Database
from brume.values import Ipv4Address, Ipv6Address
from tests.agreement.controller_lab import why_not
from tests.agreement.test_exchange_controller import our_databases
from tests.agreement.test_openflow_packets import Both, Ours, Theirs, ip, ip6, network, to_router
from tests.southbound.balancer_topologies import balance, balancer
from tests.southbound.builder import Builder

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")

VIP, ALL_PORTS, SIX = "192.0.2.80", "192.0.2.81", "fd00:c::80"


def balanced() -> Database:
    """The network of `test_openflow_packets` with load balancers on both switches."""
    build = Builder()
    build.database = network()
    balancer(build, "web", {f"{VIP}:80": "10.0.1.12:22", f"{VIP}:81": "10.0.0.10:8080"}, "tcp")
    balancer(build, "udp", {f"{VIP}:53": "10.0.1.13:5353"}, "udp")
    balancer(build, "all ports", {ALL_PORTS: "10.0.1.12"})
    balancer(build, "six", {f"[{SIX}]:80": "[fd00:1::d]:22"}, "tcp")
    balancer(build, "refusing", {f"{VIP}:82": ""}, "tcp", options={"reject": "true"})
    balancer(build, "empty", {f"{VIP}:83": ""}, "tcp")
    balancer(build, "hairpin", {f"{VIP}:84": "10.0.0.10:8080"}, "tcp", options={"hairpin_snat_ip": "192.0.2.99"})
    balancer(build, "loyal", {f"{VIP}:85": "10.0.1.12:22"}, "tcp", options={"affinity_timeout": "600"})
    for name in ("web", "udp", "all ports", "six", "refusing", "empty", "hairpin", "loyal"):
        balance(build, name, switches=("net", "other"))
    return build.apply()


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    southbound = Database("southbound")
    compiler = Compiler(balanced(), southbound)
    southbound.subscribe(compiler.observe)
    compiler.start()
    with our_databases(balanced()) as databases:
        yield Both(Theirs(databases.directory, databases.chassis, databases.sync), Ours(southbound))


def four(sender: str, source: str, target: str, *layers: Header | bytes) -> bytes:
    return stack(to_router(sender), Ipv4(source=ip(source), destination=ip(target)), *layers)


def syn(port: int, source: int = 4000) -> tcp.Tcp:
    return tcp.Tcp(source=source, destination=port, sequence=1, flags=tcp.SYN, window=65535)


def accepted(port: int, to: int = 4000) -> tcp.Tcp:
    flags = tcp.SYN | tcp.ACK
    return tcp.Tcp(source=port, destination=to, sequence=9, acknowledgment=2, flags=flags, window=65535)


def test_a_connection_is_taken_to_the_backend_and_back(both: Both) -> None:
    ((host, frame),) = both.say("a", four("a", "a", VIP, syn(80)))
    assert (host, Ipv4.parse(frame[14:]).destination) == ("c", ip("c"))
    ((host, frame),) = both.say("c", four("c", "c", "a", accepted(22)))
    assert (host, Ipv4.parse(frame[14:]).source) == ("a", Ipv4Address.parse(VIP))
    last = tcp.Tcp(source=4000, destination=80, sequence=2, acknowledgment=10, flags=tcp.ACK, window=65535)
    assert both.say("a", four("a", "a", VIP, last, b"hello"))


@pytest.mark.parametrize(("port", "seen"), [(81, VIP), (84, "192.0.2.99")])
def test_a_backend_gets_its_own_packet_from_another_address(both: Both, port: int, seen: str) -> None:
    ((host, frame),) = both.say("a", four("a", "a", VIP, syn(port, 4000 + port)))
    assert (host, Ipv4.parse(frame[14:]).source) == ("a", Ipv4Address.parse(seen))
    ((host, frame),) = both.say("a", four("a", "a", seen, accepted(8080, 4000 + port)))
    assert (host, Ipv4.parse(frame[14:]).source) == ("a", Ipv4Address.parse(VIP))


def test_with_affinity_the_first_connection_is_lost(both: Both) -> None:
    """The packet that makes the choice is dropped; a second attempt of the same connection is, too, the next is not."""
    for _ in range(2):
        assert both.say("a", four("a", "a", VIP, syn(85, 4010))) == []
    ((host, frame),) = both.say("a", four("a", "a", VIP, syn(85, 4011)))
    assert (host, Ipv4.parse(frame[14:]).destination) == ("c", ip("c"))


def test_udp(both: Both) -> None:
    ((host, _),) = both.say("a", four("a", "a", VIP, Udp(5000, 53), b"question"))
    assert host == "d"
    ((host, frame),) = both.say("d", four("d", "d", "a", Udp(5353, 5000), b"answer"))
    assert (host, Ipv4.parse(frame[14:]).source) == ("a", Ipv4Address.parse(VIP))


def test_all_ports_and_protocols(both: Both) -> None:
    assert both.say("a", four("a", "a", ALL_PORTS, syn(22, 4001)))
    assert both.say("a", four("a", "a", ALL_PORTS, Icmp4(type=8), Echo(7, 1), b"abcdefgh"))


def test_ipv6(both: Both) -> None:
    carrier = Ipv6(hop_limit=64, source=ip6("a"), destination=Ipv6Address.parse(SIX))
    ((host, frame),) = both.say("a", stack(to_router("a"), carrier, syn(80, 4006)))
    assert (host, Ipv6.parse(frame[14:]).destination) == ("d", ip6("d"))


def test_without_backends_it_refuses_or_is_silent(both: Both) -> None:
    ((host, frame),) = both.say("a", four("a", "a", VIP, syn(82, 4002)))
    assert (host, Ipv4.parse(frame[14:]).source) == ("a", Ipv4Address.parse(VIP))
    assert both.say("a", four("a", "a", VIP, syn(83, 4003))) == []


def test_a_port_that_is_not_balanced_is_somebody_elses(both: Both) -> None:
    both.say("a", four("a", "a", VIP, syn(9999, 4009)))
