"""The logical network and the machines it runs on: NB, SB, the compiler between them, chassis, what lies outside.

    NB --Compiler--> SB --SharedTranslation--> chassis ==underlay== chassis
                      ^                           |
                      +-- claims, what is up -----+-- segment -- outside

Whoever writes NB is not its business: the cloud's compiler, a client on the wire, a test. Nothing here opens a socket
or a file; `scheduler` is moved by whoever has the time. Nothing is written before `start`, so NB and SB may be filled
(read from files) first: tunnel keys that SB has are kept.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cached_property, partial

from brume.derive.nodes import Instance
from brume.derive.rules import Problem
from brume.northbound.schema import NORTHBOUND
from brume.openflow.chassis.registration import identity
from brume.openflow.shared import SharedTranslation
from brume.ovsdb.store import Store
from brume.ovsdb.transact import transact
from brume.service.outside import Outside
from brume.simulator.chassis import Chassis, PhysicalNetwork
from brume.simulator.clock import Scheduler
from brume.simulator.underlay import Underlay
from brume.southbound.bfd_status import BfdStatus
from brume.southbound.compiler import Compiler
from brume.southbound.container_tags import ContainerTags
from brume.southbound.dynamic_addresses import DynamicAddresses
from brume.southbound.from_northbound.facts.settings import depends_on_ports_being_up
from brume.southbound.gateway_references import GatewayReferences
from brume.southbound.global_options import GlobalOptions
from brume.southbound.neighbor_aging import NeighborAging
from brume.southbound.physical_networks import unreachable
from brume.southbound.reports import Reports
from brume.southbound.schema import SOUTHBOUND
from brume.southbound.schema import Chassis as ChassisRow
from brume.tables.changes import ChangeSet
from brume.tables.database import Database
from brume.values import Ipv4Address, random_uuid

log = logging.getLogger(__name__)

FIRST_TUNNEL_ADDRESS = Ipv4Address.parse("192.168.56.11")
"""The first chassis's address on the underlay, as in the founding documents; the others follow."""
EXTERNAL_BRIDGE = "br-ex"
COMPILER_LOCK = "ovn_northd"
"""The lock that ovn-northd takes on SB: of all compilers of one SB, ours and real ones, one works, the others wait."""


def report_fault(instance: Instance, error: Exception) -> Problem:
    """A rule has a mistake: log it whole, and show it among what could not be derived."""
    log.error("rule %s failed for %s", instance.rule.name, instance.key, exc_info=error)
    return Problem(table=instance.rule.name, row=str(instance.key), message=f"{type(error).__name__}: {error}")


