"""nc -l: listens on a TCP port and prints what comes; with -k, of one connection after the other, until interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.simulator.host.connection import Connection
from brume.simulator.host.connection_events import Closed, Connected, Event, Failed, Received
from brume.simulator.host.console import Job, UsageError

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


def listen(host: Host, job: Job, port: int, *, keep: bool, verbose: bool) -> None:
    """Start listening; the port is given back at the end."""
    if port in host.tcp.listeners:
        raise UsageError("nc: Address already in use", 1)

    def heard(connection: Connection, event: Event) -> None:
        match event:
            case Connected() if verbose:
                address, remote = connection.remote
                job.print(f"Connection received on {address} {remote}")
            case Received(data=data):
                job.print(*data.decode("utf-8", "replace").splitlines())
            case Closed() | Failed():
                if isinstance(event, Closed):
                    connection.close()
                if not keep:
                    host.tcp.close(port)
                    job.finish(0)

    if verbose:
        job.print(f"Listening on 0.0.0.0 {port}")
    host.tcp.listen(port, heard)
    job.until_interrupted(lambda: host.tcp.close(port))
