"""What a trace says is what happens: on random networks in both families, an echo comes back if and only if the trace
said that it would. No real OVN is needed for this."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from brume.dataplane.explain.explanation import TraceRequest
from brume.dataplane.explain.tracer import Tracer
from brume.service.lab.lab import Lab
from brume.service.lab.settings import LabSettings
from brume.service.topology import LiveTopology
from brume.simulator.host.host import Host
from brume.values import Ipv6Address, MacAddress, parse_address
from tests.agreement.drawn_network import (
    FAMILIES,
    FLOATING,
    HOSTS,
    MACS,
    OUTSIDE,
    ROUTER_MACS,
    ROUTERS,
    Drawn,
    address,
    prepare,
)


@pytest.fixture(params=(1, 2, 5, 6))
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Lab:
    lab = Lab(LabSettings(data_directory=tmp_path), lambda: 0.0)
    prepare(lab, Drawn(request.param).northbound())
    return lab


def host(lab: Lab, name: str) -> Host:
    guest = lab.at_port(name)
    return lab.network.outside.host if guest is None else guest.host


def is_answered(lab: Lab, name: str, destination: str) -> bool:
    lab.scheduler.run_for(120)  # connections and neighbours of the question before are forgotten
    job = host(lab, name).console.run(["ping", f"-{6 if ':' in destination else 4}", "-c", "1", "-W", "5", destination])
    lab.scheduler.run_while(lambda: not job.done, 20)
    return job.exit_code == 0


def goals(family: int) -> Iterator[str]:
    yield from (address(name, family) for name in HOSTS)
    yield from ROUTERS[family].values()
    yield OUTSIDE[family]
    yield FLOATING[family]


@pytest.mark.parametrize("family", FAMILIES)
def test_an_echo_comes_back_as_the_trace_says(lab: Lab, family: int) -> None:
    wrong = []
    for name, goal in product(("a1", "a2", "b2", "outside"), goals(family)):
        if any(own.address == parse_address(goal) for own in host(lab, name).addresses):
            continue
        said = Tracer(LiveTopology(lab)).trace(TraceRequest(name, goal))
        if said.passed != is_answered(lab, name, goal):
            wrong.append(f"{name} to {goal}: {said.verdict}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("mac", [MACS["a2"], ROUTER_MACS["a"]])
def test_link_local_addresses(lab: Lab, mac: str) -> None:
    """Asked of hosts that have not heard of each other: who asks in IPv6 is known by whom it asks.

    In OVN 23.03 port security lets no host say that it has its link-local address (its flows for that want a hop limit
    of 225, not 255); the trace knows.
    """
    goal = str(Ipv6Address.link_local(MacAddress.parse(mac)))
    said = Tracer(LiveTopology(lab)).trace(TraceRequest("a1", goal))
    assert said.passed == is_answered(lab, "a1", goal), said.verdict
