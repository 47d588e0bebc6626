"""A match that names a set or group that nobody has made is said, as long as that is so."""

from __future__ import annotations

from brume.derive.rules import Problem
from brume.northbound.schema import AddressSet, PortGroup
from brume.tables.database import Database, Transaction
from tests.southbound.builder import Builder, chassis, uuid
from tests.southbound.test_compiler import Lab

MATCH = "ip4.src == {$servers, 10.0.0.1} && outport == @web && ip4.dst == $web_ip4 && ip6.src != $other_ip6"


def said(southbound: Database) -> set[tuple[str, str]]:
    return {(row.table, row.message.partition(",")[0]) for row in southbound.rows(Problem)}


def test_sets_come_and_go() -> None:
    build = Builder()
    switch = build.switch("net")
    build.port("net", "vm", "fa:16:3e:00:00:01 10.0.0.11")
    build.acl(switch, "to-lport", MATCH, "drop", 1)
    build.acl(switch, "to-lport", "eth.src == $svc_monitor_mac", "drop", 2)
    build.qos("net", "to-lport", "inport == @web", 3, rate=1)
    lab = Lab(build, chassis("compute1"))
    everything = {
        ("ACL", "there is no address set $servers"),
        ("ACL", "there is no port group @web"),
        ("ACL", "there is no address set $web_ip4"),
        ("ACL", "there is no address set $other_ip6"),
        ("QoS", "there is no port group @web"),
    }
    assert said(lab.southbound) == everything
    build.group("web", "vm")
    build.address_set("servers", "10.0.0.9")
    build.address_set("other_ip6")
    build.apply()
    assert said(lab.southbound) == set()
    gone = Transaction()
    gone.delete(PortGroup, uuid("group", "web"))
    gone.delete(AddressSet, uuid("set", "servers"))
    gone.delete(AddressSet, uuid("set", "other_ip6"))
    lab.northbound.apply(gone)
    assert said(lab.southbound) == everything
