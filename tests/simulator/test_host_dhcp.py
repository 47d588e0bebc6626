"""The DHCP client against a small scripted server."""

from __future__ import annotations

import pytest

from brume.packets.build import stack
from brume.packets.dhcp import ACK, BOOT_REPLY, DISCOVER, NAK, OFFER, REQUEST, Dhcp, DhcpMessage
from brume.packets.dhcp_options import OptionValue
from brume.packets.ethernet import Ethernet
from brume.packets.ipv4 import Ipv4
from brume.packets.layers import headers
from brume.packets.udp import Udp
from brume.simulator.clock import Scheduler
from brume.simulator.wire import Segment
from brume.values import Ipv4Address, MacAddress, Prefix

SERVER = Ipv4Address.parse("10.0.0.254")
LEASE: dict[str, OptionValue] = {
    "server_id": SERVER,
    "lease_time": 3600,
    "netmask": Ipv4Address.parse("255.255.255.0"),
    "router": (SERVER,),
    "dns_server": (Ipv4Address.parse("8.8.8.8"),),
    "mtu": 1442,
}


class Server:
    """Answers as OVN does: unicast to the client's MAC and to the address offered."""

    def __init__(self, scheduler: Scheduler, segment: Segment) -> None:
        self.mac = MacAddress.parse("fa:16:3e:00:00:fe")
        self.end = segment.attach(self.receive)
        self.lease = dict(LEASE)
        self.address = Ipv4Address.parse("10.0.0.5")
        self.answers = {DISCOVER: OFFER, REQUEST: ACK}
        self.heard: list[DhcpMessage] = []

    def receive(self, frame: bytes) -> None:
        """Answer by the table."""
        if not any(isinstance(layer, Udp) and layer.destination == 67 for layer in headers(frame)):
            return
        message = DhcpMessage.parse(frame, 42)
        self.heard.append(message)
        if message.type in self.answers:
            header = Dhcp(BOOT_REPLY, transaction=message.header.transaction, your_ip=self.address)
            self.answer(header, message.header.client_mac, self.answers[message.type])

    def answer(self, header: Dhcp, client: MacAddress, kind: int) -> None:
        """Send an answer."""
        full = Dhcp(BOOT_REPLY, transaction=header.transaction, your_ip=header.your_ip, client_mac=client)
        payload = DhcpMessage(full, {"message_type": kind} | self.lease).pack()
        ip = Ipv4(source=SERVER, destination=header.your_ip)
        self.end.send(stack(Ethernet(client, self.mac), ip, Udp(67, 68), payload))


@pytest.fixture
def served(bench):
    """A bench, a host without an address, and a server."""
    return bench, bench.host(1), Server(bench.scheduler, bench.segment)


def test_a_host_gets_what_the_server_gives(served) -> None:
    bench, vm1, server = served
    vm1.dhcp.start()
    lines = bench.settle()
    assert lines[0].endswith("Request from fa:16:3e:00:00:01, length 300, Discover")
    assert lines[1].startswith("IP 0.0.0.0.68 > 255.255.255.255.67")
    assert lines[2] == "ARP, Request who-has 10.0.0.5 tell 10.0.0.5, length 28"
    assert [str(address) for address in vm1.addresses] == ["10.0.0.5/24"]
    assert vm1.mtu == 1442
    assert vm1.name_servers == (Ipv4Address.parse("8.8.8.8"),)
    assert bench.run(vm1, "ip route").lines == [
        "default via 10.0.0.254 dev eth0 proto dhcp src 10.0.0.5",
        "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5",
    ]
    asked = server.heard[1]
    assert asked.address("requested_ip") == Ipv4Address.parse("10.0.0.5")
    assert asked.address("server_id") == SERVER
    assert asked.options["hostname"] == "vm1"


