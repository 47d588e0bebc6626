"""How long a cloud takes from `brume up` to the first token and the first network, and what it holds when idle.

    python -m benchmarks.start [--times N] [--nodes N]

Each start is a process of its own: `first` makes its database, `again` finds it with one network. "no bytecode" is the
very first start after an installation that compiled nothing: every module, ours and others', is compiled on the way.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.machine import machine, processor_seconds, resident
from benchmarks.running import running

IDLE_AFTER = 2.0


class Start(NamedTuple):
    """One start, in seconds from the process's birth, and megabytes."""

    accepting: float
    token: float
    network: float
    processor: float
    megabytes: float


def start(directory: Path, nodes: int, environment: dict[str, str]) -> Start:
    """Start a cloud once."""
    begin = time.perf_counter()
    with running(directory, nodes=nodes, environment=environment) as cloud:
        cloud.wait()
        accepting = time.perf_counter() - begin
        client = cloud.client()
        token = time.perf_counter() - begin
        client.request("POST", "/network/v2.0/networks", {"network": {"name": "first"}})
        network = time.perf_counter() - begin
        time.sleep(IDLE_AFTER)
        process = cloud.process.pid
        return Start(accepting, token, network, processor_seconds(process), resident(process))


def show(name: str, starts: list[Start]) -> None:
    """One line: the median of each figure."""
    middle = [sorted(figures)[len(starts) // 2] for figures in zip(*starts, strict=True)]
    accepting, token, network, processor, megabytes = middle
    print(
        f"{name:<28} {accepting:>11.2f} {token:>8.2f} {network:>8.2f} {processor:>7.2f} {megabytes:>9.0f}", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--nodes", type=int, default=2)
    options = parser.parse_args()
    print(machine())
    print(f"{'':<28} {'accepting s':>11} {'token s':>8} {'network s':>8} {'CPU s':>6} {'idle MB':>9}")
    with TemporaryDirectory(prefix="brume-bench.") as kept, TemporaryDirectory(prefix="brume-bench.") as nothing:
        cached = {"PYTHONPYCACHEPREFIX": kept, "PYTHONDONTWRITEBYTECODE": ""}
        with TemporaryDirectory(prefix="brume-bench.") as directory:
            start(Path(directory), options.nodes, cached)  # compiles the modules
        measure("", options.times, options.nodes, cached)
        bare = {"PYTHONPYCACHEPREFIX": nothing, "PYTHONDONTWRITEBYTECODE": "1"}
        measure(", no bytecode", max(1, options.times // 3), options.nodes, bare)


def measure(suffix: str, times: int, nodes: int, environment: dict[str, str]) -> None:
    """Start new clouds, and each of them once more."""
    first, again = [], []
    for _ in range(times):
        with TemporaryDirectory(prefix="brume-bench.") as directory:
            first.append(start(Path(directory), nodes, environment))
            again.append(start(Path(directory), nodes, environment))
    show("first" + suffix, first)
    show("again" + suffix, again)


if __name__ == "__main__":
    main()
