"""curl: `curl [-s] [-m SECONDS] [http://]ADDRESS[:PORT][/PATH]`: the body of what a web server answers to GET.

No names, no TLS, no other methods. Every run is a new connection: so one sees which backend a load balancer chose.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from brume.simulator.clock import Timer
from brume.simulator.host.commands.words import number, options
from brume.simulator.host.connection import Connection
from brume.simulator.host.connection_events import Closed, Connected, Event, Failed, Received
from brume.simulator.host.console import Job, UsageError
from brume.simulator.host.errors import Unreachable
from brume.values import IpAddress, parse_address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

USAGE: Final = "curl: try 'curl [-s] [-m seconds] http://address[:port]/path'"
_URL: Final = re.compile(
    r"(?:(?P<scheme>[a-z]+)://)?(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:/]+))(?::(?P<port>\d+))?(?P<path>/.*)?"
)


class _Target(NamedTuple):
    """What is asked for, of whom."""

    address: IpAddress
    port: int
    host: str
    path: str


def _target(url: str) -> _Target:
    found = _URL.fullmatch(url)
    if found is None or not 0 < int(found["port"] or 80) < 65536:
        raise UsageError("curl: (3) URL using bad/illegal format or missing URL", 3)
    if found["scheme"] not in (None, "http"):
        raise UsageError(f'curl: (1) Protocol "{found["scheme"]}" not supported or disabled in libcurl', 1)
    name = found["six"] or found["host"]
    try:
        address = parse_address(name)
    except ValueError:
        raise UsageError(f"curl: (6) Could not resolve host: {name}", 6) from None
    return _Target(
        address, int(found["port"] or 80), url.removeprefix("http://").partition("/")[0], found["path"] or "/"
    )


def run(host: Host, argv: list[str], job: Job) -> None:
    """Ask."""
    given, rest = options(argv, "sm:")
    if len(rest) != 1:
        raise UsageError(USAGE, 2)
    wait = number("curl", given["m"], 0.001, 86400) if "m" in given else None
    _Curl(host, job, _target(rest[0]), wait, "s" in given).start()


class _Curl:
    """One request."""

    def __init__(self, host: Host, job: Job, target: _Target, wait: float | None, silent: bool) -> None:
        self.host = host
        self.job = job
        self.target = target
        self.wait = wait
        self.silent = silent
        self.received = b""
        self.connection: Connection | None = None
        self.timer: Timer | None = None
        self.began = host.scheduler.now()

    def start(self) -> None:
        """Connect; the request goes when that is done."""
        self.job.until_interrupted(self._give_up)
        if self.wait is not None:
            self.timer = self.host.scheduler.call_later(self.wait, self._timed_out)
        try:
            self.connection = self.host.tcp.connect(self.target.address, self.target.port, self._heard)
        except Unreachable:
            self._refused()

    def _heard(self, connection: Connection, event: Event) -> None:
        match event:
            case Connected():
                target = self.target
                lines = (
                    f"GET {target.path} HTTP/1.1",
                    f"Host: {target.host}",
                    "User-Agent: curl/7.88.1",
                    "Accept: */*",
                )
                connection.send("".join(f"{line}\r\n" for line in (*lines, "")).encode())
            case Received(data=data):
                self.received += data
                if not self.received.startswith(b"HTTP/"[: len(self.received)]):
                    connection.abort()
                    self._end(1, "Received HTTP/0.9 when not allowed")
            case Closed():
                connection.close()
                self._answered()
            case Failed():
                if self.received:
                    self._end(56, "Recv failure: Connection reset by peer")
                else:
                    self._refused()

    def _answered(self) -> None:
        head, _, body = self.received.partition(b"\r\n\r\n")
        if not head:
            self._end(52, "Empty reply from server")
            return
        self.job.print(*body.decode("utf-8", "replace").splitlines())
        self._end(0)

    def _refused(self) -> None:
        target, spent = self.target, self._spent()
        self._end(
            7, f"Failed to connect to {target.address} port {target.port} after {spent} ms: Couldn't connect to server"
        )

    def _timed_out(self) -> None:
        self._give_up()
        self._end(28, f"Connection timed out after {self._spent()} milliseconds")

    def _give_up(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if self.connection is not None:
            self.connection.abort()

    def _spent(self) -> int:
        return round((self.host.scheduler.now() - self.began) * 1000)

    def _end(self, code: int, why: str = "") -> None:
        if self.timer is not None:
            self.timer.cancel()
        if why and not self.silent:
            self.job.print(f"curl: ({code}) {why}")
        self.job.finish(code)
