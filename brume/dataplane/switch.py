"""The packet engine of one chassis: bridges, one connection tracker, one cache. The front door.

    switch = Switch("compute1")
    bridge = switch.add_bridge("br-int")
    bridge.add_port("tap1", 1)
    bridge.tables.add(parse_flow("table=0,in_port=1 actions=NORMAL"))
    result = switch.receive("br-int", 1, frame, now)      -> frames, tunnel payloads, packet-ins

Time is an argument everywhere and only moves forward; `tick(now)`, now and then, lets flows, connections and learned
addresses grow old.
"""

from __future__ import annotations

from typing import Final

from brume.dataplane import normal, trace
from brume.dataplane.bridge import Bridge
from brume.dataplane.cache import Cache
from brume.dataplane.compile import compile_actions
from brume.dataplane.conntrack.tracker import Conntrack
from brume.dataplane.extract import extract
from brume.dataplane.flow_table import Entry, Step
from brume.dataplane.ports import Port, PortKind
from brume.dataplane.result import PacketIn, Result
from brume.dataplane.run import METADATA, Run
from brume.dataplane.tunnels import arrived, decapsulate
from brume.openflow.messages import ports
from brume.openflow.messages.actions import Actions
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.match import EVERYTHING, Match

_IN_PORT: Final = FIELDS["in_port"]


