"""Packets a second of the packet engine: UDP between servers on two nodes, security groups and tracking included.

    python -m benchmarks.packet_engine [--ports N] [--seconds S]

The flows are those of a whole cloud. Each packet goes through the logical pipeline of its node with its firewall:
`out` is from the server's card to the Geneve packet, `in` from the Geneve packet to the other server's card.

    nothing cached      the first packet after any flow has changed
    new connection      the first packet of a connection like others before it
    cached              a packet of a connection that is going on
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.flows_after_create import Lab
from benchmarks.inside import inside
from benchmarks.machine import machine
from brume.dataplane.switch import Switch
from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.ipv4 import Ipv4
from brume.packets.udp import Udp
from brume.simulator.chassis import INTEGRATION
from brume.values import Ipv4Address, MacAddress

PAYLOAD = bytes(100)


class Pair:
    """Two servers on two nodes."""

    def __init__(self, lab: Lab) -> None:
        nodes = list(lab.inside.cloud.nodes.values())
        for node in nodes:
            lab.create_server(node.name)
            lab.settle()
            lab.rest()
        ports: list[Any] = lab.inside.request("GET", "/network/v2.0/ports?device_owner=compute:nova")["ports"]
        by_node = {port["binding:host_id"]: port for port in ports if port["binding:host_id"]}
        self.source, self.target = (by_node[node.name] for node in nodes)
        self.here: Switch = nodes[0].switch
        self.there: Switch = nodes[1].switch
        self.card = next(
            number
            for number, name in self.here.bridge(INTEGRATION).port_names().items()
            if self.source["id"].startswith(name.removeprefix("tap-")[:11]) and name.startswith("tap-")
        )
        self.now = lab.inside.cloud.scheduler.now()

    def frame(self, source_port: int, target_port: int) -> bytes:
        """A datagram from one server to the other."""
        ends = [(MacAddress.parse(port["mac_address"]), port["fixed_ips"][0]) for port in (self.source, self.target)]
        (source_mac, source), (target_mac, target) = ends
        return stack(
            Ethernet(destination=target_mac, source=source_mac),
            Ipv4(source=Ipv4Address.parse(source["ip_address"]), destination=Ipv4Address.parse(target["ip_address"])),
            Udp(source=source_port, destination=target_port),
            PAYLOAD,
        )

    def out(self, frame: bytes) -> Any:
        """From the card into the tunnel."""
        (packet,) = self.here.receive(INTEGRATION, self.card, frame, self.now).tunnels
        return packet

    def arrive(self, packet: Any) -> bytes:
        """From the tunnel to the card."""
        result = self.there.receive_tunnel("geneve", packet.source, packet.destination, packet.payload, self.now)
        (out,) = result.outputs
        return out.frame


def connections() -> Iterator[tuple[int, int]]:
    """Pairs of ports, each once."""
    return itertools.product(range(1024, 65536), range(7, 65536, 7))


def rate(action: Callable[[Any], object], work: list[Any], between: Callable[[], object] = lambda: None) -> float:
    """Packets a second of processor time; `between` is not counted."""
    used = 0.0
    for one in work:
        between()
        start = time.perf_counter()
        action(one)
        used += time.perf_counter() - start
    return len(work) / used


def measure(pair: Pair, seconds: float) -> Iterator[str]:
    """The lines of the table."""
    unused = connections()

    def frames(count: int) -> list[bytes]:
        return [pair.frame(*next(unused)) for _ in range(count)]

    def forget() -> None:
        for switch in (pair.here, pair.there):
            switch.bridge(INTEGRATION).version += 1

    first = frames(1)[0]
    packet = pair.out(first)
    assert pair.arrive(packet) == first
    cold, new, cached = (max(20, int(seconds * each)) for each in (300, 2_000, 20_000))
    cold_frames = frames(cold)
    yield line("nothing cached", rate(pair.out, cold_frames, forget), pair, frames(cold), forget)
    new_frames = frames(new)
    yield line("new connection", rate(pair.out, new_frames), pair, frames(new))
    again = [first] * cached
    pair.out(first), pair.arrive(packet)
    yield line("cached", rate(pair.out, again), pair, again)


def line(
    name: str, leaving: float, pair: Pair, frames: list[bytes], between: Callable[[], object] = lambda: None
) -> str:
    """One line: packets a second out and in."""
    arriving = rate(pair.arrive, [pair.out(frame) for frame in frames], between)
    return f"{name:<18} {leaving:>10,.0f} {arriving:>10,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ports", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=1.0, help="about how long each line takes")
    options = parser.parse_args()
    print(machine())
    with inside() as cloud:
        lab = Lab(cloud)
        lab.fill(options.ports, 0)
        pair = Pair(lab)
        print(f"{'packets a second':<18} {'out':>10} {'in':>10}", flush=True)
        for text in measure(pair, options.seconds):
            print(text, flush=True)


if __name__ == "__main__":
    main()
