"""A cloud in virtual time out of a recorded southbound database: real northd's logical flows, our chassis and hosts."""

from __future__ import annotations

from msgspec.structs import replace

from brume.openflow.chassis.registration import identity
from brume.openflow.shared import SharedTranslation
from brume.simulator.chassis import Chassis, PhysicalNetwork
from brume.simulator.clock import Scheduler
from brume.simulator.host import Host
from brume.simulator.underlay import Underlay
from brume.simulator.wire import Segment
from brume.southbound.schema import Chassis as ChassisRow
from brume.southbound.schema import Encap, HAChassis, MACBinding, PortBinding
from brume.tables.database import Transaction
from brume.values import InterfaceAddress, Ipv4Address, MacAddress, parse_address
from tests.openflow.recorded import Recorded

ADDRESSES = {"hv1": "192.0.2.1", "hv2": "192.0.2.2"}


class Cloud:
    """Two chassis, hv1 and hv2, and a physical network with whoever a test puts there."""

    def __init__(self, network: str) -> None:
        self.recorded = Recorded(network)
        self.southbound = self.recorded.southbound
        self._unbind()
        self.scheduler = Scheduler()
        self.underlay = Underlay(self.scheduler)
        self.shared = SharedTranslation(self.southbound)
        self.outside = Segment(self.scheduler)
        self.physical = {"physnet1": PhysicalNetwork("br-ex", self.outside)}
        self.chassis = {name: self.start(name) for name in ADDRESSES}
        self.hosts: dict[str, Host] = {}

    def start(self, name: str) -> Chassis:
        address = Ipv4Address.parse(ADDRESSES[name])
        return Chassis(name, address, self.southbound, self.shared, self.scheduler, self.underlay, self.physical)

    def host(self, port: str, chassis: str, mac: str) -> Host:
        """A machine behind a logical port."""
        host = Host(port, MacAddress.parse(mac), self.scheduler, lambda frame: None)
        host.send = self.chassis[chassis].plug(port, host.receive)
        self.hosts[port] = host
        return host

    def outsider(self, name: str, mac: str, address: str, gateway: str | None = None) -> Host:
        """A machine on the physical network."""
        host = Host(name, MacAddress.parse(mac), self.scheduler, lambda frame: None)
        host.send = self.outside.attach(host.receive).send
        host.add_address(InterfaceAddress.parse(address), None if gateway is None else parse_address(gateway))
        return host

    def settle(self, seconds: float = 5.0) -> None:
        self.scheduler.run_for(seconds)

    def _unbind(self) -> None:
        """Nobody has claimed anything, and nothing is learned."""
        transaction = Transaction()
        names = {row.uuid: row.name for row in self.southbound.rows(ChassisRow)}
        for kind in (ChassisRow, Encap, MACBinding):
            for row in self.southbound.rows(kind):
                transaction.delete(kind, row.key())
        for port in self.southbound.rows(PortBinding):
            transaction.put(replace(port, chassis=None, up=False, tag=None))
        for member in self.southbound.rows(HAChassis):
            name = names.get(member.chassis or "")
            transaction.put(replace(member, chassis=None if name is None else identity(name).uuid))
        self.southbound.apply(transaction)
