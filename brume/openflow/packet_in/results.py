"""The result bit of actions as `reg0[3] = put_dhcp_opts(...)`: where it is, and setting it before going on.

Userdata begins with the NXM header of a field (eight octets for an experimenter's) and a 32-bit bit number.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from brume.openflow.messages.fields import FIELDS, Field
from brume.openflow.packet_in.messages import BadPacketIn, PacketIn, Resume

EXPERIMENTER: Final = 0xFFFF


@cache
def _fields() -> dict[tuple[int, int, int], Field]:
    return {
        (number.vendor_class, number.number, number.experimenter): field
        for field in FIELDS.values()
        for number in (field.nxm, field.oxm)
        if number is not None
    }


def result_bit(userdata: bytes) -> tuple[int, bytes]:
    """(the result's bit in the key, the arguments behind it)."""
    if len(userdata) < 8:
        raise BadPacketIn("userdata ends before the result field")
    vendor_class, number = int.from_bytes(userdata[:2], "big"), userdata[2] >> 1
    at = 8 if vendor_class == EXPERIMENTER else 4
    experimenter = int.from_bytes(userdata[4:8], "big") if vendor_class == EXPERIMENTER else 0
    field = _fields().get((vendor_class, number, experimenter))
    offset = int.from_bytes(userdata[at : at + 4], "big")
    if field is None or not field.writable or offset >= field.width:
        raise BadPacketIn(f"bad result bit {offset} of field {vendor_class:#x}:{number}")
    return 1 << (field.shift + offset), userdata[at + 4 :]


def resume(packet_in: PacketIn, bit: int, data: bytes | None) -> Resume:
    """Go on with the packet replaced and the bit set; or, without data, as it was and the bit clear."""
    if data is None:
        return Resume(packet_in.data, packet_in.key & ~bit, packet_in.continuation)
    return Resume(data, packet_in.key | bit, packet_in.continuation)
