"""Router advertisements that nobody asked for: the same octets at the same cards from our chassis and a real one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from brume.northbound.schema import LogicalRouterPort
from brume.packets.layers import headers
from brume.packets.nd import RouterAdvertisement
from brume.southbound.compiler import Compiler
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from tests.agreement.controller_lab import ControllerLab, why_not
from tests.agreement.ovn_lab import short_directory
from tests.agreement.test_openflow_packets import CHASSIS, Ours, Theirs, network
from tests.southbound.builder import uuid

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
PATIENCE = 60.0
OFTEN = {"send_periodic": "true", "max_interval": "4", "min_interval": "3"}
SAID = {
    "net": {"address_mode": "slaac", "mtu": "1442", "rdnss": "2001:db8::53", "router_preference": "HIGH"},
    "other": {"address_mode": "dhcpv6_stateful", "dnssl": "example.org,example.net", "route_info": "LOW-fd00:9::/48"},
}


def advertised() -> Database:
    """The network of those dialogues, whose router advertises itself every few seconds."""
    northbound, transaction = network(), Transaction()
    for name, configuration in SAID.items():
        row = northbound.get(LogicalRouterPort, uuid("router port", f"lrp-router-{name}"))
        assert row is not None
        transaction.put(replace(row, ipv6_ra_configs=Map(OFTEN | configuration)))
    northbound.apply(transaction)
    return northbound


def unasked(frames: list[tuple[str, bytes]]) -> set[tuple[str, bytes]]:
    return {
        (name, frame) for name, frame in frames if any(isinstance(one, RouterAdvertisement) for one in headers(frame))
    }


def test_what_is_advertised_is_the_same() -> None:
    southbound = Database("southbound")
    Compiler(advertised(), southbound).start()
    ours = Ours(southbound)
    ours.scheduler.run_for(9)
    expected = unasked(ours.frames)
    assert {name for name, _ in expected} == {"a", "b", "c", "d"}
    with short_directory() as directory:
        lab = ControllerLab(Path(directory), [CHASSIS])
        try:
            lab.run(advertised(), {})
            theirs = Theirs(Path(directory), lab.chassis[CHASSIS], lab.sync)
            found: set[tuple[str, bytes]] = set()
            deadline = time.monotonic() + PATIENCE
            while not expected <= found and time.monotonic() < deadline:
                found |= unasked(theirs._new())
                time.sleep(0.1)  # another program sends; nothing tells when
        finally:
            lab.stop()
    assert sorted(found) == sorted(expected)
