"""One embedded cloud, without sockets: the store, the APIs, the stages, the nodes, the instances.

A test makes one in a temporary directory, calls `application` as ASGI, and moves `scheduler` by hand; `run` gives it
a port and the real time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from brume.apis.app import application
from brume.cloud.cloud import open_cloud
from brume.cloud.compute import flavors
from brume.cloud.compute.resources import Flavor
from brume.cloud.context import system_context
from brume.cloud.identity.bootstrap import bootstrap
from brume.cloud.image.files import ImageFiles
from brume.cloud.network.settings import NetworkSettings
from brume.service.first_image import ensure_image
from brume.service.settings import Secrets, Settings
from brume.simulator.clock import Scheduler


class EmbeddedCloud:
    """Everything of one cloud in one process."""

    def __init__(self, settings: Settings, known: Secrets, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.clock = clock
        self.scheduler = Scheduler(clock())
        self.cloud = open_cloud(settings.data_directory)
        self.cloud.provide(NetworkSettings(distributed_floating_ip=settings.distributed_floating_ips))
        self.cloud.provide(ImageFiles(settings.paths.images))
        passwords = {"admin": known.admin_password, "demo": known.demo_password}
        bootstrap(self.cloud.store, passwords, region=settings.region, base_url=settings.base_url, now=clock())
        self._first_rows()
        self.application = application(self.cloud, clock=clock)

    def _first_rows(self) -> None:
        """What a new cloud has beside identity: flavors and an image."""
        with self.cloud.store.write(system_context(self.clock())) as session:
            if session.first(Flavor) is None:
                flavors.create_defaults(session)
            ensure_image(system_context(self.clock()), session, self.cloud.need(ImageFiles))

    def start(self) -> None:
        """Derive everything from the store and bring up the nodes."""

    def close(self) -> None:
        """Close the store."""
        self.cloud.close()
