"""Who asks for addresses or tags gets those that ovn-northd gives, step by step, from the real ovn-nbctl's commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.northbound.schema import NORTHBOUND, LogicalSwitchPort
from brume.southbound.container_tags import ContainerTags
from brume.southbound.dynamic_addresses import DynamicAddresses
from brume.tables.database import Database, Transaction
from tests.agreement.ovn_lab import OvnLab, read_database, short_directory, why_not
from tests.agreement.ovsdb_server import run

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "installed")

Answer = tuple[str | None, int | None]
PREFIX = ["set nb_global . options:mac_prefix=0a:bb:cc"]
STORIES = {
    "first free addresses, in a subnet": [
        ["ls-add s -- set logical_switch s other_config:subnet=192.168.1.0/24"],
        ["lsp-add s a -- lsp-set-addresses a dynamic"],
        [
            "lsp-add s b -- lsp-set-addresses b dynamic",
            "lsp-add s c -- lsp-set-addresses c '0a:00:00:00:00:01 dynamic'",
        ],
        ["lsp-del a"],
        ["lsp-add s d -- lsp-set-addresses d dynamic"],
    ],
    "what others have": [
        [
            "ls-add s -- set logical_switch s other_config:subnet=10.0.0.0/28",
            "set logical_switch s other_config:exclude_ips='10.0.0.4 10.0.0.6..10.0.0.8 nonsense 10.0.0.9'",
            "lr-add r -- lrp-add r r-s 0a:bb:cc:00:00:04 10.0.0.2/28",
            "lsp-add s s-r -- lsp-set-type s-r router -- lsp-set-addresses s-r router "
            "-- lsp-set-options s-r router-port=r-s",
            "lsp-add s static -- lsp-set-addresses static '0a:bb:cc:00:00:06 10.0.0.3'",
        ],
        ["lsp-add s a -- lsp-set-addresses a dynamic"],
        ["lsp-add s b -- lsp-set-addresses b dynamic"],
        ["set logical_switch_port static addresses='\"0a:bb:cc:00:00:06 10.0.0.5\"'"],
        ['set logical_switch_port static addresses=\'"0a:bb:cc:00:00:06 10.0.0.5","0a:bb:cc:00:00:07 10.0.0.10"\''],
    ],
    "a subnet that is full": [
        ["ls-add s -- set logical_switch s other_config:subnet=10.0.0.0/29"],
        *([f"lsp-add s p{number} -- lsp-set-addresses p{number} dynamic"] for number in range(7)),
        ["lsp-del p2"],
    ],
    "asking for a certain address": [
        ["ls-add s -- set logical_switch s other_config:subnet=10.0.0.0/24"],
        ["lsp-add s a -- lsp-set-addresses a 'dynamic 10.0.0.9'"],
        ["lsp-add s b -- lsp-set-addresses b 'dynamic 10.0.0.9'"],
        ["lsp-add s c -- lsp-set-addresses c 'dynamic 172.16.0.9'"],
        ["lsp-set-addresses a 'dynamic 10.0.0.20'"],
        ["lsp-set-addresses a dynamic"],
        ["lsp-set-addresses a '0a:11:11:11:11:11 dynamic'"],
        ["lsp-set-addresses a dynamic"],
        ["lsp-set-addresses a '0a:11:11:11:11:11 10.0.0.44'"],
    ],
    "IPv6 too": [
        ["ls-add s -- set logical_switch s other_config:subnet=10.0.0.0/24 other_config:ipv6_prefix=fd00:1::"],
        ["lsp-add s a -- lsp-set-addresses a dynamic"],
        ["lsp-add s b -- lsp-set-addresses b 'dynamic fd00:1::7'"],
        ["lsp-add s c -- lsp-set-addresses c 'dynamic 10.0.0.8 fd00:1::8'"],
        ["lsp-set-addresses a 'dynamic 10.0.0.30 fd00:1::30'"],
        ["lsp-set-addresses a 'dynamic fd00:2::30'"],
        ["set logical_switch s other_config:ipv6_prefix=fd00:3::/64"],
        ["remove logical_switch s other_config ipv6_prefix"],
    ],
    "a switch that changes its mind": [
        ["ls-add s", "lsp-add s a -- lsp-set-addresses a dynamic"],
        ["set logical_switch s other_config:mac_only=true"],
        ["set logical_switch s other_config:subnet=10.0.0.0/24"],
        ["set logical_switch s other_config:subnet=10.1.0.0/24"],
        ["set logical_switch s other_config:subnet=10.1.0.0/33"],
        ["remove logical_switch s other_config subnet", "remove logical_switch s other_config mac_only"],
        ["set logical_switch s other_config:ipv6_prefix=fd00::/48"],
        ["set logical_switch s other_config:ipv6_prefix=fd00::/64"],
        ["set nb_global . options:mac_prefix=0a:dd:ee"],
    ],
    "containers": [
        ["ls-add s -- lsp-add s vm", "lsp-add s asked vm 42", "lsp-add s first vm 0", "lsp-add s second vm 0"],
        ["lsp-add s other-parent vm2 0", "lsp-del first"],
        ["lsp-add s third vm 0"],
        ["set logical_switch_port second tag_request=7", "set logical_switch_port asked tag_request=0"],
        ["lsp-add s none -- set logical_switch_port none tag_request=0"],
    ],
    "a MAC is one port's": [
        ["ls-add s -- set logical_switch s other_config:subnet=10.0.0.0/24", "ls-add t"],
        ["lsp-add t x -- lsp-set-addresses x 0a:bb:cc:00:00:03"],
        ["lsp-add s a -- lsp-set-addresses a dynamic"],
        ["lr-add r -- lrp-add r p 0a:bb:cc:00:00:05 172.16.0.1/24"],
        ["lsp-add s b -- lsp-set-addresses b dynamic"],
    ],
}


@pytest.fixture(scope="module")
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


@pytest.mark.parametrize("name", STORIES)
def test_the_same_addresses_as_from_northd(lab, name) -> None:
    lab.compile(Database("OVN_Northbound"))  # empties the databases
    given: dict[str, Answer] = {}
    for number, step in enumerate([PREFIX, *STORIES[name]]):
        for command in step:
            nbctl(lab, command)
            lab.sync()
            theirs = read_database(lab.northbound, NORTHBOUND)
            given = ours(theirs, given)
            expected = answers(theirs)
            assert given == expected, f"step {number}: {command}"


def nbctl(lab: OvnLab, command: str) -> None:
    run("ovn-nbctl", f"--db=unix:{lab.northbound.socket}", *shlex.split(command), directory=lab.directory)


def ours(theirs: Database, before: dict[str, Answer]) -> dict[str, Answer]:
    """What we give in a network like theirs, when we gave that before."""
    northbound = Database("OVN_Northbound")
    transaction = Transaction()
    snapshot = theirs.snapshot()
    for _, _, _, row in snapshot.rows:
        if isinstance(row, LogicalSwitchPort):
            addresses, tag = before.get(row.name, (None, None))
            transaction.put(replace(row, dynamic_addresses=addresses, tag=tag))
        elif row is not None:
            transaction.put(row)
    for member, _ in snapshot.members:
        transaction.add(*member)
    for writer in (DynamicAddresses(northbound), ContainerTags(northbound)):
        northbound.subscribe(writer.follow)
    northbound.apply(transaction)
    return answers(northbound)


def answers(northbound: Database) -> dict[str, Answer]:
    """What each port has been given."""
    return {port.name: (port.dynamic_addresses, port.tag) for port in northbound.rows(LogicalSwitchPort)}
