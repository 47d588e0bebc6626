"""VXLAN (RFC 7348)."""

from __future__ import annotations

from typing import Final

from brume.packets.header import U8, U24, Header

VALID_VNI: Final = 0x08


class Vxlan(Header, frozen=True):
    """Eight octets before an Ethernet frame."""

    flags: U8 = VALID_VNI
    reserved: U24 = 0
    vni: U24 = 0
    reserved2: U8 = 0
