"""Unreachable: what sending raises when there is no way at all, with the words of the C library."""

from __future__ import annotations


class Unreachable(Exception):
    """A packet cannot be sent."""
