"""Strangers: what is in the compiler's own tables of the southbound and no rule makes. As with northd, it goes.

The other tables are the nodes': chassis, neighbours they learned, what they report. Rows there stay, but for those that
cannot be without a derived row that goes (the neighbours of a deleted router).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

from brume.derive.rules import Output, Problem
from brume.southbound.schema import (
    BFD,
    DNS,
    AddressSet,
    DatapathBinding,
    DHCPOptions,
    DHCPv6Options,
    HAChassis,
    HAChassisGroup,
    IPMulticast,
    LoadBalancer,
    LogicalDPGroup,
    LogicalFlow,
    Meter,
    MeterBand,
    Mirror,
    MulticastGroup,
    PortBinding,
    PortGroup,
    RBACPermission,
    RBACRole,
    SBGlobal,
    ServiceMonitor,
    StaticMACBinding,
)
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Row

DERIVED: Final[tuple[type[Row], ...]] = (
    SBGlobal,
    DatapathBinding,
    PortBinding,
    LogicalFlow,
    LogicalDPGroup,
    LoadBalancer,
    MulticastGroup,
    AddressSet,
    PortGroup,
    HAChassisGroup,
    HAChassis,
    DHCPOptions,
    DHCPv6Options,
    DNS,
    StaticMACBinding,
    BFD,
    ServiceMonitor,
    Meter,
    MeterBand,
    Mirror,
    IPMulticast,
    RBACRole,
    RBACPermission,
    Problem,
)
"""The tables that are the compiler's own."""
DERIVED_SETS: Final = (
    LogicalDPGroup.datapaths,
    MulticastGroup.ports,
    AddressSet.addresses,
    PortGroup.ports,
    HAChassisGroup.ha_chassis,
    PortBinding.requested_additional_chassis,
    DNS.datapaths,
    Meter.bands,
    PortBinding.mirror_rules,
)
_TABLES: Final = frozenset(DERIVED)
_SETS: Final = frozenset(DERIVED_SETS)


def belongs(output: Output) -> bool:
    """Whether a row or an element is the compiler's own, so that it goes if no rule makes it."""
    return output.relation in _SETS if isinstance(output, Member) else type(output) in _TABLES


def is_free(row_type: type[Row], key: Hashable) -> bool:
    """Whether a row is the nodes'."""
    return may_be_free(row_type)


def may_be_free(row_type: type[Row]) -> bool:
    """Whether a table is the nodes'."""
    return row_type not in _TABLES


def is_free_member(member: Member) -> bool:
    """Whether an element is the nodes'."""
    return member.relation not in _SETS


def remove_strangers(southbound: Database, makes: Callable[[Any], bool], transaction: Transaction) -> None:
    """Delete rows and elements of derived tables that no rule makes."""
    for row_type in DERIVED:
        for key in southbound.table(row_type).rows:
            if not makes((row_type, key)):
                transaction.delete(row_type, key)
    for relation in DERIVED_SETS:
        for member in southbound.all_members(relation):
            if not makes(member):
                transaction.remove(*member)
