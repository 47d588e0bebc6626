"""From flows that several makers want to the one flow a switch can have in a place.

A switch keeps one flow for each table, priority and match. Where makers disagree, the choice is ovn-controller's
(ofctrl.c): a flow that does something goes before one that drops, and that before conjunctions; of equals the lowest
cookie. Conjunctions are joined: the flow takes part in all of them.
"""

from __future__ import annotations

from typing import NamedTuple

from brume.openflow.messages.actions import Conjunction
from brume.openflow.messages.flow import Flow, FlowIdentity


class FlowChange(NamedTuple):
    """A flow to be added (`old` is None), replaced, or removed (`new` is None)."""

    old: Flow | None
    new: Flow | None


class Installer:
    """The flows wanted in one bridge, and what has not yet been told to the switch."""

    def __init__(self) -> None:
        self._wanted: dict[FlowIdentity, Flow | list[Flow]] = {}
        self._before: dict[FlowIdentity, Flow | None] = {}

    def __len__(self) -> int:
        return len(self._wanted)

    def change(self, old: Flow | None, new: Flow | None) -> None:
        """A maker wants `new` instead of `old`."""
        if old is not None:
            self._withdraw(old)
        if new is not None:
            self._want(new)

    def flows(self) -> list[Flow]:
        """All flows as the switch should have them."""
        return [chosen(makers) for makers in self._wanted.values()]

    def contested(self) -> list[list[Flow]]:
        """Where several makers want different things: what each of them wants."""
        return [list(makers) for makers in self._wanted.values() if isinstance(makers, list)]

    def flush(self) -> list[FlowChange]:
        """What the switch has to be told since the last time."""
        before, self._before = self._before, {}
        changes = []
        for identity, old in before.items():
            makers = self._wanted.get(identity)
            new = None if makers is None else chosen(makers)
            if new != old:
                changes.append(FlowChange(old, new))
        return changes

    def _want(self, flow: Flow) -> None:
        identity = flow.identity
        makers = self._wanted.get(identity)
        self._remember(identity, makers)
        if makers is None:
            self._wanted[identity] = flow
        elif isinstance(makers, list):
            makers.append(flow)
        else:
            self._wanted[identity] = [makers, flow]

    def _withdraw(self, flow: Flow) -> None:
        identity = flow.identity
        makers = self._wanted[identity]
        self._remember(identity, makers)
        if not isinstance(makers, list):
            del self._wanted[identity]
            return
        makers.remove(flow)
        if len(makers) == 1:
            self._wanted[identity] = makers[0]

    def _remember(self, identity: FlowIdentity, makers: Flow | list[Flow] | None) -> None:
        if identity not in self._before:
            self._before[identity] = None if makers is None else chosen(makers)


def chosen(makers: Flow | list[Flow]) -> Flow:
    """The flow that stands for all that makers want in one place."""
    if not isinstance(makers, list):
        return makers
    best = min(makers, key=_rank)
    if not _is_conjunction(best):
        return best
    joined = {action: None for flow in makers for action in flow.actions}
    actions = tuple(sorted(joined, key=lambda one: (one.id, one.clause)))  # type: ignore[attr-defined]
    return Flow(best.table, best.priority, best.match, actions, 0)


def _rank(flow: Flow) -> tuple[int, int]:
    if _is_conjunction(flow):
        return (2, flow.cookie)
    return (0 if flow.actions else 1, flow.cookie)


def _is_conjunction(flow: Flow) -> bool:
    return bool(flow.actions) and isinstance(flow.actions[0], Conjunction)
