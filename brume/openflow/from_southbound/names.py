"""What matches and actions may ask for by name, answered for one datapath, with every question recorded.

The facts stand behind derived values that hold only what flows depend on, so a port that is claimed by a chassis or
comes up makes no flow run again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from brume.derive.rules import derived
from brume.derive.view import View
from brume.expressions.shape import PORT_GROUP, shape_of
from brume.expressions.slots import references_in
from brume.openflow.registers import DNAT_ZONE, SNAT_ZONE
from brume.southbound.schema import (
    AddressSet,
    DatapathBinding,
    Meter,
    PortGroup,
    address_set_by_name,
    meter_by_name,
    multicast_group_by_name,
    port_binding_by_logical_port,
    port_group_by_name,
)


class DatapathFacts(NamedTuple):
    """What flows depend on in a Datapath_Binding."""

    key: int
    is_switch: bool
    common_nat_zone: str


class PortFacts(NamedTuple):
    """What flows depend on in a Port_Binding."""

    datapath: str
    key: int


@derived
def datapath_facts(view: View, uuid: str) -> DatapathFacts | None:
    """The facts about a datapath; None when it is not there."""
    row = view.get(DatapathBinding, uuid)
    if row is None:
        return None
    zone = SNAT_ZONE if "snat-ct-zone" in row.external_ids else DNAT_ZONE
    return DatapathFacts(row.tunnel_key, "logical-switch" in row.external_ids, zone)


@derived
def port_facts(view: View, name: str) -> PortFacts | None:
    """The facts about a logical port; None when it is not there."""
    row = view.one(port_binding_by_logical_port, name)
    return None if row is None else PortFacts(row.datapath, row.tunnel_key)


def meter_number(meter: Meter) -> int:
    """A meter's OpenFlow number: 31 bits of its uuid, the same on every chassis and every run."""
    return int(meter.uuid[:8], 16) & 0x7FFFFFFF or 1


class Names:
    """The lookups of one translation, on one datapath; residences are answered as `assumed` says."""

    __slots__ = ("asked", "assumed", "datapath", "facts", "view")

    def __init__(self, view: View, datapath: str, facts: DatapathFacts) -> None:
        self.view = view
        self.datapath = datapath
        self.facts = facts
        self.assumed: dict[str, bool] = {}
        self.asked: dict[str, None] = {}

    def port(self, name: str) -> int | None:
        """The tunnel key of a port or multicast group of this datapath."""
        if name == "none":
            return 0
        facts = port_facts(self.view, name)
        if facts is not None and facts.datapath == self.datapath:
            return facts.key
        group = self.view.one(multicast_group_by_name, (self.datapath, name))
        return None if group is None else group.tunnel_key

    def address_set(self, name: str) -> Collection[str] | None:
        """The addresses; None when there is no such set."""
        row = self.view.one(address_set_by_name, name)
        return None if row is None else self.view.members(AddressSet.addresses, row.uuid)

    def port_group(self, name: str) -> Collection[str] | None:
        """The ports of the group on this datapath: northd splits groups, as `<datapath key>_<name>`."""
        row = self._group_row(name)
        return None if row is None else self.view.members(PortGroup.ports, row.uuid)

    def _group_row(self, name: str) -> PortGroup | None:
        own = self.view.one(port_group_by_name, f"{self.facts.key}_{name}")
        return own if own is not None else self.view.one(port_group_by_name, name)

    def have_sets(self, match: str) -> bool:
        """Whether every set and group that a match mentions is there on this datapath; what is in them is not read."""
        return all(
            (self._group_row(one.name) if one.sigil == PORT_GROUP else self.view.one(address_set_by_name, one.name))
            is not None
            for one in references_in(shape_of(match))
        )

    def meter(self, name: str) -> int | None:
        """The number of a meter; None when there is no such meter, so that nothing is limited."""
        row = self.view.one(meter_by_name, name)
        return None if row is None else meter_number(row)

    def is_chassis_resident(self, port: str) -> bool:
        """What this translation assumes; see `residences`."""
        self.asked[port] = None
        return self.assumed.get(port, True)
