"""Router advertisements that nobody asked for: what a chassis says, through which port, and when."""

from __future__ import annotations

import pytest

from brume.openflow.chassis.advertising import advertisements, concerned
from brume.openflow.messages.fields import FIELDS
from brume.openflow.packet_in.advertisements import Advertisement, Advertisements
from brume.openflow.registers import DATAPATH, FLAGS, INPORT, Flag
from brume.packets.describe import describe
from brume.packets.layers import walk
from brume.packets.nd import ND_OPTIONS, RouterAdvertisement
from brume.southbound.schema import DatapathBinding, PortBinding
from brume.tables.database import Database, Transaction
from brume.tables.map import Map

OPTIONS = {
    "peer": "lsp",
    "ipv6_ra_send_periodic": "true",
    "ipv6_ra_address_mode": "slaac",
    "ipv6_ra_max_interval": "600",
    "ipv6_ra_min_interval": "200",
    "ipv6_ra_mtu": "1442",
    "ipv6_ra_prefixes": "fd00:1::/64 fd00:2::/64",
    "ipv6_ra_src_addr": "fe80::f816:3eff:feaa:1",
    "ipv6_ra_src_eth": "fa:16:3e:aa:00:01",
    "ipv6_ra_prf": "MEDIUM",
}


def southbound(**options: str) -> Database:
    """A router port and the switch port at its other end; options in words without their prefix."""
    database, transaction = Database("OVN_Southbound"), Transaction()
    for key, name in ((1, "router"), (2, "switch")):
        transaction.put(DatapathBinding(uuid=name, tunnel_key=key))
    changed = OPTIONS | {f"ipv6_ra_{name}": value for name, value in options.items()}
    row = PortBinding(uuid="1", logical_port="lrp", datapath="router", tunnel_key=5, type="patch", options=Map(changed))
    transaction.put(row)
    peer = Map({"peer": "lrp"})
    transaction.put(
        PortBinding(uuid="2", logical_port="lsp", datapath="switch", tunnel_key=7, type="patch", options=peer)
    )
    database.apply(transaction)
    return database


def told(**options: str) -> tuple[RouterAdvertisement, dict[int, list[bytes]]]:
    """The advertisement, and its options by type."""
    found = advertisements(southbound(**options), ["router"])["lrp"].packet().data
    place = next(layer for layer in walk(found) if isinstance(layer.content, RouterAdvertisement))
    message = place.content
    assert isinstance(message, RouterAdvertisement)
    by_type: dict[int, list[bytes]] = {}
    for one in ND_OPTIONS.parse(found, place.offset + message.size()):
        by_type.setdefault(one.type, []).append(one.data)
    return message, by_type


def test_it_goes_into_the_network_by_the_switch_port_and_stays_here() -> None:
    packet = advertisements(southbound(), ["router"])["lrp"].packet()
    assert describe(packet.data).startswith(
        "IP6 fe80::f816:3eff:feaa:1 > ff02::1: ICMP6, router advertisement, length 96"
    )
    assert FIELDS[DATAPATH].get(packet.key) == 2
    assert FIELDS[INPORT].get(packet.key) == 7
    assert FIELDS[FLAGS].get(packet.key) == Flag.LOCAL_ONLY.mask


@pytest.mark.parametrize(
    ("mode", "managed", "other", "use"),
    [("slaac", 0, 0, 0xC0), ("dhcpv6_stateless", 0, 1, 0xC0), ("dhcpv6_stateful", 1, 0, 0x80)],
)
def test_what_each_mode_says(mode: str, managed: int, other: int, use: int) -> None:
    message, options = told(address_mode=mode)
    assert (message.managed, message.other, message.router_lifetime) == (managed, other, 0xFFFF)
    assert [data[:2] for data in options[3]] == [bytes((64, use))] * 2
    assert [data[-16:].hex() for data in options[3]] == ["fd000001" + "0" * 24, "fd000002" + "0" * 24]
    assert options[5] == [bytes(2) + (1442).to_bytes(4, "big")]
    assert options[1] == [bytes.fromhex("fa163eaa0001")]


def test_name_servers_search_lists_routes_and_preference() -> None:
    message, options = told(rdnss="2001:db8::53", dnssl="example.org", route_info="HIGH-fd00:9::/48", prf="LOW")
    assert message.reserved == 0x18
    assert options[25][0].endswith(bytes.fromhex("20010db8" + "0" * 22 + "53"))
    assert b"\x07example\x03org" in options[31][0]
    assert options[24][0][:2] == bytes((48, 0x08))


@pytest.mark.parametrize(
    "options",
    [{"address_mode": "none"}, {"src_eth": "x"}, {"src_addr": ""}, {"prefixes": "fd00::/999"}, {"rdnss": "nobody"},
     {"send_periodic": "false"}, {"max_interval": "0"}, {"min_interval": "-5"}, {"max_interval": "9" * 400}],
)  # fmt: skip
def test_options_that_make_no_sense_are_not_sent(options: dict[str, str]) -> None:
    assert advertisements(southbound(**options), ["router"]) == {}


def test_only_routers_that_are_local_are_advertised() -> None:
    assert advertisements(southbound(), ["switch"]) == {}


def test_whose_advertisement_hangs_on_a_binding() -> None:
    database = southbound()
    ports = {port.logical_port: port for port in database.rows(PortBinding)}
    assert concerned(database, ports["lrp"]) is ports["lrp"]
    assert concerned(database, ports["lsp"]) is ports["lrp"]
    assert concerned(database, PortBinding(uuid="3", logical_port="vif", datapath="switch", tunnel_key=8)) is None


def test_the_time_between_two_is_drawn_from_the_interval() -> None:
    drawn = iter([250.0, 300.0, 3.0])
    schedule = Advertisements(lambda least, most: next(drawn))
    one: Advertisement = advertisements(southbound(), ["router"])["lrp"]
    schedule.update({"lrp": one}, 1000.0)
    assert schedule.next_time() == 1250.0
    assert list(schedule.due(1249.0)) == []
    assert len(list(schedule.due(1250.0))) == 1
    assert schedule.next_time() == 1550.0
    other = advertisements(southbound(mtu="1400"), ["router"])["lrp"]
    schedule.put("lrp", other, 1300.0)
    assert schedule.next_time() == 1550.0, "what it says changed, not how often"
    schedule.put("lrp", advertisements(southbound(max_interval="4", min_interval="3"), ["router"])["lrp"], 1300.0)
    assert schedule.next_time() == 1303.0
    schedule.update({}, 1300.0)
    assert schedule.next_time() == float("inf")
