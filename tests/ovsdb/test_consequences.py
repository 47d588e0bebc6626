"""What goes along when rules write beside rows of others. Rows whose uuid begins with a 0 are the rules'."""

from __future__ import annotations

from collections.abc import Hashable

import pytest

from brume.northbound.schema import (
    ACL,
    NAT,
    NORTHBOUND,
    AddressSet,
    LogicalRouter,
    LogicalRouterPort,
    LogicalSwitch,
    LogicalSwitchPort,
    Meter,
    MeterBand,
    PortGroup,
)
from brume.ovsdb.consequences import Consequences, Removed
from brume.ovsdb.store import Store
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row


def is_free(row_type: type[Row], key: Hashable) -> bool:
    return not str(key).startswith("0")


def is_free_member(member: Member) -> bool:
    return not (str(member.parent).startswith("0") and str(member.child).startswith("0"))


class Lab:
    """A northbound that rules and others write into."""

    def __init__(self, *rows: Row, members: tuple[Member, ...] = ()) -> None:
        self.database = Database("northbound")
        self.consequences = Consequences(Store(self.database, NORTHBOUND), is_free, is_free_member)
        transaction = Transaction()
        for row in rows:
            transaction.put(row)
        for member in members:
            transaction.add(*member)
        self.database.apply(transaction)

    def write(self, *rows: Row, deleted: tuple[Row, ...] = (), removed: tuple[Member, ...] = ()) -> list[Removed]:
        transaction = Transaction()
        for row in rows:
            transaction.put(row)
        for row in deleted:
            transaction.delete(type(row), row.key())
        for member in removed:
            transaction.remove(*member)
        found = self.consequences.extend(transaction)
        self.database.apply(transaction)
        return found

    def uuids(self) -> set[str]:
        return {str(change.key) for change in self.database.snapshot().rows}


def acl(uuid: str) -> ACL:
    return ACL(uuid=uuid, priority=1, direction="to-lport", match="ip4", action="drop")


SWITCH = LogicalSwitch(uuid="0s", name="s")


def test_a_chain_of_rows_that_only_a_deleted_row_held_goes() -> None:
    band, meter = MeterBand(uuid="band", rate=1), Meter(uuid="0meter", name="m", unit="pktps")
    lab = Lab(meter, band, members=(Member(Meter.bands, "0meter", "band"),))
    assert [one.row for one in lab.write(deleted=(meter,))] == [band]
    assert lab.uuids() == set()
    assert lab.database.owners(Meter.bands, "band") == ()


def test_a_row_that_another_one_holds_stays() -> None:
    lab = Lab(
        SWITCH,
        PortGroup(uuid="g", name="g"),
        acl("a"),
        members=(Member(LogicalSwitch.acls, "0s", "a"), Member(PortGroup.acls, "g", "a")),
    )
    assert lab.write(deleted=(SWITCH,)) == []
    assert lab.database.owners(PortGroup.acls, "a") == ("g",)
    assert lab.database.owners(LogicalSwitch.acls, "a") == ()


def test_a_row_that_cannot_be_without_what_goes_goes_too() -> None:
    band, meter = MeterBand(uuid="0band", rate=1), Meter(uuid="meter", name="m", unit="pktps")
    lab = Lab(meter, band, members=(Member(Meter.bands, "meter", "0band"),))
    (removed,) = lab.write(deleted=(band,))
    assert removed == Removed(meter, "Meter_Band 0band is gone")
    assert lab.uuids() == set()


def test_one_of_several_may_go() -> None:
    meter = Meter(uuid="meter", name="m", unit="pktps")
    bands = (MeterBand(uuid="0band", rate=1), MeterBand(uuid="band", rate=2))
    lab = Lab(meter, *bands, members=tuple(Member(Meter.bands, "meter", band.uuid) for band in bands))
    assert lab.write(deleted=bands[:1]) == []
    assert lab.database.members(Meter.bands, "meter") == ("band",)


@pytest.mark.parametrize("column", ["allowed_ext_ips", "gateway_port"])
def test_a_field_loses_a_reference_it_can_be_without(column: str) -> None:
    target: Row = AddressSet(uuid="0t", name="t")
    if column == "gateway_port":
        target = LogicalRouterPort(uuid="0t", name="t", mac="m", networks=frozenset(("n",)))
    nat = NAT(uuid="n", type="snat", external_ip="1", logical_ip="2", **{column: "0t"})
    lab = Lab(LogicalRouter(uuid="r", name="r"), nat, target, members=(Member(LogicalRouter.nat, "r", "n"),))
    assert lab.write(deleted=(target,)) == []
    found = lab.database.get(NAT, "n")
    assert found is not None
    assert getattr(found, column) is None


def test_who_holds_the_name_of_a_written_row_goes_with_what_it_held() -> None:
    group, child = PortGroup(uuid="mine", name="web"), acl("a")
    lab = Lab(group, child, members=(Member(PortGroup.acls, "mine", "a"),))
    removed = lab.write(PortGroup(uuid="0theirs", name="web"))
    assert [one.row for one in removed] == [group, child]
    assert removed[0].because == "web is the name of a row that the rules make"
    assert lab.uuids() == {"0theirs"}


def test_rows_and_elements_of_the_rules_are_left_to_the_rules() -> None:
    port = LogicalSwitchPort(uuid="0p", name="p")
    member = Member(LogicalSwitch.ports, "0s", "0p")
    lab = Lab(SWITCH, port, members=(member,))
    assert lab.write(deleted=(SWITCH,)) == []
    assert lab.uuids() == {"0p"}
    assert lab.database.owners(LogicalSwitch.ports, "0p") == ("0s",)
