"""IGMP and MLD messages: what they say of their sender, and what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.packets import PacketError
from brume.packets.checksum import internet_checksum
from brume.packets.igmp import (
    IS_EXCLUDE,
    TO_EXCLUDE,
    TO_INCLUDE,
    Membership,
    Record4,
    general_query,
    membership4,
    membership6,
    report,
)
from brume.values import Ipv4Address, Ipv6Address

ONE, TWO = Ipv4Address.parse("239.1.1.1"), Ipv4Address.parse("239.1.1.2")
SIX = Ipv6Address.parse("ff0e::77")


def summed(text: str) -> bytes:
    """Octets with the checksum put in at 2."""
    message = bytes.fromhex(text)
    return message[:2] + internet_checksum(message).to_bytes(2, "big") + message[4:]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (summed("12000000 ef010101"), Membership(joined=(ONE,))),
        (summed("16000000 ef010101"), Membership(joined=(ONE,))),
        (summed("17000000 ef010101"), Membership(left=(ONE,))),
        (summed("11640000 00000000"), Membership(asks=True)),
        (general_query(10, 125), Membership(asks=True)),
        (report(Record4(TO_EXCLUDE, group=ONE), Record4(TO_INCLUDE, group=TWO)), Membership((ONE,), (TWO,))),
        (report(Record4(IS_EXCLUDE, group=ONE)), Membership((ONE,))),
        (summed("22000000 00000001 03000001 ef010101 0a000001"), Membership((ONE,))),  # only from 10.0.0.1
        (summed("22000000 00000002 06010000 ef010101 ffffffff 04000000 ef010102"), Membership((ONE, TWO))),
        (summed("99000000 ef010101"), Membership()),
    ],
)
def test_igmp(message: bytes, said: Membership) -> None:
    assert membership4(message) == said


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("82000000 00000000", Membership(asks=True)),
        ("83000000 00000000", Membership((SIX,))),
        ("84000000 00000000", Membership((), (SIX,))),
        ("8f000000 00000001 04000000", Membership((SIX,))),
        ("8f000000 00000001 03000000", Membership((), (SIX,))),
    ],
)
def test_mld(head: str, said: Membership) -> None:
    assert membership6(bytes.fromhex(head) + SIX.packed) == said


def test_what_is_garbled_is_refused() -> None:
    message = bytearray(report(Record4(TO_EXCLUDE, group=ONE)))
    message[-1] ^= 1
    with pytest.raises(PacketError, match="checksum"):
        membership4(message)
    with pytest.raises(PacketError):
        membership4(summed("22000000 00000009 04000000 ef010101"))


@given(st.binary(min_size=1, max_size=60))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    for read in (membership4, membership6):
        try:
            read(octets)
        except PacketError:
            continue
