"""The declared stages form four pipelines without gaps, with OVN's names."""

from __future__ import annotations

from pathlib import Path

import pytest

from brume.southbound.pipeline import ROUTER_IN, STAGES, SWITCH_IN, SWITCH_OUT, stage_at, stage_named
from brume.southbound.stages_page import page

PAGE = Path(__file__).parents[2] / "docs" / "stages.md"


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


def test_the_page_of_stages_is_made_from_the_declaration() -> None:
    assert PAGE.read_text() == page(), "run: python -m brume.southbound.stages_page docs/stages.md"
