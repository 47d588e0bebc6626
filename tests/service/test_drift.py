"""Somebody writes into NB and SB of a running cloud: packets obey what is by hand, and nothing else changes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from brume.northbound.from_cloud import names
from brume.northbound.schema import ACL, NORTHBOUND, LogicalSwitchPort, NBGlobal
from brume.ovsdb.store import Store
from brume.ovsdb.transact import transact
from brume.service.cloud_commands import CloudCommands
from brume.service.guests import Link
from brume.simulator.host.host import Host
from brume.southbound.schema import (
    SOUTHBOUND,
    AddressSet,
    Chassis,
    DatapathBinding,
    PortBinding,
    port_binding_by_logical_port,
)
from brume.tables.database import Database, Transaction
from brume.values import InterfaceAddress, Ipv4Address, MacAddress, random_uuid
from tests.northbound.hand import Hand, assert_sound, derived_part, hand_rows, mutate, where
from tests.northbound.random_writer import RandomWriter
from tests.stories import language
from tests.stories.conftest import new_cloud, tell
from tests.stories.story import Sentence
from tests.stories.world import World

BEGIN = """
Given external network public 203.0.113.0/24
Given network blue 192.168.10.0/24
Given router r between blue, gateway public
Given group open
Given group open lets in icmp
Given server vm1 in blue on compute1 at 192.168.10.11 with groups open
Given server vm2 in blue on compute2 at 192.168.10.12 with groups open
"""


class Scene:
    """A cloud with two servers, and a hand on its NB."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tell(BEGIN)
        self.network = world.cloud.network
        self.hand = Hand(self.network.northbound)

    def tell(self, text: str) -> None:
        lines = [line.split(" ", 1) for line in text.strip().splitlines()]
        told = [Sentence(number, word, said) for number, (word, said) in enumerate(lines)]
        tell(self.world, [(one, language.understand(one)) for one in told])

    def ping(self, source: str, target: str) -> bool:
        self.world.start(source, f"ping -c 1 -W 1 {target}")
        self.world.wait()
        return self.world.last_job().exit_code == 0

    @property
    def switch(self) -> str:
        return names.switch_uuid(self.world.names.find("network", "blue"))

    @property
    def switch_name(self) -> str:
        return f"neutron-{self.world.names.find('network', 'blue')}"

    def port(self, server: str) -> str:
        return self.world.plug(server).port_id

    def settle(self) -> None:
        """One turn of the loop."""
        self.world.pass_time(0)

    def southbound(self, *operations: Any) -> None:
        store = Store(self.network.southbound, SOUTHBOUND)
        results = transact(store, ["OVN_Southbound", *operations], new_uuid=random_uuid).results
        assert not any("error" in result for result in results if result), results
        self.settle()

    def trace(self, source: str, target: str) -> str:
        """What `brume trace` says."""

        async def messages() -> list[Any]:
            return [
                one async for one in CloudCommands(self.world.cloud, lambda: "").trace(source, target, "icmp", None)
            ]

        return "\n".join(one.out or "" for one in asyncio.run(messages()))

    def drift(self, *, as_json: bool = False) -> tuple[int | None, Any]:
        """The exit code of `brume drift`, and what it says."""

        async def messages() -> list[Any]:
            return [one async for one in CloudCommands(self.world.cloud, lambda: "").drift(as_json)]

        *said, last = asyncio.run(messages())
        return last.exit, said[0].data if as_json else "\n".join(one.out for one in said)


@pytest.fixture
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    world = World(new_cloud(tmp_path_factory))
    yield Scene(world)
    world.close()


def test_in_a_cloud_that_nobody_touched_there_is_nothing_to_tell(scene: Scene) -> None:
    assert scene.drift() == (
        0,
        "Nothing by hand, and nothing was put right: NB and SB are what the cloud derives.",
    )
    assert scene.drift(as_json=True) == (0, {"by_hand": [], "put_right": [], "put_right_count": 0})


