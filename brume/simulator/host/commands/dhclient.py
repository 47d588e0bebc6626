"""dhclient, as ISC's prints it with -v: `dhclient [-v] [-1] [-r] [-4 | -6 [-S]] [eth0]`.

It ends when there is a lease (with -S: when the server has said the rest), or with code 2 after a minute without one
(-1 is implied: a console job must end; the host goes on trying). -r gives the lease back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from brume.simulator.clock import Timer
from brume.simulator.host.commands.words import options
from brume.simulator.host.console import Job, UsageError
from brume.simulator.host.dhcp import DhcpClient, DhcpEvent

if TYPE_CHECKING:
    from brume.simulator.host.dhcp6 import Dhcp6Client
    from brume.simulator.host.host import Host

TIMEOUT = 60.0
ENOUGH = ("BOUND", "INFORMED")
NONE4 = ("No DHCPOFFERS received.", "Unable to obtain a lease on first try.  Exiting.")
NONE6 = ("Unable to obtain a lease on first try.  Exiting.",)


def run(host: Host, argv: list[str], job: Job) -> None:
    """Ask for a lease."""
    given, rest = options(argv, "v1r46S")
    if rest not in ([], ["eth0"]):
        raise UsageError(f'Cannot find device "{rest[0]}"', 1)
    if "S" in given and "6" not in given:
        raise UsageError("Stateless commands -S is only for IPv6.", 1)
    if "6" not in given:
        if "r" in given:
            _release(host, job)
        else:
            _follow(host, host.dhcp, job, NONE4)
            host.dhcp.start()
    elif "r" in given:
        _release6(host, job)
    else:
        _follow(host, host.dhcp6, job, NONE6)
        if "S" in given:
            host.dhcp6.inform()
        else:
            host.dhcp6.start()


def _release(host: Host, job: Job) -> None:
    lease = host.dhcp.lease
    if lease is not None:
        job.print(f"DHCPRELEASE of {lease.address.address} on eth0 to {lease.server} port 67")
    host.dhcp.stop()
    job.finish(0)


def _release6(host: Host, job: Job) -> None:
    if host.dhcp6.lease is not None:
        job.print("XMT: Release on eth0.")
    host.dhcp6.stop()
    job.finish(0)


def _follow(host: Host, client: DhcpClient | Dhcp6Client, job: Job, none: Sequence[str]) -> None:
    """Print what the client says, until it has what it asks for or the time is over."""
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
        if client.state in ENOUGH:
            ended(0)

    def gave_up() -> None:
        job.print(*none)
        ended(2)

    timer = host.scheduler.call_later(TIMEOUT, gave_up)
    client.on_event = heard
    job.until_interrupted(lambda: ended(130))
