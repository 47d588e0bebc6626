"""One packet on its way through the tables: the state that actions act on.

An action, compiled (`compile.py`), is a function of a Run. It changes `key`; frame bytes are made from the key only
when something is sent. `looked` and `written` say which bits of the packet's first key decided what happens, and
which were overwritten since: what `cache.py` needs to do the same again for the next such packet.

Rules, as Open vSwitch (ofproto/ofproto-dpif-xlate.c): at most 64 tables deep and 4096 resubmits (and here a limit on
all that one packet may cause, so that no flows can make it endless), or nothing is sent at all; a packet is not sent
back to its input port but by IN_PORT; what `clone`, a group's bucket or a patch port changes is forgotten after it;
`ct(table=)` goes on with a copy in that table, while the actions after it go on with the fields it had: the frame they
send is translated, though.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from brume.dataplane import trace as t
from brume.dataplane.conntrack.tracker import CT_BITS, Conntrack, Request
from brume.dataplane.extract import extract
from brume.dataplane.flow_table import Entry, Step
from brume.dataplane.flow_tables import FlowTables
from brume.dataplane.learn import or_learned
from brume.dataplane.operations import Operation, Tracked
from brume.dataplane.ports import Port
from brume.dataplane.result import NOTHING_SENT, Marks, Paused, Result
from brume.dataplane.rewrite import HEADERS, actual, rewrite
from brume.dataplane.tunnels import TUNNEL_BITS
from brume.openflow.messages.fields import FIELDS

if TYPE_CHECKING:
    from brume.dataplane.bridge import Bridge
    from brume.dataplane.switch import Switch

MAX_DEPTH: Final = 64
MAX_RESUBMITS: Final = 4096
MAX_RECIRCULATIONS: Final = 16  # one inside the other
MAX_NESTING: Final = 150  # one look-up inside the other, over all recirculations: Python's stack has an end
MAX_LOOKUPS: Final = 4 * MAX_RESUBMITS  # of one packet, its copies and recirculations together

_NOBODY: Final[dict[tuple[str, int, int], int]] = {}  # never written to: only traces learn in what they are given
_NOTHING: Final[dict[str, FlowTables]] = {}
_IN_PORT: Final = FIELDS["in_port"]
_ETH_SRC: Final = FIELDS["eth_src"]
_OPTION: Final = FIELDS["tun_metadata0"]
_REGISTERS: Final = sum(FIELDS[f"xxreg{i}"].mask for i in range(4)) | FIELDS["metadata"].mask
LEFT_BEHIND: Final = _REGISTERS | TUNNEL_BITS | CT_BITS | _IN_PORT.mask  # by who goes through a patch port
METADATA: Final = LEFT_BEHIND | FIELDS["pkt_mark"].mask


class Pending:
    """A list of actions under way, and which comes next."""

    __slots__ = ("following", "steps")

    def __init__(self, steps: tuple[Step, ...], following: int) -> None:
        self.steps = steps
        self.following = following


class GoOn:
    """The step of a plain resubmit(,table). As the last of its list it is not called but followed."""

    __slots__ = ("table",)

    def __init__(self, table: int) -> None:
        self.table = table

    def __call__(self, run: Run) -> None:
        run.lookup(self.table)


class Run:
    """A packet, where it is, and what it has caused so far."""

    __slots__ = (
        "base",
        "bridge",
        "cacheable",
        "conntrack",
        "credited",
        "depth",
        "entry",
        "failed",
        "frame",
        "frames",
        "key",
        "learned",
        "live",
        "looked",
        "lookups", "macs", "nesting", "now",
        "operations",
        "queue",
        "recirculations",
        "resubmits",
        "result",
        "stack",
        "stopped",
        "switch",
        "table",
        "trace",
        "translated",
        "written",
    )  # fmt: skip

    def __init__(self, switch: Switch, bridge: Bridge, key: int, frame: bytes, now: float, result: Result) -> None:
        self.switch = switch
        self.bridge = bridge
        self.conntrack: Conntrack = switch.conntrack
        self.key = self.base = key  # `base` is the key whose headers `frame` has
        self.frame = frame
        self.now = now
        self.result = result
        self.translated = False  # True: a ct action without a table has made the frame another than the key says
        self.table = 0
        self.entry: Entry | None = None
        self.frames: list[Pending] = []
        self.stack: list[int] = []
        self.depth = self.resubmits = self.recirculations = self.lookups = self.nesting = 0
        self.queue = 0
        self.stopped, self.live = False, True  # live is False in a trace: count, learn and commit nothing
        self.failed = False  # the flows go round in circles
        self.trace: list[t.Node] | None = None
        self.macs = _NOBODY  # of a trace: what NORMAL learned on its way
        self.learned = _NOTHING  # of a trace: what learn actions made on its way
        self.looked = self.written = 0
        self.cacheable = True
        self.operations: list[Operation] = []
        self.credited: list[Entry] = []

    # -- tables --------------------------------------------------------------------------------------------------

    def lookup(self, table: int, in_port: int | None = None) -> None:
        """Find the packet's flow in a table, as if from another port perhaps, and do what it says.

        A resubmit that is a flow's last action is a step of this loop, not a call: a packet meets a hundred tables.
        """
        saved = self.table, self.entry, self.depth
        self.nesting += 1
        following: int | None = table
        while following is not None:
            self.resubmits += 1
            self.lookups += 1
            self.depth += following <= self.table  # as Open vSwitch, which counts only ways back
            if (
                self.depth > MAX_DEPTH
                or self.resubmits > MAX_RESUBMITS
                or self.lookups > MAX_LOOKUPS
                or self.nesting > MAX_NESTING
            ):
                self.drop("too many resubmits, so nothing is sent")
                self.stopped = self.failed = True
                self.cacheable = False
                break
            key = self.key if in_port is None else _IN_PORT.set(self.key, in_port)
            found = self.bridge.tables.by_number.get(following)
            entry, looked = found.lookup(key) if found is not None else (None, 0)
            self.looked |= looked & ~self.written
            self.table, self.entry, in_port = following, entry, None
            if self.trace is not None:
                entry = self.entry = or_learned(self.learned.get(self.bridge.name), following, key, entry)
                following = self._traced(entry)
            elif entry is None:
                break
            else:
                entry.packets += 1
                entry.bytes += len(self.frame)
                entry.used = self.now
                self.credited.append(entry)
                following = self.execute(entry.steps or self.switch.compiled(entry))
        self.table, self.entry, self.depth = saved
        self.nesting -= 1

    def execute(self, steps: tuple[Step, ...], start: int = 0) -> int | None:
        """Do one list of actions; stop where one says so. The table to go on in, when the last one is a resubmit."""
        last = len(steps) - 1
        if last < start:
            return None
        if last > start:
            pending = Pending(steps, start)
            self.frames.append(pending)
            for index in range(start, last):
                pending.following = index + 1
                if steps[index](self) or self.stopped:
                    self.frames.pop()
                    return None
            self.frames.pop()
        step = steps[last]
        if type(step) is GoOn:
            return step.table
        step(self)
        return None

    def do(self, steps: tuple[Step, ...], start: int = 0) -> None:
        """Do one list of actions, and what it leads to."""
        following = self.execute(steps, start)
        if following is not None:
            self.lookup(following)

    def _traced(self, entry: Entry | None) -> int | None:
        outside = self.trace
        assert outside is not None
        inside: list[t.Node] = []
        key = self.key
        following = None
        if entry is not None:
            steps = entry.steps or self.switch.compiled(entry)
            for action, step in zip(entry.flow.actions, steps, strict=True):
                before = self.key
                self.trace = []
                if step is steps[-1] and type(step) is GoOn and action is entry.flow.actions[-1]:
                    following, stop = step.table, True
                else:
                    stop = bool(step(self))
                inside.append(t.Acted(action, t.changes(before, self.key), tuple(self.trace)))
                if stop or self.stopped:
                    break
        self.trace = outside
        outside.append(t.Looked(self.bridge.name, self.table, key, entry.flow if entry else None, tuple(inside)))
        return following

    def drop(self, reason: str) -> None:
        """Say why a branch ended with nothing sent (to a trace)."""
        if self.trace is not None:
            self.trace.append(t.Dropped(reason))
            self.result.drops.append(reason)

    # -- copies --------------------------------------------------------------------------------------------------

    def aside(self, steps: tuple[Step, ...]) -> None:
        """Do actions on a copy: clone(), and the bucket of a group."""
        saved = self.key, self.frame, self.base, self.written, self.frames, self.stack, self.queue, self.translated
        self.frames, self.stack = [], []
        self.do(steps)
        self.key, self.frame, self.base, self.written, self.frames, self.stack, self.queue, self.translated = saved
        self.stopped = self.failed

    def through_patch(self, bridge: Bridge, port: Port) -> None:
        """Go on in the bridge on the other side; what happens there is forgotten after it."""
        saved = self.key, self.written, self.bridge, self.frames, self.stack, self.table, self.entry
        self.written |= LEFT_BEHIND
        self.key = _IN_PORT.set(self.key & ~LEFT_BEHIND, port.number)
        self.bridge, self.frames, self.stack = bridge, [], []
        self.lookup(0)
        self.key, self.written, self.bridge, self.frames, self.stack, self.table, self.entry = saved
        self.stopped = self.failed

    def track(self, request: Request, table: int | None) -> None:
        """One ct action. With a table, a copy goes on there with what the tracker found."""
        self.cacheable = self.cacheable and not self.stack
        self.operations.append(Tracked(self.written, self.key & self.written, request, table, self.bridge))
        frame = self.sent_frame()
        seen = actual(self.key, frame) if self.translated else self.key
        key, tracked = self.conntrack.track(seen, frame, request, self.now)
        if self.trace is not None:
            self._trace_tracked(request, table, key, tracked)
        elif table is not None:
            self._recirculate(table, key, tracked)
        # Translated perhaps; the pipeline goes on as if it were not.
        self.frame, self.base, self.translated = tracked, self.key, self.translated or tracked != frame

    def _trace_tracked(self, request: Request, table: int | None, key: int, tracked: bytes) -> None:
        outside = self.trace
        assert outside is not None
        self.trace = []
        if table is not None:
            self._recirculate(table, key, tracked)
        inside = tuple(self.trace)
        self.trace = outside
        outside.append(t.Tracked(request.zone, request.commit, t.changes(self.key, key), table, inside))

    def _recirculate(self, table: int, key: int, frame: bytes) -> None:
        if self.recirculations >= MAX_RECIRCULATIONS:
            self.drop("too many recirculations")
            return
        saved = self.key, self.frame, self.base, self.frames, self.stack, self.depth, self.resubmits, self.translated
        segment = self.looked, self.written, self.cacheable, self.operations, self.credited, self.table, self.entry
        self.recirculations += 1
        self.stack = list(self.stack)
        self.frames = []
        self.depth = self.resubmits = 0
        self.begin(table, key, frame)
        self.recirculations -= 1
        self.key, self.frame, self.base, self.frames, self.stack, self.depth, self.resubmits, self.translated = saved
        self.looked, self.written, self.cacheable, self.operations, self.credited, self.table, self.entry = segment
        self.stopped = False

    def again(self, bridge: Bridge, table: int, key: int, frame: bytes) -> None:
        """Go on in a table after a ct action that was done from the cache."""
        if self.recirculations >= MAX_RECIRCULATIONS:
            return
        saved, self.bridge = self.bridge, bridge
        self.recirculations += 1
        self.frames, self.stack = [], []
        self.depth = self.resubmits = 0
        self.begin(table, key, frame)
        self.recirculations -= 1
        self.bridge, self.stopped = saved, False

    def begin(self, table: int, key: int, frame: bytes) -> None:
        """Start in a table: from the cache if it knows, else by looking up (and tell the cache)."""
        self.key = self.base = key
        self.frame = frame
        self.translated = False
        cache = self.switch.cache
        if self.trace is not None or cache is None:
            self._translate(table)
            return
        cached = cache.find(self.bridge, table, key)
        if cached is not None:
            cached.replay(self, key, frame)
            return
        self.looked = self.written = 0
        self.cacheable = not self.stack
        self.operations, self.credited = [], []
        self._translate(table)
        if self.cacheable:
            cache.store(self.bridge, table, key, self.looked, tuple(self.operations), tuple(self.credited))

    def _translate(self, table: int) -> None:
        """Look up from here on; what goes wrong undoes all that was to be sent since here, and nothing before."""
        marks = self.result.marks()
        self.table = -1
        self.lookup(table)
        self._undo_if_failed(marks)

    def _undo_if_failed(self, marks: Marks) -> None:
        if self.failed:
            self.result.cut(marks)
            self.failed = False

    # -- what the controller says ----------------------------------------------------------------------------------

    def resume(self, paused: Paused) -> None:
        """Do what a pause left to do, the innermost list of actions first."""
        self.stack = list(paused.stack)
        self.cacheable = False
        for steps, following in reversed(paused.frames):
            self.do(steps, following)
            if self.stopped:
                break
        self._undo_if_failed(NOTHING_SENT)

    def packet_out(self, steps: tuple[Step, ...]) -> None:
        """Do what the controller says with a packet."""
        self.cacheable = False
        self.do(steps)
        self._undo_if_failed(NOTHING_SENT)

    # -- the frame -----------------------------------------------------------------------------------------------

    def sent_frame(self) -> bytes:
        """The frame as the key now says it is."""
        if (self.key ^ self.base) & HEADERS:
            self.frame = rewrite(self.frame, self.base, self.key)
            self.base = self.key
        return self.frame

    def reparse(self, frame: bytes) -> None:
        """The frame's length changed: read its headers anew, keep the rest of the key."""
        self.frame = frame
        self.key = self.base = (self.key & METADATA) | extract(frame)
