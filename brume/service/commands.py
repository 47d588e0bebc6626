"""What the control socket can do: the commands of `brume exec`, `trace`, `flows`, `pcap`, `status`, `down`."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import uvicorn

from brume.cli.control import Message
from brume.cloud.compute.resources import Server
from brume.dataplane.bridge import Bridge
from brume.dataplane.explain.explanation import TraceError, TraceRequest
from brume.dataplane.explain.text import render
from brume.dataplane.explain.tracer import Tracer
from brume.openflow.messages.flow_text import Shown, format_flow
from brume.openflow.messages.versions import OPENFLOW_10, flow_in_version
from brume.service.cloud import EmbeddedCloud
from brume.service.control import Command, ControlError
from brume.service.instances import Running
from brume.service.outside import NAME as OUTSIDE
from brume.service.topology import LiveTopology
from brume.simulator.host.host import Host
from brume.simulator.pcap import file_header, record


def dump_flows(bridge: Bridge, now: float) -> Iterator[str]:
    """A bridge's flows, one line each, as `ovs-ofctl dump-flows` prints them (it asks in OpenFlow 1.0)."""
    for entry in bridge.tables.entries():
        age = int(now - entry.used)
        shown = Shown(now - entry.created, entry.packets, entry.bytes, idle_age=age)
        yield " " + format_flow(flow_in_version(entry.flow, OPENFLOW_10), shown)


class Commands:
    """The commands of one running cloud."""

    def __init__(self, cloud: EmbeddedCloud, server: uvicorn.Server) -> None:
        self._cloud = cloud
        self._server = server

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
        chassis = self._cloud.nodes.get(node)
        if chassis is None:
            raise ControlError(f"no node {node}; there are {', '.join(self._cloud.nodes)}")
        bridges = chassis.switch.bridges
        if bridge not in bridges:
            raise ControlError(f"no bridge {bridge} on {node}; there are {', '.join(bridges)}")
        for line in dump_flows(bridges[bridge], self._cloud.scheduler.now()):
            if filter is None or filter in line:
                yield Message(out=line)

    async def pcap(self, wire: str, count: int | None, duration: float | None) -> AsyncIterator[Message]:
        """What a wire carries, as a capture file, frame by frame."""
        frames: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(10_000)

        def watch(time: float, frame: bytes, *_: object) -> None:
            if not frames.full():
                frames.put_nowait((time, frame))

        remove = self._tap(wire, watch)
        try:
            yield Message(piece=base64.b64encode(file_header()).decode())
            async with asyncio.timeout(duration):
                sent = 0
                while count is None or sent < count:
                    time, frame = await frames.get()
                    yield Message(piece=base64.b64encode(record(time, frame)).decode())
                    sent += 1
        except TimeoutError:
            return
        finally:
            remove()

    def _tap(self, wire: str, watch: Callable[..., object]) -> Callable[[], None]:
        if wire == OUTSIDE:
            return self._cloud.outside.segment.tap(watch)
        if wire in self._cloud.nodes:
            return self._cloud.underlay.tap(watch)
        removals = [plug.link.tap(watch) for plug in self._running(wire).plugs]

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
        json: bool = False,
        verbose: bool = False,
        colour: bool = False,
    ) -> AsyncIterator[Message]:
        """One packet's way."""
        try:
            request = TraceRequest(source, destination, protocol, port)  # type: ignore[arg-type]
            found = Tracer(LiveTopology(self._cloud)).trace(request)
        except TraceError as error:
            raise ControlError(str(error)) from error
        if json:
            yield Message(data=found.as_dict())
        else:
            yield Message(out=render(found, verbose=verbose, colour=colour).rstrip("\n"))
        yield Message(exit=0 if found.passed else 1)

    async def down(self) -> AsyncIterator[Message]:
        """End the cloud."""
        self._server.should_exit = True
        yield Message(out=f"The cloud is ending; its state stays in {self._cloud.settings.data_directory}")

    async def status(self) -> AsyncIterator[Message]:
        """Say what is running, and what could not be derived."""
        cloud = self._cloud
        settings = cloud.settings
        yield Message(out=f"Brume is running at {settings.base_url}, data directory {settings.data_directory}")
        for name, chassis in cloud.nodes.items():
            yield Message(out=f"node {name}: tunnel address {chassis.address}, {len(chassis.flows())} flows")
        for server in cloud.cloud.store.load(Server):
            running = cloud.instances.find(server.id)
            where = f"on {running.node}" if running is not None else "not running"
            yield Message(out=f"server {server.name} ({server.id}): {server.vm_state}, {where}")
        for problem in cloud.problems():
            yield Message(out=f"not derived: {problem.table} {problem.row}: {problem.message}")

    def _host(self, name: str) -> Host:
        """The host of a server (its first interface), or `outside`."""
        if name == OUTSIDE:
            return self._cloud.outside.host
        running = self._running(name)
        if not running.plugs:
            raise ControlError(f"server {name} has no interface, so it has no console either")
        return running.plugs[0].host

    def _running(self, name: str) -> Running:
        server = self._find(name)
        running = self._cloud.instances.find(server.id)
        if running is None:
            raise ControlError(f"server {name} is not running ({server.vm_state})")
        return running

    def _find(self, name: str) -> Server:
        """A server by id, or by name if only one has it."""
        with self._cloud.cloud.store.read() as session:
            server = session.get(Server, name)
            named = [server] if server is not None else session.find(Server, name=name)
        if not named:
            raise ControlError(f"no server {name}")
        if len(named) > 1:
            raise ControlError(f"several servers are called {name}; use an id: {', '.join(one.id for one in named)}")
        return named[0]
