"""Multicast snooping of one chassis: learns who joined what, forgets what is not said again, asks if it is to ask.

What packets say comes from the controller's packet-ins; it is written into IGMP_Group, and the compiler sends each
group's packets to who joined. Rule: an idle chassis has a timer only while something is known or asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from brume.openflow.chassis.memberships import IDLE, MOST, forgotten, querier, snooping, written
from brume.openflow.chassis.rows import Here
from brume.openflow.packet_in.memberships import Group, Memberships
from brume.openflow.packet_in.messages import LearnMembership, PacketOut
from brume.simulator.clock import Scheduler, Timer
from brume.southbound.schema import DatapathBinding, IPMulticast
from brume.tables.changes import ChangeSet
from brume.tables.database import Database


class Snooper:
    """What ovn-controller's ip_mcast_snoop is to a chassis."""

    def __init__(
        self, southbound: Database, here: Here, scheduler: Scheduler, put_out: Callable[[PacketOut], None]
    ) -> None:
        self._southbound = southbound
        self._here = here
        self._scheduler = scheduler
        self._put_out = put_out
        self._memberships = Memberships()
        self._expiry: Timer | None = None
        self._questions: dict[str, Timer] = {}
        self._datapaths: tuple[str, ...] = ()
        self._clean()

    def learn(self, seen: LearnMembership) -> None:
        """A host has said something on a switch; it is heeded if the switch is snooped on."""
        row = snooping(self._southbound, seen.datapath)
        if row is not None:
            until = self._scheduler.now() + (row.idle_timeout or IDLE)
            self._write(self._memberships.learn(seen, until, row.table_size or MOST))

    def watch(self, datapaths: Iterable[str]) -> None:
        """The local datapaths: where to ask."""
        self._datapaths = tuple(datapaths)
        self._ask_again()

    def southbound_changed(self, changes: ChangeSet) -> None:
        """Settings of snooping: a switch that is not snooped on any more, or is to be flushed, is forgotten."""
        settings = [change for change in changes.rows if change.row_type is IPMulticast]
        for change in settings:
            old, new = change.old, change.new
            kept = isinstance(new, IPMulticast) and new.enabled
            if isinstance(old, IPMulticast) and (
                not kept or (isinstance(new, IPMulticast) and new.seq_no != old.seq_no)
            ):
                self._scheduler.call_later(0, self._flush, old.datapath)
        if settings:
            self._ask_again()

    def close(self) -> None:
        """Forget, and ask no more; what was written is taken back."""
        self._memberships = Memberships()
        self._rearm()
        self.watch(())
        self._clean()

    def _clean(self) -> None:
        """Rows of an earlier run say nothing."""
        if not self._memberships.groups():
            self._southbound.apply(forgotten(self._southbound, self._here.uuid))

    def _flush(self, datapath: str) -> None:
        binding = self._southbound.get(DatapathBinding, datapath)
        if binding is not None:
            self._write(self._memberships.flush(binding.tunnel_key))

    def _write(self, changed: set[Group]) -> None:
        if changed:
            self._southbound.apply(written(self._southbound, self._memberships, changed, self._here.uuid))
        self._rearm()

    def _rearm(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        when = self._memberships.next_time()
        self._expiry = None if when == float("inf") else self._scheduler.call_at(when, self._expire)

    def _expire(self) -> None:
        self._write(self._memberships.expire(self._scheduler.now()))

    def _ask_again(self) -> None:
        """Ask on the switches where it is to be asked, and no more on others; what is running goes on."""
        wanted = {uuid for uuid in self._datapaths if querier(self._southbound, uuid) is not None}
        for uuid in self._questions.keys() - wanted:
            self._questions.pop(uuid).cancel()
        for uuid in sorted(wanted - self._questions.keys()):
            self._schedule(uuid)

    def _schedule(self, datapath: str) -> None:
        asked = querier(self._southbound, datapath)
        if asked is not None:
            self._questions[datapath] = self._scheduler.call_later(asked[1], self._ask, datapath)

    def _ask(self, datapath: str) -> None:
        self._questions.pop(datapath, None)
        asked = querier(self._southbound, datapath)
        if asked is not None:
            self._put_out(asked[0])
            self._schedule(datapath)
