"""TCP and UDP between hosts: handshake, refusal, silence, banners, losses, traceroute."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brume.packets.arp import REPLY, Arp
from brume.packets.build import stack
from brume.packets.errors import PacketError
from brume.packets.ethernet import Ethernet
from brume.packets.icmp4 import ErrorRest, Icmp4
from brume.packets.ipv4 import Ipv4
from brume.simulator.clock import Scheduler
from brume.simulator.host import Host
from brume.simulator.host.connection import Connection
from brume.simulator.host.connection_events import Closed, Connected, Event, Failed, Received
from brume.simulator.host.traceroute import Traceroute
from brume.simulator.wire import Segment
from brume.values import InterfaceAddress, IpAddress, Ipv4Address, MacAddress, parse_address

PEER = parse_address("10.0.0.2")


class Listener:
    """Notes the events of a connection."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, connection: Connection, event: Event) -> None:
        self.events.append(event)

    @property
    def data(self) -> bytes:
        return b"".join(event.data for event in self.events if isinstance(event, Received))


def test_a_handshake_a_banner_and_a_close(pair) -> None:
    bench, vm1, vm2 = pair
    client = Listener()
    connection = vm1.tcp.connect(PEER, 22, client)
    bench.scheduler.run_for(0.5)
    assert client.events == [Connected(), Received(b"SSH-2.0-Brume_simulated_host\r\n")]
    connection.close()
    lines = [line.partition("Flags ")[2].partition(",")[0] for line in bench.settle() if "Flags" in line]
    assert lines == ["[S]", "[S.]", "[.]", "[P.]", "[.]", "[F.]", "[.]", "[F.]", "[.]"]
    assert client.events[-1] == Closed()
    assert (vm1.tcp.connections, vm2.tcp.connections) == ({}, {})
    assert len(bench.scheduler) == 0


def test_a_closed_port_refuses(pair) -> None:
    bench, vm1, _ = pair
    client = Listener()
    vm1.tcp.connect(PEER, 23, client)
    bench.settle()
    assert client.events == [Failed("Connection refused")]


def test_silence_times_out_after_seven_syns(pair) -> None:
    bench, vm1, _ = pair
    bench.lose = lambda line: "Flags" in line
    client = Listener()
    vm1.tcp.connect(PEER, 22, client)
    began = bench.scheduler.now()
    bench.scheduler.run_while(lambda: not client.events, 600)
    assert client.events == [Failed("Connection timed out")]
    assert bench.scheduler.now() - began == pytest.approx(127)
    assert sum("[S]" in line for line in bench.lines) == 7


def test_no_neighbour_is_no_route_to_host(pair) -> None:
    bench, vm1, _ = pair
    client = Listener()
    vm1.tcp.connect(parse_address("10.0.0.9"), 22, client)
    bench.settle()
    assert client.events == [Failed("No route to host")]


def test_a_web_page_names_the_host(pair) -> None:
    bench, vm1, _ = pair
    client = Listener()
    vm1.tcp.connect(PEER, 80, client).send(b"GET / HTTP/1.0\r\n\r\n")
    bench.settle()
    assert client.data.startswith(b"HTTP/1.0 200 OK\r\n")
    assert client.data.endswith(b"\r\n\r\nvm2\n")
    assert client.events[-1] == Closed()


