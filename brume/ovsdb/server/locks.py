"""Locks (RFC 7047, sections 4.1.8 to 4.1.11): names that one client at a time holds.

The first in the queue owns the lock; `steal` goes to the head of it. A victim that had itself stolen the lock does not
get it back by itself, one that had waited for it does. Whoever leaves the queue, the owner is told that it is the
owner, as ovsdb-server does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Holder(Protocol):
    """Who may hold locks."""

    def tell_lock(self, method: str, name: str) -> None:
        """A lock is `locked` now, or `stolen`."""
        ...


class Claim:
    """One client's claim on a lock, from `lock` or `steal` until `unlock`."""

    __slots__ = ("holder", "name", "queued", "stolen")

    def __init__(self, holder: Holder, name: str, *, stolen: bool) -> None:
        self.holder = holder
        self.name = name
        self.stolen = stolen
        self.queued = True


class Locks:
    """The locks of a server; they exist while somebody claims them."""

    def __init__(self) -> None:
        self._queues: dict[str, list[Claim]] = {}

    def claim(self, holder: Holder, name: str, *, steal: bool) -> Claim:
        """Stand in the queue, or at its head."""
        queue = self._queues.setdefault(name, [])
        claim = Claim(holder, name, stolen=steal)
        victim = queue[0] if steal and queue else None
        queue.insert(0 if steal else len(queue), claim)
        if victim is not None:
            if victim.stolen:
                victim.queued = False
                queue.remove(victim)
            victim.holder.tell_lock("stolen", name)
        return claim

    def owns(self, claim: Claim) -> bool:
        """Whether this claim is the lock's owner."""
        queue = self._queues.get(claim.name)
        return queue is not None and queue[0] is claim

    def standing(self, claims: Iterable[Claim]) -> dict[str, list[str]]:
        """The names of the locks that are `held`, `waiting` to be, or `lost` to who stole what was stolen."""
        found: dict[str, list[str]] = {"held": [], "waiting": [], "lost": []}
        for claim in claims:
            found["held" if self.owns(claim) else "lost" if claim.stolen else "waiting"].append(claim.name)
        return found

    def release(self, claim: Claim) -> None:
        """Leave the queue."""
        if not claim.queued:
            return
        claim.queued = False
        queue = self._queues[claim.name]
        queue.remove(claim)
        if queue:
            queue[0].holder.tell_lock("locked", claim.name)
        else:
            del self._queues[claim.name]
