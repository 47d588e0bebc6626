"""The declared stages form four pipelines without gaps, with OVN's names."""

from __future__ import annotations

import pytest

from brume.southbound.pipeline import ROUTER_IN, STAGES, SWITCH_IN, SWITCH_OUT, stage_at, stage_named


@pytest.mark.parametrize(
    ("kind", "pipeline", "tables"),
    [("switch", "ingress", 27), ("switch", "egress", 10), ("router", "ingress", 22), ("router", "egress", 7)],
)
def test_a_pipeline_has_no_gaps(kind: str, pipeline: str, tables: int) -> None:
    found = [stage.table for stage in STAGES if (stage.kind, stage.pipeline) == (kind, pipeline)]
    assert found == list(range(tables))


def test_stages_are_found_by_place_and_by_name() -> None:
    assert stage_at("switch", "ingress", 8) is SWITCH_IN.ACL
    assert stage_named("ls_out_acl") is SWITCH_OUT.ACL
    assert ROUTER_IN.ARP_RESOLVE.title == "lr_in_arp_resolve"
    assert len({stage.title for stage in STAGES}) == len(STAGES)
    assert all(stage.purpose for stage in STAGES)
