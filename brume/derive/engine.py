"""The engine: keeps a target database equal to what the rules make of the source databases.

Rules of this file:
  - A full compile is an update with everything as the change; there is no second way.
  - An instance runs again only if its source row changed, or something it read did. For derived values "changed"
    means: computed again and different.
  - The target is written once per update, in one transaction, and only with rows that differ. The engine is that
    transaction's author.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from brume.derive.nodes import Consumer, Instance, Memo, Node, State
from brume.derive.outputs import OutputKey, Outputs
from brume.derive.rules import Output, Rule
from brume.derive.view import View
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Member, Relation, Row


class DerivedFromItself(Exception):
    """A derived value reads itself, directly or through others."""


class Reason(NamedTuple):
    """Why an output row is there: this rule made it from this source row."""

    rule: str
    source: Row | Member


OnFault = Callable[[Instance, Exception], Output]
Complete = Callable[[Transaction], object]
"""Adds to a transaction what must go along with it."""


class Engine:
    """Derives `target` from `sources` by `rules`."""

    def __init__(
        self,
        sources: Sequence[Database],
        target: Database,
        rules: Iterable[Rule],
        on_fault: OnFault | None = None,
        complete: Complete | None = None,
    ) -> None:
        """`on_fault` makes an output of an exception that a rule raised, or of a conflict between two instances;
        without it the exception ends the update.
        `complete` sees every transaction before the target does: others may have rows there that it concerns."""
        self.target = target
        self._on_fault = on_fault
        self._complete = complete
        self.view = View(sources, self._refresh)
        self.ran: list[tuple[str, Hashable]] = []
        """The (rule, source key) pairs run by the last update, in order."""
        self._rules: dict[type[Row] | Relation, list[Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.source, []).append(rule)
        self._instances: dict[Rule, dict[Hashable, Instance]] = {
            rule: {} for group in self._rules.values() for rule in group
        }
        self._dependents: dict[Node, set[Consumer]] = {}
        self._outputs = Outputs(target, on_fault)
        self._queue: dict[Instance, Any] = {}
        self._unread: set[Memo] = set()

    def update(self, changes: ChangeSet) -> ChangeSet:
        """Take in what changed in a source; returns what changed in the target."""
        self.ran = []
        for row_type, key, old, new in changes.rows:
            self._touch_row(row_type, key, old, new)
            self._schedule(row_type, key, new)
        for member, added in changes.members:
            self._touch((member.relation.forward, member.parent))
            self._touch((member.relation.reverse, member.child))
            self._schedule(member.relation, member, member if added else None)
        self._run_queue()
        self._forget_unread()
        return self.write(self._outputs.transaction())

    def write(self, transaction: Transaction) -> ChangeSet:
        """Write to the target in the engine's name."""
        transaction.author = self
        if self._complete is not None:
            self._complete(transaction)
        return self.target.apply(transaction)

    def wanted(self, keys: Iterable[OutputKey]) -> dict[OutputKey, Output]:
        """What the rules make under these keys (a Member, or (row type, key)), without those that no rule makes."""
        return self._outputs.wanted(keys)

    def makes(self, key: OutputKey) -> bool:
        """Whether a rule makes this output."""
        return bool(self._outputs.makers(key))

    def because(self, output: Member | tuple[type[Row], Hashable]) -> tuple[Reason, ...]:
        """The rules and source rows that make an output: a Member, or (row type, key)."""
        reasons = []
        for instance in self._outputs.makers(output):
            source = self._source(instance)
            if source is not None:
                reasons.append(Reason(instance.rule.name, source))
        return tuple(reasons)

    def _source(self, instance: Instance) -> Row | Member | None:
        if isinstance(instance.key, Member):
            return instance.key
        source = instance.rule.source
        if isinstance(source, Relation):
            return None
        return self.view.home(source).get(source, instance.key)

    # what has changed: mark its readers

    def _touch_row(self, row_type: type[Row], key: Hashable, old: Row | None, new: Row | None) -> None:
        self._touch((row_type, key))
        self._touch(row_type)
        for index in self.view.home(row_type).table(row_type).indexes:
            values: dict[Hashable, None] = dict.fromkeys(index.values(old) if old is not None else ())
            values.update(dict.fromkeys(index.values(new) if new is not None else ()))
            for value in values:
                self._touch((index, value))

    def _touch(self, node: Node) -> None:
        for consumer in self._dependents.get(node, ()):
            self._mark(consumer, State.STALE)

    def _mark(self, consumer: Consumer, state: State) -> None:
        if consumer.state >= state:
            return
        was, consumer.state = consumer.state, state
        if isinstance(consumer, Instance):
            self._queue.setdefault(consumer, None)
        elif was is State.CLEAN:
            for reader in self._dependents.get(consumer, ()):
                self._mark(reader, State.SUSPECT)

    # source rows come and go: schedule or retire their instances

    def _schedule(self, source: type[Row] | Relation, key: Hashable, row: Row | Member | None) -> None:
        for rule in self._rules.get(source, ()):
            instance = self._instances[rule].get(key)
            if row is None:
                if instance is not None:
                    self._retire(instance)
                continue
            if instance is None:
                instance = self._instances[rule][key] = Instance(rule, key)
            instance.state = State.STALE
            self._queue[instance] = row

    def _retire(self, instance: Instance) -> None:
        self._queue.pop(instance, None)
        self._outputs.replace(instance, ())
        self._reads(instance, ())
        del self._instances[instance.rule][instance.key]

    # running

    def _run_queue(self) -> None:
        while self._queue:
            batch, self._queue = self._queue, {}
            try:
                for instance, row in batch.items():
                    if instance.state is State.SUSPECT:
                        self._settle(instance)
                    if instance.state is State.STALE:
                        self._run(instance, row)
            except BaseException:  # nothing is written; the next update takes up what is left
                self._queue = {instance: row for instance, row in batch.items() if instance.state} | self._queue
                raise

    def _run(self, instance: Instance, row: Row | Member | None) -> None:
        source = row if row is not None else self._source(instance)
        self.ran.append((instance.rule.name, instance.key))
        function = instance.rule.function
        view = self.view
        outer = view.begin()
        try:
            outputs: tuple[Output, ...] = tuple(function(source, view))
        except DerivedFromItself:
            raise
        except Exception as error:  # a mistake in one rule about one row must not stop all others
            if self._on_fault is None:
                raise
            outputs = (self._on_fault(instance, error),)
        finally:
            reads = view.end(outer)
        self._reads(instance, reads)
        instance.state = State.CLEAN
        self._outputs.replace(instance, outputs)
        if not reads and not outputs:
            del self._instances[instance.rule][instance.key]

    def _settle(self, consumer: Consumer) -> None:
        """Bring the derived values a suspect read up to date; afterwards it is clean, or stale."""
        for node in consumer.reads:
            if isinstance(node, Memo) and node.state:
                self._refresh(node)
                if consumer.state is State.STALE:
                    return
        consumer.state = State.CLEAN

    def _refresh(self, memo: Memo) -> None:
        if memo.state is State.RUNNING:
            raise DerivedFromItself(f"{memo!r} reads itself")
        if memo.state is State.SUSPECT:
            self._settle(memo)
            if not memo.state:
                return
        memo.state = State.RUNNING
        outer = self.view.begin()
        try:
            value = memo.function.function(self.view, *memo.arguments)
        except BaseException:
            memo.state = State.STALE
            raise
        finally:
            reads = self.view.end(outer)
        self._reads(memo, reads)
        memo.state = State.CLEAN
        if value != memo.value:
            memo.value = value
            for reader in self._dependents.get(memo, ()):
                if reader.state is not State.RUNNING:
                    self._mark(reader, State.STALE)

    def _reads(self, consumer: Consumer, reads: tuple[Node, ...]) -> None:
        """Record that `consumer` depends on exactly these nodes."""
        old = consumer.reads
        if old == reads:
            return
        dependents = self._dependents
        for node in old:
            readers = dependents[node]
            readers.discard(consumer)
            if not readers:
                del dependents[node]
                if isinstance(node, Memo):
                    self._unread.add(node)
        for node in reads:
            readers = dependents.get(node)  # type: ignore[assignment]
            if readers is None:
                dependents[node] = {consumer}
            else:
                readers.add(consumer)
        consumer.reads = reads

    def _forget_unread(self) -> None:
        while self._unread:
            memo = self._unread.pop()
            if memo not in self._dependents:
                self._reads(memo, ())
                self.view.forget(memo)
