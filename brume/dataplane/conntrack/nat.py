"""Network address translation: which address and port a connection gets, and writing them into packets.

Choice (as Open vSwitch's nat_get_unique_tuple): the address from the range by a hash of the connection, the port the
same if it may be, else the next free one of its class (below 512, below 1024, the rest); none free, no connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zlib import crc32

from brume.dataplane.conntrack.tuples import ConnectionTuple
from brume.dataplane.extract import network_offset
from brume.openflow.messages.actions import Nat
from brume.openflow.messages.fields import FIELDS
from brume.packets.checksum import internet_checksum, replaced_checksum

_ATTEMPTS: Final = 128  # ports tried before giving up, at most
_SOURCE4, _DESTINATION4 = FIELDS["ip_src"], FIELDS["ip_dst"]
_SOURCE6, _DESTINATION6 = FIELDS["ipv6_src"], FIELDS["ipv6_dst"]
_SOURCE_PORT, _DESTINATION_PORT = FIELDS["tcp_src"], FIELDS["tcp_dst"]


def choose(forward: ConnectionTuple, nat: Nat, taken: Callable[[ConnectionTuple], bool]) -> ConnectionTuple | None:
    """The tuple replies will have once `forward` is translated; None when every choice is taken."""
    spread = crc32(repr(forward).encode())
    reply = forward.reversed()
    if nat.address:
        low, high = nat.address, nat.address_max or nat.address
        address = low + spread % (high - low + 1)
        reply = reply._replace(destination=address) if nat.kind == "src" else reply._replace(source=address)
    if forward.protocol not in (6, 17):
        return None if taken(reply) else reply
    if nat.kind == "dst" and nat.port:
        found = _free(reply, "source_port", _range(nat.port, nat.port_max or nat.port, spread), taken)
        if found is not None:
            return found
        reply = reply._replace(source_port=nat.port)
    if nat.kind == "src" and nat.port:
        ports = _range(nat.port, nat.port_max or nat.port, spread)
    else:
        ports = _same_class(forward.source_port)
    return _free(reply, "destination_port", ports, taken)


def _range(low: int, high: int, spread: int) -> tuple[int, int, int]:
    return low + spread % (high - low + 1), low, high


def _same_class(port: int) -> tuple[int, int, int]:
    if port < 512:
        return port, 1, 511
    if port < 1024:
        return port, 600, 1023
    return port, 1024, 65535


def _free(
    reply: ConnectionTuple, which: str, ports: tuple[int, int, int], taken: Callable[[ConnectionTuple], bool]
) -> ConnectionTuple | None:
    first, low, high = ports
    size = high - low + 1
    for step in range(min(size, _ATTEMPTS)):
        port = first if not step else low + (first - low + step) % size
        candidate = reply._replace(**{which: port})
        if not taken(candidate):
            return candidate
    return None


def translate_key(key: int, towards: ConnectionTuple, source: bool, with_ports: bool) -> int:
    """The packet's key with the address (and ports) of `towards`, a tuple of the opposite direction."""
    if towards.version == 4:
        key = _SOURCE4.set(key, towards.destination) if source else _DESTINATION4.set(key, towards.source)
    else:
        key = _SOURCE6.set(key, towards.destination) if source else _DESTINATION6.set(key, towards.source)
    if with_ports and towards.protocol in (6, 17):
        key = _SOURCE_PORT.set(key, towards.destination_port)
        key = _DESTINATION_PORT.set(key, towards.source_port)
    return key


def translate_carried(frame: bytes, inner: int, icmp: int, towards: ConnectionTuple, source: bool) -> bytes:
    """The packet an ICMP error carries, translated back; `source`: its source address is the one to change."""
    data = bytearray(frame)
    size = 4 if towards.version == 4 else 16
    place = inner + (12 if towards.version == 4 else 8) + (0 if source else size)
    address = towards.source if source else towards.destination
    before = int.from_bytes(data[place : place + size], "big")
    data[place : place + size] = address.to_bytes(size, "big")
    transport = inner + ((frame[inner] & 15) << 2 if towards.version == 4 else 40)
    if towards.version == 4:
        _amend(data, inner + 10, before, address)
    if towards.protocol in (6, 17) and len(data) >= transport + 4:
        ports = int.from_bytes(data[transport : transport + 4], "big")
        new_ports = towards.source_port << 16 | towards.destination_port
        data[transport : transport + 4] = new_ports.to_bytes(4, "big")
        checksum = transport + (6 if towards.protocol == 17 else 16)
        if len(data) >= checksum + 2 and (towards.protocol == 6 or data[checksum] or data[checksum + 1]):
            _amend(data, checksum, before, address)
            _amend(data, checksum, ports, new_ports)
    return bytes(_with_icmp_checksum(data, icmp))


def _amend(data: bytearray, place: int, before: int, after: int) -> None:
    checksum = data[place] << 8 | data[place + 1]
    data[place : place + 2] = replaced_checksum(checksum, before, after).to_bytes(2, "big")


def _with_icmp_checksum(data: bytearray, icmp: int) -> bytearray:
    """Set the whole ICMP checksum anew; for version 6 with its pseudo header (RFC 4443, 2.3)."""
    kind, network = network_offset(bytes(data[:30]))
    start = 0
    end = network + (data[network + 2] << 8 | data[network + 3])
    if kind == 0x86DD:
        end = network + 40 + (data[network + 4] << 8 | data[network + 5])
        start = (int.from_bytes(data[network + 8 : network + 40], "big") + 58 + end - icmp) % 0xFFFF
    data[icmp + 2 : icmp + 4] = b"\0\0"
    data[icmp + 2 : icmp + 4] = internet_checksum(data[icmp:end], start).to_bytes(2, "big")
    return data
