"""Wires, the underlay, and captures."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.packets.build import stack
from brume.packets.ethernet import Ethernet
from brume.packets.geneve import ovn_geneve
from brume.packets.ipv4 import Ipv4
from brume.packets.udp import GENEVE, Udp
from brume.simulator.clock import Scheduler
from brume.simulator.pcap import PcapError, PcapWriter, read, write
from brume.simulator.underlay import Underlay
from brume.simulator.wire import Segment, Wire
from brume.values import Ipv4Address

A, B = Ipv4Address.parse("172.16.0.1"), Ipv4Address.parse("172.16.0.2")


def tunnelled(size: int = 100, destination: Ipv4Address = B) -> bytes:
    """A Geneve packet between two chassis."""
    inner = Ethernet().pack() + bytes(size)
    return stack(Ethernet(), Ipv4(source=A, destination=destination), Udp(1, GENEVE), ovn_geneve(1, 2, 3), inner)


def test_a_frame_on_a_segment_reaches_all_others_after_the_latency() -> None:
    scheduler = Scheduler()
    segment = Segment(scheduler, latency=0.001)
    heard: list[tuple[str, float, bytes]] = []
    ends = {name: segment.attach(lambda f, n=name: heard.append((n, scheduler.now(), f))) for name in "abc"}
    ends["a"].send(b"one")
    ends["c"].detach()
    ends["a"].send(b"two")
    scheduler.run_until_idle()
    assert heard == [("b", 0.001, b"one"), ("b", 0.001, b"two")]
    assert (ends["a"].sent, ends["b"].received) == (2, 2)


def test_a_wire_has_two_ends() -> None:
    wire = Wire(Scheduler())
    wire.attach(print)
    wire.attach(print)
    with pytest.raises(ValueError, match="two ends"):
        wire.attach(print)


def test_a_tap_sees_frames_until_removed() -> None:
    scheduler = Scheduler()
    segment = Segment(scheduler)
    seen: list[bytes] = []
    remove = segment.tap(lambda time, frame, end: seen.append(frame))
    end = segment.attach(print)
    end.send(b"one")
    remove()
    end.send(b"two")
    assert seen == [b"one"]


def test_the_underlay_delivers_by_outer_address_and_counts_what_it_drops() -> None:
    scheduler = Scheduler()
    underlay = Underlay(scheduler, mtu=1500)
    heard: list[bytes] = []
    send = underlay.attach(A, lambda frame: None)
    underlay.attach(B, heard.append)
    longest = 1500 - 20 - 8 - 16 - 14
    for frame in (
        tunnelled(longest),
        tunnelled(longest + 1),
        tunnelled(destination=Ipv4Address.parse("172.16.0.9")),
        Ethernet(ethertype=0x86DD).pack(),
        b"short",
    ):
        send(frame)
    scheduler.run_until_idle()
    assert heard == [tunnelled(longest)]
    assert underlay.carried == 1
    assert underlay.drops == {
        "longer than the MTU": 1,
        "no chassis has the address": 1,
        "not IPv4": 1,
        "garbled": 1,
    }
    with pytest.raises(ValueError, match="is taken; each chassis needs its own"):
        underlay.attach(B, print)
    underlay.detach(B)
    send(tunnelled())
    scheduler.run_until_idle()
    assert len(heard) == 1


@given(st.lists(st.tuples(st.integers(0, 2**31 - 1), st.binary(max_size=80))))
def test_captures_are_read_back(frames: list[tuple[int, bytes]]) -> None:
    captured = list(read(write((seconds + 0.25, frame) for seconds, frame in frames)))
    assert [(one.time, one.frame, one.length) for one in captured] == [(s + 0.25, f, len(f)) for s, f in frames]


def test_a_capture_cut_short_says_so() -> None:
    data = write([(1.0, b"frame")])
    for length in (0, 3, 23):
        with pytest.raises(PcapError, match="not a pcap"):
            list(read(data[:length]))
    for length in (25, 40, len(data) - 1):
        with pytest.raises(PcapError, match="cut short at byte 24"):
            list(read(data[:length]))


def test_big_endian_captures_are_read() -> None:
    little = write([(1.5, b"frame")])
    swapped = b"".join(little[at : at + 4][::-1] for at in (0,)) + b"\0\2\0\4" + bytes(8) + b"\0\4\0\0" + b"\0\0\0\1"
    swapped += b"".join(number.to_bytes(4, "big") for number in (1, 500_000, 5, 5)) + b"frame"
    assert [(one.time, one.frame) for one in read(swapped)] == [(1.5, b"frame")]


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="reads with the real tcpdump")
def test_tcpdump_reads_what_is_written_from_a_tap(tmp_path: Path) -> None:
    scheduler = Scheduler(start=1_700_000_000.5)
    file = io.BytesIO()
    underlay = Underlay(scheduler)
    underlay.tap(PcapWriter(file).write)
    underlay.send(tunnelled())
    capture = tmp_path / "underlay.pcap"
    capture.write_bytes(file.getvalue())
    command = ["tcpdump", "-nn", "-tt", "-r", str(capture)]
    line = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert line.startswith("1700000000.500000 IP 172.16.0.1.1 > 172.16.0.2.6081: Geneve, Flags [C], vni 0x1")
