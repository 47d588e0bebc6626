"""Multicast snooping of a chassis: what it writes down, for how long it believes it, and whom it asks."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from brume.openflow.chassis.rows import Here
from brume.openflow.messages.fields import FIELDS
from brume.openflow.packet_in.dispatch import respond
from brume.openflow.packet_in.memberships import Memberships
from brume.openflow.packet_in.messages import BadPacketIn, LearnMembership, PacketIn, PacketOut
from brume.openflow.packet_in.opcodes import Opcode
from brume.openflow.registers import DATAPATH, INPORT, OUTPORT
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.igmp import ALL_REPORTS, TO_EXCLUDE, TO_INCLUDE, Record4, membership4, report
from brume.packets.ipv4 import IGMP, Ipv4
from brume.simulator.chassis_snooping import Snooper
from brume.simulator.clock import Scheduler
from brume.southbound.schema import DatapathBinding, IGMPGroup, IPMulticast, PortBinding
from brume.tables.database import Database, Transaction
from brume.values import Ipv4Address, MacAddress

GROUP, OTHER = Ipv4Address.parse("239.1.1.1"), Ipv4Address.parse("239.1.1.2")
MAC = MacAddress.parse("fa:16:3e:00:00:01")


class Switch:
    """A southbound with one switch that is snooped on, with two ports, and a chassis that snoops."""

    def __init__(self, **settings: object) -> None:
        self.southbound = Database("southbound")
        self.settings = IPMulticast(uuid="settings", datapath="switch", enabled=True, idle_timeout=60, **settings)  # type: ignore[arg-type]
        transaction = Transaction()
        transaction.put(DatapathBinding(uuid="switch", tunnel_key=7))
        for number in (1, 2):
            transaction.put(
                PortBinding(uuid=f"port{number}", logical_port=f"vm{number}", datapath="switch", tunnel_key=number)
            )
        transaction.put(self.settings)
        self.southbound.apply(transaction)
        self.scheduler = Scheduler()
        self.asked: list[float] = []
        self.sent: list[PacketOut] = []
        self.snooper = self.start()
        self.southbound.subscribe(lambda changes: self.snooper.southbound_changed(changes))

    def start(self) -> Snooper:
        here = Here(uuid="chassis", name="compute1")
        snooper = Snooper(self.southbound, here, self.scheduler, self.put_out)
        snooper.watch(["switch"])
        return snooper

    def put_out(self, packet: PacketOut) -> None:
        self.asked.append(self.scheduler.now())
        self.sent.append(packet)

    def say(self, port: int, *joined: Ipv4Address, left: tuple[Ipv4Address, ...] = (), asks: bool = False) -> None:
        self.snooper.learn(LearnMembership(7, port, joined, left, asks))

    def change(self, **columns: object) -> None:
        self.settings = replace(self.settings, **columns)
        transaction = Transaction()
        transaction.put(self.settings)
        self.southbound.apply(transaction)
        self.scheduler.run_for(0)

    def groups(self) -> dict[str, set[str]]:
        return {
            row.address: set(self.southbound.members(IGMPGroup.ports, row.uuid))
            for row in self.southbound.rows(IGMPGroup)
        }


def test_who_joins_is_written_down_until_it_leaves_or_is_silent() -> None:
    switch = Switch()
    switch.say(1, GROUP, OTHER)
    switch.say(2, GROUP)
    switch.say(2, asks=True)
    assert switch.groups() == {"239.1.1.1": {"port1", "port2"}, "239.1.1.2": {"port1"}, "mrouters": {"port2"}}
    switch.say(1, left=(GROUP,))
    assert switch.groups() == {"239.1.1.1": {"port2"}, "239.1.1.2": {"port1"}, "mrouters": {"port2"}}
    switch.scheduler.run_for(40)
    switch.say(1, OTHER)
    switch.scheduler.run_for(40)
    assert switch.groups() == {"239.1.1.2": {"port1"}}
    switch.scheduler.run_for(40)
    assert switch.groups() == {}
    assert len(switch.scheduler) == 0


@pytest.mark.parametrize("change", [{"enabled": False}, {"seq_no": 1}])
def test_a_switch_is_forgotten(change: dict[str, object]) -> None:
    """It is snooped on no more, or `ovn-sbctl ip-multicast-flush` was typed."""
    switch = Switch()
    switch.say(1, GROUP)
    switch.change(**change)
    assert switch.groups() == {}
    switch.say(1, GROUP)
    assert bool(switch.groups()) == ("seq_no" in change)


def test_a_switch_has_as_many_groups_as_it_may() -> None:
    switch = Switch(table_size=1)
    switch.say(1, GROUP, OTHER)
    switch.say(2, OTHER, asks=True)
    switch.say(2, GROUP)
    assert switch.groups() == {"239.1.1.1": {"port1", "port2"}, "mrouters": {"port2"}}


def test_what_an_earlier_run_wrote_goes() -> None:
    switch = Switch()
    switch.say(1, GROUP)
    switch.start()
    assert switch.groups() == {}
    switch.snooper.close()
    assert len(switch.scheduler) == 0


def test_a_querier_asks_as_often_as_it_is_told() -> None:
    told = {"querier": True, "eth_src": "00:00:00:00:00:09", "ip4_src": "10.0.0.9", "query_interval": 20}
    switch = Switch(**told, query_max_resp=2)
    switch.scheduler.run_for(50)
    assert switch.asked == [20, 40]
    header = Ipv4.parse(switch.sent[0].data, 14)
    assert (str(header.source), str(header.destination), header.ttl) == ("10.0.0.9", "224.0.0.1", 1)
    message = switch.sent[0].data[14 + header.size() :]
    assert membership4(message).asks
    assert message[1] == 20
    assert FIELDS[OUTPORT].get(switch.sent[0].key) == 32768
    switch.change(ip4_src="")
    switch.scheduler.run_for(50)
    assert len(switch.sent) == 2
    assert len(switch.scheduler) == 0


def test_a_querier_that_somebody_told_to_hurry_does_not_ask_without_end() -> None:
    told = {"querier": True, "eth_src": "00:00:00:00:00:09", "ip4_src": "10.0.0.9"}
    switch = Switch(**told, query_interval=-20, query_max_resp=-1)
    switch.scheduler.run_for(3.5)
    assert switch.asked == [1, 2, 3]


def packet_in(message: bytes) -> PacketIn:
    header = Ipv4(ttl=1, protocol=IGMP, source=Ipv4Address.parse("10.0.0.1"), destination=ALL_REPORTS)
    key = FIELDS[INPORT].set(FIELDS[DATAPATH].set(0, 7), 1)
    return PacketIn(stack(Ethernet(ALL_REPORTS_MAC, MAC), header, message), key, Opcode.IGMP.header)


ALL_REPORTS_MAC = MacAddress.parse("01:00:5e:00:00:16")


def test_a_report_is_learned_and_goes_on_to_multicast_routers() -> None:
    asked = packet_in(report(Record4(TO_EXCLUDE, group=GROUP), Record4(TO_INCLUDE, group=OTHER)))
    learned, onward = respond(asked)
    assert learned == LearnMembership(7, 1, (GROUP,), (OTHER,))
    assert isinstance(onward, PacketOut)
    assert onward.data == asked.data
    assert FIELDS[OUTPORT].get(onward.key) == 32770
    assert FIELDS[INPORT].get(onward.key) == 1


def test_what_is_garbled_says_nothing() -> None:
    with pytest.raises(BadPacketIn, match="checksum"):
        respond(packet_in(b"\x16\0\0\0\xef\1\1\1"))


def test_memberships_of_two_switches_are_two() -> None:
    memberships = Memberships()
    for datapath in (1, 2):
        assert memberships.learn(LearnMembership(datapath, 3, (GROUP,), ()), 10.0, 5) == {(datapath, "239.1.1.1")}
    assert memberships.learn(LearnMembership(1, 3, (GROUP,), ()), 20.0, 5) == set()
    assert memberships.next_time() == 10.0
    assert memberships.expire(15.0) == {(2, "239.1.1.1")}
    assert memberships.flush(1) == {(1, "239.1.1.1")}
    assert memberships.next_time() == float("inf")
