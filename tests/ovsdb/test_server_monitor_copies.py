"""A property of monitors: whatever happens, a copy kept by updates is what the database holds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from brume.northbound.schema import LogicalSwitch
from brume.ovsdb.server.history import History
from brume.ovsdb.server.output import Limits
from tests.ovsdb.conversations import Lab
from tests.ovsdb.monitor_copies import Copy, changes

steps = st.one_of(changes, changes, st.sampled_from(["come back", *range(8)]))
"""A number: this copy reads."""


@settings(deadline=None, max_examples=120)
@given(st.lists(steps, max_size=30), st.sampled_from([1, 3, 10_000]))
def test_copies_kept_by_updates_are_what_the_database_holds(story: list[Any], remembered: int) -> None:
    """Readers that keep up, and slow ones, whatever the history remembers."""
    lab = Lab()
    history = lab.served.watchers.history = History(lab.host.new_uuid, transactions=remembered)
    maker = lab.client()
    copies = [Copy(lab, version, limits=limits) for limits in (Limits(slow=1), Limits()) for version in (1, 2, 3)]
    copies += [Copy(lab, version, some=True, limits=Limits(slow=1)) for version in (2, 3)]
    for step in story:
        if isinstance(step, int):
            copies[step].read()
        elif step == "come back":
            for copy in copies:
                copy.come_back()
        else:
            maker.transact(*step)
    for copy in copies:
        copy.read()
        assert copy.rows == {
            row.uuid: {
                "name": row.name,
                "ports": set(lab.store.database.members(LogicalSwitch.ports, row.uuid)),
                "external_ids": dict(row.external_ids),
            }
            for row in lab.store.database.rows(LogicalSwitch)
            if copy.sees(row)
        }
    assert history.held <= 6 * remembered
