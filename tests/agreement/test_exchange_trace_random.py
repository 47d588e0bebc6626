"""The real ovn-trace beside `brume trace` on random networks with both families: the same packets come out at the same
ports.

What a host sends is said here again, on its own: MAC addresses of the next hop, source and destination.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import pytest

from brume.dataplane.explain.explanation import Explanation, TraceRequest
from brume.dataplane.explain.tracer import Tracer
from brume.service.lab.lab import Lab
from brume.service.lab.settings import LabSettings
from brume.service.topology import LiveTopology
from tests.agreement.drawn_network import (
    FAMILIES,
    FLOATING,
    HOSTS,
    MACS,
    OUTSIDE,
    OUTSIDE_MAC,
    ROUTER_MACS,
    ROUTERS,
    Drawn,
    address,
    prepare,
)
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory, why_not
from tests.agreement.ovsdb_server import missing, run

REASON = why_not() or missing("ovn-trace")
pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no real OVN here: {REASON}")

PACKETS = (("icmp", None), ("tcp", 22), ("tcp", 80), ("udp", 53))
FEW = 8
T = TypeVar("T")
ANSWERED = ("new", *["est,rpl"] * 7)
"""What a tracker says of a packet and then of the router's answer to it; ovn-trace has none of its own."""
T = TypeVar("T")


class Two:
    """A lab with a drawn network, and its southbound where ovn-trace can read it."""

    def __init__(self, lab: Lab, drawn: Drawn, server: OurServer, directory: Path) -> None:
        self.lab = lab
        self.drawn = drawn
        self.server = server
        self.directory = directory

    def some(self, questions: Iterable[T]) -> list[T]:
        """A few of many: a real program is started for each."""
        found = list(questions)
        return self.drawn.random.sample(found, min(FEW, len(found)))

    def floating(self, family: int) -> list[str]:
        """The address that is translated to some host's, if one is."""
        return [FLOATING[family]] if family in self.drawn.translated else []

    def ours(self, request: TraceRequest) -> str:
        """The logical port at which the packet comes out; empty if it does nowhere."""
        return came_out(self.server.call(lambda: Tracer(LiveTopology(self.lab)).trace(request)), request.source)

    def theirs(self, inport: str, fields: str, tracked: Iterable[str]) -> str:
        switch = "public" if inport == "provnet-public" else inport[0]
        flow = f'inport == "{inport}" && {fields}'
        database = f"--db={self.server.unix}"
        told = run(
            "ovn-trace",
            database,
            "--minimal",
            *[f"--ct={one}" for one in tracked],
            switch,
            flow,
            directory=self.directory,
        )
        return ", ".join(re.findall(r'output\("([^"]+)"\)', told))


def came_out(found: Explanation, source: str) -> str:
    if found.verdict.startswith("answered by the router"):
        return source
    arrivals = [text for step in found.steps if step.kind != "reply" for text in step.after]
    got = next((match[1] for text in arrivals if (match := re.match(r"(\w+) gets ", text))), "")
    return "provnet-public" if got == "outside" else got


@pytest.fixture(scope="module", params=(1, 2, 5, 6))
def two(request: pytest.FixtureRequest) -> Iterator[Two]:
    with short_directory() as directory:
        lab = Lab(LabSettings(data_directory=Path(directory)), lambda: 0.0)
        with OurServer(Path(directory), lab.network.northbound_store, lab.network.southbound_store) as server:
            drawn = Drawn(request.param)
            server.call(lambda: prepare(lab, drawn.northbound()))
            yield Two(lab, drawn, server, Path(directory))


def fields(source: str, to: str, ends: tuple[str, str], protocol: str, port: int | None) -> str:
    """A packet as ovn-trace is told of it: MAC addresses, addresses, and what it is."""
    family = 6 if ":" in ends[0] else 4
    kind = 128 if family == 6 else 8
    layer4 = f"{protocol} && {protocol}.src == 49152 && {protocol}.dst == {port}"
    if protocol == "icmp":
        layer4 = f"icmp{family}.type == {kind} && icmp{family}.code == 0"
    return (
        f"eth.src == {source} && eth.dst == {to} && ip{family}.src == {ends[0]} && ip{family}.dst == {ends[1]} && "
        f"ip.ttl == 64 && {layer4}"
    )


def compare(two: Two, source: str, destination: str, packet: str, protocol: Any, port: int | None) -> str:
    inport = "provnet-public" if source == "outside" else source
    ours = two.ours(TraceRequest(source, destination, protocol, port))
    is_router = destination in ROUTERS[4].values() or destination in ROUTERS[6].values() or "fe80::" in destination
    tracked = ANSWERED if is_router else ["new"] * 8
    assert ours == two.theirs(inport, packet, tracked), packet
    return ours


@pytest.mark.parametrize("family", FAMILIES)
def test_between_hosts(two: Two, family: int) -> None:
    pairs = [(source, target) for source, target in product(HOSTS, HOSTS) if source != target]
    for (source, target), (protocol, port) in two.some(product(pairs, PACKETS)):
        to = MACS[target] if source[0] == target[0] else ROUTER_MACS[source[0]]
        ends = address(source, family), address(target, family)
        packet = fields(MACS[source], to, ends, protocol, port)
        assert compare(two, source, ends[1], packet, protocol, port) in ("", target)


@pytest.mark.parametrize("family", FAMILIES)
def test_to_routers_and_outside(two: Two, family: int) -> None:
    goals = [*ROUTERS[family].values(), OUTSIDE[family], *two.floating(family)]
    for source, goal in two.some(product(HOSTS, goals)):
        packet = fields(MACS[source], ROUTER_MACS[source[0]], (address(source, family), goal), "icmp", None)
        compare(two, source, goal, packet, "icmp", None)


@pytest.mark.parametrize("family", FAMILIES)
def test_from_outside(two: Two, family: int) -> None:
    """Straight to the hosts' own addresses, and to the one that is translated."""
    goals = [*[address(host, family) for host in HOSTS], *two.floating(family)]
    for goal, (protocol, port) in two.some(product(goals, PACKETS)):
        packet = fields(OUTSIDE_MAC, ROUTER_MACS["public"], (OUTSIDE[family], goal), protocol, port)
        compare(two, "outside", goal, packet, protocol, port)


def test_something_arrives(two: Two) -> None:
    """A network in which nothing does compares nothing."""
    pairs = [pair for pair in product(HOSTS, HOSTS) if len({*pair}) == 2]
    assert any(two.ours(TraceRequest(*pair, family=family)) for pair in pairs for family in FAMILIES)
