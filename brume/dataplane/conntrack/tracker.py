"""The tracker: every connection of every zone, found by either of its two tuples.

`track(key, frame, request, now)` is one `ct` action. It returns the key with ct_state, ct_zone, ct_mark, ct_label and
the original tuple filled in, translated addresses included, and the frame those belong to.
Order of decisions: Open vSwitch 3.1 lib/conntrack.c, process_one().
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from brume.dataplane.conntrack.nat import choose, translate_carried, translate_key
from brume.dataplane.conntrack.states import Life, Verdict, begin, may_begin
from brume.dataplane.conntrack.tuples import ConnectionTuple, Seen, fragment_name, read_tuple, transport_offset
from brume.dataplane.rewrite import rewrite
from brume.openflow.messages.actions import Nat
from brume.openflow.messages.fields import FIELDS

NEW, EST, REL, RPL, INV, TRK, SNAT, DNAT = (1 << bit for bit in range(8))

_STATE, _ZONE = FIELDS["ct_state"], FIELDS["ct_zone"]
_MARK, _LABEL = FIELDS["ct_mark"], FIELDS["ct_label"]
_FLAGS: Final = FIELDS["tcp_flags"]
_FRAGMENT: Final = FIELDS["ip_frag"]
_PORTS_SHIFT: Final = FIELDS["tcp_dst"].shift
_FRAGMENTS_KEPT: Final = 1024
_ORIGINAL: Final = {
    4: (FIELDS["ct_nw_src"], FIELDS["ct_nw_dst"]),
    6: (FIELDS["ct_ipv6_src"], FIELDS["ct_ipv6_dst"]),
}
_PROTOCOL, _FROM_PORT, _TO_PORT = FIELDS["ct_nw_proto"], FIELDS["ct_tp_src"], FIELDS["ct_tp_dst"]
CT_FIELDS: Final = (
    _STATE, _ZONE, _MARK, _LABEL, *_ORIGINAL[4], *_ORIGINAL[6], _PROTOCOL, _FROM_PORT, _TO_PORT,
)  # fmt: skip
CT_BITS: Final = sum(field.mask for field in CT_FIELDS)


class Request(msgspec.Struct, frozen=True):
    """What one ct action asks for. Mark and label are (value, mask)."""

    zone: int
    commit: bool = False
    force: bool = False
    nat: Nat | None = None
    mark: tuple[int, int] | None = None
    label: tuple[int, int] | None = None


def describe(original: ConnectionTuple) -> int:
    """ct_zone, ct_nw_proto, ct_nw_src and so on, of a connection's original direction."""
    source, destination = _ORIGINAL[original.version]
    ports = (original.source_port, original.destination_port)
    if original.protocol in (1, 58):
        ports = (original.destination_port, 0)
    return (
        original.zone << _ZONE.shift
        | original.source << source.shift
        | original.destination << destination.shift
        | original.protocol << _PROTOCOL.shift
        | ports[0] << _FROM_PORT.shift
        | ports[1] << _TO_PORT.shift
    )


class Connection:
    """A committed connection. `reply` differs from the reversed `forward` by the translation."""

    __slots__ = ("expires", "forward", "label", "life", "mark", "nat", "reply", "shown")

    def __init__(self, forward: ConnectionTuple, reply: ConnectionTuple, life: Life, nat: str, expires: float) -> None:
        self.forward = forward
        self.reply = reply
        self.life = life
        self.nat = nat  # "", "src" or "dst"
        self.mark = 0
        self.label = 0
        self.expires = expires
        self.shown = describe(forward)  # the part of a packet's key that never changes

    def copy(self) -> Connection:
        other = Connection(self.forward, self.reply, self.life.copy(), self.nat, self.expires)
        other.mark, other.label = self.mark, self.label
        return other


