"""Every octet of a frame explained."""

from __future__ import annotations

from brume.packets.explain import explain


def lines(frame: bytes, name: str) -> list[str]:
    """The rows of the parts of that name, as text."""
    return [f"{row.start} {row.octets.hex()} {row.text}" for p in explain(frame) if p.name == name for row in p.rows]


def pick(frames: dict[str, bytes], word: str) -> bytes:
    """The first frame whose line has the word."""
    return next(frame for line, frame in frames.items() if word in line)


def test_the_geneve_header_and_ovns_option(frames: dict[str, bytes]) -> None:
    frame = pick(frames, "Geneve")
    assert lines(frame, "geneve")[:5] == [
        "42 02 version 0, options length 2",
        "43 40 control 0, critical 1, reserved 0",
        "44 6558 protocol 0x6558 (Ethernet)",
        "46 000003 vni 3",
        "49 00 reserved2 0",
    ]
    assert lines(frame, "geneve option") == [
        "50 0102 option class 0x0102 (OVN)",
        "52 80 type 128 (logical ports, critical)",
        "53 01 reserved 0, length 1",
        "54 0004 reserved 0, ingress 4",
        "56 0005 egress 5",
    ]


def test_dhcp_options_are_named(frames: dict[str, bytes]) -> None:
    shown = [line.partition(" ")[2].partition(" ")[2] for line in lines(pick(frames, "ACK"), "dhcp option")]
    assert shown[0] == "message_type 5"
    assert "dns_server 10.0.0.1, 10.0.0.2" in shown
    assert "classless_static_route 169.254.169.254/32 via 10.0.0.2, 0.0.0.0/0 via 10.0.0.1" in shown


def test_tcp_flags_and_options(frames: dict[str, bytes]) -> None:
    frame = pick(frames, "Flags [S]")
    assert "47 02 flags SYN" in lines(frame, "tcp")
    assert lines(frame, "tcp option")[:3] == ["54 02 kind 2", "55 04 length 4", "56 05b4 data (2 octets)"]


def test_the_octets_of_headers_and_payload_are_the_frame(frame: bytes) -> None:
    """Options repeat what their header's tail shows, or are the payload."""
    rows = [row for part in explain(frame) if not part.name.endswith("option") for row in part.rows]
    assert b"".join(row.octets for row in rows) == frame
    assert [row.start for row in rows] == [sum(len(r.octets) for r in rows[:at]) for at in range(len(rows))]


def test_a_frame_cut_short_ends_with_the_reason(frame: bytes) -> None:
    for length in range(14, len(frame) - 1):
        assert explain(frame[:length])
    assert explain(frame[:20])[-1].name in ("error", "payload")
