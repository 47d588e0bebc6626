"""What chooses or limits: load balancers, several next hops, rate limits, as the real ovn-northd writes them.

Our chassis makes the same flows, groups and meters of them as a real ovn-controller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brume.derive.rules import Problem
from brume.northbound.schema import (
    LoadBalancer,
    LogicalRouter,
    LogicalRouterPolicy,
    LogicalSwitch,
    QoS,
)
from brume.packets.describe import describe
from brume.southbound.schema import LoadBalancer as SouthboundLoadBalancer
from brume.tables.database import Database
from brume.tables.map import Map
from tests.agreement.controller_lab import ControllerLab, why_not
from tests.agreement.machines import Machines, small_network
from tests.agreement.ovn_lab import OvnLab, short_directory
from tests.agreement.test_exchange_northd_southbound import chassis_rows
from tests.agreement.test_openflow_controller import agree_on_flows, one_gateway_each
from tests.southbound.builder import Builder, uuid

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")

NAMES = ("compute1", "compute2")
PLUGGED = {"a1": "compute1", "a2": "compute2", "b1": "compute2", "b2": "compute1"}


def network_that_chooses() -> Database:
    """The small network with load balancers on a switch and on the router, two ways out, and a limit."""
    build = Builder()
    small_network(build)
    balancer(build, "web", "tcp", {"10.0.0.100:80": "10.0.0.11:22,10.0.0.12:22"}, switch="a", router="router")
    balancer(build, "names", "udp", {"10.0.0.101:53": "10.0.0.11:53,10.0.1.11:5353"}, switch="a")
    balancer(build, "any", None, {"10.0.0.102": "10.0.0.11,10.0.0.12"}, switch="a")
    balancer(build, "six", "tcp", {"[fd00::100]:80": "[fd00::11]:80,[fd00::12]:80"}, switch="b")
    balancer(build, "snat", "tcp", {"10.0.0.103:80": "10.0.0.11:80"}, switch="a", hairpin_snat_ip="10.0.0.200")
    balancer(build, "empty", "tcp", {"10.0.0.104:80": ""}, switch="a")
    for hop in ("203.0.113.7", "203.0.113.8"):
        build.route("router", "172.16.0.0/16", hop)
    policy = uuid("policy")
    hops = frozenset({"203.0.113.5", "203.0.113.6"})
    build.transaction.put(
        LogicalRouterPolicy(uuid=policy, priority=100, match="ip4.src == 10.0.1.12", action="reroute", nexthops=hops)
    )
    build.transaction.add(LogicalRouter.policies, uuid("router", "router"), policy)
    build.forwarding_group("a", "10.0.0.99", "00:11:22:33:44:55", "a1", "a2")
    limit = uuid("limit")
    bandwidth = Map({"rate": 1000, "burst": 100})
    build.transaction.put(
        QoS(uuid=limit, priority=10, direction="from-lport", match="ip4", bandwidth=bandwidth)  # type: ignore[arg-type]
    )
    build.transaction.add(LogicalSwitch.qos_rules, uuid("switch", "a"), limit)
    return build.apply()


def balancer(
    build: Builder,
    name: str,
    protocol: str | None,
    vips: dict[str, str],
    *,
    switch: str,
    router: str = "",
    **options: str,
) -> None:
    key = uuid("balancer", name)
    row = LoadBalancer(uuid=key, name=name, vips=Map(vips), protocol=protocol, options=Map(options))  # type: ignore[arg-type]
    build.transaction.put(row)
    build.transaction.add(LogicalSwitch.load_balancer, uuid("switch", switch), key)
    if router:
        build.transaction.add(LogicalRouter.load_balancer, uuid("router", router), key)


@pytest.fixture(scope="module")
def lab() -> Iterator[ControllerLab]:
    with short_directory() as directory:
        lab = ControllerLab(Path(directory), NAMES, "physnet1:br-ex")
        yield lab
        lab.stop()


def test_the_flows_and_groups_are_those_of_ovn_controller(lab: ControllerLab) -> None:
    southbound = lab.run(one_gateway_each(network_that_chooses()), PLUGGED)
    assert southbound.rows(SouthboundLoadBalancer)
    for stage in agree_on_flows(lab, southbound):
        assert stage._shared.flows.rows(Problem) == []
        assert any(flow.table == 68 for flow in stage.flows())


@pytest.fixture(scope="module")
def southbound() -> Database:
    """What the real ovn-northd makes of the network for our own chassis."""
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        try:
            return lab.compile(network_that_chooses(), chassis_rows())
        finally:
            lab.stop()


def test_a_virtual_address_leads_to_all_its_backends(southbound: Database) -> None:
    """Each of twelve connections gets through, whoever is chosen; a2 itself is, now and then."""
    machines = Machines(southbound)
    machines.start()
    seen: list[str] = []
    machines.hosts["a1"].send = watching(machines.hosts["a1"].send, seen)
    for _ in range(12):
        assert machines.reaches("a2", "10.0.0.100", 80)
    answers = [line for line in seen if "10.0.0.11.22 >" in line and "[S.]" in line]
    assert 0 < len(answers) < 12, "one backend was always chosen"


def watching(send: Callable[[bytes], object], seen: list[str]) -> Callable[[bytes], None]:
    def watched(frame: bytes) -> None:
        seen.append(describe(frame))
        send(frame)

    return watched