def test_an_acl_by_hand_beside_neutrons_is_obeyed_and_told(scene: Scene) -> None:
    assert scene.ping("vm1", "vm2")
    acl = scene.hand.acl(scene.switch, f'outport == "{scene.port("vm2")}" && ip4.src == 192.168.10.11')
    assert not scene.ping("vm1", "vm2")
    assert scene.ping("vm2", "outside")
    match, switch = f'outport == "{scene.port("vm2")}" && ip4.src == 192.168.10.11', scene.switch_name
    explained = scene.trace("vm1", "vm2")
    said = f"Dropped by: network blue: ACL to-lport 2000 drop: {match} (written by hand)"
    assert said.split() == explained[explained.index("Dropped by") :].partition("Cure")[0].split()
    assert f"ovn-nbctl acl-del {switch} to-lport 2000 '{match}'" in explained
    code, said = scene.drift()
    assert code == 1
    assert said.splitlines() == [
        "Written by hand into NB, kept and compiled (1):",
        f'  ACL {acl} to-lport 2000 drop: outport == "{scene.port("vm2")}" && ip4.src == 192.168.10.11',
        f"      in Logical_Switch neutron-{scene.world.names.find('network', 'blue')} (network blue), column acls",
    ]
    scene.hand.do(mutate("Logical_Switch", scene.switch, "acls", "delete", ["uuid", acl]))
    assert scene.ping("vm1", "vm2")
    assert scene.drift()[0] == 0