class Conntrack:
    """All zones. With a `beneath`, connections are looked up there too, but changed only in a copy: for traces."""

    def __init__(self, beneath: Conntrack | None = None) -> None:
        self._by_tuple: dict[ConnectionTuple, Connection | None] = {}  # None: removed here, whatever lies beneath
        self._beneath = beneath
        self._counts: dict[int, int] = {}
        self._fragments: dict[tuple[int, int], int] = beneath._fragments.copy() if beneath else {}
        self.limits: dict[int, int] = dict(beneath.limits) if beneath else {}
        self.default_limit: int | None = beneath.default_limit if beneath else None

    def __len__(self) -> int:
        return sum(1 for _ in self.connections())

    def connections(self, zone: int | None = None) -> Iterator[Connection]:
        """Every connection (of a zone), expired ones not yet swept included."""
        for key, connection in self._by_tuple.items():
            if connection is not None and key == connection.forward and zone in (None, key.zone):
                yield connection

    def count(self, zone: int) -> int:
        return self._counts.get(zone, 0) + (self._beneath.count(zone) if self._beneath else 0)

    def flush(self, zone: int | None = None) -> int:
        """Forget every connection (of a zone); how many there were."""
        gone = list(self.connections(zone))
        for connection in gone:
            self._remove(connection)
        return len(gone)

    def sweep(self, now: float) -> int:
        """Forget what has expired; how many there were."""
        gone = [connection for connection in self.connections() if connection.expires <= now]
        for connection in gone:
            self._remove(connection)
        return len(gone)

    def track(self, key: int, frame: bytes, request: Request, now: float) -> tuple[int, bytes]:
        """One ct action on one packet."""
        state = _STATE.get(key)
        if state and _ZONE.get(key) != request.zone:
            state = 0
        seen = read_tuple(request.zone, key, frame, self._ports_of_fragment(key, frame))
        key &= ~CT_BITS
        if seen is None:
            return _ZONE.set(_STATE.set(key, INV | TRK), request.zone), frame
        return _Packet(self, key, frame, request, seen, state, now).tracked()

    def _ports_of_fragment(self, key: int, frame: bytes) -> int | None:
        """What the first fragment of this one's packet said; a first one is remembered."""
        fragment = _FRAGMENT.get(key)
        if not fragment:
            return None
        name = fragment_name(key, frame)
        if name is None or fragment == 3:
            return self._fragments.get(name) if name else None
        seen = read_tuple(0, key, frame)
        if seen is not None:
            self._fragments[name] = seen.tuple.source_port << 16 | seen.tuple.destination_port
            if len(self._fragments) > _FRAGMENTS_KEPT:
                del self._fragments[next(iter(self._fragments))]
        return None

    def find(self, seen: ConnectionTuple, now: float) -> tuple[Connection, bool] | None:
        """(connection, is this its reply direction?)"""
        connection = self._by_tuple.get(seen)
        if connection is None:
            if self._beneath is None or seen in self._by_tuple:
                return None
            below = self._beneath.find(seen, now)
            if below is None:
                return None
            connection = below[0].copy()
            self._by_tuple[connection.forward] = self._by_tuple[connection.reply] = connection
        if connection.expires <= now:
            self._remove(connection)
            return None
        return connection, seen != connection.forward

    def _remove(self, connection: Connection) -> None:
        zone = connection.forward.zone
        for key in (connection.forward, connection.reply):
            if self._by_tuple.get(key) is connection:
                if self._beneath is None:
                    del self._by_tuple[key]
                else:
                    self._by_tuple[key] = None
        self._counts[zone] = self._counts.get(zone, 0) - 1

    def remove(self, connection: Connection) -> None:
        """Forget one connection."""
        self._remove(connection)

    def create(self, forward: ConnectionTuple, nat: Nat | None, now: float) -> Connection | None:
        """A new connection; None when the zone is full or no translation is free."""
        limit = self.limits.get(forward.zone, self.default_limit)
        if limit is not None and self.count(forward.zone) >= limit:
            return None
        reply: ConnectionTuple | None = forward.reversed()
        if nat is not None and nat.kind:
            reply = choose(forward, nat, lambda candidate: self.find(candidate, now) is not None)
            if reply is None:
                return None
        assert reply is not None
        life = begin(forward.protocol)
        kind = nat.kind if nat is not None else ""
        connection = Connection(forward, reply, life, kind, now + life.lasts)
        self._by_tuple[forward] = self._by_tuple[reply] = connection
        self._counts[forward.zone] = self._counts.get(forward.zone, 0) + 1
        return connection


