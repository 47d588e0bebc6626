"""The DHCPv6 client against a small scripted server, and what router advertisements make a host do."""

from __future__ import annotations

from typing import Any

import pytest

from brume.packets import dhcp6, nd
from brume.packets.build import stack
from brume.packets.dhcp6 import Dhcp6, Dhcp6Message, Dhcp6Option, IaAddress, IaNa
from brume.packets.ethernet import Ethernet
from brume.packets.icmp6 import Icmp6
from brume.packets.ipv6 import Ipv6
from brume.packets.layers import walk
from brume.packets.nd import NdOption, PrefixOption, RouterAdvertisement
from brume.packets.udp import Udp
from brume.simulator.clock import Scheduler
from brume.simulator.host import Host
from brume.simulator.wire import Segment
from brume.values import Ipv6Address, MacAddress

MAC = MacAddress.parse("fa:16:3e:00:00:fe")
ROUTER = Ipv6Address.link_local(MAC)
ADDRESS = Ipv6Address.parse("fd00::5")
DNS = Ipv6Address.parse("2001:db8::53")


class Server:
    """Answers by a table, from what it has."""

    def __init__(self, scheduler: Scheduler, segment: Segment) -> None:
        self.end = segment.attach(self.receive)
        self.answers = {
            dhcp6.SOLICIT: dhcp6.ADVERTISE,
            **dict.fromkeys((dhcp6.REQUEST, dhcp6.RENEW, dhcp6.REBIND, dhcp6.INFORMATION_REQUEST), dhcp6.REPLY),
        }
        self.addresses: tuple[IaAddress, ...] = (IaAddress(ADDRESS, 3600, 7200),)
        self.times = (1800, 2880)
        self.heard: list[Dhcp6Message] = []

    def receive(self, frame: bytes) -> None:
        """Answer what comes to port 547."""
        layers = list(walk(frame))
        ports = next((layer.content for layer in layers if isinstance(layer.content, Udp)), None)
        if ports is None or ports.destination != 547:
            return
        message = Dhcp6Message.parse(layers[-1].content)  # type: ignore[arg-type]
        self.heard.append(message)
        if message.header.type in self.answers:
            ip = next(layer.content for layer in layers if isinstance(layer.content, Ipv6))
            link = Ethernet.parse(frame)
            self.answer(message, self.answers[message.header.type], link.source, ip.source)

    def answer(self, asked: Dhcp6Message, kind: int, mac: MacAddress, to: Ipv6Address, **wrong: Any) -> None:
        """Send an answer; `wrong` is another transaction or another client."""
        client = wrong.get("client", asked.get(dhcp6.CLIENT_ID))
        options = [Dhcp6Option(dhcp6.CLIENT_ID, client), Dhcp6Option(dhcp6.SERVER_ID, dhcp6.duid(MAC))]
        for head, _ in asked.associations():
            inner = b"".join(Dhcp6Option(dhcp6.IA_ADDRESS, one.pack()).pack() for one in self.addresses)
            options.append(Dhcp6Option(dhcp6.IA_NA, IaNa(head.identity, *self.times).pack() + inner))
        options.append(Dhcp6Option(dhcp6.DNS_SERVERS, DNS.packed))
        transaction = wrong.get("transaction", asked.header.transaction)
        payload = Dhcp6Message(Dhcp6(kind, transaction), tuple(options)).pack()
        self.end.send(stack(Ethernet(mac, MAC), Ipv6(source=ROUTER, destination=to), Udp(547, 546), payload))

    def kinds(self) -> list[int]:
        """What was heard so far; forgotten afterwards."""
        heard, self.heard = self.heard, []
        return [message.header.type for message in heard]


@pytest.fixture
def served(bench):
    """A bench, a host that knows its link-local address, and a server that has been asked nothing yet."""
    vm1 = bench.host(1)
    vm1.enable_ipv6()
    bench.lines.clear()
    return bench, vm1, Server(bench.scheduler, bench.segment)


def advertise(host: Host, *options: Any, **flags: int) -> None:
    """A router advertisement comes."""
    host.receive(
        stack(
            Ethernet(MacAddress.parse("33:33:00:00:00:01"), MAC),
            Ipv6(hop_limit=nd.HOP_LIMIT, source=ROUTER, destination=Ipv6Address.ALL_NODES),
            Icmp6(134),
            RouterAdvertisement(router_lifetime=1800, **flags),
            *options,
        )
    )