def test_what_an_acl_logs_is_in_the_log_of_the_cloud(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    match = f'outport == "{scene.port("vm2")}" && icmp4'
    scene.hand.acl(scene.switch, match, log=True, severity="info", name="no pings")
    with caplog.at_level(logging.INFO, "acl_log"):
        assert not scene.ping("vm1", "vm2")
    (line,) = [record for record in caplog.records if record.name == "acl_log.compute2"]
    assert line.getMessage().startswith('name="no pings", verdict=drop, severity=info, direction=to-lport: icmp,')
    assert "nw_src=192.168.10.11,nw_dst=192.168.10.12" in line.getMessage()


def test_a_security_group_rule_changed_by_hand_is_put_right_in_the_next_turn(scene: Scene) -> None:
    uuid = names.switch_port_uuid(scene.port("vm2"))
    (acl,) = [row for row in scene.network.northbound.rows(ACL) if "icmp4" in row.match]
    scene.hand.set("ACL", acl.uuid, action="drop")
    scene.hand.set("Logical_Switch_Port", uuid, enabled=False)
    scene.hand.do(mutate("Logical_Switch_Port", uuid, "external_ids", "insert", ["map", [["mine", "1"]]]))
    scene.settle()
    assert scene.ping("vm1", "vm2")
    code, said = scene.drift()
    assert code == 1
    lines = [line.strip() for line in said.splitlines()]
    assert lines[0] == "Put right since the start (3):"
    assert "derived from security group open: ingress IPv4 icmp from anywhere" in lines[1]
    assert lines[2] == "action: was drop; allow-related again"
    assert "derived from port vm2 (192.168.10.12)" in lines[3]
    assert lines[4] == "enabled: was false; true again"
    assert lines[6] == 'external_ids: mine="1" had been added; removed'
    _, found = scene.drift(as_json=True)
    assert found["put_right_count"] == 3
    assert found["put_right"][0] | {"time": "", "name": ""} == {
        "time": "",
        "database": "OVN_Northbound",
        "table": "ACL",
        "uuid": acl.uuid,
        "name": "",
        "done": "put back",
        "derived_from": "security group open: ingress IPv4 icmp from anywhere",
        "column": "action",
        "from": "drop",
        "to": "allow-related",
    }
    json.dumps(found)


def test_a_port_and_a_switch_deleted_by_hand_come_back_and_carry_packets(scene: Scene) -> None:
    scene.hand.do(mutate("Logical_Switch", scene.switch, "ports", "delete", ["uuid", uuid_of(scene, "vm2")]))
    assert scene.network.northbound.get(LogicalSwitchPort, uuid_of(scene, "vm2")) is None
    scene.settle()
    assert scene.ping("vm1", "vm2")
    scene.hand.delete("Logical_Switch", scene.switch)
    scene.settle()
    assert scene.ping("vm1", "vm2")
    assert scene.ping("vm1", "outside")
    assert scene.network.northbound.get(LogicalSwitchPort, uuid_of(scene, "vm2")).up
    assert "had been deleted; written again" in scene.drift()[1]


def uuid_of(scene: Scene, server: str) -> str:
    return names.switch_port_uuid(scene.port(server))


def test_a_port_by_hand_on_neutrons_network_reaches_its_servers(scene: Scene) -> None:
    host = plugged(scene, scene.switch, "mine", "compute1", "192.168.10.77")
    assert answered(scene, host, "192.168.10.12")
    assert scene.ping("vm1", "192.168.10.77")
    assert scene.drift()[1].splitlines()[1].endswith(" mine")


def test_a_switch_by_hand_is_a_network_of_its_own(scene: Scene) -> None:
    (lab,) = scene.hand.do({"op": "insert", "table": "Logical_Switch", "row": {"name": "lab"}})
    one = plugged(scene, lab, "one", "compute1", "192.168.10.11")  # an address that vm1 has too, elsewhere
    plugged(scene, lab, "two", "compute2", "192.168.10.99")
    assert answered(scene, one, "192.168.10.99")
    assert not answered(scene, one, "192.168.10.12")
    assert scene.ping("vm1", "vm2")


def plugged(scene: Scene, switch: str, name: str, node: str, address: str) -> Host:
    """A host behind a new port of a switch."""
    mac = f"0a:00:00:00:00:{address.rpartition('.')[2]}"
    scene.hand.port(switch, name, addresses=f"{mac} {address}")
    scheduler = scene.world.cloud.scheduler
    host = Host(name, MacAddress.parse(mac), scheduler, lambda frame: None)
    Link(scheduler, host).connect(scene.world.cloud.nodes[node], name)
    host.add_address(InterfaceAddress(Ipv4Address.parse(address), 24))
    scene.settle()
    return host


def answered(scene: Scene, host: Host, address: str) -> bool:
    job = host.console.run(["ping", "-c", "1", "-W", "1", address])
    scene.world.pass_time(5)
    return job.exit_code == 0


def test_a_group_by_hand_is_told_with_the_clouds_ports_that_it_has(scene: Scene) -> None:
    ports = ["set", [["uuid", uuid_of(scene, server)] for server in ("vm1", "vm2")]]
    (uuid,) = scene.hand.do({"op": "insert", "table": "Port_Group", "row": {"name": "mine", "ports": ports}})
    lines = scene.drift()[1].splitlines()
    assert lines[1] == f"  Port_Group {uuid} mine"
    assert sorted(lines[2:]) == [
        "      has port vm1 (192.168.10.11) in column ports",
        "      has port vm2 (192.168.10.12) in column ports",
    ]
    (found,) = scene.drift(as_json=True)[1]["by_hand"]
    assert {one["uuid"] for one in found["has"]} == {uuid_of(scene, "vm1"), uuid_of(scene, "vm2")}


def test_a_route_by_hand_is_followed_and_survives_the_routers_changes(scene: Scene) -> None:
    assert scene.ping("vm1", "outside")
    router = names.router_uuid(scene.world.names.find("router", "r"))
    row = {"ip_prefix": "198.51.100.10/32", "nexthop": "discard"}
    route = scene.hand.add("Logical_Router", router, "static_routes", "Logical_Router_Static_Route", **row)
    assert not scene.ping("vm1", "outside")
    scene.tell("When router r becomes description=changed\n")
    assert not scene.ping("vm1", "outside")
    assert "198.51.100.10/32 via discard" in scene.drift()[1]
    scene.hand.do(mutate("Logical_Router", router, "static_routes", "delete", ["uuid", route]))
    assert scene.ping("vm1", "outside")


def test_rows_by_hand_that_go_with_their_network_are_told(scene: Scene) -> None:
    scene.tell("Given network red 10.0.9.0/24\n")
    switch = names.switch_uuid(scene.world.names.find("network", "red"))
    acl = scene.hand.acl(switch, "ip4")
    scene.tell("When delete network red\n")
    scene.settle()
    code, said = scene.drift()
    assert code == 1
    assert f"ACL {acl}" in said
    assert f"was by hand; removed, because Logical_Switch {switch} is gone" in said


# SB


def test_what_is_deleted_or_changed_in_sb_is_put_right_and_strangers_go(scene: Scene) -> None:
    southbound = scene.network.southbound
    (binding,) = southbound.find(port_binding_by_logical_port, scene.port("vm2"))
    nobody = random_uuid()
    scene.southbound(
        {"op": "update", "table": "Port_Binding", "where": where(binding.uuid), "row": {"mac": "unknown"}},
        {"op": "delete", "table": "Logical_Flow", "where": []},
        {"op": "insert", "table": "Address_Set", "row": {"name": "mine", "addresses": ["set", ["10.0.0.1"]]}},
        {"op": "insert", "table": "Datapath_Binding", "uuid": nobody, "row": {"tunnel_key": 77}},
    )
    assert southbound.get(PortBinding, binding.uuid) == binding
    assert southbound.get(DatapathBinding, nobody) is None
    assert [row for row in southbound.rows(AddressSet) if row.name == "mine"] == []
    assert scene.ping("vm1", "vm2")
    said = scene.drift()[1]
    assert "SB Port_Binding" in said
    assert "mac: unknown had been added; removed; " in said
    assert "no rule makes it; removed" in said


def test_what_nodes_write_is_left_alone(scene: Scene) -> None:
    before = len(scene.network.southbound.rows(Chassis))
    scene.southbound({"op": "insert", "table": "Chassis", "row": {"name": "other", "encaps": ["named-uuid", "e"]}},
                     {"op": "insert", "table": "Encap", "uuid-name": "e",
                      "row": {"type": "geneve", "ip": "192.0.2.1", "chassis_name": "other"}})  # fmt: skip
    assert len(scene.network.southbound.rows(Chassis)) == before + 1
    assert scene.drift()[0] == 0


def test_somebody_who_writes_again_and_again_is_put_right_each_time_and_the_list_stays_short(scene: Scene) -> None:
    uuid = uuid_of(scene, "vm1")
    for number in range(1200):
        transaction = Transaction()
        row = scene.network.northbound.get(LogicalSwitchPort, uuid)
        transaction.put(type(row)(**{**{n: getattr(row, n) for n in row.__struct_fields__}, "type": f"x{number}"}))
        scene.network.northbound.apply(transaction)
        scene.world.cloud.settle()
    assert scene.network.northbound.get(LogicalSwitchPort, uuid).type == ""
    code, said = scene.drift()
    assert code == 1
    assert "Put right since the start (the last 1000 of 1200):" in said


@pytest.mark.parametrize("seed", range(4))
def test_after_any_writing_by_hand_and_its_end_the_cloud_is_as_it_was(scene: Scene, seed: int) -> None:
    northbound = scene.network.northbound
    before, nothing = derived_part(northbound), hand_rows(northbound)
    writer = RandomWriter(northbound, seed)
    for _ in range(60):
        writer.step()
        scene.world.pass_time(0.1)
    assert derived_part(northbound) == before
    assert_sound(northbound)
    assert_sound(scene.network.southbound, SOUTHBOUND)
    assert scene.drift()[0] == 1
    scene.drift(as_json=True)
    while rows := hand_rows(northbound):
        for row in rows:
            scene.hand.send(
                {"op": "delete", "table": row.TABLE.name, "where": where(row.uuid)}, *let_go(northbound, row)
            )
    settings = northbound.rows(NBGlobal)[0]
    scene.hand.set("NB_Global", settings.uuid, options=["map", []], ipsec=False)
    scene.settle()
    assert (derived_part(northbound), hand_rows(northbound)) == (before, nothing)
    assert scene.world.cloud.problems() == []
    assert scene.ping("vm1", "vm2")
    assert scene.ping("vm1", "outside")


def let_go(northbound: Database, row: Any) -> list[Any]:
    """The mutations after which nobody refers to a row."""
    store = Store(northbound, NORTHBOUND)
    return [
        mutate(referrer.table.name, owner.uuid, referrer.column.name, "delete", ["uuid", row.uuid])
        for referrer, owner in store.referrers(row.TABLE.name, row.uuid, weak=False)
    ]
