"""TCP (RFC 9293): the header and its options. Not the state machine: the simulated host has one."""

from __future__ import annotations

from typing import ClassVar, Final

from brume.packets.header import U1, U3, U8, U16, U32, Header, LengthOf, OctetTail, Wire
from brume.packets.options import OptionList

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
URG: Final = 0x20
ECE: Final = 0x40
CWR: Final = 0x80

END_OF_OPTIONS: Final = 0
NO_OPERATION: Final = 1
MAXIMUM_SEGMENT_SIZE: Final = 2
WINDOW_SCALE: Final = 3
SACK_PERMITTED: Final = 4
SACK: Final = 5
TIMESTAMPS: Final = 8


class Tcp(Header, frozen=True):
    """The TCP header; `options` is a multiple of four octets (see `TCP_OPTIONS`)."""

    source: U16 = 0
    destination: U16 = 0
    sequence: U32 = 0
    acknowledgment: U32 = 0
    data_offset: ClassVar[Wire] = LengthOf("options", bits=4, unit=4, plus=20)
    reserved: U3 = 0
    accurate_ecn: U1 = 0
    flags: U8 = 0
    window: U16 = 0
    checksum: U16 = 0
    urgent: U16 = 0
    options: OctetTail = b""

    def has(self, flags: int) -> bool:
        """True when all these flags are set."""
        return self.flags & flags == flags


class TcpOption(Header, frozen=True):
    """One option with a length."""

    kind: U8 = 0
    length: ClassVar[Wire] = LengthOf("data", bits=8, plus=2)
    data: OctetTail = b""


TCP_OPTIONS: Final = OptionList(TcpOption, "kind", pad=NO_OPERATION, end=END_OF_OPTIONS, align=4)