def have(host: Host) -> list[str]:
    """Addresses that are not of the link only."""
    return [str(own) for own in host.addresses if not own.address.is_link_local]


def prefix(**flags: int) -> PrefixOption:
    return PrefixOption(prefix=Ipv6Address.parse("fd00::"), valid_lifetime=3600, **flags)


def test_a_managed_network_gives_the_address(served) -> None:
    bench, vm1, server = served
    advertise(vm1, prefix(autonomous=0), managed=1)
    bench.scheduler.run_for(1)
    assert server.kinds() == [dhcp6.SOLICIT, dhcp6.REQUEST]
    assert have(vm1) == ["fd00::5/128"]
    assert vm1.name_servers == (DNS,)
    assert bench.run(vm1, "ip -6 addr").lines[-2:] == [
        "    inet6 fd00::5/128 scope global dynamic",
        "       valid_lft 7200sec preferred_lft 7200sec",
    ]
    assert "IP6 fe80::f816:3eff:fe00:1.546 > ff02::1:2.547: dhcp6 solicit" in bench.lines
    routes = bench.run(vm1, "ip -6 route").lines
    assert "fd00::/64 dev eth0 proto ra metric 256 pref medium" in routes
    assert "fd00::5 dev eth0 proto kernel metric 256 pref medium" in routes
    advertise(vm1, prefix(autonomous=0), managed=1)
    bench.scheduler.run_for(1)
    assert server.kinds() == [], "what is known is not asked again"


def test_other_configuration_is_asked_for_once(served) -> None:
    bench, vm1, server = served
    for _ in range(2):
        advertise(vm1, prefix(), other=1)
        bench.scheduler.run_for(1)
    assert server.kinds() == [dhcp6.INFORMATION_REQUEST]
    assert have(vm1) == ["fd00::f816:3eff:fe00:1/64"]
    assert vm1.name_servers == (DNS,)


def test_without_flags_nobody_is_asked(served) -> None:
    bench, vm1, server = served
    servers = NdOption(nd.RECURSIVE_DNS, bytes(2) + b"\xff" * 4 + DNS.packed)
    advertise(vm1, prefix(), servers)
    bench.scheduler.run_for(1)
    assert server.kinds() == []
    assert have(vm1) == ["fd00::f816:3eff:fe00:1/64"]
    assert vm1.name_servers == (DNS,)


def test_the_lease_is_renewed_then_asked_of_anybody_then_lost(served) -> None:
    bench, vm1, server = served
    vm1.dhcp6.start()
    bench.scheduler.run_for(1)
    server.kinds()
    bench.scheduler.run_for(1800)
    assert server.kinds() == [dhcp6.RENEW]
    assert vm1.dhcp6.state == "BOUND"
    server.answers = {}
    bench.scheduler.run_for(1800)
    assert vm1.dhcp6.state == "RENEWING"
    bench.scheduler.run_for(1080)
    assert vm1.dhcp6.state == "REBINDING"
    assert have(vm1) == ["fd00::5/128"]
    assert set(server.kinds()) == {dhcp6.RENEW, dhcp6.REBIND}
    bench.scheduler.run_for(7200)
    assert vm1.dhcp6.state == "SOLICITING"
    assert have(vm1) == []


def test_for_ever_means_no_timer(served) -> None:
    bench, vm1, server = served
    server.addresses = (IaAddress(ADDRESS, dhcp6.FOREVER, dhcp6.FOREVER),)
    server.times = (0, 0)
    vm1.router_search.stop()
    vm1.dhcp6.start()
    bench.settle()
    assert vm1.dhcp6.state == "BOUND"
    assert bench.scheduler.next_event_time() is None


def test_an_advertisement_without_an_address_is_not_taken(served) -> None:
    bench, vm1, server = served
    server.addresses = ()
    vm1.dhcp6.start()
    bench.scheduler.run_for(1 + 2 + 4 + 0.5)
    assert server.kinds() == [dhcp6.SOLICIT] * 4
    assert vm1.dhcp6.state == "SOLICITING"


def test_a_server_that_is_silent_after_its_offer_is_given_up(served) -> None:
    bench, vm1, server = served
    server.answers = {dhcp6.SOLICIT: dhcp6.ADVERTISE}
    vm1.dhcp6.start()
    bench.scheduler.run_for(300)
    kinds = server.kinds()
    assert kinds[: 1 + 10 + 1] == [dhcp6.SOLICIT, *[dhcp6.REQUEST] * 10, dhcp6.SOLICIT]


