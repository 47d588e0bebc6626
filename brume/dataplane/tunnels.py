"""Frames in tunnels: Geneve (RFC 8926) with OVN's option, VXLAN (RFC 7348), GRE (RFC 2784, 2890).

OVN puts the datapath's key into the VNI, and the ports into one Geneve option of class 0x0102, type 0x80: 1 reserved
bit, 15 bits logical input port, 16 bits logical output port. Open vSwitch shows that option as tun_metadata0.
What is made here is the payload of UDP (or of IP, for GRE), and on demand the IPv4 packet around it.
"""

from __future__ import annotations

import struct
from typing import Final
from zlib import crc32

import msgspec

from brume.dataplane.ports import Port
from brume.openflow.messages.fields import FIELDS
from brume.packets.checksum import internet_checksum

GENEVE_PORT: Final = 6081
VXLAN_PORT: Final = 4789
OVN_CLASS: Final = 0x0102
OVN_TYPE: Final = 0x80
_CRITICAL: Final = 0x80  # an option's high type bit: who does not know it must drop the packet

_ID, _METADATA = FIELDS["tun_id"], FIELDS["tun_metadata0"]
_SOURCE, _DESTINATION = FIELDS["tun_src"], FIELDS["tun_dst"]
_TOS, _TTL = FIELDS["tun_tos"], FIELDS["tun_ttl"]
TUNNEL_BITS: Final = sum(
    FIELDS[name].mask for name in FIELDS if name.startswith("tun_")
)  # cleared where a frame enters a patch port


class Encapsulated(msgspec.Struct, frozen=True):
    """A frame in its tunnel header, on its way between two chassis (addresses are IPv4 as integers)."""

    port: str  # the tunnel port it leaves by
    protocol: str
    source: int
    destination: int
    payload: bytes
    entropy: int = 0  # becomes the UDP source port, so that flows spread over paths

    @property
    def udp_port(self) -> int:
        return GENEVE_PORT if self.protocol == "geneve" else VXLAN_PORT

    def ip_packet(self, identification: int = 0) -> bytes:
        """The IPv4 packet that carries it, UDP header (checksum none, as over IPv4 it may be) included."""
        body, number = self.payload, 47
        if self.protocol != "gre":
            number = 17
            source_port = 0x8000 | self.entropy & 0x7FFF
            body = struct.pack("!HHHH", source_port, self.udp_port, 8 + len(body), 0) + body
        head = struct.pack(
            "!BBHHHBBHII",
            0x45,
            0,
            20 + len(body),
            identification & 0xFFFF,
            0x4000,
            64,
            number,
            0,
            self.source,
            self.destination,
        )
        return head[:10] + internet_checksum(head).to_bytes(2, "big") + head[12:] + body


class Decapsulated(msgspec.Struct, frozen=True):
    """What was in a tunnel payload. `metadata` is OVN's option, None when absent."""

    frame: bytes
    tunnel_id: int
    metadata: int | None = None


def encapsulate(port: Port, key: int, frame: bytes, with_metadata: bool) -> Encapsulated | None:
    """The frame as it leaves a tunnel port; None when nobody is at the other end (no destination)."""
    destination = port.remote if port.remote is not None else _DESTINATION.get(key)
    if not destination:
        return None
    tunnel_id = port.tunnel_key if port.tunnel_key is not None else _ID.get(key)
    if port.protocol == "geneve":
        payload = geneve_header(tunnel_id, _METADATA.get(key) if with_metadata else None) + frame
    elif port.protocol == "vxlan":
        payload = struct.pack("!II", 0x08000000, (tunnel_id & 0xFFFFFF) << 8) + frame
    else:
        payload = struct.pack("!HHI", 0x2000, 0x6558, tunnel_id & 0xFFFFFFFF) + frame
    source = port.local or _SOURCE.get(key)
    return Encapsulated(port.name, port.protocol, source, destination, payload, crc32(frame[:34]))


def geneve_header(vni: int, metadata: int | None) -> bytes:
    """Geneve's header for an Ethernet payload, with OVN's option when there is one."""
    vni_field = (vni & 0xFFFFFF) << 8
    if metadata is None:
        return struct.pack("!BBHI", 0, 0, 0x6558, vni_field)
    return struct.pack("!BBHIHBBI", 2, 0x40, 0x6558, vni_field, OVN_CLASS, OVN_TYPE, 1, metadata)


def decapsulate(protocol: str, payload: bytes) -> Decapsulated | None:
    """The frame in a tunnel payload; None when it is broken or carries something we must not take."""
    try:
        return {"geneve": _geneve, "vxlan": _vxlan, "gre": _gre}[protocol](payload)
    except struct.error:
        return None


def _geneve(payload: bytes) -> Decapsulated | None:
    first, flags, kind, vni = struct.unpack_from("!BBHI", payload)
    end = 8 + ((first & 0x3F) << 2)
    if first >> 6 or flags & 0x80 or kind != 0x6558 or len(payload) < end + 14:
        return None
    metadata, offset = None, 8
    while offset < end:
        option_class, option_type, length = struct.unpack_from("!HBB", payload, offset)
        data = payload[offset + 4 : offset + 4 + ((length & 0x1F) << 2)]
        offset += 4 + ((length & 0x1F) << 2)
        if offset > end:
            return None
        if (option_class, option_type) == (OVN_CLASS, OVN_TYPE) and len(data) == 4:
            metadata = int.from_bytes(data, "big")
        elif option_type & _CRITICAL:
            return None
    return Decapsulated(payload[end:], vni >> 8, metadata)


def _vxlan(payload: bytes) -> Decapsulated | None:
    flags, vni = struct.unpack_from("!II", payload)
    if flags != 0x08000000 or len(payload) < 22:
        return None
    return Decapsulated(payload[8:], vni >> 8)


def _gre(payload: bytes) -> Decapsulated | None:
    flags, kind = struct.unpack_from("!HH", payload)
    if kind != 0x6558 or flags & ~0xB000:
        return None
    offset = 4 + (4 if flags & 0x8000 else 0)
    tunnel_id = 0
    if flags & 0x2000:
        tunnel_id = struct.unpack_from("!I", payload, offset)[0]
        offset += 4
    offset += 4 if flags & 0x1000 else 0
    return Decapsulated(payload[offset:], tunnel_id) if len(payload) >= offset + 14 else None


def arrived(key: int, inner: Decapsulated, source: int, destination: int) -> int:
    """The key of a frame that came out of a tunnel."""
    key = _ID.set(_SOURCE.set(_DESTINATION.set(key, destination), source), inner.tunnel_id)
    if inner.metadata is not None:
        key = _METADATA.set(key, inner.metadata)
    return _TTL.set(key, 64)
