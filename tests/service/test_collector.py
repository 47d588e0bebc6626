"""When the garbage collector looks at everything."""

import asyncio
import gc

import pytest

from brume.service.collector import MIDDLE, TOO_MANY, WORTHWHILE, YOUNG, Collector, is_due


@pytest.mark.parametrize(
    ("before", "now", "due"),
    [
        (0, 0, False),
        (WORTHWHILE - 1, WORTHWHILE - 1, False),  # quiet, but little has come
        (WORTHWHILE, WORTHWHILE, True),  # quiet
        (WORTHWHILE, WORTHWHILE + 1, False),  # somebody is at work
        (TOO_MANY - 5, TOO_MANY, True),  # at work for very long
    ],
)
def test_everything_is_looked_at_when_nobody_waits(before, now, due):
    assert is_due(before, now) is due


def test_by_itself_python_looks_at_young_objects_only():
    thresholds = gc.get_threshold()

    async def govern():
        Collector(asyncio.get_running_loop()).stop()
        kept = [[number] for number in range(50 * YOUNG)]
        looks = gc.get_count()[2]
        return len(kept), looks

    try:
        gc.collect()
        count, looks = asyncio.run(govern())
        assert gc.get_threshold()[:2] == (YOUNG, MIDDLE)
        assert looks >= count // YOUNG // (MIDDLE + 2)
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
