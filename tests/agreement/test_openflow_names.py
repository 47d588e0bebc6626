"""DNS queries for names that the northbound knows: answered as a real ovn-controller answers them, octet for octet.

Our compiler does not write the flows that ask; the southbound is the real ovn-northd's for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brume.northbound.schema import DNS, LogicalSwitch
from brume.packets import dns
from brume.packets.build import stack
from brume.packets.dns import Dns, DnsMessage, Question
from brume.packets.ipv4 import Ipv4
from brume.packets.ipv6 import Ipv6
from brume.packets.udp import Udp
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from tests.agreement.controller_lab import ControllerLab, why_not
from tests.agreement.ovn_lab import short_directory
from tests.agreement.test_openflow_packets import CHASSIS, Both, Ours, Theirs, ip, ip6, network, to_router
from tests.southbound.builder import uuid

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")

RECORDS = {
    "vm.example": "10.0.0.11 fd00::b",
    "four.example": "10.0.0.12 10.0.0.13",
    "six.example": "fd00::d",
    "11.0.0.10.in-addr.arpa": "vm.example",
    "broken.example": "no address",
}


def with_names() -> Database:
    """The network of the other dialogues, with names on one of its switches."""
    northbound, transaction = network(), Transaction()
    transaction.put(DNS(uuid=uuid("names"), records=Map(RECORDS)))
    transaction.add(LogicalSwitch.dns_records, uuid("switch", "net"), uuid("names"))
    northbound.apply(transaction)
    return northbound


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with short_directory() as directory:
        lab = ControllerLab(Path(directory), [CHASSIS])
        try:
            southbound = lab.run(with_names(), {})
            yield Both(Theirs(Path(directory), lab.chassis[CHASSIS], lab.sync), Ours(southbound))
        finally:
            lab.stop()


def query(host: str, name: str, kind: int, *, additional: bytes = b"", version: int = 4) -> bytes:
    header = Dns(identifier=0x4242, recursion_desired=1)
    payload = DnsMessage(header, (Question(name, kind),)).pack()
    if additional:
        payload = payload[:10] + b"\0\1" + payload[12:] + additional
    if version == 6:
        carrier: Ipv4 | Ipv6 = Ipv6(source=ip6(host), destination=ip6("fd00:1::c"))
    else:
        carrier = Ipv4(source=ip(host), destination=ip("192.0.2.53"))
    return stack(to_router(host), carrier, Udp(source=5353, destination=53), payload)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("vm.example", dns.A),
        ("vm.example", dns.AAAA),
        ("vm.example", 255),
        ("VM.Example", dns.A),
        ("four.example", dns.A),
        ("six.example", dns.AAAA),
        ("11.0.0.10.in-addr.arpa", dns.PTR),
    ],
)
def test_a_known_name_is_answered(both: Both, name: str, kind: int, version: int) -> None:
    (answer,) = both.say("a", query("a", name, kind, version=version))
    assert answer[0] == "a"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("vm.example", 15), ("four.example", dns.AAAA), ("elsewhere.example", dns.A), ("broken.example", dns.A)],
)
def test_what_is_not_known_goes_on_to_the_server(both: Both, name: str, kind: int) -> None:
    """Here there is no such server: the router has no way to it, or says so; both chassis the same."""
    both.say("a", query("a", name, kind))


def test_a_query_with_additional_records_goes_on(both: Both) -> None:
    opt = b"\0\0\x29\x10\0\0\0\0\0\0\0"
    for frame in (query("a", "vm.example", dns.A, additional=opt), query("a", "vm.example", dns.A)[:-3]):
        both.say("a", frame)


def test_another_network_does_not_know_the_names(both: Both) -> None:
    assert not [
        answer for answer in both.say("c", query("c", "vm.example", dns.A)) if b"\x0a\0\0\x0b" in answer[1][42:]
    ]
