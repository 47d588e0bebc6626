"""From a request to its flows on every chassis concerned, in a whole cloud of two nodes without sockets.

    python -m benchmarks.flows_after_create [ports ...] [--servers N] [--times N]

`answer` is the request, `flows` what follows until the last flow is in the last switch: northbound, logical flows,
translation, each chassis's stage; for a server also the plug, the claim of the port, and its report that it is up.

    unbound   a port as `openstack port create` makes it; both nodes have servers on its network, so both get its flows
    bound     the same with binding:host_id
    server    a server on one node, with its port: `openstack server create`
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.inside import Inside, inside
from benchmarks.machine import machine, median_and_p95

SETTLED = 0.0001
"""Seconds of the simulator's time: more than a claim takes, less than the answer to a server's first DHCP packet."""


class Lab:
    """A cloud with one large network."""

    def __init__(self, cloud: Inside) -> None:
        self.inside = cloud
        self.net = cloud.network("large", "10.0.0.0/16")
        self.flavor = cloud.request("GET", "/compute/v2.1/flavors")["flavors"][0]["id"]
        self.image = cloud.request("GET", "/image/v2/images")["images"][0]["id"]

    def fill(self, ports: int, servers: int) -> None:
        """Servers on both nodes in turn, and ports that no server has."""
        nodes = list(self.inside.cloud.nodes)
        for number in range(servers):
            self.create_server(nodes[number % len(nodes)])
            self.settle()
            self.rest()
        for start in range(0, ports, 100):
            body = [self.port() for _ in range(min(100, ports - start))]
            self.inside.request("POST", "/network/v2.0/ports", {"ports": body})
            self.settle()

    def port(self, **more: str) -> dict[str, str]:
        return {"network_id": self.net, "name": "port", "device_owner": "compute:nova", **more}

    def create_port(self, **more: str) -> None:
        self.inside.request("POST", "/network/v2.0/ports", {"port": self.port(**more)})

    def create_server(self, node: str) -> None:
        server = {"name": "server", "flavorRef": self.flavor, "imageRef": self.image, "networks": [{"uuid": self.net}]}
        self.inside.request("POST", "/compute/v2.1/servers", {"server": server | {"availability_zone": f"nova:{node}"}})

    def settle(self) -> None:
        """Until the flows are there."""
        cloud = self.inside.cloud
        cloud.settle()
        cloud.scheduler.run_until(cloud.scheduler.now() + SETTLED)
        cloud.settle()

    def rest(self) -> None:
        """Let DHCP and all else end that a new server does by itself; it is not measured."""
        cloud = self.inside.cloud
        cloud.scheduler.run_until(cloud.scheduler.now() + 10)
        cloud.settle()

    def flows(self) -> int:
        return sum(len(chassis.flows()) for chassis in self.inside.cloud.nodes.values())


def measure(lab: Lab, name: str, create: Callable[[], None], times: int) -> str:
    """One line of the table."""
    answers, follows, processor = [], [], []
    flows = lab.flows()
    for _ in range(times):
        start, used = time.perf_counter(), time.process_time()
        create()
        answered = time.perf_counter()
        lab.settle()
        follows.append(time.perf_counter() - answered)
        processor.append(time.process_time() - used)
        answers.append(answered - start)
        lab.rest()
    made = (lab.flows() - flows) / times
    answer, follow, used_by_all = (median_and_p95(one) for one in (answers, follows, processor))
    return (
        f"{name:<10} {answer[0]:>8.2f} {answer[1]:>8.2f} {follow[0]:>9.2f} {follow[1]:>8.2f} "
        f"{used_by_all[0]:>9.2f} {made:>8.1f}"
    )


def run(ports: int, servers: int, times: int) -> None:
    with inside() as cloud:
        lab = Lab(cloud)
        lab.fill(ports, servers)
        print(f"{ports} ports, {servers} servers, {lab.flows()} flows on {len(cloud.cloud.nodes)} nodes")
        gc.freeze()  # as the service does, see brume/service/collector.py
        gc.set_threshold(5_000, 1, 2**31 - 1)
        lab.create_port()
        print(measure(lab, "unbound", lab.create_port, times))
        print(measure(lab, "bound", lambda: lab.create_port(**{"binding:host_id": "compute1"}), times))
        print(measure(lab, "server", lambda: lab.create_server("compute1"), times), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ports", nargs="*", type=int, default=[10, 1000, 5000])
    parser.add_argument("--servers", type=int, default=20)
    parser.add_argument("--times", type=int, default=30)
    options = parser.parse_args()
    if len(options.ports) == 1:
        run(options.ports[0], options.servers, options.times)
        return
    print(machine())
    heads = ("answer", "p95 ms", "flows", "p95 ms", "CPU ms", "flows")
    print(f"{'':<10} {heads[0]:>8} {heads[1]:>8} {heads[2]:>9} {heads[3]:>8} {heads[4]:>9} {heads[5]:>8}", flush=True)
    for ports in options.ports:
        sizes = [str(ports), "--servers", str(options.servers), "--times", str(options.times)]
        subprocess.run([sys.executable, "-m", "benchmarks.flows_after_create", *sizes], check=True)


if __name__ == "__main__":
    main()
