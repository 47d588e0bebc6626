"""Virtual time: order, cancelling, limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brume.simulator.clock import Scheduler, Timer


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40))
def test_events_run_in_order_of_time_then_of_making(plan: list[tuple[int, bool]]) -> None:
    scheduler = Scheduler()
    ran: list[tuple[float, int]] = []
    timers: list[Timer] = []
    for index, (when, _) in enumerate(plan):
        timers.append(scheduler.call_at(when, lambda index=index: ran.append((scheduler.now(), index))))
    for timer, (_, cancelled) in zip(timers, plan, strict=True):
        if cancelled:
            timer.cancel()
            timer.cancel()
    kept = sorted((when, index) for index, (when, cancelled) in enumerate(plan) if not cancelled)
    assert len(scheduler) == len(kept)
    assert scheduler.next_event_time() == (kept[0][0] if kept else None)
    scheduler.run_until_idle()
    assert ran == kept
    assert len(scheduler) == 0


def test_run_until_stops_the_clock_there_and_idle_leaves_far_timers_alone() -> None:
    scheduler = Scheduler(start=100.0)
    ran: list[str] = []
    scheduler.call_later(5, ran.append, "soon")
    scheduler.call_later(3600, ran.append, "late")
    assert scheduler.run_until(102) == 0
    assert scheduler.now() == 102
    assert scheduler.run_until_idle() == 1
    assert (ran, scheduler.now()) == (["soon"], 105)
    assert scheduler.next_event_time() == 3700
    scheduler.run_for(3600)
    assert ran == ["soon", "late"]


def test_an_event_made_now_runs_after_the_one_that_made_it() -> None:
    scheduler = Scheduler()
    ran: list[str] = []

    def first() -> None:
        scheduler.call_later(-1, ran.append, "second")
        ran.append("first")

    scheduler.call_later(0, first)
    scheduler.run_until_idle()
    assert ran == ["first", "second"]


def test_a_real_loop_is_told_of_earlier_events_only() -> None:
    scheduler = Scheduler()
    told: list[float] = []
    scheduler.on_earlier = told.append
    for when in (5, 9, 3):
        scheduler.call_at(when, lambda: None)
    assert told == [5, 3]


def test_many_cancelled_timers_leave_the_queue() -> None:
    scheduler = Scheduler()
    scheduler.call_at(1e9, lambda: None)
    for _ in range(10_000):
        scheduler.call_later(1000, lambda: None).cancel()
    assert len(scheduler) == 1
    assert len(scheduler._queue) < 200


def test_run_while_says_whether_it_ended() -> None:
    scheduler = Scheduler()
    ran: list[int] = []
    scheduler.call_later(1, ran.append, 1)
    assert scheduler.run_while(lambda: not ran)
    assert not scheduler.run_while(lambda: True)


def test_who_comes_from_outside_finds_the_real_time() -> None:
    """An idle scheduler does not notice that time passes; it never skips what is due."""
    scheduler, ran = Scheduler(100.0), []
    scheduler.catch_up()
    assert scheduler.now() == 100.0
    scheduler.source = lambda: 250.0
    scheduler.call_at(200.0, ran.append, "due")
    scheduler.catch_up()
    assert (scheduler.now(), ran) == (200.0, [])
    scheduler.run_until(210.0)
    scheduler.catch_up()
    assert (scheduler.now(), ran) == (250.0, ["due"])
    scheduler.source = lambda: 10.0
    scheduler.catch_up()
    assert scheduler.now() == 250.0