def test_answers_to_others_are_not_taken(served) -> None:
    bench, vm1, server = served
    server.answers = {}
    vm1.dhcp6.start()
    bench.scheduler.run_for(0.1)
    (asked,) = server.heard
    own = Ipv6Address.link_local(vm1.mac)
    server.answer(asked, dhcp6.ADVERTISE, vm1.mac, own, transaction=asked.header.transaction ^ 1)
    server.answer(asked, dhcp6.ADVERTISE, vm1.mac, own, client=dhcp6.duid(MAC))
    server.answer(asked, dhcp6.REPLY, vm1.mac, own)
    bench.scheduler.run_for(0.1)
    assert vm1.dhcp6.state == "SOLICITING"


def test_garbled_answers_are_counted(served) -> None:
    _, vm1, server = served
    server.answers = {}
    vm1.dhcp6.start()
    own = Ipv6Address.link_local(vm1.mac)
    frame = stack(
        Ethernet(vm1.mac, MAC), Ipv6(source=ROUTER, destination=own), Udp(547, 546), b"\x02\0\0\0\0\x03\0\x09ab"
    )
    vm1.receive(frame)
    assert vm1.drops.total() == 1
    assert vm1.dhcp6.state == "SOLICITING"


def test_dhclient_prints_the_conversation(served) -> None:
    bench, vm1, _ = served
    job = bench.run(vm1, "dhclient -6 -v")
    assert job.lines == [
        "XMT: Solicit on eth0, interval 1000ms.",
        "RCV: Advertise message on eth0 from fe80::f816:3eff:fe00:fe.",
        "XMT: Request on eth0, interval 1000ms.",
        "RCV: Reply message on eth0 from fe80::f816:3eff:fe00:fe.",
        "PRC: Bound to lease 00:03:00:01:fa:16:3e:00:00:fe.",
    ]
    assert job.exit_code == 0
    assert bench.run(vm1, "dhclient -6 -r").lines == ["XMT: Release on eth0."]
    assert have(vm1) == []


def test_dhclient_gives_up_and_knows_its_options(bench) -> None:
    vm1 = bench.host(1)
    vm1.enable_ipv6()
    job = bench.run(vm1, "dhclient -6")
    assert (job.exit_code, job.lines[-1]) == (2, "Unable to obtain a lease on first try.  Exiting.")
    assert bench.run(vm1, "dhclient -S").exit_code == 1


def test_a_host_without_any_address_cannot_ask(bench) -> None:
    vm1 = bench.host(1)
    assert "send_packet6: Network is unreachable" in bench.run(vm1, "dhclient -6").lines


def test_a_port_in_use_is_said(served) -> None:
    bench, vm1, _ = served
    vm1.udp.open(lambda *_: None, port=546)
    job = bench.run(vm1, "dhclient -6")
    assert job.lines[0] == "Can't bind to dhcp address: port 546 is in use"


def test_a_host_without_power_is_silent(served) -> None:
    bench, vm1, server = served
    server.answers = {}
    vm1.dhcp6.start()
    bench.scheduler.run_for(0.1)
    vm1.shut_down()
    bench.lines.clear()
    bench.scheduler.run_for(100)
    assert bench.lines == []
    assert vm1.dhcp6.state == "INIT"


def test_routers_are_asked_for_until_one_is_there(bench) -> None:
    vm1 = bench.host(1)
    vm1.enable_ipv6()
    bench.scheduler.run_for(4 + 8 + 16 + 1)
    asked = [line for line in bench.lines if "router solicitation" in line]
    assert len(asked) == 4
    advertise(vm1, prefix())
    bench.lines.clear()
    bench.scheduler.run_for(4000)
    assert not any("router solicitation" in line for line in bench.lines)


@pytest.mark.parametrize(
    ("command", "route"),
    [
        ("ip -6 route add default via fe80::1", "default via fe80::1 dev eth0 metric 1024 pref medium"),
        ("ip route add default via 10.0.0.9", None),
    ],
)
def test_a_default_route_has_its_gateways_family(bench, command: str, route: str | None) -> None:
    vm1 = bench.host(1)
    assert bench.run(vm1, command).exit_code == 0
    assert bench.run(vm1, "ip -6 route").lines == ([] if route is None else [route])
    assert bench.run(vm1, "ip -6 route del default").exit_code == (0 if route else 2)
