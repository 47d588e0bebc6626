"""Which northbound row a logical flow comes from: our stage-hint is the real ovn-northd's, and ovn-detrace follows it.

A flow that several rows make has one hint. northd takes the row it comes to first; ours is the least, so that it does
not depend on what came when. A flow that northd shares among datapaths has one hint for all; ours has one for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from brume.northbound.schema import ACL, NAT, NORTHBOUND, LoadBalancer
from brume.ovsdb.store import Store
from brume.southbound.compiler import Compiler
from brume.southbound.schema import SOUTHBOUND, DatapathBinding, LogicalDPGroup, LogicalFlow
from brume.southbound.schema.flows import STAGE_HINT, flow_cookie
from brume.tables.database import Database
from tests.agreement.machines import Machines, small_network
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import OvnLab, short_directory, why_not
from tests.agreement.ovsdb_server import missing, run
from tests.agreement.random_northbound import CHASSIS, Draw
from tests.agreement.test_logical_flows import in_order, named_by_router
from tests.southbound.balancer_topologies import probed_backends
from tests.southbound.builder import chassis
from tests.southbound.topologies import TOPOLOGIES

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
R = TypeVar("R", ACL, NAT, LoadBalancer)
Said = tuple[str, str, int, int, str, str]
"""A flow: (datapath, pipeline, table, priority, match, actions)"""
NOT_OF_ONE_ROW = {"lr_in_defrag", "lr_in_unsnat", "lr_out_undnat", "ls_in_pre_stateful", "ls_in_arp_rsp"}
"""Stages with flows that several load balancers, or several routes of a group, make."""


@pytest.fixture(scope="module")
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


@pytest.mark.parametrize("topology", TOPOLOGIES, ids=lambda topology: topology.__name__)
def test_same_hints_as_northd(lab: OvnLab, topology: Callable[[], Database]) -> None:
    northbound, ours = topology(), chassis("compute1", "compute2")
    Compiler(northbound, ours).start()
    assert_same_hints(ours, lab.compile(northbound, chassis("compute1", "compute2")))


@pytest.mark.parametrize("seed", range(15))
def test_random_northbounds_have_the_same_hints(lab: OvnLab, seed: int) -> None:
    northbound, ours = Draw(seed).northbound(), chassis(*CHASSIS)
    Compiler(northbound, ours).start()
    assert_same_hints(ours, lab.compile(northbound, chassis(*CHASSIS)))


def assert_same_hints(ours: Database, theirs: Database) -> None:
    known = {said: hint for flow in ours.rows(LogicalFlow) for said, hint in hints(ours, flow)}
    wrong, compared = [], 0
    for flow in theirs.rows(LogicalFlow):
        found = list(hints(theirs, flow))
        mine = {known[said] for said, _ in found if said in known}
        wanted = flow.external_ids.get(STAGE_HINT)
        compared += wanted in mine
        if mine and wanted not in mine and not is_shared(flow, mine):
            wrong.append((flow.external_ids["stage-name"], found[0], mine))
    assert wrong == []
    assert compared


def is_shared(flow: LogicalFlow, mine: set[str | None]) -> bool:
    """Several rows make the flow: ours says the least of them."""
    wanted = flow.external_ids.get(STAGE_HINT)
    least = min((hint for hint in mine if hint is not None), default=None)
    stage = flow.external_ids["stage-name"]
    return wanted is not None and least is not None and least < wanted and stage in NOT_OF_ONE_ROW


def hints(database: Database, flow: LogicalFlow) -> Iterator[tuple[Said, str | None]]:
    """What the flow says, on each datapath that it is for, and its hint."""
    one = flow.logical_datapath
    datapaths = database.members(LogicalDPGroup.datapaths, flow.logical_dp_group) if one is None else (one,)
    keys = {str(row.tunnel_key): row.external_ids["name"] for row in database.rows(DatapathBinding)}
    match = named_by_router(in_order(" ".join(str(flow.match).split())), keys)
    actions = " ".join(str(flow.actions).split())
    for uuid in datapaths:
        row = database.get(DatapathBinding, uuid)
        assert row is not None
        where = (row.external_ids["name"], flow.pipeline, flow.table_id, flow.priority)
        yield (*where, match, actions), flow.external_ids.get(STAGE_HINT)


def topology_with(row_type: type[NAT] | type[LoadBalancer]) -> Database:
    return next(
        northbound
        for northbound in (topology() for topology in (*TOPOLOGIES, probed_backends))
        if northbound.rows(row_type)
    )


def why_no_detrace() -> str:
    """ovn-detrace speaks to the databases with the distribution's Python library."""
    reason = missing("ovn-detrace")
    if not reason:
        try:
            run("ovn-detrace", "--help", directory=Path("/"))
        except RuntimeError as error:
            reason = f"ovn-detrace does not start: {error}"
    return reason


