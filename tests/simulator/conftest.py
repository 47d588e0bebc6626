"""A bench to put hosts on: one scheduler, one segment, everything sent on it noted as `describe` says it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from brume.packets.describe import describe
from brume.simulator.clock import Scheduler
from brume.simulator.host import Host
from brume.simulator.host.console import Job
from brume.simulator.wire import Segment
from brume.values import InterfaceAddress, IpAddress, MacAddress, parse_address


class Bench:
    """Hosts on one segment."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.segment = Segment(self.scheduler)
        self.lines: list[str] = []
        self.frames: list[tuple[float, bytes]] = []
        self.lose: Callable[[str], bool] = lambda line: False
        self.segment.tap(lambda time, frame, end: self.frames.append((time, frame)))

    def host(self, number: int, address: str = "", gateway: str = "", **options: int) -> Host:
        """A host `vm<number>`, with an address if one is given."""
        host = Host(f"vm{number}", MacAddress(0xFA163E000000 + number), self.scheduler, lambda frame: None, **options)
        end = self.segment.attach(host.receive)

        def send(frame: bytes) -> None:
            line = describe(frame)
            self.lines.append(line)
            if not self.lose(line):
                end.send(frame)

        host.send = send
        if address:
            router = parse_address(gateway) if gateway else None
            host.add_address(InterfaceAddress.parse(address), router)
        return host

    def run(self, host: Host, command: str, limit: float = 300.0) -> Job:
        """Run a console command to its end."""
        job = host.console.run(command.split())
        assert self.scheduler.run_while(lambda: not job.done, limit), f"{command} goes on: {job.lines}"
        return job

    def settle(self) -> list[str]:
        """Let what is under way end; give what was sent since last asked."""
        self.scheduler.run_until_idle()
        lines, self.lines = self.lines, []
        return lines


@pytest.fixture
def bench() -> Bench:
    """An empty bench."""
    return Bench()


@pytest.fixture
def pair(bench: Bench) -> tuple[Bench, Host, Host]:
    """Two hosts, 10.0.0.1 and 10.0.0.2."""
    hosts = bench, bench.host(1, "10.0.0.1/24"), bench.host(2, "10.0.0.2/24")
    bench.settle()
    return hosts


@pytest.fixture
def addresses() -> Callable[[Host], list[IpAddress]]:
    """The addresses of a host."""
    return lambda host: [mine.address for mine in host.addresses]
