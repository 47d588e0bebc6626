"""Which backends a chassis probes, when, and what it has found of them (ovn-controller's svc_monitors_run).

A probe that is not answered in time has failed (TCP) or succeeded (UDP); the next one follows after the interval. So
many successes, or failures, in all make a backend online, or offline; until then nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec

from brume.openflow.packet_in.deadlines import Deadlines
from brume.openflow.packet_in.messages import PacketOut, ProbeHeard
from brume.openflow.packet_in.service_check import Target, ask, hang_up
from brume.values import IpAddress

Status = Literal["online", "offline"]
Draw = Callable[[float, float], float]
FIRST_PORT, LAST_PORT = 49152, 65535


class Schedule(msgspec.Struct, frozen=True):
    """How often a backend is asked, how long an answer may take, and how many of them count."""

    interval: float = 5.0
    timeout: float = 3.0
    successes: int = 1
    failures: int = 1


class Wanted(NamedTuple):
    """A backend to probe."""

    target: Target
    schedule: Schedule


class Found(NamedTuple):
    """A backend's state has changed."""

    name: str
    status: Status


class _Probe:
    """One backend."""

    __slots__ = ("failures", "is_waiting", "sequence", "source_port", "status", "successes", "wanted", "when")

    def __init__(self, wanted: Wanted, now: float) -> None:
        self.wanted = wanted
        self.when = now
        self.is_waiting = False
        self.source_port = self.sequence = 0
        self.successes = self.failures = 0
        self.status: Status | None = None

    def send(self, now: float, draw: Draw) -> PacketOut:
        self.source_port = round(draw(FIRST_PORT, LAST_PORT))
        self.sequence = round(draw(0, (1 << 32) - 1))
        self.is_waiting = True
        self.when = now + self.wanted.schedule.timeout
        return ask(self.wanted.target, self.source_port, self.sequence)

    def result(self, alive: bool, now: float) -> Status | None:
        """Count a success or a failure; the new status, if it is another one now."""
        schedule = self.wanted.schedule
        self.is_waiting = False
        self.when = now + schedule.interval
        status = self.status
        if alive:
            self.successes += 1
            if self.successes >= schedule.successes:
                status, self.successes = "online", 0
        else:
            self.failures += 1
            if self.failures >= schedule.failures:
                status, self.failures = "offline", 0
        if status == self.status:
            return None
        self.status = status
        return status


class Probes:
    """The probes of one chassis, by the name of what is asked about."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._probes: dict[str, _Probe] = {}
        self._due: Deadlines[str] = Deadlines()
        self._by_backend: dict[_Backend, dict[str, None]] = {}
        """Names, by where answers come from."""

    def names(self) -> set[str]:
        """What is probed."""
        return set(self._probes)

    def put(self, name: str, wanted: Wanted | None, now: float) -> None:
        """Probe this from now on, or (None) no more; a backend at another place is another one."""
        known = self._probes.get(name)
        if known is not None and wanted is not None and known.wanted.target == wanted.target:
            known.wanted = wanted
            return
        if known is not None:
            self._remove(name, known)
        if wanted is not None:
            self._probes[name] = _Probe(wanted, now)
            self._due.put(name, now)
            self._by_backend.setdefault(_backend(wanted.target), {})[name] = None

    def _remove(self, name: str, known: _Probe) -> None:
        del self._probes[name]
        self._due.drop(name)
        backend = _backend(known.wanted.target)
        del self._by_backend[backend][name]
        if not self._by_backend[backend]:
            del self._by_backend[backend]

    def due(self, now: float) -> Iterator[PacketOut | Found]:
        """What to send now, and what silence says."""
        for name in self._due.due(now):
            probe = self._probes[name]
            if probe.is_waiting:
                yield from self._result(name, probe.wanted.target.protocol == "udp", now)
            else:
                packet = probe.send(now, self._draw)
                self._due.put(name, probe.when)
                yield packet

    def hear(self, heard: ProbeHeard, now: float) -> Iterator[PacketOut | Found]:
        """A backend has answered: the probe that it was asked with, no other."""
        for name in self._by_backend.get(_backend(heard), ()):
            probe = self._probes[name]
            if not probe.is_waiting or heard.source_port != probe.source_port:
                continue
            if heard.protocol == "tcp" and heard.acknowledgment != (probe.sequence + 1) & 0xFFFFFFFF:
                continue
            if heard.alive:
                yield hang_up(probe.wanted.target, heard)
            yield from self._result(name, heard.alive, now)

    def _result(self, name: str, alive: bool, now: float) -> Iterator[Found]:
        probe = self._probes[name]
        status = probe.result(alive, now)
        self._due.put(name, probe.when)
        if status is not None:
            yield Found(name, status)

    def next_time(self) -> float:
        """When something is due next; infinity when nothing is."""
        return self._due.next_time()


_Backend = tuple[int, int, IpAddress, str, int]


def _backend(one: Target | ProbeHeard) -> _Backend:
    return one.datapath, one.port, one.ip, one.protocol, one.number