class LogicalNetwork:
    """Everything from NB down, in one process."""

    def __init__(self, scheduler: Scheduler, physical_network: str, *, compiles: bool = True) -> None:
        """With `compiles` False, another program (the real ovn-northd) keeps SB as NB says."""
        self.compiles = compiles
        self.scheduler = scheduler
        self.northbound, self.southbound = Database(NORTHBOUND.name), Database(SOUTHBOUND.name)
        self.compiler = Compiler(self.northbound, self.southbound, report_fault, lambda: self.southbound_store)
        self.container_tags = ContainerTags(self.northbound)
        self.dynamic_addresses = DynamicAddresses(self.northbound)
        self.global_options = GlobalOptions(self.northbound)
        self.underlay = Underlay(scheduler)
        self.outside = Outside(physical_network, scheduler)
        self.chassis: dict[str, Chassis] = {}
        self._reports_are_read = False
        self.committed = self.southbound
        """SB as others see it: what is reported of it to NB. Another database where SB is at a server elsewhere."""

    @cached_property
    def reports(self) -> Reports:
        """What NB is told of SB."""
        return Reports(self.northbound, self.committed, self.scheduler.now)

    @cached_property
    def bfd_status(self) -> BfdStatus:
        """What NB is told of BFD sessions."""
        return BfdStatus(self.northbound, self.committed)

    @cached_property
    def neighbor_aging(self) -> NeighborAging:
        """What routers forget."""
        return NeighborAging(self.northbound, self.southbound, self.scheduler.now, self.scheduler.call_at)

    @cached_property
    def gateway_references(self) -> GatewayReferences:
        """Who watches gateways."""
        return GatewayReferences(self.southbound)

    @cached_property
    def northbound_store(self) -> Store:
        """NB as clients on the wire see it; made when the first one asks, as an embedded cloud may have none."""
        return Store(self.northbound, NORTHBOUND)

    @cached_property
    def southbound_store(self) -> Store:
        """SB as clients on the wire see it."""
        return Store(self.southbound, SOUTHBOUND)

    def start(self, names: Iterable[str]) -> None:
        """Compile what NB has, follow it from now on, and bring up chassis of these names."""
        wanted = list(names)
        if self.committed is self.southbound:
            self._forget_chassis(wanted)
        if self.compiles:
            self._start_compiler()
        self.shared = SharedTranslation(self.southbound, report_fault)
        for number, name in enumerate(wanted):
            self.chassis[name] = self._make_chassis(name, Ipv4Address(FIRST_TUNNEL_ADDRESS.value + number))

    def _forget_chassis(self, wanted: list[str]) -> None:
        """Take away the rows of chassis that an earlier start had and this one has not: nobody shall wait for them.

        Those of other programs, which have uuids of their own, stay.
        """
        ours = [row.name for row in self.southbound.rows(ChassisRow) if row.uuid == identity(row.name).uuid]
        stale = [["name", "==", name] for name in ours if name not in wanted]
        deletions = [
            {"op": "delete", "table": table, "where": [condition]}
            for condition in stale
            for table in ("Chassis", "Chassis_Private")
        ]
        if deletions:
            transact(self.southbound_store, [SOUTHBOUND.name, *deletions], new_uuid=random_uuid)

    def _start_compiler(self) -> None:
        self.container_tags.start()
        self.dynamic_addresses.start()
        self.compiler.start()
        self.northbound.subscribe(self.container_tags.follow)
        self.northbound.subscribe(self.dynamic_addresses.follow)
        self.northbound.subscribe(self._compile)
        self.northbound.subscribe(self._reported)
        self.northbound.subscribe(self.global_options.follow)
        self.southbound.subscribe(self.compiler.observe)
        self.compiler.keeper.on_touch = lambda: self.scheduler.call_later(0, self._put_right)
        self.global_options.start()
        self.reports.start()
        self.bfd_status.start()
        self.gateway_references.start()
        self.southbound.subscribe(self.gateway_references.follow)
        self.neighbor_aging.start()
        self.northbound.subscribe(self.neighbor_aging.follow_northbound)
        self.southbound.subscribe(self.neighbor_aging.follow_southbound)
        self.committed.subscribe(self.reports.follow)
        self.committed.subscribe(self.bfd_status.follow)

    def _compile(self, changes: ChangeSet) -> None:
        if self.northbound.author is not self.reports:
            self.scheduler.catch_up()
            self.compiler.update(changes)
        elif self._rules_read_reports():  # in an event of its own: it may be the compiler's work that is reported
            self.scheduler.call_later(0, partial(self.compiler.update, changes))

    def _rules_read_reports(self) -> bool:
        """Whether a rule has ever read what is reported; mostly none does, and then nothing of it is compiled."""
        self._reports_are_read = self._reports_are_read or depends_on_ports_being_up(self.northbound)
        return self._reports_are_read

    def _reported(self, changes: ChangeSet) -> None:
        if self.reports.is_overwritten(changes):
            self.scheduler.call_later(0, self.reports.put_right)

    def _make_chassis(self, name: str, address: Ipv4Address) -> Chassis:
        physical = {self.outside.physical_network: PhysicalNetwork(EXTERNAL_BRIDGE, self.outside.segment)}
        made = Chassis(name, address, self.southbound, self.shared, self.scheduler, self.underlay, physical)
        made.controller.logged = logging.getLogger(f"acl_log.{name}").info  # in ovn-controller's words
        return made

    def _put_right(self) -> None:
        """After whoever changed a derived row of SB has been answered."""
        self.compiler.put_right(self.scheduler.now())

    def problems(self) -> list[Problem]:
        """What could not be derived, and why; and which ports lead to a network that is nowhere."""
        derived = [problem for stage in (self.southbound, self.shared.flows) for problem in stage.rows(Problem)]
        return [*derived, *unreachable(self.northbound, self.committed)]
