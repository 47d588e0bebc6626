"""Whole frames: taken apart and put together again, cut short, garbled; and what they are called."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.packets.build import stack
from brume.packets.checksum import internet_checksum, replaced_checksum, transport_checksum, word_sum
from brume.packets.describe import describe
from brume.packets.errors import PacketError
from brume.packets.ethernet import Ethernet
from brume.packets.geneve import Geneve, OvnKeys, ovn_geneve, ovn_keys
from brume.packets.ipv4 import Ipv4
from brume.packets.layers import dissect, headers, walk
from brume.packets.udp import Udp
from brume.packets.verify import wrong_checksums
from brume.simulator.pcap import write
from brume.values import Ipv4Address, MacAddress


def test_a_frame_taken_apart_is_the_same_when_put_together(frame: bytes) -> None:
    assert stack(*headers(frame)) == frame


def test_a_frame_has_its_line(line: str, frame: bytes) -> None:
    assert describe(frame) == line


def test_every_prefix_of_a_frame_is_a_frame_or_a_packet_error(frame: bytes) -> None:
    for length in range(len(frame)):
        with suppress(PacketError):
            tuple(walk(frame[:length]))
        assert isinstance(describe(frame[:length]), str)
        assert dissect(frame[:length])


@given(data=st.data())
def test_garbled_frames_never_crash(frames: dict[str, bytes], data: st.DataObject) -> None:
    frame = bytearray(data.draw(st.sampled_from(list(frames.values()))))
    for _ in range(data.draw(st.integers(1, 6))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(describe(bytes(frame)), str)
    assert dissect(bytes(frame))


@given(st.binary(max_size=120))
def test_random_octets_never_crash(octets: bytes) -> None:
    for ethertype in (b"\x08\x00", b"\x86\xdd", b"\x08\x06", b"\x81\x00"):
        frame = bytes(12) + ethertype + octets
        assert isinstance(describe(frame, ethernet=True), str)
        assert dissect(frame)


def test_padding_belongs_to_no_layer() -> None:
    frame = stack(Ethernet(), Ipv4(protocol=17), Udp(1, 2), b"abc").ljust(60, b"\0")
    assert headers(frame)[-1] == b"abc"


def test_a_wrong_field_can_be_sent_on_purpose() -> None:
    frame = stack(Ethernet(), Ipv4(checksum=0xBEEF, total_length=99), Udp(1, 2))
    assert Ipv4.parse(frame, 14).checksum == 0xBEEF
    assert dissect(frame)[-1].name == "error"


def test_dissection_names_layers_offsets_and_fields(frames: dict[str, bytes]) -> None:
    frame = next(frame for line, frame in frames.items() if "Geneve" in line)
    layers = dissect(frame)
    assert [layer.name for layer in layers] == [
        *("ethernet", "ipv4", "udp", "geneve", "ethernet", "ipv4", "icmp4", "echo", "payload"),
    ]
    assert dict(layers[3].fields)["vni"] == 3
    assert layers[3].offset == 42
    assert layers[3].size == 16


def test_geneve_octets_as_ovn_sends_them() -> None:
    """RFC 8926 figure 3, with the option of ovn-architecture(7)."""
    header = ovn_geneve(datapath=0x0A0B0C, ingress=2, egress=0x8003)
    assert header.pack().hex(" ", 4) == "02406558 0a0b0c00 01028001 00028003"
    assert ovn_keys(Geneve.parse(header.pack())) == OvnKeys(ingress=2, egress=0x8003)
    assert ovn_keys(Geneve()) is None


def test_ethernet_line() -> None:
    frame = stack(
        Ethernet(MacAddress(2), MacAddress(1)), Ipv4(source=Ipv4Address(1), destination=Ipv4Address(2)), Udp()
    )
    assert describe(frame, ethernet=True) == (
        "00:00:00:00:00:01 > 00:00:00:00:00:02, ethertype IPv4 (0x0800), length 42: "
        "0.0.0.1.0 > 0.0.0.2.0: UDP, length 0"
    )


@given(st.binary(max_size=60))
def test_a_packet_with_its_checksum_sums_to_zero(octets: bytes) -> None:
    padded = octets + bytes(len(octets) % 2)
    checksum = internet_checksum(padded)
    assert internet_checksum(padded + checksum.to_bytes(2, "big")) == 0 or not word_sum(padded)


@given(st.binary(min_size=20, max_size=20), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_a_checksum_changed_with_a_field_is_the_checksum_of_the_changed_packet(
    octets: bytes, word: int, new: int
) -> None:
    octets = b"\x45" + octets[1:]
    at = word * 4
    old = int.from_bytes(octets[at : at + 4], "big")
    new = new | 0x45000000 if at == 0 else new
    changed = octets[:at] + new.to_bytes(4, "big") + octets[at + 4 :]
    assert replaced_checksum(internet_checksum(octets), old, new) == internet_checksum(changed)


def test_checksums_of_whole_frames_verify(frame: bytes) -> None:
    assert wrong_checksums(frame) == ()


def test_a_changed_octet_is_found_at_its_layer(frames: dict[str, bytes]) -> None:
    frame = bytearray(next(frame for line, frame in frames.items() if "Geneve" in line))
    frame[-1] ^= 1
    assert wrong_checksums(frame) == (
        "Udp checksum is wrong in the header at byte 34",
        "Icmp4 checksum is wrong in the header at byte 92",
    )
    frame[22] ^= 1
    assert wrong_checksums(frame)[0].startswith("IPv4 header checksum 0x")
    assert "needs 20 octets" in wrong_checksums(frame[:20])[0]


def test_a_transport_checksum_verifies() -> None:
    a, b = Ipv4Address.parse("10.0.0.1"), Ipv4Address.parse("10.0.0.2")
    packet = stack(Ipv4(source=a, destination=b), Udp(1, 2), b"odd")
    assert transport_checksum(a, b, 17, packet[20:]) == 0
    assert internet_checksum(packet[:20]) == 0


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="compares with the real tcpdump")
def test_tcpdump_says_the_same(frames: dict[str, bytes], tmp_path: Path) -> None:
    """But where `describe` says more: DHCP's message type, OVN's keys, and tags and tunnels tcpdump splits up."""
    ours = [line for line in frames if not any(word in line for word in ("DHCP", "Geneve", "VXLAN", "vlan", "proto"))]
    ours = [line for line in ours if "Unknown" not in line]
    capture = tmp_path / "frames.pcap"
    capture.write_bytes(write((float(index), frames[line]) for index, line in enumerate(ours)))
    command = ["tcpdump", "-nn", "-t", "-S", "-r", str(capture)]
    theirs = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    # tcpdump names extension headers it passes, and the end-of-options octet; we do not.
    theirs = [line.replace(",eol]", "]") for line in theirs]
    pairs = [(mine, other) for mine, other in zip(ours, theirs, strict=True) if mine != other]
    assert [mine for mine, _ in pairs] == ["IP6 fd00::1.3 > fd00::2.4: UDP, length 3"]
