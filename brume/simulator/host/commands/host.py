"""host, as bind9's: `host [-t TYPE] [-W SECONDS] [-R RETRIES] NAME [SERVER]`.

It asks for the address (A) unless -t says otherwise; the real one asks for AAAA and MX as well. Without SERVER the
first one that DHCP gave is asked. An address as NAME is looked up backwards (PTR).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from brume.packets.dns import (
    AAAA,
    NO_ERROR,
    NO_SUCH_NAME,
    PTR,
    A,
    Dns,
    DnsMessage,
    Question,
    Record,
    read_name,
    write_name,
)
from brume.packets.errors import PacketError
from brume.simulator.clock import Timer
from brume.simulator.host.commands.words import address, number, options, whole_number
from brume.simulator.host.console import Job, UsageError
from brume.simulator.host.errors import Unreachable
from brume.simulator.host.udp import Socket
from brume.values import IpAddress, Ipv4Address, Ipv6Address, parse_address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

USAGE: Final = "Usage: host [-t type] [-W time] [-R number] hostname [server]"
PORT: Final = 53
TYPES: Final = {"A": A, "AAAA": AAAA, "PTR": PTR, "ANY": 255}
RESULTS: Final = {NO_SUCH_NAME: "NXDOMAIN", 1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED"}
SILENCE: Final = ";; connection timed out; no servers could be reached"


def run(host: Host, argv: list[str], job: Job) -> None:
    """Ask."""
    given, rest = options(argv, "t:W:R:")
    if len(rest) not in (1, 2):
        raise UsageError(USAGE, 1)
    kind = given.get("t", "A").upper()
    if kind not in TYPES:
        raise UsageError(f"host: invalid type: {given['t']}")
    wait = number("host", given.get("W", "5"), 0.001, 86400)
    tries = 1 + whole_number("host", given.get("R", "1"), 0, 100)
    server = _server(host, rest[1:])
    if server is None:
        raise UsageError(SILENCE, 1)
    if len(rest) == 2:
        job.print("Using domain server:", f"Name: {rest[1]}", f"Address: {server}#{PORT}", "Aliases: ", "")
    name, backwards = _backwards(rest[0])
    try:
        write_name(name)
    except ValueError:
        raise UsageError(f"host: '{rest[0]}' is not a legal name", 1) from None
    _Query(host, job, server, Question(name, PTR if backwards else TYPES[kind]), wait, tries).ask()


def _server(host: Host, words: list[str]) -> IpAddress | None:
    if words:
        return address("host: couldn't get address for", words[0], 1)
    lease = host.dhcp.lease
    return lease.name_servers[0] if lease is not None and lease.name_servers else None


def _backwards(text: str) -> tuple[str, bool]:
    """The name under which an address is looked up (RFC 1035, 3.5; RFC 3596, 2.5), or what was typed."""
    try:
        given = parse_address(text)
    except ValueError:
        return text, False
    if isinstance(given, Ipv4Address):
        return ".".join([*reversed(str(given).split(".")), "in-addr.arpa"]), True
    return ".".join([*reversed(given.packed.hex()), "ip6.arpa"]), True


class _Query:
    """One question, asked again until it is answered or the tries are used up."""

    def __init__(self, host: Host, job: Job, server: IpAddress, question: Question, wait: float, tries: int) -> None:
        self.host = host
        self.job = job
        self.server = server
        self.name = question.name
        self.wait = wait
        self.tries = tries
        self.socket = host.udp.open(self._hear, lambda _error, _port: self._end(SILENCE))
        self.identifier = self.socket.port  # no randomness here: a port is used for one question
        self.message = DnsMessage(Dns(identifier=self.identifier, recursion_desired=1), (question,)).pack()
        self.timer: Timer | None = None
        job.until_interrupted(self._close)

    def ask(self) -> None:
        """Send the question, if it may be sent once more."""
        if not self.tries:
            self._end(SILENCE)
            return
        self.tries -= 1
        self.timer = self.host.scheduler.call_later(self.wait, self.ask)
        try:
            self.socket.send(self.server, PORT, self.message)
        except Unreachable:
            self._end(SILENCE)

    def _hear(self, _socket: Socket, source: IpAddress, port: int, data: bytes) -> None:
        try:
            answer = DnsMessage.parse(data)
        except PacketError:
            return
        header = answer.header
        if source != self.server or port != PORT or header.identifier != self.identifier or not header.response:
            return
        if header.result != NO_ERROR:
            word = RESULTS.get(header.result, "RESERVED")
            self._end(f"Host {self.name} not found: {header.result}({word})")
        elif not answer.answers:
            self._end(f"{self.name} has no such record", 0)
        else:
            self._end("\n".join(map(_line, answer.answers)), 0)

    def _end(self, text: str, exit_code: int = 1) -> None:
        self._close()
        self.job.print(*text.splitlines())
        self.job.finish(exit_code)

    def _close(self) -> None:
        self.socket.close()
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def _line(record: Record) -> str:
    """A record as host prints it."""
    name = record.name
    if record.type == A and len(record.data) == 4:
        return f"{name} has address {Ipv4Address.from_packed(record.data)}"
    if record.type == AAAA and len(record.data) == 16:
        return f"{name} has IPv6 address {Ipv6Address.from_packed(record.data)}"
    if record.type == PTR:
        try:
            return f"{name} domain name pointer {read_name(record.data, 0)[0]}."
        except PacketError:
            return f"{name} has a pointer that cannot be read"
    return f"{name} has {record}"
