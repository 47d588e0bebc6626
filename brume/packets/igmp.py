"""IGMP (RFC 1112, 2236, 3376) and the messages of MLD that say the same for IPv6 (RFC 2710, 3810).

A `Membership` is what a message says, whatever its version: who joined, who left, or that a router asks.
Not a querier's or a host's state. Rule: a source filter counts as joining: switches do not look at sources.
"""

from __future__ import annotations

from typing import Final

import msgspec

from brume.packets.checksum import internet_checksum
from brume.packets.errors import PacketError
from brume.packets.header import NO_V4, NO_V6, U8, U16, V4, V6, Buffer, Header
from brume.values import IpAddress, Ipv4Address

QUERY: Final = 0x11
REPORT_1: Final = 0x12
REPORT_2: Final = 0x16
LEAVE: Final = 0x17
REPORT_3: Final = 0x22
MLD_QUERY: Final = 130
MLD_REPORT: Final = 131
MLD_DONE: Final = 132
MLD_REPORT_2: Final = 143

IS_INCLUDE: Final = 1
IS_EXCLUDE: Final = 2
TO_INCLUDE: Final = 3
TO_EXCLUDE: Final = 4

ALL_SYSTEMS: Final = Ipv4Address.parse("224.0.0.1")
ALL_REPORTS: Final = Ipv4Address.parse("224.0.0.22")
ROUTER_ALERT: Final = bytes((0x94, 4, 0, 0))
"""The IPv4 option with which IGMP messages are sent (RFC 2113)."""


class Igmp(Header, frozen=True):
    """A message of version 1 or 2, and how a query of version 3 begins."""

    type: U8 = QUERY
    max_response: U8 = 0
    checksum: U16 = 0
    group: V4 = NO_V4


class Report(Header, frozen=True):
    """A report of version 3; in MLD the same behind the ICMPv6 type and checksum."""

    type: U8 = REPORT_3
    reserved: U8 = 0
    checksum: U16 = 0
    reserved2: U16 = 0
    records: U16 = 0


class Record4(Header, frozen=True):
    """One group of a report; `sources` addresses and `auxiliary` words follow."""

    kind: U8 = IS_EXCLUDE
    auxiliary: U8 = 0
    sources: U16 = 0
    group: V4 = NO_V4


class Record6(Header, frozen=True):
    """One group of an MLD report."""

    kind: U8 = IS_EXCLUDE
    auxiliary: U8 = 0
    sources: U16 = 0
    group: V6 = NO_V6


class Membership(msgspec.Struct, frozen=True):
    """What a message says of its sender."""

    joined: tuple[IpAddress, ...] = ()
    left: tuple[IpAddress, ...] = ()
    asks: bool = False


def membership4(message: Buffer) -> Membership:
    """What an IGMP message says; PacketError when its checksum is wrong, or its end is missing."""
    if internet_checksum(message):
        raise PacketError("Igmp checksum", 0)
    first = Igmp.parse(message)
    if first.type == REPORT_3:
        return _reported(message, Record4)
    if first.type in (REPORT_1, REPORT_2):
        return Membership(joined=(first.group,))
    if first.type == LEAVE:
        return Membership(left=(first.group,))
    return Membership(asks=first.type == QUERY)


def membership6(message: Buffer) -> Membership:
    """What an MLD message says, from its ICMPv6 header on; the checksum is the caller's to look at."""
    kind = message[0]
    if kind == MLD_REPORT_2:
        return _reported(message, Record6)
    if kind in (MLD_REPORT, MLD_DONE):
        group = Record6.parse(message, 4).group  # four octets before the address there, too
        return Membership(joined=(group,)) if kind == MLD_REPORT else Membership(left=(group,))
    return Membership(asks=kind == MLD_QUERY)


def _reported(message: Buffer, kind: type[Record4] | type[Record6]) -> Membership:
    report = Report.parse(message)
    at, joined, left = report.size(), [], []
    for _ in range(report.records):
        record = kind.parse(message, at)
        at += record.size() + record.sources * len(record.group.packed) + record.auxiliary * 4
        if record.kind in (IS_INCLUDE, TO_INCLUDE) and not record.sources:
            left.append(record.group)
        else:
            joined.append(record.group)
    return Membership(tuple(joined), tuple(left))


def report(*records: Record4) -> bytes:
    """An IGMP report of version 3."""
    body = b"".join(record.pack() for record in records)
    return _summed(Report(records=len(records)).pack() + body)


def general_query(max_response: int, interval: int) -> bytes:
    """An IGMP query of version 3 for all groups; tenths of seconds to answer in, seconds between queries."""
    return _summed(Igmp(QUERY, min(max_response, 127)).pack() + bytes((0, min(interval, 127), 0, 0)))


def _summed(message: bytes) -> bytes:
    return message[:2] + internet_checksum(message).to_bytes(2, "big") + message[4:]
