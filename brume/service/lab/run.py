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
from brume.service.ticker import Ticker


def run(settings: LabSettings, *, quiet: bool) -> int:
    """Run a lab until it is told to stop; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        with owned(settings.paths):
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(settings, quiet))
    except (InUse, ValueError) as error:
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
    lab = Lab(settings)

    def end() -> str:
        stopping.set()
        return f"The lab is ending; its state stays in {settings.data_directory}"

    ticker = Ticker(lab.scheduler)
    lab.start()
    control = ControlServer(settings.paths, LabCommands(lab, end).table())
    await control.start()
    try:
        if not quiet:
            for line in greeting(settings):
                print(line, flush=True)
        await stopping.wait()
    finally:
        await control.stop()
        ticker.stop()


def greeting(settings: LabSettings) -> list[str]:
    """What to type next."""
    paths = settings.paths
    return [
        f"A lab is running with {', '.join(settings.chassis_names())}; brume ovn down ends it. In a terminal:",
        f"    export OVN_NB_DB=unix:{paths.northbound_socket} OVN_SB_DB=unix:{paths.southbound_socket}",
        "    ovn-nbctl ls-add ls1 -- lsp-add ls1 vma -- lsp-set-addresses vma '0a:00:00:00:00:0a 10.0.0.10'",
        "    brume ovn bind vma compute1",
    ]
