"""DHCPv6 messages (RFC 8415): options in options, and octets that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.packets import PacketError, dhcp6
from brume.packets.dhcp6 import Dhcp6, Dhcp6Message, Dhcp6Option, IaAddress
from brume.values import Ipv6Address, MacAddress

MAC = MacAddress.parse("fa:16:3e:00:00:01")
ADDRESS = Ipv6Address.parse("fd00::5")


def test_a_message_comes_back_as_it_was() -> None:
    options = (
        Dhcp6Option(dhcp6.CLIENT_ID, dhcp6.duid(MAC)),
        dhcp6.association(9, IaAddress(ADDRESS, 60, 120)),
        Dhcp6Option(dhcp6.DNS_SERVERS, ADDRESS.packed * 2),
    )
    message = Dhcp6Message(Dhcp6(dhcp6.REPLY, 0xABCDEF), options)
    found = Dhcp6Message.parse(message.pack())
    assert found == message
    ((head, addresses),) = found.associations()
    assert (head.identity, addresses) == (9, (IaAddress(ADDRESS, 60, 120),))
    assert found.name_servers() == (ADDRESS, ADDRESS)
    assert found.get(dhcp6.CLIENT_ID) == bytes.fromhex("00030001fa163e000001")
    assert found.get(dhcp6.SERVER_ID) is None


def test_octets_as_in_the_rfc() -> None:
    """Type, transaction, then code, length, IAID, T1, T2 (sections 8 and 21.4)."""
    message = Dhcp6Message(Dhcp6(dhcp6.SOLICIT, 0x010203), (dhcp6.association(7),))
    assert message.pack().hex() == "01010203" + "0003000c" + "00000007" + "00000000" * 2


@pytest.mark.parametrize("octets", ["01", "0101020300", "01010203000100", "0101020300010004aabb"])
def test_short_messages_are_refused(octets: str) -> None:
    with pytest.raises(PacketError):
        Dhcp6Message.parse(bytes.fromhex(octets))


@given(st.binary(max_size=80))
def test_any_octets_are_a_message_or_refused(octets: bytes) -> None:
    try:
        found = Dhcp6Message.parse(octets)
        list(found.associations())
        found.name_servers()
    except PacketError:
        return
    assert Dhcp6Message.parse(found.pack()) == found
