"""DHCP options and DNS names: the table, both ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.packets.dhcp import Dhcp, DhcpMessage
from brume.packets.dhcp_options import TABLE, OptionSpec, OptionValue, decode_options, encode_options, spec_named
from brume.packets.dns import Dns, DnsMessage, Question, Record, read_name, write_name
from brume.packets.errors import PacketError
from brume.values import Ipv4Address, Prefix

ADDRESSES = st.integers(0, 2**32 - 1).map(Ipv4Address)
ROUTES = st.tuples(
    st.tuples(ADDRESSES, st.integers(0, 32)).map(lambda pair: Prefix.containing(pair[0], pair[1])), ADDRESSES
)
NAMES = st.lists(st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True), min_size=1, max_size=4).map(".".join)
VALUES = {
    "uint8": st.integers(0, 255),
    "uint16": st.integers(0, 65535),
    "uint32": st.integers(0, 2**32 - 1),
    "bool": st.integers(0, 1),
    "ipv4": ADDRESSES,
    "ipv4 list": st.lists(ADDRESSES, min_size=1, max_size=70).map(tuple),
    "str": st.text(max_size=300),
    "octets": st.binary(max_size=300),
    "static_routes": st.lists(ROUTES, min_size=1, max_size=40).map(tuple),
    "domains": st.lists(NAMES, min_size=1, max_size=3).map(tuple),
}


@pytest.mark.parametrize("spec", TABLE, ids=lambda spec: spec.name)
@given(data=st.data())
def test_an_option_is_read_back(spec: OptionSpec, data: st.DataObject) -> None:
    """Also when it is longer than 255 octets and goes in parts (RFC 3396)."""
    value: Any = data.draw(VALUES[spec.type.name])
    given_options: dict[str, OptionValue] = {spec.name: value, "option_224": b"more"}
    assert decode_options(encode_options(given_options)) == given_options


def test_routes_octets_of_rfc_3442() -> None:
    routes = (
        (Prefix.parse("0.0.0.0/0"), Ipv4Address.parse("10.0.0.1")),
        (Prefix.parse("10.17.0.0/16"), Ipv4Address.parse("10.0.0.2")),
    )
    assert encode_options({"classless_static_route": routes}).hex(" ") == (
        "79 0c 00 0a 00 00 01 10 0a 11 0a 00 00 02 ff"
    )


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"\x01\x03\x0a\x00\x00", "netmask: an IPv4 address has 4 octets"),
        (b"\x03\x05\x0a\x00\x00\x01\x02", "router: a multiple of 4"),
        (b"\x1a\x01\x05", "mtu: 2 octets"),
        (b"\x79\x02\x21\x00", "a route is cut short"),
        (b"\x35\x04\x01", "needs 6 octets"),
        (b"\x77\x02\x05a", "cut short"),
    ],
)
def test_a_garbled_option_is_named(octets: bytes, reason: str) -> None:
    with pytest.raises(PacketError, match=reason):
        decode_options(octets)


def test_an_unknown_option_name_is_refused_with_those_known() -> None:
    with pytest.raises(ValueError, match="'nonsense' is not a DHCP option; known are netmask"):
        spec_named("nonsense")


def test_a_message_has_at_least_300_octets() -> None:
    message = DhcpMessage(Dhcp(transaction=5), {"message_type": 1, "hostname": "vm1"})
    assert len(message.pack()) == 300
    assert DhcpMessage.parse(message.pack()) == message


@given(NAMES, st.binary(max_size=10))
def test_dns_messages_are_read_back(name: str, data: bytes) -> None:
    message = DnsMessage(Dns(3, questions=1, answers=1), (Question(name, 28),), (Record(name, 16, 60, data),))
    assert DnsMessage.parse(message.pack()) == message


def test_a_dns_pointer_is_followed_backwards_only() -> None:
    octets = write_name("example.org") + b"\x03www\xc0\x00"
    assert read_name(octets, 13) == ("www.example.org", 19)
    with pytest.raises(PacketError, match="points forwards"):
        read_name(b"\xc0\x00", 0)
