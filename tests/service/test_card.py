"""What a host is made of when it is plugged in as a logical port, and what the host outside is called."""

from __future__ import annotations

from typing import Any

import pytest

from brume.northbound.schema import NORTHBOUND, switch_port_by_name
from brume.ovsdb.store import Store
from brume.ovsdb.transact import transact
from brume.service.lab.bindings import Binding, Bindings
from brume.service.lab.card import Card, NoCard, Wishes, make_card
from brume.service.lab.outside import outside_addresses
from brume.tables.database import Database
from brume.values import random_uuid

MAC = "0a:00:00:00:00:0a"


class Network:
    """A switch with a router, and one port more."""

    def __init__(self) -> None:
        self.store = Store(Database("OVN_Northbound"), NORTHBOUND)

    def insert(self, table: str, handle: str, **row: Any) -> dict[str, Any]:
        return {"op": "insert", "table": table, "uuid-name": handle, "row": row}

    def commit(self, *operations: dict[str, Any]) -> None:
        outcome = transact(self.store, [NORTHBOUND.name, *operations], new_uuid=random_uuid)
        assert not [one for one in outcome.results if one and "error" in one], outcome.results

    def build(self, port: dict[str, Any], *networks: str, config: dict[str, str] | None = None, **more: Any) -> None:
        ports = [["named-uuid", "port"], ["named-uuid", "side"], *([["named-uuid", "net"]] if more else [])]
        operations = [
            self.insert("Logical_Switch_Port", "port", name="vma", **port),
            self.insert(
                "Logical_Switch_Port", "side", name="s", type="router", options=mapping({"router-port": "r-s"})
            ),
            self.insert(
                "Logical_Switch", "switch", name="ls1", ports=["set", ports], other_config=mapping(config or {})
            ),
        ]
        if more:
            localnet = self.insert(
                "Logical_Switch_Port", "net", name="net", type="localnet", options=mapping({"network_name": "physnet1"})
            )
            operations.insert(0, localnet)
        if networks:
            interface = self.insert(
                "Logical_Router_Port", "rp", name="r-s", mac="0a:00:00:00:01:01", networks=["set", list(networks)]
            )
            routes = [
                self.insert(
                    "Logical_Router_Static_Route", f"route{number}", ip_prefix=f"10.{number}.0.0/16", nexthop=hop
                )
                for number, hop in enumerate(more.get("hops", ()))
            ]
            names = ["set", [["named-uuid", f"route{number}"] for number in range(len(routes))]]
            router = self.insert("Logical_Router", "r", name="lr1", ports=["named-uuid", "rp"], static_routes=names)
            operations += [interface, *routes, router]
        self.commit(*operations)

    def card(self, **wishes: Any) -> Card:
        (port,) = self.store.database.find(switch_port_by_name, "vma")
        return make_card(self.store.database, port, Wishes(**wishes))


def mapping(pairs: dict[str, str]) -> list[Any]:
    return ["map", [list(pair) for pair in pairs.items()]]


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.mark.parametrize(
    ("addresses", "networks", "config", "expected"),
    [
        (f"{MAC} 10.0.0.10", ["10.0.0.1/23"], {}, Card(MAC, ("10.0.0.10/23",), ("10.0.0.1",))),
        (f"{MAC} 10.0.0.10", ["172.16.0.1/24"], {}, Card(MAC, ("10.0.0.10/24",))),
        (f"{MAC} 10.0.0.10", [], {"subnet": "10.0.0.0/22"}, Card(MAC, ("10.0.0.10/22",))),
        (f"{MAC} 10.0.0.10", [], {"subnet": "nonsense"}, Card(MAC, ("10.0.0.10/24",))),
        (MAC, ["10.0.0.1/24"], {}, Card(MAC)),
        (f"{MAC} fd00::10", ["fd00::1/64"], {}, Card(MAC, ("fd00::10/64",), ("fd00::1",), ipv6=True)),
        (
            f"{MAC} 10.0.0.10 fd00::10",
            ["10.0.0.1/24", "fd00::1/64"],
            {},
            Card(MAC, ("10.0.0.10/24", "fd00::10/64"), ("10.0.0.1", "fd00::1"), ipv6=True),
        ),
    ],
)
def test_what_a_port_says(network, addresses, networks, config, expected) -> None:
    network.build({"addresses": addresses}, *networks, config=config)
    assert network.card() == expected


def test_what_is_said_counts_more(network) -> None:
    network.build({"addresses": f"{MAC} 10.0.0.10"}, "10.0.0.1/24")
    card = network.card(mac="0A:00:00:00:00:77", addresses=("10.0.0.99", "192.168.7.7/28"), gateway="10.0.0.254")
    assert card == Card("0a:00:00:00:00:77", ("10.0.0.99/24", "192.168.7.7/28"), ("10.0.0.254",))


