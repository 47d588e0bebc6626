"""Options that are numbers: what is written there by hand never keeps the compiler from compiling the rest."""

from __future__ import annotations

import pytest

from brume.southbound.compiler import Compiler
from brume.southbound.from_northbound.facts.settings import number
from brume.southbound.schema import DatapathBinding, IPMulticast
from brume.tables.map import Map
from tests.southbound.builder import Builder, chassis

ENDLESS = "9" * 5000
"""More digits than Python makes a number of."""


@pytest.mark.parametrize("text", ["", "many", "1.5", "-1", "٣", "²", " 7", ENDLESS])
def test_what_is_no_number_is_as_if_it_were_not_given(text: str) -> None:
    assert number(Map({"option": text}), "option", 7) == 7
    assert number(Map(), "option", 7) == 7


def test_numbers() -> None:
    assert number(Map({"option": "0042"}), "option") == 42
    assert number(Map({"option": "-5"}), "option", 7, least=-9) == -5


def test_an_endless_number_is_no_number() -> None:
    build = Builder()
    build.switch("net", **{"requested-tnl-key": ENDLESS, "mcast_table_size": ENDLESS, "mcast_idle_timeout": ENDLESS})
    build.router("router", **{"snat-ct-zone": ENDLESS, "mac_binding_age_threshold": ENDLESS})
    options = Map({"gateway_mtu": ENDLESS})
    build.interface("router", "net", "fa:16:3e:00:00:01", "10.0.0.1/24", gateways=("compute1",), options=options)
    northbound, southbound = build.apply(), chassis("compute1")
    Compiler(northbound, southbound).start()
    assert [row.table_size for row in southbound.rows(IPMulticast)] == [2048]
    assert sorted(row.tunnel_key for row in southbound.rows(DatapathBinding)) == [1, 2]
    assert not any("snat-ct-zone" in row.external_ids for row in southbound.rows(DatapathBinding))
