"""Packets through our chassis, by logical flows that a real ovn-northd made: from frame to frame."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from brume.derive.rules import Problem
from brume.openflow.chassis.registration import identity, registration, withdrawal
from brume.openflow.chassis.rows import Here
from brume.packets.describe import describe
from brume.packets.layers import headers
from brume.southbound.schema import (
    Chassis,
    ChassisPrivate,
    Encap,
    LogicalFlow,
    MACBinding,
    PortBinding,
    SBGlobal,
    port_binding_by_logical_port,
)
from brume.tables.database import Transaction
from brume.tables.map import Map
from brume.values import InterfaceAddress, Ipv4Address, derive_uuid, parse_address
from tests.openflow.cloud import Cloud

OTHER = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def switch() -> Cloud:
    """One network, two hosts on two chassis."""
    cloud = Cloud("one_switch")
    cloud.host("vm1", "hv1", "fa:16:3e:00:01:11")
    cloud.host("vm2", "hv2", "fa:16:3e:00:01:12")
    cloud.settle(1)
    return cloud


def run(cloud: Cloud, host: str, *command: str) -> tuple[int | None, str]:
    job = cloud.hosts[host].console.run(list(command))
    cloud.scheduler.run_while(lambda: not job.done, 60)
    return job.exit_code, "\n".join(job.lines)


def test_chassis_claim_the_ports_plugged_into_them(switch: Cloud) -> None:
    for name, chassis in (("vm1", "hv1"), ("vm2", "hv2")):
        (port,) = switch.southbound.find(port_binding_by_logical_port, name)
        assert (port.chassis, port.up) == (switch.chassis[chassis].here.uuid, True)


def test_a_chassis_that_has_installed_everything_says_so(switch: Cloud) -> None:
    transaction = Transaction()
    transaction.put(SBGlobal(uuid=derive_uuid("SB_Global"), nb_cfg=7))
    switch.southbound.apply(transaction)
    switch.settle(1)
    private = [row for row in switch.southbound.rows(ChassisPrivate) if row.name in switch.chassis]
    assert {row.nb_cfg for row in private} == {7}
    assert {row.nb_cfg_timestamp for row in private} == {1000}


def test_a_host_gets_its_address_by_dhcp(switch: Cloud) -> None:
    host = switch.hosts["vm1"]
    host.dhcp.start()
    switch.settle()
    assert str(host.ipv4_address()) == "10.0.0.11"


def test_two_hosts_ping_each_other_across_geneve(switch: Cloud) -> None:
    carried: list[bytes] = []
    switch.underlay.tap(lambda time, frame: carried.append(frame))
    for host in switch.hosts.values():
        host.dhcp.start()
    switch.settle()
    code, said = run(switch, "vm1", "ping", "-c", "3", "10.0.0.12")
    assert code == 0, said
    geneve = [frame for frame in carried if any(type(one).__name__ == "Geneve" for one in headers(frame))]
    assert len(geneve) >= 6


def test_a_chassis_whose_rows_are_deleted_comes_back_with_its_claims(switch: Cloud) -> None:
    """As after ovn-sbctl chassis-del, which clears the bindings too: they refer to the chassis weakly."""
    here = switch.chassis["hv1"].here
    (port,) = switch.southbound.find(port_binding_by_logical_port, "vm1")
    transaction = withdrawal(here, switch.chassis["hv1"].address)
    transaction.put(replace(port, chassis=None))
    switch.southbound.apply(transaction)
    switch.settle(1)
    assert switch.southbound.get(Chassis, here.uuid) is not None
    (port,) = switch.southbound.find(port_binding_by_logical_port, "vm1")
    assert (port.chassis, port.up) == (here.uuid, True)


@pytest.mark.parametrize(
    ("row_type", "changes"),
    [
        (Chassis, {"name": "other"}),
        (Chassis, {"other_config": Map({})}),
        (Encap, {"ip": "192.0.2.99"}),
        (Encap, {"ip": "nonsense"}),
        (Encap, {"type": "vxlan"}),
        (Encap, {"chassis_name": "other"}),
        (ChassisPrivate, {"name": "other"}),
        (ChassisPrivate, {"chassis": None}),
    ],
)
def test_a_chassis_whose_rows_are_changed_puts_them_right(
    switch: Cloud, row_type: Any, changes: dict[str, Any]
) -> None:
    """As after ovn-sbctl set chassis hv1 name=other: without it the other chassis would have no tunnel to this one."""
    before = {row.uuid: row for row in switch.southbound.rows(row_type)}
    (mine,) = (row for row in before.values() if "hv1" in (getattr(row, "chassis_name", ""), getattr(row, "name", "")))
    transaction = Transaction()
    transaction.put(replace(mine, **changes))
    switch.southbound.apply(transaction)
    switch.settle(1)
    assert {row.uuid: row for row in switch.southbound.rows(row_type)} == before
    for host in switch.hosts.values():
        host.dhcp.start()
    switch.settle()
    code, said = run(switch, "vm1", "ping", "-c", "1", "10.0.0.12")
    assert code == 0, said


@pytest.mark.parametrize("address", ["fd00::7", "nonsense", ""])
def test_a_chassis_that_ours_cannot_reach_is_left_out(switch: Cloud, address: str) -> None:
    transaction = Transaction()
    transaction.put(Chassis(uuid=OTHER, name="far"))
    transaction.put(Encap(uuid=derive_uuid("far"), type="geneve", ip=address, chassis_name="far"))
    transaction.add(Chassis.encaps, OTHER, derive_uuid("far"))
    switch.southbound.apply(transaction)
    switch.settle(1)
    for host in switch.hosts.values():
        host.dhcp.start()
    switch.settle()
    code, said = run(switch, "vm1", "ping", "-c", "1", "10.0.0.12")
    assert code == 0, said


def test_a_chassis_takes_the_place_of_one_of_its_name() -> None:
    cloud = Cloud("one_switch")
    cloud.chassis.pop("hv1").close()
    rows = registration(Here(uuid=OTHER, name="hv1"), Ipv4Address.parse("192.0.2.1"), Map({}))
    cloud.southbound.apply(rows)
    cloud.chassis["hv1"] = cloud.start("hv1")
    cloud.settle(1)
    assert [row.uuid for row in cloud.southbound.rows(Chassis) if row.name == "hv1"] == [identity("hv1").uuid]
    assert len([row for row in cloud.southbound.rows(Encap) if row.chassis_name == "hv1"]) == 1


def test_a_port_unplugged_is_given_up(switch: Cloud) -> None:
    switch.chassis["hv2"].unplug("vm2")
    switch.settle(1)
    (port,) = switch.southbound.find(port_binding_by_logical_port, "vm2")
    assert (port.chassis, port.up) == (None, False)
    assert not switch.chassis["hv2"].stage.datapaths
    assert isinstance(port, PortBinding)


MACS = {"vm1": "fa:16:3e:00:01:11", "vm2": "fa:16:3e:00:01:12", "vm3": "fa:16:3e:00:02:13", "vm5": "fa:16:3e:00:02:15"}
PLACES = {"vm1": "hv1", "vm2": "hv2", "vm3": "hv2", "vm5": "hv1"}
NETWORK_2 = {"vm3": "10.0.1.13/24", "vm5": "10.0.1.15/24"}


@pytest.fixture
def routed() -> Cloud:
    """Two networks behind a router with a gateway on hv1; security groups; an outside host, which is the next hop."""
    cloud = Cloud("whole")
    for name, mac in MACS.items():
        host = cloud.host(name, PLACES[name], mac)
        if name in NETWORK_2:
            host.add_address(InterfaceAddress.parse(NETWORK_2[name]), parse_address("10.0.1.1"))
        else:
            host.dhcp.start()
    cloud.hosts["outside"] = cloud.outsider("outside", "fa:16:3e:aa:00:01", "203.0.113.1/24")
    cloud.settle()
    return cloud


def test_a_host_is_reached_behind_the_router_with_one_hop_less(routed: Cloud) -> None:
    code, said = run(routed, "vm1", "ping", "-c", "2", "10.0.1.13")
    assert code == 0, said
    assert "ttl=63" in said


def test_the_router_answers_pings_and_traceroute(routed: Cloud) -> None:
    assert run(routed, "vm1", "ping", "-c", "1", "10.0.0.1")[0] == 0
    assert run(routed, "vm1", "ping", "-c", "1", "10.0.1.1")[0] == 0
    _, said = run(routed, "vm1", "traceroute", "10.0.1.13")
    assert "10.0.0.1" in said, said


def test_security_groups_let_in_what_they_allow(routed: Cloud) -> None:
    """Members of a group reach each other on any port; others ICMP and TCP 22; who may send nothing reaches nobody."""
    assert run(routed, "vm1", "nc", "-z", "10.0.1.13", "22")[0] == 0
    assert run(routed, "vm1", "nc", "-z", "10.0.1.13", "80")[0] == 0
    assert run(routed, "vm5", "ping", "-c", "1", "-W", "2", "10.0.1.13")[0] != 0


def test_the_outside_is_reached_through_the_gateway(routed: Cloud) -> None:
    """Source NAT: what comes out bears the router's address, wherever the host is."""
    seen = watched(routed)
    code, said = run(routed, "vm2", "ping", "-c", "2", "203.0.113.1")
    assert code == 0, said
    assert any("203.0.113.2 > 203.0.113.1: ICMP echo request" in line for line in seen), seen


