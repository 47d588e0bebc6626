"""dhclient, as ISC's prints it with -v: `dhclient [-v] [-1] [-r] [eth0]`.

It ends when there is a lease, or with code 2 after a minute without one (-1 is implied: a console job must end; the
host goes on trying). -r gives the lease back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.simulator.clock import Timer
from brume.simulator.host.commands.words import options
from brume.simulator.host.console import Job, UsageError
from brume.simulator.host.dhcp import DhcpEvent

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

TIMEOUT = 60.0


def run(host: Host, argv: list[str], job: Job) -> None:
    """Ask for a lease."""
    given, rest = options(argv, "v1r4")
    if rest not in ([], ["eth0"]):
        raise UsageError(f'Cannot find device "{rest[0]}"', 1)
    client = host.dhcp
    if "r" in given:
        if client.lease is not None:
            job.print(f"DHCPRELEASE of {client.lease.address.address} on eth0 to {client.lease.server} port 67")
        client.stop()
        job.finish(0)
        return
    timer: Timer | None = None
    other = client.on_event

    def ended(exit_code: int) -> None:
        client.on_event = other
        if timer is not None:
            timer.cancel()
        job.finish(exit_code)

    def heard(event: DhcpEvent) -> None:
        job.print(event.text)
        if other is not None:
            other(event)
        if client.state == "BOUND":
            ended(0)

    def gave_up() -> None:
        job.print("No DHCPOFFERS received.", "Unable to obtain a lease on first try.  Exiting.")
        ended(2)

    timer = host.scheduler.call_later(TIMEOUT, gave_up)
    client.on_event = heard
    job.until_interrupted(lambda: ended(130))
    client.start()
