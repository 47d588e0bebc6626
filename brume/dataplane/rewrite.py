"""A changed key back into frame bytes.

`rewrite(frame, old, new)` writes what differs between the two keys' header fields, and puts right the checksums
that covered it (incrementally, RFC 1624, so that a checksum that was wrong stays wrong). VLAN tag there or not is
told by the CFI bit of vlan_tci, as Open vSwitch keeps it.
Not here: anything that changes a packet's length otherwise (tunnels are in `tunnels.py`).
"""

from __future__ import annotations

from typing import Final

from brume.dataplane.extract import extract, ipv6_transport, neighbor_option, network_offset
from brume.openflow.messages.layout import OFFSETS, SLOTS
from brume.packets.checksum import replaced_checksum

_WRITTEN: Final = (
    "vlan_tci", "eth_src", "eth_dst", "tp_dst", "tp_src", "nw_dst", "nw_src", "ip_tos", "nw_ttl", "nw_proto",
    "arp_sha", "arp_tha", "ipv6_dst", "ipv6_src", "ipv6_label", "nd_target", "nd_reserved", "nd_options_type",
)  # fmt: skip


def _slot(name: str) -> tuple[int, int]:
    return OFFSETS[name], (1 << SLOTS[name]) - 1


def _of(key: int, place: tuple[int, int]) -> int:
    return key >> place[0] & place[1]


HEADERS: Final = sum(mask << shift for shift, mask in map(_slot, _WRITTEN))  # every bit that shows on the wire
_MACS: Final = (OFFSETS["eth_src"], (1 << 96) - 1)
_VLAN: Final = _slot("vlan_tci")
_TYPE: Final = _slot("eth_type")
_PORTS: Final = (OFFSETS["tp_dst"], (1 << 32) - 1)
_V4_SOURCE: Final = _slot("nw_src")
_V4_DESTINATION: Final = _slot("nw_dst")
_V6_SOURCE: Final = _slot("ipv6_src")
_V6_DESTINATION: Final = _slot("ipv6_dst")
_TOS: Final = _slot("ip_tos")
_TTL: Final = _slot("nw_ttl")
_PROTOCOL: Final = _slot("nw_proto")
_FRAGMENT: Final = _slot("nw_frag")
_LABEL: Final = _slot("ipv6_label")
_SHA: Final = _slot("arp_sha")
_THA: Final = _slot("arp_tha")
_TARGET: Final = _slot("nd_target")
_RESERVED: Final = _slot("nd_reserved")
_OPTION: Final = _slot("nd_options_type")
_MAC_BITS: Final = _MACS[1] << _MACS[0]
_CHECKSUM_AT: Final = {6: 16, 17: 6, 1: 2, 58: 2}  # offset in the transport header


def actual(key: int, frame: bytes) -> int:
    """A key with the headers that the frame has: what a second ct action sees after a first one has translated."""
    return key & ~HEADERS | extract(frame) & HEADERS


def rewrite(frame: bytes, old: int, new: int) -> bytes:
    """The frame whose key is `old`, made one whose key is `new`."""
    changed = (old ^ new) & HEADERS
    if not changed:
        return frame
    if changed & _MAC_BITS:
        frame = (new >> _MACS[0] & _MACS[1]).to_bytes(12, "big") + frame[12:]
        changed &= ~_MAC_BITS
        if not changed:
            return frame
    if changed >> _VLAN[0] & 0xFFFF:
        frame = _retag(frame, old >> _VLAN[0] & 0xFFFF, new >> _VLAN[0] & 0xFFFF)
    kind = old >> _TYPE[0] & 0xFFFF
    if kind == 0x0800:
        return _ipv4(frame, old, new)
    if kind == 0x86DD:
        return _ipv6(frame, old, new)
    if kind in (0x0806, 0x8035):
        return _arp(frame, new)
    return frame


def _retag(frame: bytes, old: int, new: int) -> bytes:
    if not new & 0x1000:
        return frame[:12] + frame[16:] if old & 0x1000 else frame
    tag = (new & 0xEFFF).to_bytes(2, "big")
    if old & 0x1000:
        return frame[:14] + tag + frame[16:]
    return frame[:12] + b"\x81\x00" + tag + frame[12:]


def push_tag(frame: bytes, ethertype: int) -> bytes:
    """One more VLAN tag outside, with a copy of the priority and VLAN id of the outermost one."""
    inner = frame[14:16] if frame[12:14] in (b"\x81\x00", b"\x88\xa8") else b"\0\0"
    return frame[:12] + ethertype.to_bytes(2, "big") + inner + frame[12:]


class _Writer:
    """A frame being changed, with the checksums its changes concern."""

    __slots__ = ("data",)

    def __init__(self, frame: bytes) -> None:
        self.data = bytearray(frame)

    def put(self, at: int, size: int, was: int, value: int, sums: tuple[int, ...]) -> None:
        """Write `size` octets, if the field changed at all, and amend the checksums at the given offsets."""
        if was == value:
            return
        data = self.data
        before = int.from_bytes(data[at : at + size], "big")
        data[at : at + size] = value.to_bytes(size, "big")
        for place in sums:
            checksum = data[place] << 8 | data[place + 1]
            data[place : place + 2] = replaced_checksum(checksum, before, value).to_bytes(2, "big")


def _transport_sums(data: bytes, at: int, end: int, protocol: int) -> tuple[int, ...]:
    """Where the transport checksum lies, if it does: no checksum for UDP's zero (RFC 768)."""
    place = _CHECKSUM_AT.get(protocol)
    if place is None or at + place + 2 > end:
        return ()
    place += at
    if protocol == 17 and not (data[place] or data[place + 1]):
        return ()
    return (place,)


