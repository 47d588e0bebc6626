"""A transaction with a `wait` that does not hold yet: it is tried again when the database has changed, until it is
done, its time is over, or its client takes it back or leaves."""

from __future__ import annotations

from collections.abc import Callable

from brume.ovsdb.data import Json
from brume.ovsdb.transact import Outcome

Cancel = Callable[[], None]
Timer = Callable[[int, Callable[[], None]], Cancel]
"""Calls a function once, in so many milliseconds; what it returns takes that back."""
Now = Callable[[], int]
"""Milliseconds of a clock that is never set back."""


class Waiting:
    """One transaction that waits. `attempt` runs it, given the milliseconds since the first time; `done` answers."""

    def __init__(
        self, attempt: Callable[[int], Outcome], done: Callable[[Json], None], *, now: Now, timer: Timer
    ) -> None:
        self._attempt = attempt
        self._done = done
        self._now = now
        self._timer = timer
        self._started = now()
        self._cancel: Cancel | None = None

    def arm(self, timeout: int | None) -> None:
        """Wait for at most so long, from its start."""
        self.stop()
        if timeout is not None:
            left = timeout - (self._now() - self._started)
            self._cancel = self._timer(max(left, 1), self.run)

    def run(self) -> None:
        """Try again."""
        outcome = self._attempt(self._now() - self._started)
        if outcome.results is None:
            self.arm(outcome.timeout)
        else:
            self.stop()
            self._done(outcome.results)

    def stop(self) -> None:
        """Try no more when the time is over."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
