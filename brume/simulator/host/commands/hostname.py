"""hostname: prints the host's name; with -I, its addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.simulator.host.commands.words import options
from brume.simulator.host.console import Job

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


def run(host: Host, argv: list[str], job: Job) -> None:
    """Print."""
    given, _ = options(argv, "Isf")
    if "I" in given:
        job.print(" ".join(str(address.address) for address in host.addresses))
    else:
        job.print(host.name)
    job.finish(0)
