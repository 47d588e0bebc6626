"""nc, as OpenBSD's netcat: `nc [-z] [-v] [-u] [-n] [-w SECONDS] HOST PORT[-PORT]`, and `nc -l [-k] PORT`.

Without -z it prints what the server says until either closes; it has no standard input to send, and says goodbye when
the server has been silent for -w seconds (default: it waits).

A UDP port counts as open when nobody refuses: with -z, four one-octet datagrams a second apart, as the real one sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.simulator.clock import Timer
from brume.simulator.host.commands.listen import listen
from brume.simulator.host.commands.words import address, number, options
from brume.simulator.host.connection import Connection
from brume.simulator.host.connection_events import Closed, Connected, Event, Failed, Received
from brume.simulator.host.console import Job, UsageError
from brume.simulator.host.errors import Unreachable
from brume.simulator.host.udp import Socket
from brume.values import IpAddress, PortRange

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

USAGE = "usage: nc [-nuvz] [-w timeout] destination port\n       nc -l [-kv] port"
UDP_PROBES = 4


def _port(text: str) -> int:
    """One port."""
    if not text:
        raise UsageError(USAGE, 1)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise UsageError(f"nc: port number invalid: {text}", 1)
    return int(text)


def run(host: Host, argv: list[str], job: Job) -> None:
    """Start connecting."""
    given, rest = options(argv, "zvunw:46lkp:")
    if "l" in given:
        listen(host, job, _port(given.get("p") or (rest[-1] if rest else "")), keep="k" in given, verbose="v" in given)
        return
    if len(rest) != 2:
        raise UsageError(USAGE, 1)
    destination = address("nc: getaddrinfo", rest[0], 1)
    try:
        ports = PortRange.parse(rest[1])
    except ValueError:
        raise UsageError(f"nc: port number invalid: {rest[1]}", 1) from None
    wait = number("nc", given["w"], 0.001, 86400) if "w" in given else None
    _Netcat(host, job, destination, ports, wait, given).try_next()


class _Netcat:
    """One run: the ports still to try, and whether one was open."""

    def __init__(
        self, host: Host, job: Job, destination: IpAddress, ports: PortRange, wait: float | None, given: dict[str, str]
    ) -> None:
        self.host = host
        self.job = job
        self.destination = destination
        self.ports = iter(range(ports.first, ports.last + 1))
        self.port = 0
        self.wait = wait
        self.scan = "z" in given
        self.verbose = "v" in given
        self.udp = "u" in given
        self.any_open = False
        self.connection: Connection | None = None
        self.timer: Timer | None = None
        job.until_interrupted(self._interrupted)

    def try_next(self) -> None:
        """Go on to the next port, or finish."""
        self._disarm()
        if (port := next(self.ports, None)) is None:
            self.job.finish(0 if self.any_open else 1)
            return
        self.port = port
        try:
            if self.udp:
                self._probe_udp()
            else:
                self._arm(self._timed_out)
                self.connection = self.host.tcp.connect(self.destination, port, self._heard)
        except Unreachable as error:
            self._failed(str(error))

    def _heard(self, connection: Connection, event: Event) -> None:
        match event:
            case Connected():
                self._succeeded()
                if self.scan:
                    connection.close()
                    self.try_next()
                else:
                    self._arm(self._hang_up)
            case Received(data=data):
                if not self.scan:
                    self.job.print(*data.decode("utf-8", "replace").splitlines())
                    self._arm(self._hang_up)
            case Closed():
                if not self.scan:
                    connection.close()
                    self.try_next()
            case Failed(reason=reason):
                self._failed(reason)

    def _timed_out(self) -> None:
        if self.connection is not None:
            self.connection.abort()
        protocol = "udp" if self.udp else "tcp"
        self._say(
            f"nc: connect to {self.destination} port {self.port} ({protocol}) timed out: Operation now in progress"
        )
        self.try_next()

    def _failed(self, reason: str) -> None:
        protocol = "udp" if self.udp else "tcp"
        self._say(f"nc: connect to {self.destination} port {self.port} ({protocol}) failed: {reason}")
        self.try_next()

    def _succeeded(self) -> None:
        self._disarm()
        self.any_open = True
        protocol = "udp" if self.udp else "tcp"
        self._say(f"Connection to {self.destination} {self.port} port [{protocol}/*] succeeded!")

    def _hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.try_next()

    def _interrupted(self) -> None:
        self._disarm()
        if self.connection is not None:
            self.connection.abort()

    def _probe_udp(self) -> None:
        """Send octets a second apart; a refusal ends it, silence is success."""
        socket = self.host.udp.open(
            self._hear_datagram,
            lambda error, _port: refused(str(error)),
        )
        left = UDP_PROBES

        def refused(reason: str) -> None:
            socket.close()
            if self.timer is not None:
                self._failed("Connection refused" if "Port" in reason else reason)

        def probe() -> None:
            nonlocal left
            if not left:
                socket.close()
                self._succeeded()
                self.try_next()
                return
            left -= 1
            self.timer = self.host.scheduler.call_later(1.0, probe)
            socket.send(self.destination, self.port, b"X")

        probe()

    def _hear_datagram(self, socket: Socket, source: IpAddress, port: int, data: bytes) -> None:
        if not self.scan:
            self.job.print(*data.decode("utf-8", "replace").splitlines())

    def _say(self, line: str) -> None:
        if self.verbose:
            self.job.print(line)

    def _arm(self, action: object) -> None:
        self._disarm()
        if self.wait is not None and callable(action):
            self.timer = self.host.scheduler.call_later(self.wait, action)

    def _disarm(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
