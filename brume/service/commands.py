"""What the control socket can do: the commands of `brume exec`, `trace`, `flows`, `pcap`, `status`, `down`.

They are the same for a cloud and for a lab; what differs is the system they are about.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

from brume.cli.control import Message
from brume.dataplane.bridge import Bridge
from brume.dataplane.explain.explanation import Explanation, TraceError, TraceRequest
from brume.dataplane.explain.text import render
from brume.dataplane.explain.tracer import Tracer
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.flow_filter import FlowFilter, parse_flow_filter
from brume.openflow.messages.flow_text import Shown, format_flow
from brume.openflow.messages.versions import OPENFLOW_10, flow_in_version
from brume.service.control import Command, ControlError
from brume.service.guests import Guest, System
from brume.service.outside import NAME as OUTSIDE
from brume.service.topology import LiveTopology
from brume.simulator.host.host import Host
from brume.simulator.pcap import file_header, record


def dump_flows(bridge: Bridge, now: float, wanted: FlowFilter) -> Iterator[str]:
    """A bridge's flows, one line each, as `ovs-ofctl dump-flows` prints them (it asks in OpenFlow 1.0)."""
    for entry in bridge.tables.entries():
        if not wanted.lets_through(entry.flow):
            continue
        age = int(now - entry.used)
        shown = Shown(now - entry.created, entry.packets, entry.bytes, idle_age=age)
        yield " " + format_flow(flow_in_version(entry.flow, OPENFLOW_10), shown)


class Commands:
    """The commands of one running system; `end` ends it, `goodbye` is said before."""

    def __init__(self, system: System, end: Callable[[], object], goodbye: str) -> None:
        self._system = system
        self._network = system.network
        self._end = end
        self._goodbye = goodbye

    def table(self) -> Mapping[str, Command]:
        """The commands by name."""
        return {
            "exec": self.execute,
            "trace": self.trace,
            "flows": self.flows,
            "pcap": self.pcap,
            "status": self.status,
            "down": self.down,
        }

    async def execute(self, server: str, command: list[str]) -> AsyncIterator[Message]:
        """Run a command on the console of a server, line by line as it comes."""
        self._network.scheduler.catch_up()
        job = self._host(server).console.run(command)
        lines: asyncio.Queue[Message] = asyncio.Queue()
        for line in job.lines:
            lines.put_nowait(Message(out=line))
        job.on_line = lambda line: lines.put_nowait(Message(out=line))
        job.on_done = lambda code: lines.put_nowait(Message(exit=code))
        if job.exit_code is not None:
            lines.put_nowait(Message(exit=job.exit_code))
        try:
            while (message := await lines.get()).exit is None:
                yield message
            yield message
        finally:
            job.interrupt()

    async def flows(self, node: str, bridge: str, filter: str | None) -> AsyncIterator[Message]:
        """The flows of a node's bridge as ovs-ofctl prints them."""
        chassis = self._network.chassis.get(node)
        if chassis is None:
            raise ControlError(f"no node {node}; there are {', '.join(self._network.chassis)}")
        bridges = chassis.switch.bridges
        if bridge not in bridges:
            raise ControlError(f"no bridge {bridge} on {node}; there are {', '.join(bridges)}")
        try:
            wanted = parse_flow_filter(filter or "")
        except OpenFlowError as error:
            raise ControlError(f"FILTER {filter}: {error}") from None
        self._network.scheduler.catch_up()
        for line in dump_flows(bridges[bridge], self._network.scheduler.now(), wanted):
            yield Message(out=line)

    async def pcap(self, wire: str, count: int | None, duration: float | None) -> AsyncIterator[Message]:
        """What a wire carries, as a capture file, frame by frame."""
        frames: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(10_000)

        def watch(time: float, frame: bytes, *_: object) -> None:
            if not frames.full():
                frames.put_nowait((time, frame))

        remove = self._tap(wire, watch)
        end = None if duration is None else asyncio.get_running_loop().time() + duration
        try:
            yield Message(piece=base64.b64encode(file_header()).decode())
            sent = 0
            while count is None or sent < count:
                async with asyncio.timeout_at(end):  # around no yield: each step of this may run in another task
                    time, frame = await frames.get()
                yield Message(piece=base64.b64encode(record(time, frame)).decode())
                sent += 1
        except TimeoutError:
            return
        finally:
            remove()

    def _tap(self, wire: str, watch: Callable[..., object]) -> Callable[[], None]:
        if wire == OUTSIDE:
            return self._network.outside.segment.tap(watch)
        if wire in self._network.chassis:
            return self._network.underlay.tap(watch)
        removals = [guest.link.tap(watch) for guest in self._system.only(wire)]

        def remove() -> None:
            for one in removals:
                one()

        return remove

    async def trace(
        self,
        source: str,
        destination: str,
        protocol: str,
        port: int | None,
        family: int | None = None,
        json: bool = False,
        verbose: bool = False,
        colour: bool = False,
    ) -> AsyncIterator[Message]:
        """One packet's way."""
        self._require(source)
        self._require(destination)
        try:
            request = TraceRequest(source, destination, protocol, port, family)  # type: ignore[arg-type]
            found = self._shown(Tracer(LiveTopology(self._system)).trace(request))
        except TraceError as error:
            raise ControlError(str(error)) from error
        if json:
            yield Message(data=found.as_dict())
        else:
            yield Message(out=render(found, verbose=verbose, colour=colour).rstrip("\n"))
        yield Message(exit=0 if found.passed else 1)

    def _require(self, name: str) -> None:
        """Say why there is no such host, if this system knows better than a trace does."""

    def _shown(self, explanation: Explanation) -> Explanation:
        """An explanation in the words of this system."""
        return explanation

    async def down(self) -> AsyncIterator[Message]:
        """End it, when the client has heard of it."""
        try:
            yield Message(out=self._goodbye)
            yield Message(exit=0)
        finally:
            self._end()

    async def status(self) -> AsyncIterator[Message]:
        """Say what is running, and what could not be derived."""
        for line in self._system.status():
            yield Message(out=line)

    def _host(self, name: str) -> Host:
        """The host of a guest (its first interface), or `outside`."""
        if name == OUTSIDE:
            return self._network.outside.host
        cards: Sequence[Guest] = self._system.only(name)
        if not cards:
            raise ControlError(f"server {name} has no interface, so it has no console either")
        return cards[0].host
