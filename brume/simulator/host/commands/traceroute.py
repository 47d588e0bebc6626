"""traceroute, as traceroute(8) prints it: `traceroute [-n] [-I] [-m HOPS] [-q PROBES] [-w WAIT] ADDRESS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.simulator.host.commands.words import address, number, options, whole_number
from brume.simulator.host.console import Job, UsageError
from brume.simulator.host.traceroute import PROBE_SIZE, Hop, Traceroute
from brume.values import IpAddress

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


def run(host: Host, argv: list[str], job: Job) -> None:
    """Start tracing."""
    given, rest = options(argv, "nIm:q:w:46")
    if len(rest) != 1:
        raise UsageError('Specify "host" missing argument.')
    destination = address("traceroute", rest[0])
    numeric = "n" in given
    trace = Traceroute(
        host,
        destination,
        icmp="I" in given,
        limit=whole_number("traceroute", given.get("m", "30"), 1, 255),
        probes=whole_number("traceroute", given.get("q", "3"), 1, 10),
        wait=number("traceroute", given.get("w", "5"), 0.001, 86400),
        on_hop=lambda hop: job.print(_line(hop, numeric)),
        on_done=lambda done: _finish(job, done),
    )
    job.print(f"traceroute to {destination} ({destination}), {trace.limit} hops max, {PROBE_SIZE} byte packets")
    job.until_interrupted(trace.stop)
    trace.start()


def _line(hop: Hop, numeric: bool) -> str:
    """One hop: an address once for all its answers that follow each other, and a star for each that is missing."""
    text = f"{hop.ttl:2d} "
    last: IpAddress | None = None
    for answer in hop.answers:
        if answer is None:
            text += " *"
            continue
        if answer.source != last:
            text += f" {answer.source}" if numeric else f" {answer.source} ({answer.source})"
            last = answer.source
        text += f"  {answer.seconds * 1000:.3f} ms" + (f" {answer.mark}" if answer.mark else "")
    return text


def _finish(job: Job, trace: Traceroute) -> None:
    if trace.error:
        job.print(f"connect: {trace.error}")
    job.finish(1 if trace.error else 0)