def _ipv4(frame: bytes, old: int, new: int) -> bytes:
    at = network_offset(frame)[1]
    if len(frame) < at + 20 or frame[at] >> 4 != 4:
        return frame
    writer = _Writer(frame)
    header = at + ((frame[at] & 15) << 2)
    end = at + (frame[at + 2] << 8 | frame[at + 3])
    if header < at + 20 or not header <= end <= len(frame):
        return frame
    protocol = frame[at + 9]
    own = (at + 10,)
    later = (old >> _FRAGMENT[0] & 3) == 3
    sums = () if later else _transport_sums(frame, header, end, protocol)
    both = own + (sums if protocol in (6, 17) else ())
    version = frame[at] << 8
    writer.put(at, 2, version | _of(old, _TOS), version | _of(new, _TOS), own)
    writer.put(at + 8, 2, _of(old, _TTL) << 8 | protocol, _of(new, _TTL) << 8 | protocol, own)
    writer.put(at + 12, 4, _of(old, _V4_SOURCE), _of(new, _V4_SOURCE), both)
    writer.put(at + 16, 4, _of(old, _V4_DESTINATION), _of(new, _V4_DESTINATION), both)
    if not later:
        _transport(writer, header, end, protocol, old, new, sums)
    return bytes(writer.data)


def _transport(writer: _Writer, at: int, end: int, protocol: int, old: int, new: int, sums: tuple[int, ...]) -> None:
    was, ports = _of(old, _PORTS), _of(new, _PORTS)
    if protocol in (1, 58):
        if end - at >= 8:
            writer.put(at, 2, (was >> 16 & 0xFF) << 8 | was & 0xFF, (ports >> 16 & 0xFF) << 8 | ports & 0xFF, sums)
    elif (protocol == 6 and end - at >= 20) or (protocol == 17 and end - at >= 8):
        writer.put(at, 4, was, ports, sums)
        if protocol == 17 and sums and not any(writer.data[sums[0] : sums[0] + 2]):
            writer.data[sums[0] : sums[0] + 2] = b"\xff\xff"
    elif protocol == 132 and end - at >= 12 and was != ports:
        writer.put(at, 4, was, ports, ())
        writer.data[at + 8 : at + 12] = bytes(4)
        writer.data[at + 8 : at + 12] = crc32c(bytes(writer.data[at:end])).to_bytes(4, "little")


def _ipv6(frame: bytes, old: int, new: int) -> bytes:
    at = network_offset(frame)[1]
    if len(frame) < at + 40:
        return frame
    end = at + 40 + (frame[at + 4] << 8 | frame[at + 5])
    if end > len(frame):
        return frame
    protocol, offset, fragment = ipv6_transport(frame, at, end)
    if not offset:
        return frame
    writer = _Writer(frame)
    sums = () if fragment == 3 else _transport_sums(frame, offset, end, protocol)
    first = tuple(6 << 28 | _of(key, _TOS) << 20 | _of(key, _LABEL) for key in (old, new))
    writer.put(at, 4, first[0], first[1], ())
    writer.put(at + 7, 1, _of(old, _TTL), _of(new, _TTL), ())
    writer.put(at + 8, 16, _of(old, _V6_SOURCE), _of(new, _V6_SOURCE), sums)
    writer.put(at + 24, 16, _of(old, _V6_DESTINATION), _of(new, _V6_DESTINATION), sums)
    if fragment != 3:
        if protocol == 58 and end - offset >= 24 and frame[offset] in (135, 136) and not frame[offset + 1]:
            _neighbor(writer, offset, end, old, new, sums)
        _transport(writer, offset, end, protocol, old, new, sums)
    return bytes(writer.data)


def _neighbor(writer: _Writer, at: int, end: int, old: int, new: int, sums: tuple[int, ...]) -> None:
    solicitation = writer.data[at] == 135
    writer.put(at + 4, 4, _of(old, _RESERVED), _of(new, _RESERVED), sums)
    writer.put(at + 8, 16, _of(old, _TARGET), _of(new, _TARGET), sums)
    option = neighbor_option(bytes(writer.data), at, end, 1 if solicitation else 2)
    if option:
        place = _SHA if solicitation else _THA
        was, value = (_of(key, _OPTION) << 56 | 1 << 48 | _of(key, place) for key in (old, new))
        writer.put(option, 8, was, value, sums)


def _arp(frame: bytes, new: int) -> bytes:
    at = network_offset(frame)[1]
    if len(frame) < at + 28 or frame[at : at + 6] != b"\x00\x01\x08\x00\x06\x04":
        return frame
    operation = new >> _PROTOCOL[0] & 0xFF
    if not operation:
        operation = frame[at + 6] << 8 | frame[at + 7]
    body = (
        operation.to_bytes(2, "big")
        + (new >> _SHA[0] & _SHA[1]).to_bytes(6, "big")
        + (new >> _V4_SOURCE[0] & _V4_SOURCE[1]).to_bytes(4, "big")
        + (new >> _THA[0] & _THA[1]).to_bytes(6, "big")
        + (new >> _V4_DESTINATION[0] & _V4_DESTINATION[1]).to_bytes(4, "big")
    )
    return frame[: at + 6] + body + frame[at + 28 :]


def crc32c(data: bytes) -> int:
    """SCTP's checksum (RFC 4960, appendix B), bit by bit: rare enough here."""
    crc = 0xFFFFFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
