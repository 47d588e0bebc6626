"""host asks a server for names; arping says whose an address is."""

from __future__ import annotations

import pytest

from brume.packets.dns import AAAA, PTR, A, Dns, DnsMessage, Record, write_name
from brume.simulator.host import Host
from brume.simulator.host.udp import Socket
from brume.values import IpAddress, Ipv4Address, Ipv6Address

KNOWN = {
    ("web.example.org", A): Ipv4Address.parse("192.0.2.80").packed,
    ("web.example.org", AAAA): Ipv6Address.parse("2001:db8::80").packed,
    ("80.2.0.192.in-addr.arpa", PTR): write_name("web.example.org"),
}
ASKED = "Using domain server:\nName: 10.0.0.2\nAddress: 10.0.0.2#53\nAliases: \n\n"


def serve(host: Host, silent: int = 0) -> None:
    """A name server on a host; it does not hear the first questions."""
    unheard = [None] * silent

    def answer(socket: Socket, source: IpAddress, port: int, data: bytes) -> None:
        if unheard:
            unheard.pop()
            return
        asked = DnsMessage.parse(data)
        (question,) = asked.questions
        found = KNOWN.get((question.name, question.type))
        known = any(name == question.name for name, _ in KNOWN)
        records = () if found is None else (Record(question.name, question.type, 60, found),)
        header = Dns(identifier=asked.header.identifier, response=1, result=0 if known else 3)
        socket.send(source, port, DnsMessage(header, asked.questions, records).pack())

    host.udp.open(answer, port=53)


@pytest.mark.parametrize(
    ("command", "printed", "code"),
    [
        ("host web.example.org 10.0.0.2", f"{ASKED}web.example.org has address 192.0.2.80", 0),
        ("host -t aaaa web.example.org 10.0.0.2", f"{ASKED}web.example.org has IPv6 address 2001:db8::80", 0),
        ("host 192.0.2.80 10.0.0.2", f"{ASKED}80.2.0.192.in-addr.arpa domain name pointer web.example.org.", 0),
        ("host -t any web.example.org 10.0.0.2", f"{ASKED}web.example.org has no such record", 0),
        ("host ftp.example.org 10.0.0.2", f"{ASKED}Host ftp.example.org not found: 3(NXDOMAIN)", 1),
        ("host -t mx web.example.org 10.0.0.2", "host: invalid type: mx", 2),
        ("host web..org 10.0.0.2", f"{ASKED}host: 'web..org' is not a legal name", 1),
        ("host web.example.org here", "host: couldn't get address for: here: Name or service not known", 1),
        ("host web.example.org", ";; connection timed out; no servers could be reached", 1),
        ("host", "Usage: host [-t type] [-W time] [-R number] hostname [server]", 1),
        ("arping 10.0.0.2", "Usage:\n  arping -U|-A [-c count] [-I eth0] <destination>", 2),
        ("arping -U 10.0.0.2", "arping: bind: 10.0.0.2: Cannot assign requested address", 2),
    ],
)
def test_commands(pair, command: str, printed: str, code: int) -> None:
    bench, vm1, vm2 = pair
    serve(vm2)
    before = set(vm1.udp.sockets)
    job = bench.run(vm1, command)
    assert ("\n".join(job.lines), job.exit_code) == (printed, code)
    assert set(vm1.udp.sockets) == before


def test_a_question_is_asked_again(pair) -> None:
    bench, vm1, vm2 = pair
    serve(vm2, silent=1)
    job = bench.run(vm1, "host -W 2 web.example.org 10.0.0.2")
    assert job.lines[-1] == "web.example.org has address 192.0.2.80"
    assert bench.scheduler.now() == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(("server", "seconds"), [("10.0.0.2", 0), ("10.0.0.9", 3)])
def test_nobody_serves_names_there(pair, server: str, seconds: float) -> None:
    """A port that is closed says so at once; a machine that is not there is silent."""
    bench, vm1, _ = pair
    job = bench.run(vm1, f"host web.example.org {server}")
    assert job.lines[-1] == ";; connection timed out; no servers could be reached"
    assert job.exit_code == 1
    assert bench.scheduler.now() == pytest.approx(seconds, abs=0.1)


def test_ctrl_c_ends_it(pair) -> None:
    bench, vm1, _ = pair
    job = vm1.console.run(["host", "web.example.org", "10.0.0.9"])
    job.interrupt()
    assert job.exit_code == 130
    assert vm1.udp.sockets.keys() == pair[2].udp.sockets.keys()
    bench.settle()


@pytest.mark.parametrize(("option", "said"), [("-U", "who-has"), ("-A", "is-at")])
def test_an_address_moves_when_its_new_owner_says_so(pair, option: str, said: str) -> None:
    bench, vm1, vm2 = pair
    vm3 = bench.host(3, "10.0.0.3/24")
    bench.run(vm1, "ip addr add 10.0.0.50/24 dev eth0")
    assert bench.run(vm3, "ping -c 1 10.0.0.50").exit_code == 0
    bench.run(vm1, "ip addr del 10.0.0.50/24 dev eth0")
    bench.run(vm2, "ip addr add 10.0.0.50/24 dev eth0")
    bench.settle()
    job = bench.run(vm2, f"arping {option} -c 2 -I eth0 10.0.0.50")
    assert job.lines == [
        "ARPING 10.0.0.50 from 10.0.0.50 eth0",
        "Sent 2 probes (2 broadcast(s))",
        "Received 0 response(s)",
    ]
    assert len([line for line in bench.settle() if "10.0.0.50" in line]) == 2
    neighbor = vm3.neighbors.entries[Ipv4Address.parse("10.0.0.50")]
    assert neighbor.mac == vm2.mac