def test_classless_routes_replace_the_router(served) -> None:
    bench, vm1, server = served
    server.lease["classless_static_route"] = (
        (Prefix.parse("169.254.169.254/32"), Ipv4Address.parse("10.0.0.2")),
        (Prefix.parse("0.0.0.0/0"), Ipv4Address.parse("10.0.0.1")),
    )
    vm1.dhcp.start()
    bench.settle()
    assert bench.run(vm1, "ip route").lines == [
        "default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.5",
        "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5",
        "169.254.169.254 via 10.0.0.2 dev eth0 proto dhcp src 10.0.0.5",
    ]


def test_the_lease_is_renewed_at_half_of_it_by_unicast(served) -> None:
    bench, vm1, server = served
    vm1.dhcp.start()
    bench.settle()
    server.heard.clear()
    bench.host(2, "10.0.0.254/24")  # the server's address answers ARP
    bench.scheduler.run_for(1801)
    assert [(message.type, str(message.header.client_ip)) for message in server.heard] == [(REQUEST, "10.0.0.5")]
    assert any("IP 10.0.0.5.68 > 10.0.0.254.67" in line for line in bench.lines)
    assert vm1.dhcp.state == "BOUND"


def test_a_lease_nobody_renews_runs_out(served) -> None:
    bench, vm1, server = served
    vm1.dhcp.start()
    bench.settle()
    server.answers = {}
    bench.scheduler.run_for(3590)
    assert vm1.dhcp.state == "REBINDING"
    assert vm1.ipv4_address() == Ipv4Address.parse("10.0.0.5")
    bench.scheduler.run_for(20)
    assert vm1.dhcp.state == "SELECTING"
    assert vm1.addresses == ()
    assert vm1.routes.entries == ()


def test_questions_are_repeated_at_doubling_intervals(served) -> None:
    bench, vm1, server = served
    server.answers = {}
    vm1.dhcp.start()
    bench.scheduler.run_for(4 + 8 + 16 + 32 + 1)
    assert [message.type for message in server.heard] == [DISCOVER] * 5


def test_a_refusal_begins_anew(served) -> None:
    bench, vm1, server = served
    server.answers = {DISCOVER: OFFER, REQUEST: NAK}
    vm1.dhcp.start()
    bench.scheduler.run_for(0.0005)
    server.answers = {DISCOVER: OFFER, REQUEST: ACK}
    bench.settle()
    assert vm1.dhcp.state == "BOUND"


def test_answers_to_others_are_not_taken(served) -> None:
    bench, vm1, server = served
    server.answers = {}
    vm1.dhcp.start()
    bench.scheduler.run_for(0.001)
    asked = server.heard[0].header.transaction
    server.answer(Dhcp(transaction=asked, your_ip=server.address), MacAddress(77), OFFER)
    server.answer(Dhcp(transaction=asked + 1, your_ip=server.address), vm1.mac, OFFER)
    bench.scheduler.run_for(0.001)
    assert vm1.dhcp.state == "SELECTING"


def test_dhclient_prints_the_conversation(served) -> None:
    bench, vm1, _ = served
    job = bench.run(vm1, "dhclient -v")
    assert job.lines == [
        "DHCPDISCOVER on eth0 to 255.255.255.255 port 67 interval 4",
        "DHCPOFFER of 10.0.0.5 from 10.0.0.254",
        "DHCPREQUEST for 10.0.0.5 on eth0 to 255.255.255.255 port 67",
        "DHCPACK of 10.0.0.5 from 10.0.0.254",
        "bound to 10.0.0.5 -- renewal in 1800 seconds.",
    ]
    assert job.exit_code == 0
    assert bench.run(vm1, "dhclient -r").exit_code == 0
    assert vm1.addresses == ()


def test_dhclient_gives_up(bench) -> None:
    job = bench.run(bench.host(1), "dhclient")
    assert job.lines[-2:] == ["No DHCPOFFERS received.", "Unable to obtain a lease on first try.  Exiting."]
    assert job.exit_code == 2