def test_a_gateway_port_is_up_where_it_is(routed: Cloud) -> None:
    (port,) = routed.southbound.find(port_binding_by_logical_port, "cr-r1-ext")
    transaction = Transaction()
    transaction.put(replace(port, chassis=None, up=False))
    routed.southbound.apply(transaction)
    routed.settle(1)
    (port,) = routed.southbound.find(port_binding_by_logical_port, "cr-r1-ext")
    assert (port.chassis, port.up) == (routed.chassis["hv1"].here.uuid, True)


def test_the_outside_reaches_a_floating_ip(routed: Cloud) -> None:
    assert run(routed, "outside", "ping", "-c", "2", "203.0.113.10")[0] == 0
    assert run(routed, "outside", "nc", "-z", "203.0.113.10", "22")[0] == 0
    assert run(routed, "outside", "nc", "-z", "-w", "3", "203.0.113.10", "80")[0] != 0


def test_a_host_with_a_floating_ip_bears_it_outside(routed: Cloud) -> None:
    seen = watched(routed)
    assert run(routed, "vm1", "ping", "-c", "1", "203.0.113.1")[0] == 0
    assert any("203.0.113.10 > 203.0.113.1: ICMP echo request" in line for line in seen), seen


def test_nat_addresses_are_announced_by_the_gateway() -> None:
    cloud = Cloud("whole")
    seen = watched(cloud)
    cloud.settle(40)
    announced = {line.split("who-has ")[1].split()[0] for line in seen if "who-has" in line}
    assert {"203.0.113.2", "203.0.113.10"} <= announced, seen


