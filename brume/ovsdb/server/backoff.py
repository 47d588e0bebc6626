"""How long to wait before a remote is called again (as `reconnect` does in Open vSwitch).

    backoff = Backoff()             the first call is made at once
    backoff = backoff.failed()      then after 1, 2, 4, 8, 8 ... seconds
    backoff = backoff.lived(4000)   a connection of use for longer than the pause before it: begin with a second again

Milliseconds everywhere.
"""

from __future__ import annotations

from typing import NamedTuple

SHORTEST = 1000
LONGEST = 8000


class Backoff(NamedTuple):
    """What is known of the calls until now."""

    longest: int = LONGEST
    pause: int = 0
    """Before the next call."""

    def failed(self) -> Backoff:
        """A call was not answered."""
        if self.pause < SHORTEST:
            return self._replace(pause=SHORTEST)
        return self._replace(pause=self.pause * 2 if self.pause < self.longest // 2 else self.longest)

    def lived(self, milliseconds: int) -> Backoff:
        """A connection is over that had something to say for so long."""
        return self._replace(pause=SHORTEST) if milliseconds >= self.pause else self.failed()

    def limited(self, longest: int | None) -> Backoff:
        """With another longest pause (none, or 0: as usual), also if we are waiting already."""
        found = max(longest, SHORTEST) if longest else LONGEST
        return Backoff(found, min(self.pause, found))