class Switch:
    """Several bridges that share a connection tracker, as one ovs-vswitchd's do."""

    def __init__(self, name: str, *, caching: bool = True) -> None:
        self.name = name
        self.bridges: dict[str, Bridge] = {}
        self.conntrack = Conntrack()
        self.cache: Cache | None = Cache() if caching else None
        self._compiled: dict[Actions, tuple[Step, ...]] = {}

    # -- what there is -------------------------------------------------------------------------------------------

    def add_bridge(self, name: str) -> Bridge:
        if name in self.bridges:
            raise OpenFlowError(f"switch {self.name} has a bridge {name} already")
        bridge = self.bridges[name] = Bridge(name)
        return bridge

    def bridge(self, name: str) -> Bridge:
        found = self.bridges.get(name)
        if found is None:
            raise OpenFlowError(f"switch {self.name} has no bridge {name}")
        return found

    def peer_of(self, port: Port) -> tuple[Bridge, Port] | None:
        """The other end of a patch port."""
        for bridge in self.bridges.values():
            other = bridge.named(port.peer)
            if other is not None and other.peer == port.name and other.kind is PortKind.PATCH:
                return bridge, other
        return None

    # -- packets in ----------------------------------------------------------------------------------------------

    def receive(self, bridge: str, port: int | str, frame: bytes, now: float) -> Result:
        """A frame came in by a port."""
        through = self.bridges.get(bridge) or self.bridge(bridge)
        number = port if isinstance(port, int) else through.port(port).number
        return self._receive(through, number, _IN_PORT.set(extract(frame), number), frame, now)

    def receive_tunnel(self, protocol: str, source: int, destination: int, payload: bytes, now: float) -> Result:
        """A tunnel payload (of UDP, or of IP for GRE) came from another chassis; unknown ones are dropped."""
        inner = decapsulate(protocol, payload)
        found = self._tunnel_port(protocol, source)
        if inner is None or found is None:
            return Result()
        bridge, port = found
        key = arrived(_IN_PORT.set(extract(inner.frame), port.number), inner, source, destination)
        return self._receive(bridge, port.number, key, inner.frame, now)

    def packet_out(
        self,
        bridge: str,
        frame: bytes,
        actions: Actions,
        now: float,
        in_port: int = ports.CONTROLLER,
        metadata: Match = EVERYTHING,
    ) -> Result:
        """The controller sends a frame: do these actions on it, with these fields (registers, tun_id ...) set."""
        key = _IN_PORT.set(extract(frame), in_port) & ~metadata.mask | metadata.value
        run = Run(self, self.bridge(bridge), key, frame, now, Result())
        self._refresh()
        run.packet_out(self.compiled_actions(actions))
        return run.result

    def resume(self, packet_in: PacketIn, now: float, frame: bytes | None = None, key: int | None = None) -> Result:
        """Go on where a paused packet-in stopped; the controller may have changed the frame and the fields."""
        if packet_in.paused is None:
            raise OpenFlowError("this packet-in did not pause anything")
        data = packet_in.frame if frame is None else frame
        fields = packet_in.key if key is None else key
        run = Run(self, self.bridge(packet_in.bridge), fields & METADATA | extract(data), data, now, Result())
        self._refresh()
        run.table = packet_in.table
        run.resume(packet_in.paused)
        return run.result

    def traced(
        self, bridge: str, port: int | str, frame: bytes, now: float, memory: trace.Memory, key: int | None = None
    ) -> trace.Trace:
        """As receive, but nothing is counted, learned, committed or kept, except in `memory`; see trace.trace()."""
        through = self.bridge(bridge)
        start = _IN_PORT.set(extract(frame), through.port(port).number) if key is None else key
        run = self._tracing(through, start, frame, now, memory)
        run.begin(0, start, frame)
        return trace.Trace(tuple(run.trace or ()), run.result)

    def traced_tunnel(
        self,
        protocol: str,
        source: int,
        destination: int,
        payload: bytes,
        now: float,
        memory: trace.Memory | None = None,
    ) -> trace.Trace:
        """As receive_tunnel, leaving no mark: the way of a packet on the second chassis."""
        inner, found = decapsulate(protocol, payload), self._tunnel_port(protocol, source)
        if inner is None or found is None:
            return trace.Trace((trace.Dropped(f"no {protocol} tunnel port for this payload"),), Result())
        bridge, port = found
        key = arrived(_IN_PORT.set(extract(inner.frame), port.number), inner, source, destination)
        kept = trace.Memory(self) if memory is None else memory
        return self.traced(bridge.name, port.number, inner.frame, now, kept, key)

    def traced_packet_out(
        self,
        bridge: str,
        frame: bytes,
        actions: Actions,
        now: float,
        memory: trace.Memory,
        metadata: Match = EVERYTHING,
    ) -> trace.Trace:
        """As packet_out, leaving no mark."""
        key = _IN_PORT.set(extract(frame), ports.CONTROLLER) & ~metadata.mask | metadata.value
        run = self._tracing(self.bridge(bridge), key, frame, now, memory)
        run.packet_out(self.compiled_actions(actions))
        return trace.Trace(tuple(run.trace or ()), run.result)

    def traced_resume(
        self, packet_in: PacketIn, now: float, memory: trace.Memory, frame: bytes, key: int
    ) -> trace.Trace:
        """As resume, leaving no mark."""
        if packet_in.paused is None:
            raise OpenFlowError("this packet-in did not pause anything")
        fields = key & METADATA | extract(frame)
        run = self._tracing(self.bridge(packet_in.bridge), fields, frame, now, memory)
        run.table = packet_in.table
        run.resume(packet_in.paused)
        return trace.Trace(tuple(run.trace or ()), run.result)

    def _tracing(self, bridge: Bridge, key: int, frame: bytes, now: float, memory: trace.Memory) -> Run:
        run = Run(self, bridge, key, frame, now, Result())
        run.live, run.conntrack, run.macs, run.trace = False, memory.conntrack, memory.macs, []
        run.learned = memory.flows
        return run

    def tick(self, now: float) -> None:
        """Let what is old go: flows with timeouts, connections, learned addresses."""
        for bridge in self.bridges.values():
            bridge.tables.expire(now)
            bridge.age(now)
        self.conntrack.sweep(now)

    # -- for runs ------------------------------------------------------------------------------------------------

    def compiled(self, entry: Entry) -> tuple[Step, ...]:
        """The entry's steps; flows with equal actions share them."""
        steps = entry.steps = self.compiled_actions(entry.flow.actions)
        return steps

    def compiled_actions(self, actions: Actions) -> tuple[Step, ...]:
        steps = self._compiled.get(actions)
        if steps is None:
            if len(self._compiled) > 100_000:
                self._compiled.clear()
            steps = self._compiled[actions] = compile_actions(actions)
        return steps

    def reserved_output(self, run: Run, number: int) -> None:
        normal.reserved_output(run, number)

    def run_group(self, run: Run, group_id: int) -> None:
        normal.run_group(run, group_id)

    def meter_passes(self, run: Run, meter_id: int) -> bool:
        """Whether the packet is within a meter's rate; a trace finds the bucket as it is, and takes nothing."""
        return run.bridge.meter_passes(meter_id, len(run.frame), run.now, take=run.live)

    def _receive(self, bridge: Bridge, number: int, key: int, frame: bytes, now: float) -> Result:
        counters = bridge.counters.get(number)
        if counters is None:
            raise OpenFlowError(f"bridge {bridge.name} has no port {number}")
        counters.received += 1
        counters.received_bytes += len(frame)
        result = Result()
        run = Run(self, bridge, key, frame, now, result)
        self._refresh()
        run.begin(0, key, frame)
        return result

    def _refresh(self) -> None:
        """Empty the cache when anything changed since the last packet."""
        cache = self.cache
        if cache is None:
            return
        generation = 0
        for bridge in self.bridges.values():
            generation += bridge.version + bridge.tables.generation
        if generation != cache.generation:
            cache.clear()
            cache.generation = generation

    def _tunnel_port(self, protocol: str, source: int) -> tuple[Bridge, Port] | None:
        """The tunnel port of this remote chassis, else one that takes any."""
        for remote in (source, None):
            for bridge in self.bridges.values():
                port = bridge.tunnels.get((protocol, remote))
                if port is not None:
                    return bridge, port
        return None
