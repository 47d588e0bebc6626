"""Every declared header: what is written is read back, a number too large is refused, short octets too."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.packets import arp, dhcp, dns, ethernet, geneve, gre, icmp4, icmp6, ipv4, ipv6, nd, tcp, udp, vxlan
from brume.packets.codec import Field, fields, source
from brume.packets.errors import PacketError
from brume.packets.header import Header, LengthOf, Octets, Optional, Tail
from brume.packets.layers import field_values
from brume.values import Ipv4Address

HEADERS = sorted(
    {
        value
        for module in (arp, dhcp, dns, ethernet, geneve, gre, icmp4, icmp6, ipv4, ipv6, nd, tcp, udp, vxlan)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Header) and value is not Header
    },
    key=lambda cls: cls.__name__,
)


def values_of(cls: type[Header], field: Field) -> st.SearchStrategy[Any]:
    """Anything the field can hold."""
    if isinstance(field.kind, Octets):
        return st.binary(min_size=field.width // 8, max_size=field.width // 8)
    if isinstance(field.kind, Tail):
        counter = next(f for f in fields(cls) if isinstance(f.kind, LengthOf) and f.kind.tail == field.name)
        assert isinstance(counter.kind, LengthOf)
        unit, plus = counter.kind.unit, counter.kind.plus
        most = min((1 << counter.width) - 1, 20)
        return st.integers(max(0, -(-plus // unit)), most).flatmap(
            lambda count: st.binary(min_size=count * unit - plus, max_size=count * unit - plus)
        )
    numbers = st.integers(0, (1 << field.width) - 1)
    if isinstance(field.kind, Optional):
        return st.none() | numbers
    return numbers if field.type is int else numbers.map(field.type)


def headers_of(cls: type[Header]) -> st.SearchStrategy[Header]:
    """Any header of a class."""
    carried = [field for field in fields(cls) if not field.on_wire_only]
    return st.builds(cls, **{field.name: values_of(cls, field) for field in carried})


@pytest.mark.parametrize("cls", HEADERS, ids=lambda cls: cls.__name__)
@given(data=st.data(), before=st.binary(max_size=3), after=st.binary(max_size=3))
def test_what_is_written_is_read_back(cls: type[Header], data: st.DataObject, before: bytes, after: bytes) -> None:
    header = data.draw(headers_of(cls))
    octets = header.pack()
    assert cls.parse(before + octets + after, len(before)) == header
    assert len(octets) == header.size() >= cls.minimum()
    for length in range(len(octets)):
        with pytest.raises(PacketError):
            cls.parse(octets[:length])


@pytest.mark.parametrize("cls", HEADERS, ids=lambda cls: cls.__name__)
def test_a_number_that_does_not_fit_is_refused_by_name(cls: type[Header]) -> None:
    for field in fields(cls):
        if field.type is int and not field.on_wire_only and not isinstance(field.kind, Octets | Tail | Optional):
            header = cls(**{field.name: 1 << field.width})
            with pytest.raises(ValueError, match=f"{cls.__name__}.{field.name} is "):
                header.pack()


@pytest.mark.parametrize("cls", HEADERS, ids=lambda cls: cls.__name__)
@given(octets=st.binary(max_size=300))
def test_any_octets_are_a_header_or_a_packet_error(cls: type[Header], octets: bytes) -> None:
    try:
        header = cls.parse(octets)
    except PacketError:
        return
    assert octets.startswith(header.pack())


def test_an_error_says_what_and_where() -> None:
    with pytest.raises(PacketError, match="Ipv4 needs 20 octets, 5 are left at byte 14"):
        ipv4.Ipv4.parse(bytes(19), 14)
    with pytest.raises(PacketError, match="version is 6, not 4"):
        ipv4.Ipv4.parse(ipv6.Ipv6().pack())
    with pytest.raises(PacketError, match="header_length is 4, too small"):
        ipv4.Ipv4.parse(b"\x44" + bytes(40))


def test_options_that_are_not_whole_words_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        ipv4.Ipv4(options=b"abc").pack()


def test_fields_as_they_go_over_the_wire() -> None:
    shown = dict(field_values(ipv4.Ipv4(source=Ipv4Address.parse("10.0.0.1"), options=bytes(4))))
    assert shown["version"] == 4
    assert shown["header_length"] == 6
    assert str(shown["source"]) == "10.0.0.1"
    assert "unpack_from" in source(ipv4.Ipv4)
