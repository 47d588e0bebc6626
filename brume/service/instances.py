"""Instances: servers that should run -> simulated hosts that do. Level-triggered: looks at a server, makes it so.

A server has one simulated host for each of its ports; the first one's console is the server's. What was started is
told back to the cloud (`servers.started`, `stopped`), as a node's agent would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from brume.cloud.compute import interfaces, servers
from brume.cloud.compute.resources import Server
from brume.cloud.context import RequestContext
from brume.cloud.network.resources import Port
from brume.cloud.store.engine import Store
from brume.cloud.store.journal import Commit
from brume.service.guests import Link, Node, unplugged
from brume.simulator.clock import Scheduler
from brume.simulator.host.host import Host
from brume.values import MacAddress

CONSOLE_KEPT = 1000
"""Lines of console output kept for each server."""


class Plug(NamedTuple):
    """One interface of a running server."""

    port_id: str
    network_id: str
    host: Host
    link: Link


class Running:
    """A server that runs: where, which generation of it, its interfaces, what its console showed."""

    def __init__(self, node: str, generation: int) -> None:
        self.node = node
        self.generation = generation
        self.plugs: list[Plug] = []
        self.console: list[str] = []

    def say(self, line: str) -> None:
        """Show a line on the console."""
        self.console.append(line)
        del self.console[:-CONSOLE_KEPT]


class Instances:
    """All servers of the embedded cloud that run."""

    def __init__(
        self, store: Store, nodes: Mapping[str, Node], scheduler: Scheduler, context: Callable[[], RequestContext]
    ) -> None:
        self._store = store
        self._nodes = nodes
        self._scheduler = scheduler
        self._context = context
        self.running: dict[str, Running] = {}
        self._touched: dict[str, None] = {}

    def load(self) -> None:
        """Look at every server."""
        for server in self._store.load(Server):
            self._touched[server.id] = None

    def follow(self, commit: Commit) -> None:
        """Remember which servers a commit concerns."""
        for change in commit.changes:
            if change.kind is Server:
                self._touched[(change.new or change.old).id] = None
            elif change.kind is Port:
                for port in (change.old, change.new):
                    if port is not None and port.device_id and port.device_owner.startswith("compute:"):
                        self._touched[port.device_id] = None

    def settle(self) -> None:
        """Make what was touched as it should be, and report."""
        touched, self._touched = self._touched, {}
        for server_id in touched:
            with self._store.read() as session:
                server = session.get(Server, server_id)
                ports = interfaces.ports_of_server(session, server) if server is not None else []
            self._settle_one(server_id, server, ports)

    def find(self, server_id: str) -> Running | None:
        """A running server."""
        return self.running.get(server_id)

    def output(self, server_id: str) -> list[str]:
        """What the server's console showed."""
        found = self.running.get(server_id)
        return list(found.console) if found is not None else []

    def _settle_one(self, server_id: str, server: Server | None, ports: list[Port]) -> None:
        present = self.running.get(server_id)
        wanted = server is not None and servers.should_run(server) and server.host in self._nodes
        if present is not None and (
            not wanted or server is None or present.generation != server.generation or present.node != server.host
        ):
            self._stop(server_id, present)
            present = None
        if wanted and server is not None:
            if present is None:
                present = self.running[server_id] = Running(server.host or "", server.generation)
                present.say(f"brume: {server.hostname} starts on {server.host}")
            self._plug(server, present, ports)
        self._report(server, present)

    def _plug(self, server: Server, running: Running, ports: list[Port]) -> None:
        node = self._nodes[running.node]
        wanted = {port.id: port for port in ports}
        for plug in running.plugs:
            if plug.port_id not in wanted:
                plug.host.shut_down()
                node.unplug(plug.port_id)
                running.say(f"eth{running.plugs.index(plug)}: gone")
        running.plugs = [plug for plug in running.plugs if plug.port_id in wanted]
        present = {plug.port_id: plug.host for plug in running.plugs}
        for port in ports:
            if port.id not in present:
                running.plugs.append(self._start_host(server, running, port, node))
            elif _has_ipv6(port) and not present[port.id].has_ipv6:
                self._scheduler.call_later(0, present[port.id].enable_ipv6)

    def _start_host(self, server: Server, running: Running, port: Port, node: Node) -> Plug:
        mac = MacAddress.parse(port.mac_address)
        name = f"eth{len(running.plugs)}"
        host = Host(server.hostname, mac, self._scheduler, unplugged)
        link = Link(self._scheduler, host)
        link.connect(node, port.id)
        running.say(f"{name}: link up, address {mac}")
        if any(":" not in fixed.ip_address for fixed in port.fixed_ips):
            host.dhcp.on_event = lambda event: running.say(f"{name}: {event.text}")
            self._scheduler.call_later(0, host.dhcp.start)
        host.dhcp6.on_event = lambda event: running.say(f"{name}: {event.text}")
        if _has_ipv6(port):
            self._scheduler.call_later(0, host.enable_ipv6)
        return Plug(port.id, port.network_id, host, link)

    def _stop(self, server_id: str, running: Running) -> None:
        node = self._nodes[running.node]
        for plug in running.plugs:
            plug.host.shut_down()
            node.unplug(plug.port_id)
        del self.running[server_id]

    def _report(self, server: Server | None, running: Running | None) -> None:
        if server is None or server.host not in self._nodes:
            return
        report = servers.Report(server.id, server.generation)
        if running is not None and (server.vm_state != "active" or server.task_state is not None):
            with self._store.write(self._context()) as session:
                servers.started(self._context(), session, report)
        elif running is None and server.task_state == "powering-off":
            with self._store.write(self._context()) as session:
                servers.stopped(self._context(), session, report)


def _has_ipv6(port: Port) -> bool:
    return any(":" in fixed.ip_address for fixed in port.fixed_ips)
