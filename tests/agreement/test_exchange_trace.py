"""The real ovn-trace on our southbound, beside `brume trace`: the same verdict, the same port.

ovn-trace reads Logical_Flow, port bindings, sets and neighbours of a southbound and plays the pipelines; ours plays
the switches' OpenFlow tables. So they agree only if every stage between does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from brume.dataplane.explain.explanation import TraceRequest
from brume.dataplane.explain.tracer import Tracer
from brume.service.lab.lab import Lab
from brume.service.lab.settings import LabSettings
from brume.service.topology import LiveTopology
from tests.agreement.machines import MACS, PLACES, small_network
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory, why_not
from tests.agreement.ovsdb_server import missing, run
from tests.agreement.test_exchange_northd import everything

REASON = why_not() or missing("ovn-trace")
pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no real OVN here: {REASON}")

ADDRESSES = {"a1": "10.0.0.11", "a2": "10.0.0.12", "b1": "10.0.1.11", "b2": "10.0.1.12"}
ROUTER_MACS = {"a": "fa:16:3e:aa:00:01", "b": "fa:16:3e:aa:00:02", "public": "fa:16:3e:aa:00:03"}
PACKETS = (("icmp", None), ("tcp", 22), ("tcp", 80), ("udp", 53))


class Two:
    """A lab with the small network, and its southbound where ovn-trace can read it."""

    def __init__(self, lab: Lab, server: OurServer, directory: Path) -> None:
        self.lab = lab
        self.server = server
        self.directory = directory

    def ours(self, source: str, destination: str, protocol: str, port: int | None) -> str:
        """The logical port at which the packet comes out by `brume trace`; empty if it is dropped."""
        request = TraceRequest(source, destination, protocol, port)  # type: ignore[arg-type]
        found = self.server.call(lambda: Tracer(LiveTopology(self.lab)).trace(request))
        if found.outcome == "dropped":
            return ""
        if found.verdict.startswith("answered by the router"):
            return source
        delivered = re.match(r"delivered to (\w+)", found.verdict)
        assert delivered, found.verdict
        return "provnet-public" if delivered[1] == "outside" else delivered[1]

    def theirs(self, inport: str, fields: str) -> str:
        """The logical port at which the packet comes out by ovn-trace."""
        switch = "public" if inport == "provnet-public" else inport[0]
        told = run(
            "ovn-trace",
            f"--db={self.server.unix}",
            "--minimal",
            *["--ct=new"] * 8,
            switch,
            f'inport == "{inport}" && {fields}',
            directory=self.directory,
        )
        return ", ".join(re.findall(r'output\("([^"]+)"\)', told))


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    with short_directory() as directory:
        lab = Lab(LabSettings(data_directory=Path(directory)), lambda: 0.0)
        with OurServer(Path(directory), lab.network.northbound_store, lab.network.southbound_store) as server:
            server.call(lambda: prepare(lab))
            yield Two(lab, server, Path(directory))


def prepare(lab: Lab) -> None:
    """Four hosts that have their addresses, and a router that knows its neighbour outside."""
    lab.network.northbound.apply(everything(small_network()))
    lab.start()
    lab.scheduler.run_for(1)
    for port, chassis in PLACES.items():
        lab.bind(port, chassis)
        lab.scheduler.run_for(5)
    for guest in map(lab.at_port, PLACES):
        assert guest is not None
        job = guest.host.console.run(["ping", "-c", "1", "203.0.113.1"])
        lab.scheduler.run_while(lambda job=job: not job.done, 10)  # type: ignore[misc]


def layer4(protocol: str, port: int | None) -> str:
    if protocol == "icmp":
        return "icmp4.type == 8 && icmp4.code == 0"
    return f"{protocol} && {protocol}.src == 40000 && {protocol}.dst == {port}"


@pytest.mark.parametrize(
    ("source", "destination"), [pair for pair in product(ADDRESSES, ADDRESSES) if len({*pair}) == 2]
)
def test_between_machines(two: Two, source: str, destination: str) -> None:
    """Groups let members in on any port, others by ICMP and on port 22; nobody lets UDP in but members."""
    same = source[0] == destination[0]
    to = MACS[destination] if same else ROUTER_MACS[source[0]]
    for protocol, port in PACKETS:
        fields = (
            f"eth.src == {MACS[source]} && eth.dst == {to} && ip4.src == {ADDRESSES[source]} && "
            f"ip4.dst == {ADDRESSES[destination]} && ip.ttl == 64 && {layer4(protocol, port)}"
        )
        ours = two.ours(source, destination, protocol, port)
        assert ours == two.theirs(source, fields), (source, destination, protocol, port)
        assert ours in ("", destination)
    if "b2" not in (source, destination):
        assert ours == destination, "members of one group reach each other"


@pytest.mark.parametrize("source", ADDRESSES)
@pytest.mark.parametrize("destination", ["203.0.113.1", "10.0.0.1", "10.0.1.1", "203.0.113.10", "203.0.113.20"])
def test_from_machines_to_the_router_and_outside(two: Two, source: str, destination: str) -> None:
    fields = (
        f"eth.src == {MACS[source]} && eth.dst == {ROUTER_MACS[source[0]]} && ip4.src == {ADDRESSES[source]} && "
        f"ip4.dst == {destination} && ip.ttl == 64 && icmp4.type == 8 && icmp4.code == 0"
    )
    assert two.ours(source, destination, "icmp", None) == two.theirs(source, fields)


@pytest.mark.parametrize("destination", ["203.0.113.10", "203.0.113.20"])
@pytest.mark.parametrize(("protocol", "port"), PACKETS)
def test_from_outside(two: Two, destination: str, protocol: str, port: int | None) -> None:
    fields = (
        f"eth.src == 02:00:5e:00:53:01 && eth.dst == {ROUTER_MACS['public']} && ip4.src == 203.0.113.1 && "
        f"ip4.dst == {destination} && ip.ttl == 64 && {layer4(protocol, port)}"
    )
    ours = two.ours("outside", destination, protocol, port)
    assert (ours or "").replace("outside", "provnet-public") == two.theirs("provnet-public", fields)


def test_a_packet_that_forges_its_address_is_dropped_by_both(two: Two) -> None:
    """Port security; only ovn-trace can be asked so: `brume trace` sends what the host would send."""
    fields = (
        f"eth.src == {MACS['a1']} && eth.dst == {MACS['a2']} && ip4.src == 10.0.0.99 && ip4.dst == 10.0.0.12 && "
        "ip.ttl == 64 && icmp4.type == 8 && icmp4.code == 0"
    )
    assert two.theirs("a1", fields) == ""