def test_with_dhcp_options_the_host_asks(network) -> None:
    network.build({"addresses": f"{MAC} 10.0.0.10 fd00::10"}, "10.0.0.1/24")
    network.commit(
        network.insert("DHCP_Options", "d", cidr="10.0.0.0/24"),
        {
            "op": "update",
            "table": "Logical_Switch_Port",
            "where": [["name", "==", "vma"]],
            "row": {"dhcpv4_options": ["named-uuid", "d"]},
        },
    )
    assert network.card() == Card(MAC, ("fd00::10/64",), dhcp=True, ipv6=True)
    assert network.card(addresses=("10.0.0.5",)) == Card(MAC, ("10.0.0.5/24",), ("10.0.0.1",))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, Card(MAC, ("10.0.0.10/24",), ("10.0.0.1",), ipv6=True, dhcp6=True)),
        ({"dhcpv6_stateless": "true"}, Card(MAC, ("10.0.0.10/24", "fd00::10/64"), ("10.0.0.1",), ipv6=True)),
    ],
)
def test_with_dhcpv6_options_the_host_asks_unless_they_are_stateless(network, options, expected) -> None:
    network.build({"addresses": f"{MAC} 10.0.0.10 fd00::10"}, "10.0.0.1/24")
    network.commit(
        network.insert("DHCP_Options", "d", cidr="fd00::/64", options=mapping(options)),
        {
            "op": "update",
            "table": "Logical_Switch_Port",
            "where": [["name", "==", "vma"]],
            "row": {"dhcpv6_options": ["named-uuid", "d"]},
        },
    )
    assert network.card() == expected


def test_a_container_says_inside_whom_it_is(network) -> None:
    network.build({"addresses": f"{MAC} 10.0.0.10", "parent_name": "big", "tag": 4}, "10.0.0.1/24")
    card = network.card()
    assert (card.parent, card.tag) == ("big", 4)
    assert str(card) == f"{MAC} 10.0.0.10/24 via 10.0.0.1 inside big, VLAN 4"


def test_addresses_that_the_switch_gave(network) -> None:
    network.build({"addresses": "dynamic", "dynamic_addresses": f"{MAC} 10.0.0.2"}, "10.0.0.1/24")
    assert network.card() == Card(MAC, ("10.0.0.2/24",), ("10.0.0.1",))


@pytest.mark.parametrize(
    ("port", "wishes", "said"),
    [
        ({"addresses": "unknown"}, {}, "vma has no MAC address; say one with --mac"),
        ({}, {"addresses": ("10.0.0.1",)}, "vma has no MAC address"),
        ({"type": "localnet"}, {}, "vma is of type localnet: no host is plugged in there"),
        ({"parent_name": "big"}, {}, "vma is a container inside big, without a tag; ovn-nbctl set logical_switch_port"),
        ({"addresses": MAC}, {"mac": "x"}, "--mac x: "),
        ({"addresses": MAC}, {"addresses": ("10.0.0.1/99",)}, "--ip 10.0.0.1/99: "),
        ({"addresses": MAC}, {"gateway": "10.0.0"}, "--gateway 10.0.0: "),
    ],
)
def test_what_cannot_be(network, port, wishes, said) -> None:
    network.build(port)
    with pytest.raises(NoCard, match=said):
        network.card(**wishes)


@pytest.mark.parametrize(
    ("networks", "hops", "expected"),
    [
        (["203.0.113.5/24"], ["203.0.113.1"], {"203.0.113.1/24"}),
        (
            ["203.0.113.5/24"],
            ["203.0.113.1", "203.0.113.9", "10.0.0.1", "discard"],
            {"203.0.113.1/24", "203.0.113.9/24"},
        ),
        (["203.0.113.5/24"], [], {"203.0.113.1/24"}),
        (["203.0.113.1/24"], [], {"203.0.113.2/24"}),
        (["203.0.113.5/24", "2001:db8::5/64"], ["2001:db8::1"], {"203.0.113.1/24", "2001:db8::1/64"}),
        (["203.0.113.5/32"], [], set()),
        ([], [], set()),
    ],
)
def test_outside_is_whom_routers_send_to(network, networks, hops, expected) -> None:
    network.build({}, *networks, hops=hops)
    assert {str(one) for one in outside_addresses(network.store.database, "physnet1")} == expected
    assert outside_addresses(network.store.database, "physnet2") == set()


def test_bindings_are_kept(tmp_path) -> None:
    file = tmp_path / "bindings.json"
    bindings = Bindings(file)
    bindings.load()
    one = Binding("vma", "compute1", Card(MAC, ("10.0.0.10/24",), ("10.0.0.1",)))
    two = Binding("vmb", "compute2", Card(MAC, dhcp=True))
    for binding in (one, two):
        bindings.put(binding)
    bindings.remove("vmb")
    again = Bindings(file)
    again.load()
    assert list(again) == [one]
    assert again.get("vmb") is None
    assert file.stat().st_mode & 0o077 == 0


def test_bindings_that_are_none_are_said(tmp_path) -> None:
    (tmp_path / "bindings.json").write_text('[{"port": 3}]')
    with pytest.raises(ValueError, match=r"bindings\.json cannot be read: "):
        Bindings(tmp_path / "bindings.json").load()
