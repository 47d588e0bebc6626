"""From the tree of a trace to the ways the packet took: from the first table to where a copy of it ended.

A trace says everything that was asked; a path only what led to one end. Tables that are asked for an answer and
return (next hop to MAC, port security ...) hang beside the table that asked, as its helpers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from brume.dataplane.trace import Acted, Change, Dropped, Looked, Node, Sent, Told, Trace, Tracked, Tunnelled, changes
from brume.openflow.messages.actions import Resubmit
from brume.openflow.tables import Table

End = Sent | Tunnelled | Told | Dropped
FIRST_HELPER: Final = Table.MAC_BINDING
PATCH: Final = "patch"


class Visit(NamedTuple):
    """A table of the main way. `tracked` are the connection tracking steps it made."""

    looked: Looked
    helpers: tuple[Looked, ...]
    tracked: tuple[Tracked, ...]

    @property
    def own_changes(self) -> tuple[Change, ...]:
        """What its own actions changed, those that led nowhere else."""
        return tuple(change for act in self.looked.steps if isinstance(act, Acted) for change in act.changes)


class Path(NamedTuple):
    """A way to one end; `end` None: the last table had no flow for the packet, or one that drops it."""

    visits: tuple[Visit, ...]
    end: End | None

    def changes_at(self, index: int) -> tuple[Change, ...]:
        """What happened to the packet's fields between this table and the next of the same bridge."""
        visit = self.visits[index]
        if index + 1 < len(self.visits):
            following = self.visits[index + 1].looked
            if following.bridge == visit.looked.bridge:
                return changes(visit.looked.key, following.key)
        return visit.own_changes


class _Branch:
    """A table with what followed it, while the tree is made."""

    __slots__ = ("ends", "following", "helpers", "looked", "tracked")

    def __init__(self, looked: Looked) -> None:
        self.looked = looked
        self.helpers: list[Looked] = []
        self.tracked: list[Tracked] = []
        self.following: list[_Branch] = []
        self.ends: list[End] = []

    def visit(self) -> Visit:
        return Visit(self.looked, tuple(self.helpers), tuple(self.tracked))


def paths(trace: Trace) -> tuple[Path, ...]:
    """All ways through a trace, in the order in which they ended."""
    branches, ends, _ = _grow(trace.steps)
    return (*(path for branch in branches for path in _follow(branch)), *(Path((), end) for end in ends))


def _follow(root: _Branch) -> Iterator[Path]:
    waiting: list[tuple[_Branch, tuple[Visit, ...]]] = [(root, ())]
    while waiting:
        branch, before = waiting.pop()
        visits = (*before, branch.visit())
        for end in branch.ends:
            yield Path(visits, end)
        if not branch.ends and not branch.following:
            yield Path(visits, None)
        waiting.extend((following, visits) for following in reversed(branch.following))


def _grow(nodes: tuple[Node, ...]) -> tuple[list[_Branch], list[End], list[Tracked]]:
    """The branches, ends and trackings that a list of nodes holds side by side."""
    branches: list[_Branch] = []
    ends: list[End] = []
    tracked: list[Tracked] = []
    chain: _Branch | None = None  # the table whose last action leads on to the next in the list
    for node in nodes:
        if isinstance(node, Looked):
            branch = _branch(node)
            (branches if chain is None else chain.following).append(branch)
            chain = branch if _goes_on(node) else None
        elif isinstance(node, Tracked):
            tracked.append(node)
            inner, inner_ends, more = _grow(node.steps)
            branches += inner
            ends += inner_ends
            tracked += more
        elif isinstance(node, Acted):
            inner, inner_ends, more = _grow(node.steps)
            branches += inner
            ends += inner_ends
            tracked += more
        elif not (isinstance(node, Sent) and node.kind == PATCH):
            ends.append(node)
    return branches, ends, tracked


def _branch(looked: Looked) -> _Branch:
    branch = _Branch(looked)
    branches, branch.ends, branch.tracked = _grow(looked.steps)
    for inner in branches:
        if inner.looked.table >= FIRST_HELPER and inner.looked.bridge == looked.bridge:
            branch.helpers += _chain(inner)
        else:
            branch.following.append(inner)
    return branch


def _chain(branch: _Branch) -> list[Looked]:
    found = [branch.looked, *branch.helpers]
    for following in branch.following:
        found += _chain(following)
    return found


def _goes_on(looked: Looked) -> bool:
    """Whether what follows a table in the list is where its last action, a resubmit, led."""
    if not looked.steps or looked.flow is None:
        return False
    last = looked.steps[-1]
    return isinstance(last, Acted) and isinstance(last.action, Resubmit) and not last.steps
