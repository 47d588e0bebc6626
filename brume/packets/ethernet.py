"""Ethernet II (IEEE 802.3) and 802.1Q tags. Not 802.3 length frames: they parse, with a length as
ethertype."""

from __future__ import annotations

from typing import Final

from brume.packets.header import NO_MAC, U1, U3, U12, U16, Header, Mac

IPV4: Final = 0x0800
ARP: Final = 0x0806
RARP: Final = 0x8035
TRANSPARENT_ETHERNET: Final = 0x6558
VLAN: Final = 0x8100
IPV6: Final = 0x86DD
SERVICE_VLAN: Final = 0x88A8

MINIMUM_FRAME: Final = 60  # without the frame check sequence


class Ethernet(Header, frozen=True):
    """The outermost header of a frame."""

    destination: Mac = NO_MAC
    source: Mac = NO_MAC
    ethertype: U16 = 0


class Vlan(Header, frozen=True):
    """An 802.1Q tag: what follows the ethertype 0x8100 or 0x88a8."""

    priority: U3 = 0
    drop_eligible: U1 = 0
    vlan: U12 = 0
    ethertype: U16 = 0


def put_tag(frame: bytes, vlan: int) -> bytes:
    """A frame with an 802.1Q tag."""
    return frame[:12] + VLAN.to_bytes(2, "big") + vlan.to_bytes(2, "big") + frame[12:]


def take_tag(frame: bytes) -> tuple[int, bytes]:
    """The VLAN of a frame, and the frame without its outermost tag; 0 and the frame as it is, if it has none."""
    if frame[12:14] != VLAN.to_bytes(2, "big") or len(frame) < 18:
        return 0, frame
    return int.from_bytes(frame[14:16], "big") & 0xFFF, frame[:12] + frame[16:]
