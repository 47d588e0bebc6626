"""Packets per second through the flows of a real chassis (tests/data/openflow): run by hand, prints a table.

    .venv/bin/python benchmarks/packet_engine.py [PACKETS]

Every packet is a TCP segment from one instance to another on the same chassis: some fifty tables, four passes through
connection tracking, an ACL with conjunctions. "Looked up": without the cache, as the first packet after a change.
"""

from __future__ import annotations

import platform
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from brume.dataplane.extract import extract
from brume.dataplane.ports import PortKind
from brume.dataplane.rewrite import rewrite
from brume.dataplane.switch import Switch
from brume.dataplane.trace import trace
from brume.openflow.messages.fields import FIELDS
from brume.openflow.messages.flow_text import parse_flow
from brume.openflow.messages.group import parse_group

DATA = Path(__file__).parents[1] / "tests" / "data" / "openflow"
A, C = (bytes.fromhex(mac) for mac in ("fa163e000110", "fa163e000112"))
SYN, ACK, SYN_ACK = 0x02, 0x10, 0x12


def chassis(caching: bool) -> Switch:
    switch = Switch("hv1", caching=caching)
    bridge = switch.add_bridge("br-int")
    for number in (1, 2):
        bridge.add_port(f"tunnel{number}", number, PortKind.TUNNEL, remote=0xC0A80001 + number)
    for number in range(3, 8):
        bridge.add_port(f"p{number}", number)
    for line in (DATA / "ovn-chassis-openflow15.txt").read_text().splitlines():
        bridge.tables.add(parse_flow(line))
    for line in (DATA / "ovn-chassis-groups.txt").read_text().splitlines():
        bridge.set_group(parse_group(line))
    return switch


def segment(sport: int, dport: int, flags: int, back: bool = False) -> bytes:
    """From a (192.168.10.10) to c (192.168.10.12), or back; checksums do not matter here."""
    source, target, ends = (C, A, (12, 10)) if back else (A, C, (10, 12))
    ip = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 60, 1, 0, 64, 6, 0, 192, 168, 10, ends[0], 192, 168, 10, ends[1])
    return (
        target
        + source
        + b"\x08\0"
        + ip
        + struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 999, 0, 0)
        + bytes(20)
    )


def timed(count: int, action: Callable[[int], object]) -> float:
    """Microseconds each."""
    start = time.perf_counter()
    for i in range(count):
        action(i)
    return (time.perf_counter() - start) / count * 1e6


def measured(count: int, caching: bool) -> tuple[float, float]:
    """(first packet of a connection, packet of an established one)"""
    switch = chassis(caching)
    frames = [segment(10000 + i % 50000, 22, SYN) for i in range(count)]
    for frame in frames[:2]:
        assert switch.receive("br-int", 4, frame, 0.0).outputs
    first = timed(count - 2, lambda i: switch.receive("br-int", 4, frames[i + 2], i / 10000))
    switch.receive("br-int", 6, segment(22, 10000, SYN_ACK, back=True), 9.0)
    frame = segment(10000, 22, ACK)
    assert switch.receive("br-int", 4, frame, 9.0).outputs
    return first, timed(count, lambda i: switch.receive("br-int", 4, frame, 10 + i / 10000))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    switch, frame = chassis(True), segment(1000, 22, SYN)
    key = extract(frame)
    other = FIELDS["ip_dst"].set(FIELDS["nw_ttl"].set(key, 63), 1)
    rows = [
        ("headers to key", timed(count, lambda _: extract(frame))),
        ("one table asked", timed(count, lambda _: switch.bridge("br-int").tables.lookup(8, key))),
        ("changed key to frame", timed(count, lambda _: rewrite(frame, key, other))),
        ("trace", timed(count // 20, lambda _: trace(switch, "br-int", 4, frame, 0.0))),
    ]
    for name, caching in (("looked up", False), ("cached", True)):
        first, later = measured(count, caching)
        rows += [(f"first packet of a connection, {name}", first), (f"packet of a connection, {name}", later)]
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {count} packets each")
    for what, microseconds in rows:
        print(f"{what:45} {microseconds:9.1f} us {1e6 / microseconds:11,.0f} /s")


if __name__ == "__main__":
    main()
