"""What somebody wrote and nobody can read is said, as long as it is so; what can be read is not."""

from __future__ import annotations

import msgspec
import pytest

from brume.derive.rules import Problem
from brume.northbound.schema import DNS, AddressSet, LogicalSwitch
from brume.southbound.physical_networks import unreachable
from brume.southbound.schema import Chassis
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from tests.southbound.builder import Builder, chassis, uuid
from tests.southbound.test_compiler import Lab


def said(southbound: Database) -> list[tuple[str, str]]:
    return sorted((row.table, row.message) for row in southbound.rows(Problem))


def test_elements_of_address_sets() -> None:
    build = Builder()
    build.address_set("servers", "10.0.0.9", "10.0.0.0/24", "10.0.0.0/255.0.255.0", "fd00::/64", "0a:00:00:00:00:01")
    lab = Lab(build)
    assert said(lab.southbound) == []
    build.address_set("servers", "nonsense", "10.0.0.300", "10.0.0.0/33x", "10.0.0.1-10.0.0.9", "$other")
    build.apply()
    wrong = ("$other", "10.0.0.0/33x", "10.0.0.1-10.0.0.9", "10.0.0.300", "nonsense")
    assert said(lab.southbound) == [("Address_Set", f"{one!r} is not an address: it is passed over") for one in wrong]
    repaired = Transaction()
    for element in wrong:
        repaired.remove(AddressSet.addresses, uuid("set", "servers"), element)
    lab.northbound.apply(repaired)
    assert said(lab.southbound) == []


@pytest.mark.parametrize(
    ("config", "wrong"),
    [
        ({"subnet": "10.0.0.0/24", "ipv6_prefix": "fd00::"}, ""),
        ({"ipv6_prefix": "fd00::/64", "mac_only": "true"}, ""),
        ({"subnet": "10.0.0.0/33"}, "subnet '10.0.0.0/33' is not an IPv4 network"),
        ({"subnet": ""}, "subnet '' is not an IPv4 network"),
        ({"subnet": "fd00::/64"}, "subnet 'fd00::/64' is not an IPv4 network"),
        ({"ipv6_prefix": "10.0.0.0"}, "ipv6_prefix '10.0.0.0' is not an IPv6 prefix of 64 bits"),
    ],
)
def test_networks_to_give_addresses_of(config: dict[str, str], wrong: str) -> None:
    build = Builder()
    build.transaction.put(LogicalSwitch(uuid=uuid("switch", "net"), name="net", other_config=Map(config)))
    expected = [("Logical_Switch", f"other_config:{wrong} to give addresses of")] if wrong else []
    assert said(Lab(build).southbound) == expected


def test_records() -> None:
    build = Builder()
    build.switch("net")
    key = build.dns("names", "net", vm1_x="10.0.0.3 fd00::3", vm2_x="10.0.0.4,10.0.0.5", vm3_x="10.0.0.300", vm4_x="")
    row = build.transaction.rows[DNS, key]
    assert isinstance(row, DNS)
    reverse = Map({**row.records, "3.0.0.10.in-addr.arpa": "vm1.x"})
    build.transaction.put(msgspec.structs.replace(row, records=reverse))
    assert said(Lab(build).southbound) == [
        ("DNS", "who asks for vm3.x is not answered: '10.0.0.300' is not an address"),
        ("DNS", "who asks for vm4.x is not answered: there is no address"),
    ]


def test_rates_that_our_nodes_do_not_keep() -> None:
    build = Builder()
    build.switch("net")
    build.port("net", "vm", "fa:16:3e:00:00:01 10.0.0.11", options=Map({"qos_max_rate": "9", "qos_burst": "9"}))
    build.port("net", "other", "fa:16:3e:00:00:02 10.0.0.12", options=Map({"requested-chassis": "compute1"}))
    told = "a node that runs Open vSwitch shapes it; Brume's own nodes do not"
    assert said(Lab(build).southbound) == [
        ("Logical_Switch_Port", f"options:qos_burst: {told}"),
        ("Logical_Switch_Port", f"options:qos_max_rate: {told}"),
    ]


def test_networks_that_no_chassis_has() -> None:
    build = Builder()
    build.switch("net")
    for name, options in (
        ("right", {"network_name": "physnet1"}),
        ("typo", {"network_name": "physnet2"}),
        ("bare", {}),
    ):
        build.port("net", name, "unknown", type="localnet", options=Map(options))
    here = chassis("compute1", "compute2")
    lab = Lab(build, here)
    lead = "localnet port {} leads nowhere: "
    none = "they have none (ovn-bridge-mappings)"
    found = [problem.message for problem in unreachable(lab.northbound, here)]
    assert f"{lead.format('right')}no chassis has the network 'physnet1', {none}" in found
    change = Transaction()
    row = min(here.rows(Chassis), key=lambda one: one.name)
    mappings = Map({"ovn-bridge-mappings": "physnet0:br-a, physnet1:br-ex"})
    change.put(msgspec.structs.replace(row, other_config=mappings))
    here.apply(change)
    assert [(problem.row, problem.message) for problem in unreachable(lab.northbound, here)] == [
        (
            uuid("port", "bare"),
            f"{lead.format('bare')}no options:network_name; the chassis have physnet0, physnet1",
        ),
        (
            uuid("port", "typo"),
            f"{lead.format('typo')}no chassis has the network 'physnet2', they have physnet0, physnet1",
        ),
    ]
    assert not list(unreachable(lab.northbound, Database("OVN_Southbound")))
