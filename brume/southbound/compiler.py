"""Compiler: keeps a southbound database equal to what the rules make of a northbound one. Our ovn-northd.

    compiler = Compiler(northbound, southbound)
    compiler.start()                              # full compile; keys of a southbound that is there already are kept
    northbound.subscribe(compiler.update)         # from now on, changes
    southbound.subscribe(compiler.observe)        # chassis that come and go, and where they see virtual ports
    compiler.put_right(now)                       # strangers in derived tables, derived rows changed by others

Rules:
  - Four steps, each only with what changed: facts, placements of ACLs, tunnel keys, southbound rows.
  - The compiler reads of the southbound only what agents write (Chassis, and what `observed` copies), and writes only
    rows that rules made.
  - After an error nothing of the southbound has changed, and the next update takes up what is left.
  - What others change in the compiler's own tables is put right (`put_right`, when `keeper.on_touch` says so).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property

from brume.derive.engine import Engine, OnFault, Reason
from brume.derive.keeper import Correction, Keeper
from brume.derive.rules import Problem
from brume.northbound.schema import (
    ACL,
    BFD,
    NAT,
    LoadBalancer,
    LogicalRouter,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    LogicalSwitch,
    LogicalSwitchPort,
    NBGlobal,
)
from brume.northbound.schema import PortGroup as NorthboundPortGroup
from brume.ovsdb.consequences import Consequences
from brume.ovsdb.store import Store
from brume.southbound.adoption import adopt
from brume.southbound.allocation import Allocator, KeyRequest, TunnelKey
from brume.southbound.from_northbound.facts.acls import AclPlacement, SwitchAcls
from brume.southbound.from_northbound.facts.balanced import FACTS as BALANCED
from brume.southbound.from_northbound.facts.balanced import (
    BalancerPlacement,
    OnSwitches,
    RouterVip,
    VipOnRouter,
    VipOnSwitch,
)
from brume.southbound.from_northbound.facts.bfd import BfdSession, source_ports
from brume.southbound.from_northbound.facts.groups import GroupPlacement
from brume.southbound.from_northbound.facts.load_balancers import BalancedVip
from brume.southbound.from_northbound.facts.multicast import JoinedGroup, group_numbers
from brume.southbound.from_northbound.facts.nat import RouterHas, RouterNat
from brume.southbound.from_northbound.facts.policies import EcmpPolicy
from brume.southbound.from_northbound.facts.ports import RouterPort, SwitchHas, SwitchPort
from brume.southbound.from_northbound.facts.probes import Probe
from brume.southbound.from_northbound.facts.relayed import RelayedGroup, RelayedPort
from brume.southbound.from_northbound.facts.routes import EcmpGroup, Route, RouteTableUse
from brume.southbound.from_northbound.facts.virtual_ports import VirtualPort
from brume.southbound.from_northbound.rules import FIRST_FACTS, SECOND_FACTS
from brume.southbound.from_northbound.rules import SOUTHBOUND as RULES
from brume.southbound.joined import Joined, JoinedPort
from brume.southbound.observed import Health, Places, VirtualPlace
from brume.southbound.schema import BFD as SouthboundBFD
from brume.southbound.schema import SOUTHBOUND, Chassis, DatapathBinding, MulticastGroup, PortBinding
from brume.southbound.strangers import DERIVED, belongs, is_free, is_free_member, may_be_free, remove_strangers
from brume.tables.changes import ChangeSet
from brume.tables.collector import without_collector
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row
from brume.values.uuids import derive_uuid

FACTS = (
    SwitchPort,
    SwitchHas,
    RouterPort,
    VirtualPort,
    JoinedGroup,
    GroupPlacement,
    RouterNat,
    RouterHas,
    BalancedVip,
    Route,
    RouteTableUse,
    EcmpPolicy,
    BfdSession,
    KeyRequest,
    Problem,
)
SECOND_FACTS_MADE = (AclPlacement, SwitchAcls, RelayedGroup, RelayedPort, EcmpGroup, Probe, *BALANCED)
OBSERVED = (Chassis,)
"""What rules read of the southbound: rows that agents write."""
_ORIGINS: dict[type[Row], tuple[type[Row], str]] = {
    SwitchPort: (LogicalSwitchPort, "uuid"),
    SwitchHas: (LogicalSwitch, "switch"),
    SwitchAcls: (LogicalSwitch, "switch"),
    RouterPort: (LogicalRouterPort, "uuid"),
    RouterNat: (NAT, "uuid"),
    RouterHas: (LogicalRouter, "router"),
    VirtualPort: (LogicalSwitchPort, "port"),
    JoinedGroup: (LogicalSwitch, "switch"),
    JoinedPort: (LogicalSwitchPort, "port"),
    RelayedGroup: (LogicalRouter, "router"),
    AclPlacement: (ACL, "acl"),
    BalancedVip: (LoadBalancer, "balancer"),
    VipOnSwitch: (LoadBalancer, "balancer"),
    VipOnRouter: (LoadBalancer, "balancer"),
    BalancerPlacement: (LoadBalancer, "balancer"),
    OnSwitches: (LoadBalancer, "balancer"),
    Probe: (LoadBalancer, "balancer"),
    RouterVip: (LogicalRouter, "router"),
    Route: (LogicalRouterStaticRoute, "uuid"),
    EcmpGroup: (LogicalRouterStaticRoute, "first"),
    BfdSession: (BFD, "session"),
    GroupPlacement: (NorthboundPortGroup, "group"),
}
"""Which northbound row a fact is about."""


class Compiler:
    """Derives `southbound` from `northbound`."""

    def __init__(
        self,
        northbound: Database,
        southbound: Database,
        on_fault: OnFault | None = None,
        store: Callable[[], Store] | None = None,
    ) -> None:
        """`store` gives the southbound as clients see it, if there is one already when it is first needed."""
        self.northbound = northbound
        self.southbound = southbound
        self.allocator = Allocator()
        self.places = Places(southbound)
        self.joined = Joined(southbound)
        facts, placements = Database("facts"), Database("placements")
        self.facts = Engine([northbound], facts, FIRST_FACTS, on_fault)
        self.placements = Engine([northbound, facts], placements, SECOND_FACTS, on_fault)
        self.placements.view.claim(facts, *FACTS)
        self.engine = Engine([northbound, facts, placements], southbound, RULES, on_fault, self._complete)
        self.keeper = Keeper(self.engine, belongs)
        self._store = store or (lambda: Store(southbound, SOUTHBOUND))
        self._is_taking_over = False
        self.engine.view.claim(facts, *FACTS)
        self.engine.view.claim(placements, *SECOND_FACTS_MADE)
        self.engine.view.claim(self.allocator.keys, TunnelKey)
        for engine in (self.facts, self.engine):
            engine.view.claim(self.joined.joined, JoinedPort)
        self.engine.view.claim(southbound, *OBSERVED)
        self.engine.view.claim(self.places.places, VirtualPlace, Health)

    def start(self) -> ChangeSet:
        """Compile everything. Tunnel keys that the southbound has stay, rows that no rule makes go.

        A southbound that ovn-northd wrote is taken over: see `adoption`.
        """
        self._require_global()
        with without_collector():  # a full compile makes millions of objects and no garbage
            changes = self._start()
        self.keeper.start()
        return changes

    def _require_global(self) -> None:
        """Make the row of settings if the northbound has none, as ovn-northd does."""
        if not self.northbound.table(NBGlobal).rows:
            transaction = Transaction()
            transaction.put(NBGlobal(uuid=derive_uuid("NB_Global")))
            self.northbound.apply(transaction)

    def _start(self) -> ChangeSet:
        if not any(self.southbound.table(row_type).rows for row_type in DERIVED):
            return self.update(together(self.northbound.snapshot(), self.joined.start()))
        adopted = adopt(self.northbound, self.southbound)
        self.allocator.adopt(self.southbound.rows(DatapathBinding))
        self.allocator.adopt(self.southbound.rows(PortBinding))
        self.allocator.adopt(group_numbers(self.southbound.rows(MulticastGroup)))
        self.allocator.adopt(source_ports(self.southbound.rows(SouthboundBFD)))
        self._is_taking_over = True
        self.places.start()
        changes = self.update(together(self.northbound.snapshot(), self.joined.start()))
        self._is_taking_over = False
        self.allocator.forget_adopted()
        return together(adopted, changes)

    def update(self, changes: ChangeSet) -> ChangeSet:
        """Take in what changed in the northbound; returns what changed in the southbound."""
        facts = self.facts.update(changes)
        placements = self.placements.update(together(changes, facts))
        keys = self.allocator.update(together(facts, placements))
        return self.engine.update(together(changes, facts, placements, keys))

    def observe(self, changes: ChangeSet) -> ChangeSet:
        """Take in what agents wrote into the southbound; returns what that changed there."""
        observed = ChangeSet([row for row in changes.rows if row.row_type in OBSERVED], [])
        observed = together(observed, self.places.update(changes))
        joined = self.joined.update(changes)
        if joined:
            return self.update(together(observed, joined))  # a group needs a number
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

    def put_right(self, now: float) -> list[Correction]:
        """Make true again what others changed of the derived rows; returns what that was."""
        return self.keeper.put_right(now)

    def _complete(self, transaction: Transaction) -> None:
        """What goes along with what the rules write: strangers at first, and always what hangs on rows that go."""
        if self._is_taking_over:
            remove_strangers(self.southbound, self.engine.makes, transaction)
        if any(row is None for row in transaction.rows.values()):
            for row, because in self._consequences.extend(transaction):
                self.keeper.removed(row, because)

    @cached_property
    def _consequences(self) -> Consequences:
        return Consequences(self._store(), is_free, is_free_member, may_be_free)

    def ran(self) -> int:
        """How many rules the last update ran."""
        return len(self.facts.ran) + len(self.placements.ran) + len(self.engine.ran)


def together(*changes: ChangeSet) -> ChangeSet:
    """Several change sets as one."""
    return ChangeSet(
        [row for one in changes for row in one.rows], [member for one in changes for member in one.members]
    )
