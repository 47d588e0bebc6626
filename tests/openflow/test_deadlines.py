"""Deadlines: what is due, and what next, is what a look at all of them would say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brume.openflow.packet_in.deadlines import NEVER, Deadlines

KEYS, TIMES = st.integers(0, 5), st.integers(0, 50).map(float)
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, TIMES),
    st.tuples(st.just("drop"), KEYS, TIMES),
    st.tuples(st.just("due"), KEYS, TIMES),
)


@given(st.lists(STEPS, max_size=300))
def test_what_is_due_is_what_is_over(steps: list[tuple[str, int, float]]) -> None:
    deadlines: Deadlines[int] = Deadlines()
    times: dict[int, float] = {}
    for step, key, when in steps:
        if step == "put":
            deadlines.put(key, when)
            times[key] = when
        elif step == "drop":
            deadlines.drop(key)
            times.pop(key, None)
        else:
            found = deadlines.due(when)
            assert [times[one] for one in found] == sorted(time for time in times.values() if time <= when)
            times = {one: time for one, time in times.items() if time > when}
        assert deadlines.next_time() == min(times.values(), default=NEVER)
        assert len(deadlines) == len(times)


def test_what_is_put_off_time_and_again_takes_no_more_room() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.put("first", 0.0)
    for when in range(10_000):
        deadlines.put("put off", float(when))
    assert deadlines.room < 100
    assert deadlines.due(10_000.0) == ["first", "put off"]