def test_a_neighbor_of_the_router_is_learned(routed: Cloud) -> None:
    assert run(routed, "vm2", "ping", "-c", "1", "203.0.113.1")[0] == 0
    learned = {(row.logical_port, row.ip): row.mac for row in routed.southbound.rows(MACBinding)}
    assert learned["r1-ext", "203.0.113.1"] == "fa:16:3e:aa:00:01"


@pytest.mark.parametrize(("ip", "mac"), [("203.0.113.1", "nonsense"), ("nonsense", "fa:16:3e:aa:00:01"), ("", "")])
def test_a_neighbor_that_somebody_wrote_wrong_is_no_neighbor(routed: Cloud, ip: str, mac: str) -> None:
    """The neighbour is asked again, and its answer heard."""
    (port,) = routed.southbound.find(port_binding_by_logical_port, "r1-ext")
    transaction = Transaction()
    transaction.put(MACBinding(uuid=OTHER, logical_port="r1-ext", ip=ip, mac=mac, datapath=port.datapath))
    routed.southbound.apply(transaction)
    routed.settle(1)
    assert run(routed, "vm2", "ping", "-c", "1", "10.0.1.13")[0] == 0
    assert run(routed, "vm2", "ping", "-c", "1", "203.0.113.1")[0] == 0


def test_a_logical_flow_that_somebody_wrote_wrong_stops_no_other(routed: Cloud) -> None:
    """`hash_fields` is a text of its own within the actions: what is wrong in it is seen late."""
    (port,) = routed.southbound.find(port_binding_by_logical_port, "vm1")
    actions = 'ct_lb_mark(backends=10.0.0.9; hash_fields="nonsense");'
    transaction = Transaction()
    transaction.put(
        LogicalFlow(
            logical_datapath=port.datapath,
            pipeline="ingress",
            table_id=13,
            priority=1,
            match="ip4.dst == 10.9.9.9",
            actions=actions,
        )
    )
    routed.southbound.apply(transaction)
    routed.settle(1)
    said = [problem.message for problem in routed.shared.flows.rows(Problem)]
    assert said == [f"nonsense: unknown field (in ip4.dst == 10.9.9.9 -> {actions})"]
    assert run(routed, "vm1", "ping", "-c", "1", "10.0.1.13")[0] == 0


def test_flows_of_a_port_that_moves_move_with_it(routed: Cloud) -> None:
    vm3 = routed.hosts["vm3"]
    routed.chassis["hv2"].unplug("vm3")
    vm3.send = routed.chassis["hv1"].plug("vm3", vm3.receive)
    routed.settle(1)
    assert run(routed, "vm1", "ping", "-c", "1", "10.0.1.13")[0] == 0
    (port,) = routed.southbound.find(port_binding_by_logical_port, "vm3")
    assert port.chassis == routed.chassis["hv1"].here.uuid


def watched(cloud: Cloud) -> list[str]:
    """One line for each frame on the physical network from now on."""
    lines: list[str] = []
    cloud.outside.tap(lambda time, frame, end: lines.append(describe(frame)))
    return lines
