"""The stages change as little as they can, and end where a start from nothing would end."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from brume.openflow.chassis.installer import FlowChange, Installer
from brume.openflow.chassis.registration import identity, registration
from brume.openflow.chassis.rows import Interface, Tunnel
from brume.openflow.chassis.stage import ChassisStage
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.flow_text import format_flow, parse_flow
from brume.openflow.rows import SharedFlow
from brume.openflow.shared import SharedTranslation
from brume.southbound.compiler import Compiler
from brume.southbound.schema import AddressSet, PortBinding, address_set_by_name, port_binding_by_logical_port
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import Ipv4Address
from tests.southbound.builder import Builder

NODES = ("compute1", "compute2", "compute3")


class World:
    """A northbound being written, and three chassis that keep up with it."""

    def __init__(self) -> None:
        self.build = Builder()
        self.northbound = self.build.apply()
        self.southbound = Database("southbound")
        compiler = Compiler(self.northbound, self.southbound)
        compiler.start()
        self.northbound.subscribe(compiler.update)
        self.southbound.subscribe(compiler.observe)
        self.shared = SharedTranslation(self.southbound)
        self.told: dict[str, list[FlowChange]] = {name: [] for name in NODES}
        for number, name in enumerate(NODES):
            self.southbound.apply(registration(identity(name), Ipv4Address(0xC0000201 + number), Map({})))
        self.stages = {name: self.stage(name) for name in NODES}

    def stage(self, name: str) -> ChassisStage:
        stage = ChassisStage(self.southbound, self.shared, identity(name), self.told[name].extend)
        for number, other in enumerate(NODES):
            if other != name:
                stage.put_tunnel(Tunnel(chassis=identity(other).uuid, ofport=100 + number))
        return stage

    def network(self, ports: int) -> None:
        """One switch behind a router, and ports of one security group, turn by turn on the three chassis."""
        self.build.switch("net")
        self.build.router("router")
        self.build.interface("router", "net", "fa:16:3e:aa:00:01", "10.0.0.1/16")
        for number in range(ports):
            self.build.port("net", f"vm{number}", self.addresses(number))
        names = [f"vm{number}" for number in range(ports)]
        self.build.drop_group(*names)
        self.build.security_group("sg", *names)
        self.build.apply()
        for number in range(ports):
            self.plug(NODES[number % 3], number)

    def addresses(self, number: int) -> str:
        return f"fa:16:3e:00:{number >> 8:02x}:{number & 255:02x} 10.0.{number >> 8}.{number & 255}"

    def add_port(self, number: int) -> None:
        name = f"vm{number}"
        self.build.port("net", name, self.addresses(number))
        for group in ("neutron_pg_drop", "sg"):
            self.build.group(group, name)
        self.build.apply()

    def plug(self, node: str, number: int) -> None:
        interface = Interface(name=f"tap{number}", ofport=1000 + number, iface_id=f"vm{number}")
        self.stages[node].put_interface(interface)
        self.claim()

    def claim(self) -> None:
        for stage in self.stages.values():
            transaction = Transaction()
            for row in stage.take_claims():
                transaction.put(row)
            self.southbound.apply(transaction)

    def flows(self, node: str) -> set[str]:
        return {format_flow(flow) for flow in self.stages[node].flows()}


def counts(world: World, number: int) -> tuple[int, ...]:
    """Rules run and flows told for one port more."""
    for told in world.told.values():
        told.clear()
    ran = 0
    world.add_port(number)
    ran += len(world.shared.engine.ran)
    world.plug("compute1", number)
    return (ran, *(len(world.told[name]) for name in NODES))


def test_one_port_more_is_the_same_work_in_a_network_of_any_size() -> None:
    small, large = World(), World()
    small.network(12)
    large.network(120)
    assert counts(small, 500) == counts(large, 500)


def test_an_address_more_in_a_set_is_one_rule_more() -> None:
    world = World()
    world.network(12)
    (group,) = world.southbound.find(address_set_by_name, "sg_ip4")
    transaction = Transaction()
    transaction.add(AddressSet.addresses, group.uuid, "192.0.2.7")
    before = {row.key() for row in world.shared.flows.rows(SharedFlow)}
    world.southbound.apply(transaction)
    assert len(world.shared.engine.ran) == 1
    added = {row.key() for row in world.shared.flows.rows(SharedFlow)} - before
    assert len(added) == 2, "one for each logical flow of the ACL: new and established connections"
    assert all("192.0.2.7" in str(key) for key in added)


def test_a_chassis_without_the_network_has_only_fixed_flows() -> None:
    world = World()
    world.build.switch("net")
    world.build.port("net", "vm1", world.addresses(1))
    world.build.apply()
    world.plug("compute1", 1)
    assert len(world.stages["compute1"].flows()) > 100
    assert len(world.stages["compute2"].flows()) == 13, "defaults, and a tunnel to each other chassis"
    assert world.stages["compute2"].datapaths == {}


def test_claiming_a_port_translates_nothing_again() -> None:
    world = World()
    world.network(6)
    world.add_port(50)
    world.plug("compute2", 50)
    assert not any("logical_flow" in rule or "set_elements" in rule for rule, _ in world.shared.engine.ran)


@pytest.mark.parametrize("seed", range(6))
def test_any_way_to_a_state_gives_the_flows_of_a_start_from_it(seed: int) -> None:
    draw = random.Random(seed)
    world = World()
    world.network(9)
    plugged: dict[int, str] = {number: NODES[number % 3] for number in range(9)}
    for number in range(9, 40):
        match draw.randrange(4):
            case 0:
                world.add_port(number)
            case 1:
                world.add_port(number)
                node = draw.choice(NODES)
                world.plug(node, number)
                plugged[number] = node
            case 2 if plugged:
                gone = draw.choice(sorted(plugged))
                world.stages[plugged.pop(gone)].remove_interface(f"tap{gone}")
                world.claim()
            case _:
                moved = draw.choice(sorted(plugged)) if plugged else None
                if moved is not None:
                    world.stages[plugged[moved]].remove_interface(f"tap{moved}")
                    world.claim()
                    plugged[moved] = draw.choice(NODES)
                    world.plug(plugged[moved], moved)
    for name in NODES:
        stage = world.stages[name]
        zones = {row: stage.zone(row) for row in zone_users(world, stage)}
        again = ChassisStage(world.southbound, SharedTranslation(world.southbound), stage.here, lambda _: None, zones)
        for number, other in enumerate(NODES):
            if other != name:
                again.put_tunnel(Tunnel(chassis=identity(other).uuid, ofport=100 + number))
        for number, node in plugged.items():
            if node == name:
                again.put_interface(Interface(name=f"tap{number}", ofport=1000 + number, iface_id=f"vm{number}"))
        assert {format_flow(flow) for flow in again.flows()} == world.flows(name)
        assert told_flows(world.told[name]) == world.flows(name)


def zone_users(world: World, stage: ChassisStage) -> list[str]:
    ports = [row.logical_port for row in world.southbound.rows(PortBinding) if stage.zone(row.logical_port)]
    return ports + [f"{uuid}_{use}" for uuid in stage.datapaths for use in ("dnat", "snat")]


def told_flows(changes: list[FlowChange]) -> set[str]:
    """What a switch has that did as it was told."""
    flows: dict[object, Flow] = {}
    for old, new in changes:
        if new is not None:
            flows[new.identity] = new
        elif old is not None:
            del flows[old.identity]
    return {format_flow(flow) for flow in flows.values()}


def test_the_requested_chassis_alone_claims_a_port() -> None:
    world = World()
    world.build.switch("net")
    world.build.port("net", "vm1", world.addresses(1), options=Map({"requested-chassis": "compute2"}))
    world.build.apply()
    world.plug("compute1", 1)
    (port,) = world.southbound.find(port_binding_by_logical_port, "vm1")
    assert port.chassis is None
    world.plug("compute2", 1)
    (port,) = world.southbound.find(port_binding_by_logical_port, "vm1")
    assert port.chassis == identity("compute2").uuid


def test_a_switch_gets_one_flow_where_several_are_wanted() -> None:
    installer = Installer()
    drop = parse_flow("cookie=0x3, table=5, priority=7,ip actions=drop")
    allow = parse_flow("cookie=0x5, table=5, priority=7,ip actions=resubmit(,6)")
    other = parse_flow("cookie=0x4, table=5, priority=7,ip actions=resubmit(,7)")
    for flow in (drop, allow):
        installer.change(None, flow)
    assert installer.flush() == [FlowChange(None, allow)]
    installer.change(None, other)
    assert installer.flush() == [FlowChange(allow, other)], "of equal ones the lowest cookie"
    installer.change(other, None)
    installer.change(allow, None)
    assert installer.flush() == [FlowChange(other, drop)]
    installer.change(drop, None)
    assert installer.flush() == [FlowChange(drop, None)]
    assert installer.flows() == []


def test_conjunctions_of_several_logical_flows_are_joined() -> None:
    installer = Installer()
    first = parse_flow("table=5, priority=7,ip,nw_src=10.0.0.1 actions=conjunction(9,1/2)")
    second = replace(first, actions=parse_flow("actions=conjunction(4,2/3)").actions)
    installer.change(None, first)
    installer.change(None, second)
    (told,) = installer.flush()
    assert told.new is not None
    assert format_flow(told.new).endswith("actions=conjunction(4,2/3),conjunction(9,1/2)")
