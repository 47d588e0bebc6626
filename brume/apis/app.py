"""Everything behind one port: the ASGI application of a cloud."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from brume.apis.identity.authentication import authenticate
from brume.apis.rest.application import Application
from brume.apis.services import services
from brume.cloud.cloud import Cloud


def application(
    cloud: Cloud,
    *,
    clock: Callable[[], float] = time.time,
    on_start: Callable[[], Awaitable[None]] | None = None,
    on_stop: Callable[[], Awaitable[None]] | None = None,
) -> Application:
    """The cloud's ASGI application, with every service of `services.MODULES`."""
    return Application(cloud, services(cloud), authenticate, clock=clock, on_start=on_start, on_stop=on_stop)
