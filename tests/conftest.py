"""For all tests: how Hypothesis looks for examples.

A run of the tests always takes the same examples, so that a change is judged by what it changes. New ones are looked
for on purpose: `scripts/test --hypothesis-profile=explore`. What it finds becomes an `@example`, or a test of its own.
No example has a deadline: a machine with other work would break it by chance.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("brume", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, derandomize=False)
settings.load_profile("brume")
