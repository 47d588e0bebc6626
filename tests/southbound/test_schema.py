"""The southbound schema is OVN's, column by column; a logical flow is what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brume.ovsdb.schema import declaration
from brume.southbound.schema import SOUTHBOUND, LogicalFlow, PortBinding, flow_cookie, row_uuid

DISTRIBUTION = Path("/usr/share/ovn/ovn-sb.ovsschema")


@pytest.mark.skipif(not DISTRIBUTION.exists(), reason="ovn-common is not installed: no ovn-sb.ovsschema to compare")
def test_the_schema_is_the_distributions() -> None:
    from brume.ovsdb.schema_reader import read_schema

    theirs = read_schema(json.loads(DISTRIBUTION.read_text()))
    assert SOUTHBOUND.to_json() == theirs.to_json()


def test_every_table_is_explained() -> None:
    for row_type in SOUTHBOUND.tables.values():
        assert (row_type.__doc__ or "").strip().endswith("."), declaration(row_type).name


def flow(match: str = "ip4", priority: int = 100) -> LogicalFlow:
    return LogicalFlow(
        logical_datapath="d", pipeline="ingress", table_id=3, priority=priority, match=match, actions="next;"
    )


def test_a_flow_is_identified_by_what_it_says() -> None:
    assert flow().key() == flow().key()
    assert row_uuid(flow()) == row_uuid(flow())
    assert len({row_uuid(flow()), row_uuid(flow("ip6")), row_uuid(flow(priority=101))}) == 3


def test_the_cookie_is_the_first_32_bits_of_the_uuid() -> None:
    assert f"{flow_cookie(flow()):08x}" == row_uuid(flow())[:8]


def test_other_rows_carry_their_uuid() -> None:
    assert row_uuid(PortBinding(uuid="u", logical_port="vm1", datapath="d", tunnel_key=1)) == "u"
