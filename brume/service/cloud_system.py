"""The embedded cloud as commands and traces see it: its guests are the interfaces of its servers that run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from brume.cloud.compute.resources import Server
from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.explain.requests import journal_requests
from brume.service.cloud import EmbeddedCloud
from brume.service.control import ControlError
from brume.service.guests import Guest
from brume.service.network import LogicalNetwork
from brume.service.problems import told


class CloudSystem:
    """A cloud, asked by name."""

    def __init__(self, cloud: EmbeddedCloud, also: Callable[[], Iterable[str]] = tuple) -> None:
        """`also` has lines of others for the status: of who serves the databases."""
        self._cloud = cloud
        self._also = also

    @property
    def network(self) -> LogicalNetwork:
        """The network from NB down."""
        return self._cloud.network

    def named(self, name: str) -> Sequence[Guest]:
        """The interfaces of the servers with this id or name that run."""
        return [guest for server in self._servers(name) for guest in self._guests(server)]

    def only(self, name: str) -> Sequence[Guest]:
        """The interfaces of a server by id, or by name if only one has it."""
        servers = self._servers(name)
        if not servers:
            raise ControlError(f"no server {name}")
        if len(servers) > 1:
            ids = ", ".join(one.id for one in servers)
            raise ControlError(f"several servers are called {name}; use an id: {ids}")
        if self._cloud.running(servers[0].id) is None:
            raise ControlError(f"server {name} is not running ({servers[0].vm_state})")
        return self._guests(servers[0])

    def inside(self, port: str, tag: int) -> str | None:
        """Nothing is inside a server: there are no trunks."""
        return None

    def at_port(self, port: str) -> Guest | None:
        """The interface that is plugged in as a port."""
        for server_id, running in self._cloud.instances.running.items():
            for plug in running.plugs:
                if plug.port_id == port:
                    name = self._server_name(server_id)
                    return Guest(name, port, plug.host, plug.link) if name is not None else None
        return None

    def provenance(self) -> Provenance:
        """What flows and rows come from, back to the API's requests."""
        cloud = self._cloud
        requests = journal_requests(cloud.cloud.store)
        return Provenance(cloud.northbound, cloud.southbound, self._server_name, requests)

    def status(self) -> Iterator[str]:
        """The address, the nodes, the servers, what could not be derived."""
        cloud, settings = self._cloud, self._cloud.settings
        yield f"Brume is running at {settings.base_url}, data directory {settings.data_directory}"
        yield from self._also()
        for name, chassis in cloud.nodes.items():
            yield f"node {name}: tunnel address {chassis.address}, {len(chassis.flows())} flows"
        for server in cloud.cloud.store.load(Server):
            running = cloud.instances.find(server.id)
            where = f"on {running.node}" if running is not None else "not running"
            yield f"server {server.name} ({server.id}): {server.vm_state}, {where}"
        yield from told(cloud.problems(), self.provenance())

    def _servers(self, name: str) -> list[Server]:
        with self._cloud.cloud.store.read() as session:
            server = session.get(Server, name)
            return [server] if server is not None else session.find(Server, name=name)

    def _guests(self, server: Server) -> list[Guest]:
        running = self._cloud.running(server.id)
        plugs = running.plugs if running is not None else []
        return [Guest(server.name, plug.port_id, plug.host, plug.link) for plug in plugs]

    def _server_name(self, server_id: str) -> str | None:
        with self._cloud.cloud.store.read() as session:
            server = session.get(Server, server_id)
        return server.name if server is not None else None
