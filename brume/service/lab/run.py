"""Runs a lab: one event loop with the databases' sockets, the control socket and the simulator's clock."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from brume.service.control import ControlServer
from brume.service.lab.commands import LabCommands
from brume.service.lab.lab import Lab
from brume.service.lab.settings import LabSettings
from brume.service.ownership import InUse, owned
from brume.service.serving.databases import Choice, Databases
from brume.service.serving.endpoint import CannotListen
from brume.service.serving.files import BadFile
from brume.service.ticker import Ticker


def run(settings: LabSettings, *, quiet: bool) -> int:
    """Run a lab until it is told to stop; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        with owned(settings.paths):
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(settings, quiet))
    except (InUse, ValueError, BadFile, CannotListen) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def _serve(settings: LabSettings, quiet: bool) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    lab = Lab(settings, also=lambda: databases.status())
    paths = settings.paths
    databases = Databases(
        loop,
        lab.network,
        Choice(paths.northbound_socket, settings.northbound_remotes, paths.northbound),
        Choice(paths.southbound_socket, settings.southbound_remotes, paths.southbound),
    )

    ticker = Ticker(lab.scheduler)
    control = ControlServer(paths, LabCommands(lab, stopping.set).table())
    try:
        lab.start()
        await databases.open()
        await control.start()
        if not quiet:
            for line in greeting(settings):
                print(line, flush=True)
        await stopping.wait()
    finally:
        await control.stop()
        ticker.stop()
        await databases.close()


def greeting(settings: LabSettings) -> list[str]:
    """What to type next."""
    paths = settings.paths
    return [
        f"A lab is running with {', '.join(settings.chassis_names())}; brume ovn down ends it. In a terminal:",
        f"    export OVN_NB_DB=unix:{paths.northbound_socket} OVN_SB_DB=unix:{paths.southbound_socket}",
        "    ovn-nbctl ls-add ls1 -- lsp-add ls1 vma -- lsp-set-addresses vma '0a:00:00:00:00:0a 10.0.0.10'",
        "    brume ovn bind vma compute1",
    ]
