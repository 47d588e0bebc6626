"""Our logical flows are ovn-northd's, text for text; our bindings, groups and sets too.

`LEFT_OUT` names the stages whose flows are not compared yet, each with its reason. It only ever shrinks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.southbound.compiler import Compiler
from brume.southbound.pipeline import stage_at
from brume.southbound.schema import DatapathBinding, PortGroup, ServiceMonitor
from brume.tables.database import Database, Transaction
from tests.agreement.ovn_lab import OvnLab, Picture, commit, difference, picture, short_directory, why_not
from tests.agreement.random_northbound import CHASSIS, Draw
from tests.southbound.balancer_topologies import probed_backends
from tests.southbound.builder import chassis
from tests.southbound.topologies import TOPOLOGIES

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")

LEFT_OUT: dict[str, str] = {}
_VIPS = re.compile(r"_rtr_lb_(\d+)_ip")
_BRACES = re.compile(r"\{([^{}]*)\}")


@pytest.fixture(scope="module")
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


@pytest.mark.parametrize("topology", TOPOLOGIES, ids=lambda topology: topology.__name__)
def test_same_southbound_as_northd(lab: OvnLab, topology: Callable[[], Database]) -> None:
    northbound, ours = topology(), chassis("compute1", "compute2")
    Compiler(northbound, ours).start()
    theirs = lab.compile(northbound, chassis("compute1", "compute2"))
    assert difference(comparable(ours), comparable(theirs)) == ""


@pytest.mark.parametrize("seed", range(30))
def test_random_northbounds_make_the_same_southbound(lab: OvnLab, seed: int) -> None:
    northbound, ours = Draw(seed).northbound(), chassis(*CHASSIS)
    Compiler(northbound, ours).start()
    assert difference(comparable(ours), comparable(lab.compile(northbound, chassis(*CHASSIS)))) == ""


@pytest.mark.parametrize("dead", [["10.0.0.11"], ["10.0.0.12", "fd00::11"], ["10.0.0.11", "10.0.0.12"]])
def test_backends_that_were_found_dead_are_left_out_alike(lab: OvnLab, dead: list[str]) -> None:
    northbound, ours = probed_backends(), chassis(*CHASSIS)
    compiler = Compiler(northbound, ours)
    compiler.start()
    ours.subscribe(compiler.observe)
    lab.compile(northbound, chassis(*CHASSIS))
    before, found = comparable(ours).flows, Transaction()
    for row in ours.rows(ServiceMonitor):
        if row.ip in dead:
            found.put(replace(row, status="offline"))
    ours.apply(found)
    offline = {"status": "offline"}
    update = [
        {"op": "update", "table": "Service_Monitor", "where": [["ip", "==", ip]], "row": offline} for ip in dead
    ]  # fmt: skip
    commit(lab.southbound, update)
    lab.sync()
    assert difference(comparable(ours), comparable(lab.read())) == ""
    assert comparable(ours).flows != before


def comparable(database: Database) -> Picture:
    """The picture, without what is left out, and with port groups by switch name: keys differ (northd's go by hash)."""
    seen = picture(database, in_order)
    kinds = {
        row.external_ids["name"]: "switch" if "logical-switch" in row.external_ids else "router"
        for row in database.rows(DatapathBinding)
    }
    names = {str(row.tunnel_key): row.external_ids["name"] for row in database.rows(DatapathBinding)}
    flows = frozenset(
        (*flow[:4], named_by_router(flow[4], names), flow[5])
        for flow in seen.flows
        if stage_at(kinds[flow[0]], flow[1], flow[2]).title not in LEFT_OUT  # type: ignore[arg-type]
        and " == {}" not in flow[4]  # northd, where only IPv6 addresses are to be routed; no chassis can read it
    )
    groups = {named_by_switch(row.name, names): seen.port_groups[row.name] for row in database.rows(PortGroup)}
    sets = {named_by_router(name, names): addresses for name, addresses in seen.address_sets.items()}
    ports = {name: {**port, "nat_addresses": in_any_order(port["nat_addresses"])} for name, port in seen.ports.items()}
    return seen._replace(flows=flows, port_groups=groups, address_sets=sets, ports=ports)


def named_by_switch(group: str, names: dict[str, str]) -> str:
    key, _, name = group.partition("_")
    return f"{names[key]}_{name}"


def named_by_router(text: str, names: dict[str, str]) -> str:
    """The set of a router's virtual addresses, by the router's name."""
    return _VIPS.sub(lambda found: f"_rtr_lb_{names[found.group(1)]}_ip", text) if "_rtr_lb_" in text else text


def in_any_order(announced: list[str]) -> list[tuple[str, ...]]:
    """Announced addresses: northd writes virtual ones in the order of its hash table, some of them twice."""
    return sorted(tuple(sorted(set(text.split()))) for text in announced)


def in_order(text: str) -> str:
    """Sets of addresses in order: northd writes some in the order of its hash table."""
    if not text.startswith(("eth.src == {", "outport == ")):
        return text
    return _BRACES.sub(lambda found: f"{{{', '.join(sorted(found.group(1).split(', ')))}}}", text)
