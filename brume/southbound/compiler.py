"""Compiler: keeps a southbound database equal to what the rules make of a northbound one. Our ovn-northd.

    compiler = Compiler(northbound, southbound)
    compiler.start()                              # full compile; keys of a southbound that is there already are kept
    northbound.subscribe(compiler.update)         # from now on, changes
    southbound.subscribe(compiler.observe)        # chassis that come and go

Rules:
  - Four steps, each only with what changed: facts, placements of ACLs, tunnel keys, southbound rows.
  - The compiler reads of the southbound only Chassis (which agents write), and writes only rows that rules made.
  - After an error nothing of the southbound has changed, and the next update takes up what is left.
"""

from __future__ import annotations

import gc
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from brume.derive.engine import Engine, OnFault, Reason
from brume.derive.rules import Problem
from brume.northbound.schema import (
    ACL,
    NAT,
    LogicalRouter,
    LogicalRouterPort,
    LogicalSwitch,
    LogicalSwitchPort,
    NBGlobal,
)
from brume.northbound.schema import PortGroup as NorthboundPortGroup
from brume.southbound.adoption import adopt
from brume.southbound.allocation import Allocator, KeyRequest, TunnelKey
from brume.southbound.from_northbound.facts.acls import AclPlacement, SwitchAcls
from brume.southbound.from_northbound.facts.groups import GroupPlacement
from brume.southbound.from_northbound.facts.nat import RouterHas, RouterNat
from brume.southbound.from_northbound.facts.ports import RouterPort, SwitchHas, SwitchPort
from brume.southbound.from_northbound.rules import FIRST_FACTS, SECOND_FACTS, SOUTHBOUND
from brume.southbound.schema import (
    AddressSet,
    Chassis,
    DatapathBinding,
    DHCPOptions,
    DHCPv6Options,
    HAChassis,
    HAChassisGroup,
    LogicalDPGroup,
    LogicalFlow,
    MulticastGroup,
    PortBinding,
    PortGroup,
    SBGlobal,
)
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row
from brume.values.uuids import derive_uuid

FACTS = (SwitchPort, SwitchHas, RouterPort, GroupPlacement, RouterNat, RouterHas, KeyRequest, Problem)
ACL_FACTS = (AclPlacement, SwitchAcls)
OBSERVED = (Chassis,)
"""What rules read of the southbound: rows that agents write."""
DERIVED: tuple[type[Row], ...] = (
    SBGlobal,
    DatapathBinding,
    PortBinding,
    LogicalFlow,
    LogicalDPGroup,
    MulticastGroup,
    AddressSet,
    PortGroup,
    HAChassisGroup,
    HAChassis,
    DHCPOptions,
    DHCPv6Options,
    Problem,
)
"""The tables that are the compiler's own: what no rule makes does not stay in them."""
DERIVED_SETS = (
    LogicalDPGroup.datapaths,
    MulticastGroup.ports,
    AddressSet.addresses,
    PortGroup.ports,
    HAChassisGroup.ha_chassis,
    PortBinding.requested_additional_chassis,
)
_ORIGINS: dict[type[Row], tuple[type[Row], str]] = {
    SwitchPort: (LogicalSwitchPort, "uuid"),
    SwitchHas: (LogicalSwitch, "switch"),
    SwitchAcls: (LogicalSwitch, "switch"),
    RouterPort: (LogicalRouterPort, "uuid"),
    RouterNat: (NAT, "uuid"),
    RouterHas: (LogicalRouter, "router"),
    AclPlacement: (ACL, "acl"),
    GroupPlacement: (NorthboundPortGroup, "group"),
}
"""Which northbound row a fact is about."""


