"""One packet's way, step by step, as an immutable tree; and the way to get it without leaving a mark.

    Looked(bridge, table, flow)            a table was asked; flow None is a table miss
      Acted(action, changes)               each action of the flow, with the fields it changed
        Looked / Tracked / Sent / ...      what the action led to
    Looked(bridge, next table, ...)        a resubmit that was the flow's last action: the way goes on beside it
    Tracked(zone, ..., changes, table)     a ct action; what follows in `table` is inside
    Sent, Tunnelled, Told, Dropped         ends

What it means to a user (whose flow this is, what would let the packet through) is told elsewhere, from the flows'
cookies. Counters, connections, learned addresses and the cache are as they were before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from brume.dataplane.conntrack.tracker import Conntrack
from brume.dataplane.flow_tables import FlowTables
from brume.dataplane.result import PacketIn, Result
from brume.dataplane.tunnels import Encapsulated
from brume.openflow.messages.actions import Action
from brume.openflow.messages.field_text import format_value
from brume.openflow.messages.fields import FIELDS, Field
from brume.openflow.messages.flow import Flow

if TYPE_CHECKING:
    from brume.dataplane.switch import Switch


class Change(msgspec.Struct, frozen=True):
    """A field's value before and after."""

    field: Field
    before: int
    after: int

    def __str__(self) -> str:
        before, after = (format_value(self.field, value) for value in (self.before, self.after))
        return f"{self.field.name}: {before} -> {after}"


class Looked(msgspec.Struct, frozen=True):
    """A table was asked for the packet's flow."""

    bridge: str
    table: int
    key: int
    flow: Flow | None
    steps: tuple[Node, ...] = ()


class Acted(msgspec.Struct, frozen=True):
    """One action. `changes` are all between before and after it, those of tables it led to and kept included."""

    action: Action
    changes: tuple[Change, ...]
    steps: tuple[Node, ...] = ()


class Tracked(msgspec.Struct, frozen=True):
    """What connection tracking found and did; `table` None: only committed, the packet goes on as it was."""

    zone: int
    commit: bool
    changes: tuple[Change, ...]
    table: int | None
    steps: tuple[Node, ...] = ()


class Sent(msgspec.Struct, frozen=True):
    """A frame left by a port (or, kind patch, entered the next bridge)."""

    bridge: str
    port: int
    name: str
    kind: str
    frame: bytes


class Tunnelled(msgspec.Struct, frozen=True):
    """A frame left by a tunnel port."""

    bridge: str
    port: int
    name: str
    packet: Encapsulated


class Told(msgspec.Struct, frozen=True):
    """A packet-in."""

    packet_in: PacketIn


class Dropped(msgspec.Struct, frozen=True):
    """A branch ended here, with nothing sent."""

    reason: str


Node = Looked | Acted | Tracked | Sent | Tunnelled | Told | Dropped

# fields that are each a whole slot, or the view of one that a reader expects; registers singly
_SHOWN: Final = tuple(
    FIELDS[name]
    for name in (
        "in_port", "metadata", *(f"reg{i}" for i in range(16)), "tun_id", "tun_src", "tun_dst", "tun_metadata0",
        "pkt_mark", "ct_state", "ct_zone", "ct_mark", "ct_label", "ct_nw_proto", "ct_nw_src", "ct_nw_dst",
        "ct_ipv6_src", "ct_ipv6_dst", "ct_tp_src", "ct_tp_dst", "eth_src", "eth_dst", "eth_type", "vlan_tci",
    )
)  # fmt: skip
_IP4: Final = ("ip_src", "ip_dst", "nw_proto", "nw_tos", "nw_ecn", "nw_ttl", "ip_frag")
_IP6: Final = ("ipv6_src", "ipv6_dst", "ipv6_label", *_IP4[2:])
_ARP: Final = ("arp_op", "arp_spa", "arp_tpa", "arp_sha", "arp_tha")
_ND: Final = ("icmpv6_type", "icmpv6_code", "nd_target", "nd_sll", "nd_tll", "nd_reserved")
_TRANSPORT: Final = {
    (4, 1): ("icmp_type", "icmp_code"),
    (6, 58): _ND,
    6: ("tcp_src", "tcp_dst", "tcp_flags"),
    17: ("udp_src", "udp_dst"),
    132: ("sctp_src", "sctp_dst"),
}


def header_fields(key: int) -> tuple[Field, ...]:
    """The header fields a packet with this key has, under the names fit for its protocols."""
    kind, protocol = FIELDS["eth_type"].get(key), FIELDS["nw_proto"].get(key)
    if kind in (0x0806, 0x8035):
        names: tuple[str, ...] = _ARP
    elif kind in (0x0800, 0x86DD):
        version = 4 if kind == 0x0800 else 6
        transport = _TRANSPORT.get((version, protocol)) or _TRANSPORT.get(protocol) or ()
        names = (*(_IP4 if version == 4 else _IP6), *transport)
    else:
        names = ()
    return tuple(FIELDS[name] for name in names)


def changes(before: int, after: int) -> tuple[Change, ...]:
    """The fields in which two keys differ."""
    different = before ^ after
    if not different:
        return ()
    return tuple(
        Change(field, field.get(before), field.get(after))
        for field in (*_SHOWN, *header_fields(after))
        if different & field.mask
    )


class Trace(msgspec.Struct, frozen=True):
    """The whole way, and what would have come out at its ends."""

    steps: tuple[Node, ...]
    result: Result

    def walk(self) -> Iterator[Node]:
        """Every node, in the order things happened."""
        waiting = list(reversed(self.steps))
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(getattr(node, "steps", ())))

    def flows(self) -> list[Looked]:
        """Only the tables asked."""
        return [node for node in self.walk() if isinstance(node, Looked)]


class Memory:
    """What traced packets leave behind for those of the same question, in a copy of one switch: the connections they
    began, where the senders of frames are (bridge, VLAN, MAC: port), and the flows that they made a bridge learn."""

    __slots__ = ("conntrack", "flows", "macs")

    def __init__(self, switch: Switch) -> None:
        self.conntrack = Conntrack(switch.conntrack)
        self.macs: dict[tuple[str, int, int], int] = {}
        self.flows: dict[str, FlowTables] = {}


def trace(switch: Switch, bridge: str, port: int | str, frame: bytes, now: float) -> Trace:
    """Send a frame through the live tables as if it came in by a port, and forget it."""
    return switch.traced(bridge, port, frame, now, Memory(switch))
