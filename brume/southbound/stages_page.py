"""The page of logical stages, made from the declared pipelines.

python -m brume.southbound.stages_page docs/stages.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from brume.southbound.pipeline import PIPELINES, Stage

TITLES = ("Switch, ingress", "Switch, egress", "Router, ingress", "Router, egress")


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Logical stages"
    yield ""
    yield "Made by `python -m brume.southbound.stages_page` from the declared pipelines; do not edit."
    yield ""
    yield "A packet goes through the ingress stages of the datapath it enters, then through the egress stages once for"
    yield "each port it leaves by. Numbers and names are those of OVN 23.03."
    for pipeline, title in zip(PIPELINES, TITLES, strict=True):
        yield ""
        yield f"## {title}"
        yield ""
        yield str(pipeline.__doc__)
        yield ""
        yield "| table | stage | what happens |"
        yield "|---|---|---|"
        for stage in vars(pipeline).values():
            if isinstance(stage, Stage):
                yield f"| {stage.table} | `{stage.title}` | {stage.purpose} |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
