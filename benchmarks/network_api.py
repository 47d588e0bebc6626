"""What requests to the network service take over HTTP, with a token, at several numbers of ports.

    python -m benchmarks.network_api [ports ...] [--times N]

The cloud is the real `brume up` in a process of its own, with two nodes; the client keeps its connection, and asks
again as soon as it has the answer, so that what follows a change (its flows) is in the next request's time. CPU is the
cloud's, for each request with all that follows from it.
"""

from __future__ import annotations

import argparse
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.machine import machine, median_and_p95, processor_seconds, resident
from benchmarks.running import Client, Cloud, running

PORTS = "/network/v2.0/ports"


class Bench:
    """One cloud, one network."""

    def __init__(self, cloud: Cloud, times: int) -> None:
        self.cloud = cloud
        self.client: Client = cloud.client()
        self.times = times
        self.net = self._make("network", {"name": "large"})["id"]
        self._make("subnet", {"network_id": self.net, "ip_version": 4, "cidr": "10.0.0.0/16"})
        self.made = 0

    def _make(self, noun: str, body: Any) -> Any:
        return self.client.request("POST", f"/network/v2.0/{noun}s", {noun: body})[noun]

    def _body(self, **more: str) -> dict[str, str]:
        self.made += 1
        owner = {"device_owner": "compute:nova", "device_id": str(uuid.uuid4())}
        return {"network_id": self.net, "name": f"port{self.made}", **owner, **more}

    def fill(self, ports: int) -> None:
        """Have this many ports, made a hundred at a time."""
        while self.made < ports:
            bodies = [self._body() for _ in range(min(100, ports - self.made))]
            self.client.request("POST", PORTS, {"ports": bodies})
        self.settled()

    def settled(self) -> None:
        """Until all before is done: the cloud has one thread, so it is when it answers."""
        self.client.request("GET", "/network/v2.0/networks?fields=id")

    def measure(self, ports: int) -> None:
        """The lines of the table for one size."""
        self.fill(ports)
        made: list[str] = []

        def create(**more: str) -> float:
            answer, seconds = self.client.timed("POST", PORTS, {"port": self._body(**more)})
            made.append(answer["port"]["id"])
            return seconds

        def get(what: str) -> float:
            return self.client.timed("GET", f"{PORTS}{what}")[1]

        def delete(port: str) -> float:
            return self.client.timed("DELETE", f"{PORTS}/{port}")[1]

        numbers = range(self.times)
        self.line(ports, "create port", (create for _ in numbers), lambda one: one())
        bound = {"binding:host_id": "compute1"}
        self.line(ports, "create port, bound", (create for _ in numbers), lambda one: one(**bound))
        self.line(ports, "show port", made[: self.times], lambda port: get(f"/{port}"))
        self.line(ports, "delete port", list(made), delete)
        self.made -= len(made)
        self.line(ports, "list ports", range(max(5, self.times // 3)), lambda _: get(""))
        self.line(ports, "list ports, limit=100", numbers, lambda _: get("?limit=100"))
        address = self.client.request("GET", f"{PORTS}?limit=1")["ports"][0]["fixed_ips"][0]["ip_address"]
        self.line(ports, "list ports by address", numbers, lambda _: get(f"?fixed_ips=ip_address%3D{address}"))
        print(f"{ports:>6} {'resident':<24} {resident(self.cloud.process.pid):>8.0f} MB", flush=True)

    def line(self, ports: int, name: str, work: Iterable[Any], action: Callable[[Any], float]) -> None:
        """Run and print one line."""
        before = processor_seconds(self.cloud.process.pid)
        seconds = [action(one) for one in work]
        self.settled()
        used = (processor_seconds(self.cloud.process.pid) - before) / len(seconds) * 1000
        median, p95 = median_and_p95(seconds)
        print(f"{ports:>6} {name:<24} {median:>8.2f} {p95:>8.2f} {min(seconds) * 1000:>8.2f} {used:>8.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ports", nargs="*", type=int, default=[10, 1000, 5000])
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    print(machine())
    print(f"{'ports':>6} {'milliseconds':<24} {'median':>8} {'p95':>8} {'least':>8} {'CPU':>8}")
    with running() as cloud:
        cloud.wait()
        bench = Bench(cloud, options.times)
        for ports in options.ports:
            bench.measure(ports)


if __name__ == "__main__":
    main()
