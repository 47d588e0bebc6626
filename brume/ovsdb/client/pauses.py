"""How long a client waits: before it tries another server, or a transaction again."""

from __future__ import annotations

from typing import NamedTuple


class Pauses(NamedTuple):
    """How long to wait, in seconds."""

    shortest: float = 1.0
    longest: float = 8.0
    connect: float = 5.0
    """For a connection to be made."""
    again: float = 0.05
    """Between two attempts of a transaction, at most: who always loses the race against others must not load them."""

    def after(self, failures: int, remotes: int, jitter: float) -> float:
        """The pause after so many failures in a row; `jitter` is from 0 to 1."""
        rounds = failures - remotes
        return 0.0 if rounds < 0 else min(self.longest, self.shortest * 2 ** min(rounds, 30)) * (0.5 + jitter / 2)

    def before_attempt(self, number: int, jitter: float) -> float:
        """The pause before an attempt (the first is number 0): none at first, then longer and longer."""
        return jitter * min(self.again, 0.001 * 2 ** min(number, 30)) if number > 1 else 0.0