class _Packet:
    """One packet in the tracker's hands."""

    __slots__ = ("connection", "frame", "inner", "key", "now", "reply", "request", "seen", "state", "tracker")

    def __init__(
        self, tracker: Conntrack, key: int, frame: bytes, request: Request, seen: Seen, state: int, now: float
    ) -> None:
        self.tracker, self.key, self.frame, self.request, self.now = tracker, key, frame, request, now
        self.seen, self.inner, self.state = seen.tuple, seen.inner, state
        self.reply = False
        self.connection: Connection | None = None

    def tracked(self) -> tuple[int, bytes]:
        request = self.request
        self._look_up()
        if request.force and self.reply and self.connection is not None:
            self.tracker.remove(self.connection)
            self.connection, self.reply = None, False
        create = False
        if self.connection is not None:
            create = self._update(self.connection)
            if not create and request.nat is not None:
                self._translate_known(self.connection)
        elif self.inner:
            self.state = INV  # an error about nothing we know
        else:
            create = True
        if create:
            self._new()
        return self._described(), self.frame

    def _look_up(self) -> None:
        if self.state & (SNAT | DNAT):  # translated in this zone already: known by what replies will be
            found = self.tracker.find(self.seen.reversed(), self.now)
            if found is not None:
                self.connection, self.reply = found[0], not found[1]
                return
        found = self.tracker.find(self.seen, self.now)
        if found is not None:
            self.connection, self.reply = found

    def _update(self, connection: Connection) -> bool:
        """Move the connection's state; True when a new connection takes its place."""
        if self.inner:
            self.state |= REL | (RPL if self.reply else 0)
            return False
        verdict = connection.life.packet(_FLAGS.get(self.key), self.reply)
        if verdict is Verdict.STARTS_AGAIN:
            self.tracker.remove(connection)
            self.connection, self.reply = None, False
            return True
        if verdict is Verdict.INVALID:
            self.state = INV
            return False
        connection.expires = self.now + connection.life.lasts
        if verdict is Verdict.STILL_NEW:
            self.state |= NEW
        else:
            self.state = (self.state & ~NEW) | EST | (RPL if self.reply else 0)
        return False

    def _new(self) -> None:
        if not may_begin(self.seen.protocol, _FLAGS.get(self.key), self.seen.destination_port):
            self.state = INV
            return
        self.state = NEW
        if self.request.commit:
            self.connection = self.tracker.create(self.seen, self.request.nat, self.now)
            if self.connection is not None and self.connection.nat:
                self._translate(self.connection)

    def _translate_known(self, connection: Connection) -> None:
        if connection.nat and not self.state & (SNAT | DNAT):
            self._translate(connection)

    def _translate(self, connection: Connection) -> None:
        towards = connection.forward if self.reply else connection.reply
        source = (connection.nat == "src") != self.reply
        self.state |= SNAT if source else DNAT
        related = bool(self.inner)
        key = translate_key(self.key, towards, source, not related and _FRAGMENT.get(self.key) != 3)
        if related:
            icmp = transport_offset(self.frame)
            self.frame = translate_carried(self.frame, self.inner, icmp, towards, not source)
        self.frame = rewrite(self.frame, self.key, key)
        self.key = key

    def _described(self) -> int:
        key = self.key | (self.state | TRK) << _STATE.shift  # its ct fields were cleared
        connection = self.connection
        if connection is None:
            return key | describe(self.seen)
        if self.request.mark is not None:
            value, mask = self.request.mark
            connection.mark = connection.mark & ~mask | value & mask
        if self.request.label is not None:
            value, mask = self.request.label
            connection.label = connection.label & ~mask | value & mask
        return key | connection.shown | connection.mark << _MARK.shift | connection.label << _LABEL.shift
