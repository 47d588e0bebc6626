"""Runs a lab: one event loop with the databases' sockets, the control socket and the simulator's clock."""

from __future__ import annotations

import asyncio
import logging
import shlex
import signal
import sys

from brume.cli.paths import default_lab_directory
from brume.ovsdb.tls import TlsError
from brume.service.control import ControlServer
from brume.service.lab.commands import LabCommands
from brume.service.lab.exchange import remotes
from brume.service.lab.lab import Lab
from brume.service.lab.settings import LabSettings
from brume.service.ownership import InUse, owned
from brume.service.remote import RemoteDatabase
from brume.service.serving.databases import Choice, Databases
from brume.service.serving.endpoint import CannotListen
from brume.service.serving.files import BadFile
from brume.service.ticker import Ticker

log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds after which it is said what a lab waits for, and again when that has changed."""


def run(settings: LabSettings, *, quiet: bool) -> int:
    """Run a lab until it is told to stop; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        with owned(settings.paths):
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(settings, quiet))
    except (InUse, ValueError, BadFile, CannotListen, TlsError) as error:
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
    lab = Lab(settings, also=lambda: [*databases.status(), *(one.status() for one in elsewhere)])
    paths = settings.paths
    northbound = Choice(paths.northbound_socket, settings.northbound_remotes, paths.northbound)
    southbound = Choice(paths.southbound_socket, settings.southbound_remotes, paths.southbound)
    databases = Databases(
        loop,
        lab.network,
        northbound if settings.northbound is None else None,
        southbound if settings.southbound is None else None,
        paths.authority,
    )
    elsewhere = remotes(settings, lab.network)
    ticker = Ticker(lab.scheduler)
    control = ControlServer(paths, LabCommands(lab, stopping.set).table())
    try:
        if await _reached(elsewhere, stopping):
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
        for one in elsewhere:
            await one.close()


async def _reached(elsewhere: list[RemoteDatabase], stopping: asyncio.Event) -> bool:
    """Wait until the databases elsewhere are here; False if the lab is told to end before."""
    ending = asyncio.ensure_future(stopping.wait())
    for one in elsewhere:
        log.info("waiting for %s", one)
        opening, said = asyncio.ensure_future(one.open()), ""
        while not opening.done():
            await asyncio.wait({opening, ending}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                opening.cancel()
                return False
            if one.status() != said:
                said = one.status()
                log.info("%s", said)
        opening.result()
    ending.cancel()
    return True


def greeting(settings: LabSettings) -> list[str]:
    """What to type next."""
    paths = settings.paths
    northbound = settings.northbound or f"unix:{paths.northbound_socket}"
    southbound = settings.southbound or f"unix:{paths.southbound_socket}"
    names = ", ".join(settings.chassis_names()) or "no chassis"
    variables = {"OVN_NB_DB": northbound, "OVN_SB_DB": southbound}
    if paths.directory != default_lab_directory().absolute():
        variables["BRUME_OVN_DATA_DIR"] = str(paths.directory)
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    return [
        f"A lab is running with {names}; brume ovn down ends it. In a terminal:",
        f"    export {exports}",
        "    ovn-nbctl ls-add ls1 -- lsp-add ls1 vma -- lsp-set-addresses vma '0a:00:00:00:00:0a 10.0.0.10'",
        "    brume ovn bind vma compute1",
    ]
