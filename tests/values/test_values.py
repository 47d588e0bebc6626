"""Values: text in, text out, and what is refused."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.values import (
    InterfaceAddress,
    Ipv4Address,
    Ipv6Address,
    MacAddress,
    ManualClock,
    PortRange,
    Prefix,
    derive_uuid,
    format_uuid,
    is_derived,
    parse_address,
    parse_uuid,
)


@given(st.integers(0, (1 << 48) - 1))
def test_mac_text_round_trip(number: int) -> None:
    mac = MacAddress(number)
    assert MacAddress.parse(str(mac)) == mac
    assert MacAddress.parse(str(mac).upper().replace(":", "-")) == mac
    assert MacAddress.from_packed(mac.packed) == mac


@given(st.integers(0, (1 << 32) - 1))
def test_ipv4_agrees_with_the_standard_library(number: int) -> None:
    mine, theirs = Ipv4Address(number), ipaddress.IPv4Address(number)
    assert str(mine) == str(theirs)
    assert mine.packed == theirs.packed
    assert mine.is_multicast == theirs.is_multicast
    assert parse_address(str(mine)) == mine


@given(st.integers(0, (1 << 128) - 1))
def test_ipv6_round_trip(number: int) -> None:
    mine = Ipv6Address(number)
    assert int(ipaddress.IPv6Address(str(mine))) == number
    assert parse_address(str(mine)) == mine == Ipv6Address.from_packed(mine.packed)


@given(st.integers(0, (1 << 32) - 1), st.integers(0, 32), st.integers(0, (1 << 32) - 1))
def test_prefix_agrees_with_the_standard_library(number: int, length: int, other: int) -> None:
    mine = Prefix.containing(Ipv4Address(number), length)
    theirs = ipaddress.ip_network((number, length), strict=False)
    assert str(mine) == str(theirs)
    assert mine.size == theirs.num_addresses
    assert str(mine.netmask) == str(theirs.netmask)
    assert str(mine.last) == str(theirs.broadcast_address)
    assert (Ipv4Address(other) in mine) == (ipaddress.ip_address(other) in theirs)
    assert Prefix.parse(str(mine)) == mine == Prefix.parse(f"{mine.network}/{mine.netmask}")


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("10.0.0.0/30", ["10.0.0.1", "10.0.0.2"]),
        ("10.0.0.0/31", ["10.0.0.0", "10.0.0.1"]),
        ("10.0.0.9", ["10.0.0.9"]),
        ("fd00::/126", ["fd00::1", "fd00::2", "fd00::3"]),
    ],
)
def test_hosts_of_a_network(text: str, hosts: list[str]) -> None:
    assert [str(host) for host in Prefix.parse(text).hosts()] == hosts


def test_families_never_mix() -> None:
    assert len({Ipv4Address(0), Ipv6Address(0)}) == 2
    assert len({Prefix.parse("0.0.0.0/0"), Prefix.parse("::/0")}) == 2
    assert Ipv6Address(1) not in Prefix.parse("0.0.0.0/0")
    assert not Prefix.parse("0.0.0.0/0").overlaps(Prefix.parse("::/0"))


@pytest.mark.parametrize(
    ("parse", "text", "hint"),
    [
        (MacAddress.parse, "fa:16:3e:00:00", "six pairs"),
        (MacAddress.parse, "fa:16-3e:00:00:01", "six pairs"),
        (Ipv4Address.parse, "1.2.3.256", "0 to 255"),
        (Ipv4Address.parse, "01.2.3.4", "0 to 255"),
        (Ipv4Address.parse, "1.2.3.4\0", "0 to 255"),
        (Ipv6Address.parse, "fd00:::1", "hex digits"),
        (parse_address, "é", "not an IP address"),
        (Prefix.parse, "10.0.0.0/33", "not a network"),
        (Prefix.parse, "10.0.0.0/255.0.255.0", "not a network"),
        (Prefix.parse, "10.0.0.1/24", "the network is 10.0.0.0/24"),
        (InterfaceAddress.parse, "10.0.0.1/x", "not a network"),
        (PortRange.parse, "80:", "not a port range"),
        (PortRange.parse, "90:80", "ends before"),
        (PortRange.parse, "70000", "within 0 to 65535"),
        (parse_uuid, "nonsense", "not a uuid"),
    ],
)
def test_a_wrong_text_is_named_and_the_right_form_shown(parse, text, hint) -> None:
    with pytest.raises(ValueError, match=hint):
        parse(text)


def test_interface_address_knows_its_network() -> None:
    interface = InterfaceAddress.parse("192.168.10.1/24")
    assert str(interface) == "192.168.10.1/24"
    assert str(interface.prefix) == "192.168.10.0/24"


def test_ports() -> None:
    assert str(PortRange.parse("80")) == "80"
    assert str(PortRange.parse("80-90")) == "80:90"
    assert 85 in PortRange(80, 90)
    assert 91 not in PortRange(80, 90)
    assert len(PortRange(80, 90)) == 11


def test_eui64_and_solicited_node() -> None:
    address = Ipv6Address.link_local(MacAddress.parse("fa:16:3e:12:34:56"))
    assert str(address) == "fe80::f816:3eff:fe12:3456"
    assert str(address.solicited_node) == "ff02::1:ff12:3456"


def test_derived_uuids_depend_on_names_alone() -> None:
    assert derive_uuid("ports", "a", 1) == derive_uuid("ports", "a", 1) == parse_uuid(derive_uuid("ports", "a", 1))
    names = [("ab", "c"), ("a", "bc"), ("abc",), ("a", "b", "c"), ("1",), (1,), ("#1",), ()]
    assert len({derive_uuid("ports", *name) for name in names}) == len(names)
    assert is_derived(derive_uuid("ports", "a", 1))
    assert not is_derived(format_uuid(bytes(16)))
    assert format_uuid(bytes(16)) == "00000000-0000-4000-8000-000000000000"


def test_a_manual_clock_only_moves_forward() -> None:
    clock = ManualClock(5.0)
    clock.advance(1.5)
    assert clock.now() == 6.5
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
