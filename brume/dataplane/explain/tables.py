"""A path's tables in words: stage, flow, what changed, and the rows behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from brume.dataplane.explain.explanation import Because, Changed, TableStep
from brume.dataplane.explain.journey import INTEGRATION, Hop
from brume.dataplane.explain.paths import Path, Visit
from brume.dataplane.explain.provenance import DATAPATH, Datapath, Origin, Provenance
from brume.dataplane.trace import Change, Looked, Told, Tracked
from brume.openflow.messages.field_text import format_value
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.flow_text import format_flow
from brume.openflow.registers import INPORT, OUTPORT
from brume.openflow.tables import PURPOSES, Table
from brume.southbound.pipeline import ROUTER_IN, ROUTER_OUT, SWITCH_IN, SWITCH_OUT, Stage

HEADERS: Final = {
    "eth_src": "source MAC",
    "eth_dst": "destination MAC",
    "vlan_tci": "VLAN tag",
    "ip_src": "source",
    "ip_dst": "destination",
    "ipv6_src": "source",
    "ipv6_dst": "destination",
    "nw_ttl": "TTL",
    "nw_tos": "DSCP",
    "nw_proto": "protocol",
    "tcp_src": "source port",
    "tcp_dst": "destination port",
    "udp_src": "source port",
    "udp_dst": "destination port",
    "icmp_type": "ICMP type",
    "icmp_code": "ICMP code",
    "icmpv6_type": "ICMPv6 type",
    "icmpv6_code": "ICMPv6 code",
    "nd_target": "target of neighbour discovery",
    "nd_sll": "source MAC of neighbour discovery",
    "nd_tll": "target MAC of neighbour discovery",
    "arp_op": "ARP operation",
    "arp_spa": "ARP sender",
    "arp_tpa": "ARP target",
    "arp_sha": "ARP sender MAC",
    "arp_tha": "ARP target MAC",
}
"""Fields of headers, and what to call them."""
LOGICAL: Final = {DATAPATH.name: "datapath", INPORT: "inport", OUTPORT: "outport"}
STATE: Final = "ct_state"
DECIDING: Final = frozenset(
    stage.title
    for stage in (
        SWITCH_IN.ACL,
        SWITCH_IN.ACL_AFTER_LB,
        SWITCH_OUT.ACL,
        SWITCH_IN.L2_LKUP,
        ROUTER_IN.IP_ROUTING,
        ROUTER_IN.UNSNAT,
        ROUTER_IN.DNAT,
        ROUTER_OUT.UNDNAT,
        ROUTER_OUT.SNAT,
    )
)
"""Stages that decide something a tenant asked for; shown when their flow is somebody's, not the default."""
PHYSICAL_SHOWN: Final = frozenset((Table.PHYSICAL_TO_LOGICAL, Table.LOGICAL_TO_PHYSICAL))
OWNED: Final = frozenset(("ACL", "NAT", "Logical_Router_Static_Route", "Logical_Switch_Port", "Logical_Router_Port"))


