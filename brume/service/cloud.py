"""One embedded cloud, without sockets: the store, the APIs, the stages, the nodes, the instances.

    store --Commit--> NorthboundCompiler --ChangeSet--> LogicalNetwork: NB -> SB -> chassis
      ^                                                              |
      +------------------ Observed, Instances <----- port is up, server runs

Nothing of this happens inside a request: a commit is put into a queue, `on_work` is told, and `settle` takes the queue
through all stages. A test makes a cloud in a temporary directory, calls `application` as ASGI, then `settle`, and moves
`scheduler` by hand; `run` gives it a port and the real time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from brume.apis.app import application
from brume.apis.compute.actions import Consoles
from brume.cloud.cloud import open_cloud
from brume.cloud.compute import flavors
from brume.cloud.compute.resources import Flavor
from brume.cloud.context import RequestContext, system_context
from brume.cloud.identity.bootstrap import bootstrap
from brume.cloud.image.files import ImageFiles
from brume.cloud.network.resources import Network, Subnet
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.journal import Commit
from brume.derive.rules import Problem
from brume.northbound.compiler import NorthboundCompiler
from brume.service.first_image import ensure_image
from brume.service.instances import Instances, Running
from brume.service.network import EXTERNAL_BRIDGE, LogicalNetwork, report_fault
from brume.service.observed import HEARTBEAT, NodeFacts, Observed
from brume.service.settings import Secrets, Settings
from brume.simulator.clock import Scheduler


class EmbeddedCloud:
    """Everything of one cloud in one process."""

    def __init__(self, settings: Settings, known: Secrets, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.clock = clock
        self.on_work: Callable[[], object] = lambda: None
        self.scheduler = Scheduler(clock())
        self.cloud = open_cloud(settings.data_directory)
        network_settings = NetworkSettings(distributed_floating_ip=settings.distributed_floating_ips)
        self.cloud.provide(network_settings)
        self.cloud.provide(ImageFiles(settings.paths.images))
        self._commits: deque[Commit] = deque()
        self._is_expected = False
        self._first_rows(known)
        self._make_stages(network_settings)
        self.application = application(self.cloud, clock=clock)

    def _first_rows(self, known: Secrets) -> None:
        """What a new cloud has: projects and users, flavors, an image."""
        store, now = self.cloud.store, self.clock()
        passwords = {"admin": known.admin_password, "demo": known.demo_password}
        bootstrap(store, passwords, region=self.settings.region, base_url=self.settings.base_url, now=now)
        with store.write(self._context()) as session:
            if session.first(Flavor) is None:
                flavors.create_defaults(session)
            ensure_image(self._context(), session, self.cloud.need(ImageFiles))

    def _make_stages(self, network_settings: NetworkSettings) -> None:
        network = self.network = LogicalNetwork(self.scheduler, self.settings.physical_network)
        self.northbound = NorthboundCompiler(
            network.northbound, network_settings, report_fault, lambda: network.northbound_store
        )
        self.southbound, self.outside = network.compiler, network.outside
        self.nodes = network.chassis
        self.instances = Instances(self.cloud.store, self.nodes, self.scheduler, self._context)
        self.observed = Observed(self.cloud.store, self._context, self._work)
        self.cloud.provide(Consoles(self.instances.output))

    def start(self) -> None:
        """Derive everything from the store, bring up the nodes, and the servers on them."""
        self.northbound.load(self.cloud.store)
        self.northbound.keeper.on_touch = self._work
        self.network.start(self.settings.node_names())
        self.network.southbound.subscribe(self.observed.follow)
        self.cloud.store.listen(self._committed)
        self._beat()
        self.instances.load()
        self.settle()

    def _committed(self, commit: Commit) -> None:
        self._commits.append(commit)
        self._work()

    def _work(self) -> None:
        """There is something to settle; say so once."""
        if not self._is_expected:
            self._is_expected = True
            self.on_work()

    def settle(self) -> None:
        """Put right what others wrote over derived rows, then take what was committed through all stages, and what
        that makes the nodes report back into the store."""
        self._is_expected = True  # what comes up meanwhile is part of this
        try:
            self._settle()
        finally:
            self._is_expected = False
            if self._commits or self.northbound.keeper.is_due:  # commits are left when a step has raised
                self._work()

    def _settle(self) -> None:
        self.northbound.put_right(self.clock())
        self._follow_outside()
        self.instances.settle()
        self.observed.settle()
        while self._commits:
            commit = self._commits.popleft()
            self.northbound.follow(commit)
            self.instances.follow(commit)
            if any(change.kind in (Network, Subnet) for change in commit.changes):
                self._follow_outside()
            if not self._commits:
                self.instances.settle()
                self.observed.settle()

    def _follow_outside(self) -> None:
        rows = self.northbound.cloud
        self.outside.follow(rows.rows(Network), rows.rows(Subnet))

    def _beat(self) -> None:
        """Each node says that it lives, now and then."""
        mappings = ((self.settings.physical_network, EXTERNAL_BRIDGE),)
        self.observed.heartbeat(
            NodeFacts(name, str(chassis.address), True, mappings) for name, chassis in self.nodes.items()
        )
        self.scheduler.call_later(HEARTBEAT, self._beat)

    def _context(self) -> RequestContext:
        return system_context(self.clock())

    def problems(self) -> list[Problem]:
        """What could not be derived, and why."""
        return self.northbound.northbound.rows(Problem) + self.network.problems()

    def running(self, server_id: str) -> Running | None:
        """A server that runs."""
        return self.instances.find(server_id)

    def close(self) -> None:
        """Close the store."""
        self.cloud.close()
