"""The oracle itself: our northbound rows, read by the real ovn-northd, come out as southbound rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brume.northbound.schema import (
    NAT,
    DHCPOptions,
    GatewayChassis,
    LogicalRouter,
    LogicalRouterPort,
    LogicalSwitch,
    LogicalSwitchPort,
)
from brume.southbound.schema import Chassis, Encap, LogicalFlow, PortBinding
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from tests.agreement.ovn_lab import OvnLab, difference, picture, short_directory, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
SWITCH = "00000000-0000-4000-8000-000000000001"
PORT = "00000000-0000-4000-8000-000000000002"
DHCP = "00000000-0000-4000-8000-000000000003"


@pytest.fixture(scope="module")
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


def one_port(address: str) -> Database:
    database, transaction = Database("northbound"), Transaction()
    transaction.put(LogicalSwitch(uuid=SWITCH, name="net"))
    transaction.put(DHCPOptions(uuid=DHCP, cidr="10.0.0.0/24", options=Map({"lease_time": "60"})))
    transaction.put(
        LogicalSwitchPort(
            uuid=PORT, name="vm1", addresses=frozenset({f"fa:16:3e:00:00:01 {address}"}), dhcpv4_options=DHCP
        )
    )
    transaction.add(LogicalSwitch.ports, SWITCH, PORT)
    database.apply(transaction)
    return database


def two_chassis() -> Database:
    database, transaction = Database("southbound"), Transaction()
    for number in (1, 2):
        chassis, encap = f"00000000-0000-4000-8000-00000000001{number}", f"00000000-0000-4000-8000-00000000002{number}"
        transaction.put(Chassis(uuid=chassis, name=f"compute{number}"))
        transaction.put(Encap(uuid=encap, type="geneve", ip=f"192.0.2.{number}", chassis_name=f"compute{number}"))
        transaction.add(Chassis.encaps, chassis, encap)
    database.apply(transaction)
    return database


def test_northd_makes_flows_of_our_rows(lab: OvnLab) -> None:
    southbound = lab.compile(one_port("10.0.0.5"), two_chassis())
    seen = picture(southbound)
    assert seen.ports["vm1"]["mac"] == ["fa:16:3e:00:00:01 10.0.0.5"]
    assert [flow for flow in seen.flows if "arp.tpa == 10.0.0.5" in flow[4]]
    assert seen.groups["net", "_MC_flood"]["ports"] == ["vm1"]
    assert {row.name for row in southbound.rows(Chassis)} == {"compute1", "compute2"}
    assert len(southbound.rows(PortBinding)) == 1
    assert all(flow.external_ids["stage-name"] for flow in southbound.rows(LogicalFlow))


def test_a_lab_forgets_what_it_compiled_before(lab: OvnLab) -> None:
    first = picture(lab.compile(one_port("10.0.0.5")))
    second = picture(lab.compile(one_port("10.0.0.6")))
    assert not [flow for flow in second.flows if "10.0.0.5" in flow[4]]
    assert "+ flow" in difference(first, second)
    assert difference(second, picture(lab.read())) == ""


def test_a_gateway_port_is_bound_to_the_chassis_we_named(lab: OvnLab) -> None:
    database, transaction = Database("northbound"), Transaction()
    router, port, gateway, nat = (f"00000000-0000-4000-8000-00000000003{number}" for number in range(4))
    transaction.put(LogicalRouter(uuid=router, name="router"))
    transaction.put(
        LogicalRouterPort(
            uuid=port, name="gw", mac="fa:16:3e:00:01:01", networks=frozenset({"203.0.113.2/24", "2001:db8::2/64"})
        )
    )
    transaction.put(GatewayChassis(uuid=gateway, name="gw_compute1", chassis_name="compute1", priority=1))
    transaction.put(NAT(uuid=nat, type="snat", external_ip="203.0.113.2", logical_ip="10.0.0.0/24"))
    transaction.add(LogicalRouter.ports, router, port)
    transaction.add(LogicalRouter.nat, router, nat)
    transaction.add(LogicalRouterPort.gateway_chassis, port, gateway)
    database.apply(transaction)
    seen = picture(lab.compile(database, two_chassis()))
    assert seen.ports["cr-gw"]["ha_chassis_group"][1] == [["compute1", 1]]
    assert [flow for flow in seen.flows if flow[5] == "ct_snat_in_czone(203.0.113.2);"]
