"""Internet checksums (RFC 1071): computing, verifying, and changing one without the packet (RFC 1624).

The sum of 16-bit words with end-around carry is the whole number modulo 65535, which Python computes in C at
once.

Rule: a sum of zero and a sum of 65535 are the same number here; only data that is all zero sums to zero.
"""

from __future__ import annotations

from brume.packets.header import Buffer
from brume.values import IpAddress


def word_sum(data: Buffer) -> int:
    """The one's complement sum of the data's 16-bit words, not inverted; an odd last octet is padded."""
    number = int.from_bytes(data, "big")
    if len(data) & 1:
        number <<= 8
    return number % 0xFFFF or (0xFFFF if number else 0)


def internet_checksum(data: Buffer, start: int = 0) -> int:
    """The checksum of data, on top of a sum (such as a pseudo header's)."""
    total = word_sum(data) + start
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def pseudo_header_sum(source: IpAddress, destination: IpAddress, protocol: int, length: int) -> int:
    """The sum of the addresses, protocol and length that TCP, UDP and ICMPv6 put before their own octets."""
    return (source.value + destination.value + protocol + length) % 0xFFFF


def transport_checksum(source: IpAddress, destination: IpAddress, protocol: int, data: Buffer) -> int:
    """The checksum of a TCP, UDP or ICMPv6 segment whose own checksum field is zero.

    Of a segment whose checksum is filled in and right, the result is 0 (what `verify` looks at)."""
    return internet_checksum(data, pseudo_header_sum(source, destination, protocol, len(data)))


def udp_checksum(source: IpAddress, destination: IpAddress, data: Buffer) -> int:
    """As transport_checksum; a zero is sent as all ones, since zero means "none" (RFC 768)."""
    return transport_checksum(source, destination, 17, data) or 0xFFFF


def replaced_checksum(checksum: int, old: int, new: int) -> int:
    """The checksum after a field (16-bit aligned, any multiple of 16 bits) changed from `old` to `new`."""
    total = ((checksum ^ 0xFFFF) + new - old) % 0xFFFF
    return total ^ 0xFFFF if total else 0
