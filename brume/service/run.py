"""Runs a cloud: one event loop with the HTTP server, the control socket and the simulator's clock.

Order at the start: bind the port (so that a taken port is said before anything is touched), open the store, derive,
serve, NB and SB last. At the end: stop serving, then close the store; everything acknowledged is in it already.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Iterator

import msgspec
import uvicorn

from brume.service.cloud import EmbeddedCloud
from brume.service.cloud_commands import CloudCommands
from brume.service.collector import Collector
from brume.service.control import ControlServer
from brume.service.ownership import InUse, owned
from brume.service.serving.databases import Choice, Databases
from brume.service.serving.endpoint import CannotListen
from brume.service.serving.files import BadFile
from brume.service.settings import Settings, load_secrets, write_client_files
from brume.service.ticker import Ticker

log = logging.getLogger(__name__)

FIRST_ANSWERS = 0.05
"""Seconds in which the API answers those who waited for it, before the OVSDB server is imported and opened."""


class Server(uvicorn.Server):
    """uvicorn, with its hands off the process's signals: they are `_serve`'s, which has more to end than HTTP."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def run(settings: Settings, *, quiet: bool) -> int:
    """Run a cloud until it is told to stop; returns the exit code."""
    gc.disable()  # until everything is made: nothing of it is garbage
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        listener = _bind(settings)
    except OSError as error:
        print(f"Error: cannot listen on {settings.bind} port {settings.port}: {error.strerror}", file=sys.stderr)
        return 1
    settings = msgspec.structs.replace(settings, port=listener.getsockname()[1])
    try:
        with owned(settings.paths):
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(settings, listener, quiet))
    except (InUse, BadFile, CannotListen) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.bind, settings.port))
    return listener


async def _serve(settings: Settings, listener: socket.socket, quiet: bool) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # first of all: a start that is interrupted ends as cleanly
        loop.add_signal_handler(number, stopping.set)
    known = load_secrets(settings.paths)
    cloud = EmbeddedCloud(settings, known)
    ticker = Ticker(cloud.scheduler)
    server = Server(
        uvicorn.Config(
            cloud.application, lifespan="off", log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=2
        )
    )
    databases = _databases(loop, settings, cloud)
    control = ControlServer(settings.paths, CloudCommands(cloud, stopping.set, databases.status).table())
    write_client_files(settings, known)
    cloud.on_work = lambda: loop.call_soon(cloud.settle)
    cloud.start()
    collector = Collector(loop)
    listener.listen(2048)
    serving = loop.create_task(server.serve(sockets=[listener]))
    waiting = loop.create_task(_stop(server, stopping))
    try:
        await asyncio.sleep(FIRST_ANSWERS)
        await databases.open()
        await control.start()
        if not quiet:
            print(f"Brume is running at {settings.base_url}; Ctrl-C ends it. In another terminal:", flush=True)
            print(f"    export OS_CLIENT_CONFIG_FILE={settings.paths.clouds_yaml} OS_CLOUD=brume-admin", flush=True)
        await serving
    finally:
        stopping.set()
        await serving
        await waiting
        await control.stop()
        ticker.stop()
        collector.stop()
        await databases.close()
        cloud.close()


def _databases(loop: asyncio.AbstractEventLoop, settings: Settings, cloud: EmbeddedCloud) -> Databases:
    """NB and SB on their sockets. Their files hold what the store has not: rows by hand, tunnel keys, what nodes
    learned; the rest of them is compared with the store at the start and made true."""
    paths = settings.paths
    return Databases(
        loop,
        cloud.network,
        Choice(paths.northbound_socket, settings.northbound_remotes, paths.northbound),
        Choice(paths.southbound_socket, settings.southbound_remotes, paths.southbound),
        paths.authority,
    )


async def _stop(server: Server, stopping: asyncio.Event) -> None:
    """Once told to, let the server end: uvicorn looks at `should_exit` ten times a second."""
    await stopping.wait()
    server.should_exit = True