NO_DETRACE = why_no_detrace()
needs_detrace = pytest.mark.skipif(bool(NO_DETRACE), reason=f"no ovn-detrace: {NO_DETRACE}")


def detraced(northbound: Database, southbound: Database, cookies: Iterable[int]) -> dict[int, str]:
    """What ovn-detrace tells of OpenFlow flows in the output of ofproto/trace, by their cookies."""
    traced = "".join(f" 1. ip, priority 1, cookie 0x{cookie:x}\n    drop\n" for cookie in cookies)
    with short_directory() as directory:
        stores = Store(northbound, NORTHBOUND), Store(southbound, SOUTHBOUND)
        with OurServer(Path(directory), *stores) as server:
            remotes = f"--ovnnb={server.unix}", f"--ovnsb={server.unix}", "--no-leader-only"
            answer = run("ovn-detrace", *remotes, directory=Path(directory), said=f"{traced}\n")
    told = re.findall(r"cookie 0x([0-9a-f]+)\n(.*?)(?=\n\d+\. |\Z)", answer, re.DOTALL)
    return {int(cookie, 16): text for cookie, text in told}


def rows_behind(northbound: Database, southbound: Database, row_type: type[R]) -> dict[int, R]:
    """The rows of a kind, by the cookies of the flows that they make."""
    return {
        flow_cookie(flow): row
        for row in northbound.rows(row_type)
        for flow in southbound.rows(LogicalFlow)
        if flow.external_ids.get(STAGE_HINT) == row.uuid[:8]
    }


@needs_detrace
def test_ovn_detrace_names_the_acl_that_drops() -> None:
    """The flows are those in the switches of two chassis, where the machines of a small network are."""
    northbound, southbound = small_network(), Database("southbound")
    machines = Machines(southbound)
    machines.register()
    Compiler(northbound, southbound).start()
    machines.start()
    rows = rows_behind(northbound, southbound, ACL)
    cookies = {flow.cookie for one in machines.chassis.values() for flow in one.flows()} & rows.keys()
    assert {rows[cookie].action for cookie in cookies} == {"drop", "allow-related"}
    told = detraced(northbound, southbound, cookies)
    for cookie in cookies:
        acl = rows[cookie]
        line = f"ACL: {acl.direction}, priority={acl.priority}, match=({acl.match}), {acl.action}"
        assert line in told[cookie]


@needs_detrace
def test_ovn_detrace_names_translations() -> None:
    northbound, southbound = topology_with(NAT), chassis("compute1", "compute2")
    Compiler(northbound, southbound).start()
    translations = rows_behind(northbound, southbound, NAT)
    told = detraced(northbound, southbound, translations)
    assert translations
    for cookie, nat in translations.items():
        assert f"NAT: external IP {nat.external_ip}" in told[cookie]


@needs_detrace
def test_ovn_detrace_names_load_balancers() -> None:
    northbound, southbound = topology_with(LoadBalancer), chassis("compute1", "compute2")
    Compiler(northbound, southbound).start()
    balancers = rows_behind(northbound, southbound, LoadBalancer)
    told = detraced(northbound, southbound, balancers)
    assert balancers
    for cookie, balancer in balancers.items():
        assert f"Load Balancer: {balancer.name} " in told[cookie]