def test_a_reset_is_told(pair) -> None:
    bench, vm1, vm2 = pair
    client = Listener()
    vm1.tcp.connect(PEER, 22, client)
    bench.scheduler.run_for(0.5)
    next(iter(vm2.tcp.connections.values())).abort()
    bench.settle()
    assert client.events[-1] == Failed("Connection reset by peer")


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(0, 60), max_size=12), st.binary(min_size=1, max_size=9000), st.sampled_from([1500, 576]))
def test_what_is_sent_comes_back_whatever_is_lost(lost: set[int], data: bytes, mtu: int) -> None:
    """Port 7 echoes; frames are lost by their number; both sides end in order."""
    scheduler = Scheduler()
    segment = Segment(scheduler)
    hosts = []
    sent = 0
    for number in (1, 2):
        host = Host(f"vm{number}", MacAddress(number), scheduler, print, mtu=mtu, tcp_ports=(7,))
        end = segment.attach(host.receive)

        def send(frame: bytes, put: Callable[[bytes], None] = end.send) -> None:
            nonlocal sent
            sent += 1
            if sent not in lost:
                put(frame)

        host.send = send
        host.add_address(InterfaceAddress.parse(f"10.0.0.{number}/24"))
        hosts.append(host)
    heard = Listener()

    def client(connection: Connection, event: Event) -> None:
        heard(connection, event)
        if len(heard.data) == len(data) and connection.can_send:
            connection.close()

    hosts[0].tcp.connect(PEER, 7, client).send(data)
    scheduler.run_until_idle(limit=3600)
    assert heard.data == data or heard.events == [Failed("No route to host")]
    assert hosts[0].tcp.connections == {}


def test_udp_echo_and_refusal(pair) -> None:
    bench, vm1, _ = pair
    heard: list[object] = []
    socket = vm1.udp.open(
        lambda socket, source, port, data: heard.append((str(source), port, data)),
        lambda error, port: heard.append((str(error), port)),
    )
    socket.send(PEER, 7, b"hello")
    socket.send(PEER, 9, b"hello")
    bench.settle()
    assert heard == [("10.0.0.2", 7, b"hello"), ("Destination Port Unreachable", 9)]
    with pytest.raises(ValueError, match=f"port {socket.port} of vm1 is in use"):
        vm1.udp.open(print, port=socket.port)
    socket.close()
    assert socket.port not in vm1.udp.sockets


class Router:
    """A scripted chain of routers behind 10.0.0.254, of which each takes one from the TTL."""

    def __init__(self, scheduler: Scheduler, segment: Segment, chain: list[str]) -> None:
        self.chain = [Ipv4Address.parse(address) for address in chain]
        self.mac = MacAddress.parse("fa:16:3e:00:00:fe")
        self.end = segment.attach(self.receive)

    def receive(self, frame: bytes) -> None:
        """Answer ARP, and expired packets."""
        link = Ethernet.parse(frame)
        try:
            question = Arp.parse(frame, 14)
        except PacketError:
            if link.destination == self.mac:
                self._route(link, frame)
            return
        if question.target_ip == self.chain[0]:
            answer = Arp(REPLY, self.mac, self.chain[0], question.sender_mac, question.sender_ip)
            self.end.send(stack(Ethernet(link.source, self.mac), answer))

    def _route(self, link: Ethernet, frame: bytes) -> None:
        packet = Ipv4.parse(frame, 14)
        back = Ethernet(link.source, self.mac)
        if packet.ttl <= len(self.chain):
            source = self.chain[packet.ttl - 1]
            kind = Icmp4(11)
        else:
            source, kind = packet.destination, Icmp4(3, 3)
        if not source.is_unspecified:
            quoted = frame[14 : 14 + 28]
            ip = Ipv4(source=source, destination=packet.source)
            self.end.send(stack(back, ip, kind, ErrorRest(), quoted))


@pytest.mark.parametrize("icmp", [False, True])
def test_traceroute_names_each_router(bench, icmp: bool) -> None:
    """The second router says nothing."""
    vm1 = bench.host(1, "10.0.0.1/24", "10.0.0.254")
    Router(bench.scheduler, bench.segment, ["10.0.0.254", "0.0.0.0", "192.0.2.1"])
    trace = Traceroute(vm1, parse_address("8.8.8.8"), icmp=icmp, wait=1.0).start()
    bench.scheduler.run_while(lambda: not trace.done)

    def source(hop: int) -> set[IpAddress | None]:
        return {answer and answer.source for answer in trace.hops[hop].answers}

    assert [{str(one) for one in source(hop)} for hop in range(4)] == [
        {"10.0.0.254"},
        {"None"},
        {"192.0.2.1"},
        {"8.8.8.8"},
    ]
    assert len(trace.hops) == 4
