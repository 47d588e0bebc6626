"""ARP for IPv4 over Ethernet (RFC 826, RFC 5227). Other hardware and protocols are refused."""

from __future__ import annotations

from typing import ClassVar, Final

from brume.packets.header import NO_MAC, NO_V4, U16, V4, Constant, Header, Mac, Wire

REQUEST: Final = 1
REPLY: Final = 2


class Arp(Header, frozen=True):
    """Who has an address, and who answers."""

    hardware_type: ClassVar[Wire] = Constant(1, bits=16)
    protocol_type: ClassVar[Wire] = Constant(0x0800, bits=16)
    hardware_length: ClassVar[Wire] = Constant(6, bits=8)
    protocol_length: ClassVar[Wire] = Constant(4, bits=8)
    operation: U16 = REQUEST
    sender_mac: Mac = NO_MAC
    sender_ip: V4 = NO_V4
    target_mac: Mac = NO_MAC
    target_ip: V4 = NO_V4