class Compiler:
    """Derives `southbound` from `northbound`."""

    def __init__(self, northbound: Database, southbound: Database, on_fault: OnFault | None = None) -> None:
        self.northbound = northbound
        self.southbound = southbound
        self.allocator = Allocator()
        facts, placements = Database("facts"), Database("placements")
        self.facts = Engine([northbound], facts, FIRST_FACTS, on_fault)
        self.placements = Engine([northbound, facts], placements, SECOND_FACTS, on_fault)
        self.placements.view.claim(facts, *FACTS)
        self.engine = Engine([northbound, facts, placements], southbound, SOUTHBOUND, on_fault)
        self.engine.view.claim(facts, *FACTS)
        self.engine.view.claim(placements, *ACL_FACTS)
        self.engine.view.claim(self.allocator.keys, TunnelKey)
        self.engine.view.claim(southbound, *OBSERVED)

    def start(self) -> ChangeSet:
        """Compile everything. Tunnel keys that the southbound has stay, rows that no rule makes go.

        A southbound that ovn-northd wrote is taken over: see `adoption`.
        """
        self._require_global()
        with _no_collection():
            return self._start()

    def _require_global(self) -> None:
        """Make the row of settings if the northbound has none, as ovn-northd does."""
        if not self.northbound.table(NBGlobal).rows:
            transaction = Transaction()
            transaction.put(NBGlobal(uuid=derive_uuid("NB_Global")))
            self.northbound.apply(transaction)

    def _start(self) -> ChangeSet:
        if not any(self.southbound.table(row_type).rows for row_type in DERIVED):
            return self.update(self.northbound.snapshot())
        adopted = adopt(self.northbound, self.southbound)
        self.allocator.adopt(self.southbound.rows(DatapathBinding))
        self.allocator.adopt(self.southbound.rows(PortBinding))
        changes = self.update(self.northbound.snapshot())
        self.allocator.forget_adopted()
        return together(adopted, changes, self._remove_strangers())

    def update(self, changes: ChangeSet) -> ChangeSet:
        """Take in what changed in the northbound; returns what changed in the southbound."""
        facts = self.facts.update(changes)
        placements = self.placements.update(together(changes, facts))
        keys = self.allocator.update(facts)
        return self.engine.update(together(changes, facts, placements, keys))

    def observe(self, changes: ChangeSet) -> ChangeSet:
        """Take in what agents wrote into the southbound; returns what that changed there."""
        observed = ChangeSet([row for row in changes.rows if row.row_type in OBSERVED], [])
        return self.engine.update(observed) if observed else observed

    def because(self, output: Member | tuple[type[Row], Hashable]) -> tuple[Reason, ...]:
        """The rules that make a southbound row or member, and the northbound rows behind it."""
        return tuple(Reason(reason.rule, self._origin(reason.source)) for reason in self.engine.because(output))

    def _origin(self, source: Row | Member) -> Row | Member:
        """The northbound row that a fact is about; other sources are of the northbound themselves."""
        if isinstance(source, Member) or type(source) not in _ORIGINS:
            return source
        row_type, attribute = _ORIGINS[type(source)]
        return self.northbound.get(row_type, getattr(source, attribute)) or source

    def _remove_strangers(self) -> ChangeSet:
        """Delete rows and members of derived tables that no rule makes."""
        transaction = Transaction()
        for row_type in DERIVED:
            for key in self.southbound.table(row_type).rows:
                if not self.engine.because((row_type, key)):
                    transaction.delete(row_type, key)
        for relation in DERIVED_SETS:
            for member in self.southbound.all_members(relation):
                if not self.engine.because(member):
                    transaction.remove(*member)
        return self.southbound.apply(transaction)

    def ran(self) -> int:
        """How many rules the last update ran."""
        return len(self.facts.ran) + len(self.placements.ran) + len(self.engine.ran)


def together(*changes: ChangeSet) -> ChangeSet:
    """Several change sets as one."""
    return ChangeSet(
        [row for one in changes for row in one.rows], [member for one in changes for member in one.members]
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let the garbage collector rest: a full compile makes millions of objects and no garbage (a third of its time)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
