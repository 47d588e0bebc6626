"""For all tests: Hypothesis gives no example a deadline, because a machine with other work would break it by chance."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("brume", deadline=None)
settings.load_profile("brume")
