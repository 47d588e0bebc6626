"""ping, as iputils prints it: `ping [-c COUNT] [-i INTERVAL] [-W WAIT] [-s SIZE] [-t TTL] [-M do] [-q] ADDRESS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.simulator.host.commands.words import address, number, options, whole_number
from brume.simulator.host.console import Job, UsageError
from brume.simulator.host.ping import Ping, Problem, Reply, Result
from brume.values import IpAddress, Ipv4Address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

LARGEST = 65507


def run(host: Host, argv: list[str], job: Job) -> None:
    """Start pinging."""
    given, rest = options(argv, "c:i:W:s:t:M:qn46")
    if len(rest) != 1:
        raise UsageError("ping: usage error: Destination address required", 1)
    destination = address("ping", rest[0])
    size = whole_number("ping", given.get("s", "56"), 0, LARGEST)
    quiet = "q" in given
    ping = Ping(
        host,
        destination,
        count=whole_number("ping", given["c"], 1, 2**31 - 1) if "c" in given else None,
        interval=number("ping", given.get("i", "1"), 0.002, 86400),
        size=size,
        ttl=whole_number("ping", given.get("t", "64"), 1, 255),
        dont_fragment=_discovery(given.get("M", "want")) == "do",
        wait=number("ping", given.get("W", "10"), 0.001, 86400),
        on_result=lambda result: _print_result(job, result, quiet),
        on_done=lambda done: _print_statistics(job, done),
    )
    if host.internet.is_broadcast(destination):
        raise UsageError("ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules")
    if host.routes.find(destination) is None and not host.is_local(destination):
        raise UsageError("ping: connect: Network is unreachable")
    job.print(_headline(destination, size))
    job.until_interrupted(ping.stop)
    ping.start()


def _discovery(word: str) -> str:
    """-M: whether routers may cut the packet; "want" lets them, as a simulated host keeps no MTU for it."""
    if word not in ("do", "want", "dont"):
        raise UsageError(f"ping: invalid -M argument: {word}", 1)
    return word


def _headline(destination: IpAddress, size: int) -> str:
    if isinstance(destination, Ipv4Address):
        return f"PING {destination} ({destination}) {size}({size + 28}) bytes of data."
    return f"PING {destination}({destination}) {size} data bytes"


def _print_result(job: Job, result: Result, quiet: bool) -> None:
    match result:
        case _ if quiet:
            return
        case Reply(source=source, sequence=sequence, seconds=seconds, ttl=ttl, size=size, duplicate=duplicate):
            again = " (DUP!)" if duplicate else ""
            time = milliseconds(seconds)
            job.print(f"{size} bytes from {source}: icmp_seq={sequence} ttl={ttl} time={time} ms{again}")
        case Problem(source=None, text=text):
            job.print(f"ping: {text}" if text.startswith("local error") else f"ping: sendmsg: {text}")
        case Problem(source=source, sequence=sequence, text=text):
            job.print(f"From {source} icmp_seq={sequence} {text}")


def milliseconds(seconds: float) -> str:
    """A time with as many digits as iputils gives it."""
    value = seconds * 1000
    for limit, digits in ((1, 3), (10, 2), (100, 1)):
        if value < limit:
            return f"{value:.{digits}f}"
    return f"{value:.0f}"


def _print_statistics(job: Job, ping: Ping) -> None:
    replies, problems = ping.replies, ping.problems
    duplicates = len(ping.results) - len(replies) - len(problems)
    parts = [f"{ping.transmitted} packets transmitted", f"{len(replies)} received"]
    parts += [f"+{duplicates} duplicates"] if duplicates else []
    parts += [f"+{len(problems)} errors"] if problems else []
    loss = 100 * (ping.transmitted - len(replies)) / ping.transmitted
    parts += [f"{loss:.6g}% packet loss", f"time {(ping.ended - ping.began) * 1000:.0f}ms"]
    job.print("", f"--- {ping.destination} ping statistics ---", ", ".join(parts))
    if replies:
        times = [reply.seconds * 1000 for reply in replies]
        mean = sum(times) / len(times)
        deviation = (max(0.0, sum(time * time for time in times) / len(times) - mean * mean)) ** 0.5
        job.print(f"rtt min/avg/max/mdev = {min(times):.3f}/{mean:.3f}/{max(times):.3f}/{deviation:.3f} ms")
    else:
        job.print("")
    job.finish(0 if replies else 1)
