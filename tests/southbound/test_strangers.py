"""What others write into the compiler's own tables, and what they know of rows that go."""

from __future__ import annotations

from brume.northbound.schema import LogicalSwitch, LogicalSwitchPort
from brume.southbound.compiler import Compiler
from brume.southbound.schema import (
    SSL,
    AddressSet,
    DatapathBinding,
    LogicalFlow,
    MACBinding,
    PortBinding,
    SBGlobal,
    port_binding_by_logical_port,
)
from brume.tables.database import Database, Transaction
from brume.tables.row import Member
from tests.southbound.builder import chassis, uuid
from tests.southbound.test_compiler import Lab, network

NOW = 1_800_000_000.0


def copied(database: Database) -> Database:
    """The database as a file would keep it."""
    copy, transaction = Database(database.name), Transaction()
    changes = database.snapshot()
    for change in changes.rows:
        if change.row_type is not LogicalFlow:
            transaction.rows[change.row_type, change.key] = change.new
    for change in changes.members:
        transaction.add(*change.member)
    copy.apply(transaction)
    return copy


def contents(database: Database) -> tuple[dict[object, object], set[Member]]:
    changes = database.snapshot()
    return {(row.row_type, row.key): row.new for row in changes.rows}, {one.member for one in changes.members}


def binding(lab: Lab, port: str) -> PortBinding:
    (found,) = lab.southbound.find(port_binding_by_logical_port, port)
    return found


def test_strangers_go_and_changed_rows_come_back() -> None:
    lab = Lab(network(3))
    before = contents(lab.southbound)
    vm0, vm1 = binding(lab, "vm0"), binding(lab, "vm1")
    flow = lab.southbound.rows(LogicalFlow)[0]
    transaction = Transaction()
    transaction.put(DatapathBinding(uuid="stranger", tunnel_key=99))
    transaction.put(AddressSet(uuid="mine", name="mine"))
    transaction.add(AddressSet.addresses, "mine", "10.0.0.1")
    transaction.put(type(vm0)(**{**fields(vm0), "logical_port": "x", "tunnel_key": 77}))
    transaction.delete(PortBinding, vm1.uuid)
    transaction.delete(LogicalFlow, flow.key())
    lab.southbound.apply(transaction)
    made = lab.compiler.put_right(NOW)
    assert contents(lab.southbound) == before
    assert {one.action for one in made} == {"removed", "put back", "written again"}
    assert lab.compiler.put_right(NOW) == []


def test_what_nodes_report_is_theirs() -> None:
    lab = Lab(network(2), chassis("compute1"))
    row = binding(lab, "vm0")
    transaction = Transaction()
    settings = lab.southbound.rows(SBGlobal)[0]
    transaction.put(SSL(uuid="ssl", private_key="k", certificate="c", ca_cert="a"))
    transaction.put(type(settings)(**{**fields(settings), "ssl": "ssl"}))
    transaction.put(type(row)(**{**fields(row), "up": True, "chassis": uuid("chassis", "compute1")}))
    lab.southbound.apply(transaction)
    assert lab.compiler.put_right(NOW) == []
    assert binding(lab, "vm0").up
    assert lab.southbound.rows(SBGlobal)[0].ssl == "ssl"


def fields(row: object) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}  # type: ignore[attr-defined]


def test_neighbours_of_a_router_that_goes_go_with_it() -> None:
    build = network(1)
    build.switch("other")
    lab = Lab(build)
    transaction = Transaction()
    for name in ("net", "other"):
        row = MACBinding(uuid=name, logical_port="x", ip="10.0.0.1", mac="m", datapath=uuid("switch", name))
        transaction.put(row)
    lab.southbound.apply(transaction)
    transaction = Transaction()
    transaction.delete(LogicalSwitch, uuid("switch", "other"))
    lab.northbound.apply(transaction)
    assert [row.uuid for row in lab.southbound.rows(MACBinding)] == ["net"]


def test_an_additional_chassis_of_a_port_that_goes_leaves_nothing_behind() -> None:
    lab = Lab(network(2), chassis("compute1"))
    transaction = Transaction()
    transaction.add(PortBinding.additional_chassis, uuid("port", "vm0"), uuid("chassis", "compute1"))
    lab.southbound.apply(transaction)
    transaction = Transaction()
    transaction.delete(LogicalSwitchPort, uuid("port", "vm0"))
    transaction.remove(LogicalSwitch.ports, uuid("switch", "net"), uuid("port", "vm0"))
    lab.northbound.apply(transaction)
    assert not list(lab.southbound.all_members(PortBinding.additional_chassis))


def test_a_southbound_from_a_file_keeps_its_keys_and_is_made_true_in_one_transaction() -> None:
    lab = Lab(network(3))
    transaction = Transaction()
    transaction.delete(LogicalSwitchPort, uuid("port", "vm0"))
    transaction.remove(LogicalSwitch.ports, uuid("switch", "net"), uuid("port", "vm0"))
    old = copied(lab.southbound)
    lab.northbound.apply(transaction)
    keys = {row.logical_port: row.tunnel_key for row in lab.southbound.rows(PortBinding)}
    heard: list[object] = []
    old.subscribe(heard.append)
    Compiler(lab.northbound, old).start()
    assert {row.logical_port: row.tunnel_key for row in old.rows(PortBinding)} == keys == {"vm1": 2, "vm2": 3}
    assert contents(old) == contents(lab.southbound)
    assert len(heard) == 1