class Tables:
    """Makes table steps of paths."""

    def __init__(self, provenance: Provenance) -> None:
        self.provenance = provenance

    def steps(self, hop: Hop, path: Path) -> tuple[TableStep, ...]:
        """Every table of the path."""
        last = len(path.visits) - 1
        return tuple(self._step(hop, path, index, index == last) for index in range(len(path.visits)))

    def datapath_of(self, looked: Looked) -> Datapath | None:
        """The datapath a packet is in when it comes to a table."""
        if looked.bridge != INTEGRATION:
            return None
        return self.provenance.datapath(DATAPATH.get(looked.key))

    def _step(self, hop: Hop, path: Path, index: int, last: bool) -> TableStep:
        visit = path.visits[index]
        looked, changed = visit.looked, path.changes_at(index)
        datapath = self.datapath_of(looked)
        following = self._following(path, index)
        stage = self.provenance.stage(datapath, looked.table) if looked.bridge == INTEGRATION else None
        notable = self._notable(changed, datapath, following, FIELDS[INPORT].get(_next_key(path, index)))
        because = self.because(looked, following if looked.table == 0 else datapath)
        tracked = tuple(_tracking(one) for one in visit.tracked)
        ends_here = last and (path.end is None or isinstance(path.end, Told))
        return TableStep(
            chassis=hop.chassis,
            bridge=looked.bridge,
            table=looked.table,
            title=self._title(looked, stage),
            purpose=_purpose(looked, stage),
            datapath=str(datapath) if datapath is not None else "",
            pipeline=stage.pipeline if stage is not None else "",
            flow=None if looked.flow is None else format_flow(looked.flow),
            changes=tuple(map(str, changed)),
            notable=notable,
            because=because,
            helpers=tuple(self._helper(hop, one, datapath) for one in visit.helpers),
            headers=header_changes(changed),
            tracked=tracked,
            shown=ends_here or _is_shown(visit, stage, notable, because),
        )

    def _helper(self, hop: Hop, looked: Looked, datapath: Datapath | None) -> TableStep:
        changed = tuple(change for act in looked.steps for change in getattr(act, "changes", ()))
        return TableStep(
            chassis=hop.chassis,
            bridge=looked.bridge,
            table=looked.table,
            title=self._title(looked, None),
            purpose=_purpose(looked, None),
            datapath=str(datapath) if datapath is not None else "",
            pipeline="",
            flow=None if looked.flow is None else format_flow(looked.flow),
            changes=tuple(map(str, changed)),
            notable=tuple(self._in_words(change, datapath, datapath) for change in changed if _is_notable(change)),
            because=self.because(looked, datapath),
            shown=looked.flow is not None and looked.table == Table.MAC_BINDING,
        )

    def _notable(
        self, changed: Sequence[Change], before: Datapath | None, after: Datapath | None, inport: int
    ) -> tuple[str, ...]:
        """Changes of headers and of logical place; entering another datapath is one of them, not four."""
        if any(change.field is DATAPATH for change in changed) and after is not None:
            headers = [change for change in changed if change.field.name in HEADERS]
            entered = f"enters {after} by {self._port(after, inport)}"
            return (entered, *(self._in_words(change, before, after) for change in headers))
        return tuple(self._in_words(change, before, after) for change in changed if _is_notable(change))

    def _following(self, path: Path, index: int) -> Datapath | None:
        after = path.visits[index + 1 : index + 2]
        return self.datapath_of(after[0].looked) if after else self.datapath_of(path.visits[index].looked)

    @staticmethod
    def _title(looked: Looked, stage: Stage | None) -> str:
        if looked.bridge != INTEGRATION:
            return "normal"
        if stage is not None:
            return stage.title
        return Table(looked.table).name.lower() if looked.table in Table._value2member_map_ else "?"

    # rows behind a flow

    def because(self, looked: Looked, datapath: Datapath | None) -> tuple[Because, ...]:
        """The rows a flow was made of, southbound first."""
        return tuple(
            Because(one.stage, one.table, one.identity, one.label, one.request)
            for one in self.origins(looked, datapath)
        )

    def origins(self, looked: Looked, datapath: Datapath | None) -> tuple[Origin, ...]:
        """The same with the rows themselves."""
        if looked.flow is None or looked.bridge != INTEGRATION:
            return ()
        row = self.provenance.logical_flow(datapath, looked.flow)
        found = row if row is not None else self.provenance.physical_row(datapath, looked.flow)
        return () if found is None else self.provenance.chain(found)

    def _in_words(self, change: Change, before: Datapath | None, after: Datapath | None) -> str:
        name = LOGICAL.get(change.field.name)
        if name is None:
            return f"{change.field.name}: {_value(change, change.before)} -> {_value(change, change.after)}"
        old, new = self._port(before, change.before), self._port(after, change.after)
        return f"{name}: {old} -> {new}"

    def _port(self, datapath: Datapath | None, key: int) -> str:
        if not key:
            return "none"
        found = self.provenance.port(datapath, key)
        return found.label if found is not None else str(key)


def _next_key(path: Path, index: int) -> int:
    after = path.visits[index + 1 : index + 2]
    return after[0].looked.key if after else path.visits[index].looked.key


def header_changes(changed: Sequence[Change]) -> tuple[Changed, ...]:
    """Those of header fields."""
    return tuple(
        Changed(one.field.name, _value(one, one.before), _value(one, one.after))
        for one in changed
        if one.field.name in HEADERS
    )


def _value(change: Change, value: int) -> str:
    if change.field.name == STATE and not value:
        return "none"
    return format_value(change.field, value)


def _is_notable(change: Change) -> bool:
    return change.field.name in HEADERS or change.field.name in LOGICAL or change.field.name in (STATE, "tun_id")


def _purpose(looked: Looked, stage: Stage | None) -> str:
    if stage is not None:
        return stage.purpose
    if looked.bridge != INTEGRATION:
        return "an ordinary learning switch"
    return PURPOSES[Table(looked.table)] if looked.table in Table._value2member_map_ else ""


def _tracking(tracked: Tracked) -> str:
    """A connection tracking step: what it found, what it translated, what it remembers."""
    what = "commits the connection" if tracked.commit else "looks the connection up"
    return f"{what} in zone {tracked.zone}"


def _is_shown(visit: Visit, stage: Stage | None, notable: Sequence[str], because: Sequence[Because]) -> bool:
    """Whether a teacher would stop here."""
    looked = visit.looked
    if stage is None:
        if looked.table == Table.REMOTE_OUTPUT:
            return looked.flow is not None and looked.flow.priority > 0
        return looked.bridge != INTEGRATION or looked.table in PHYSICAL_SHOWN
    if any(one.partition(":")[0] in HEADERS or one.startswith("outport") for one in notable) or visit.tracked:
        return True
    owned = any(one.table in OWNED for one in because)
    return stage.title in DECIDING and owned
