"""Health checks of one chassis: asks the backends of load balancers behind its ports whether they live.

What is found is written into Service_Monitor, and the compiler leaves out who is dead. Rule: an idle chassis has a
timer only while there is something to probe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from brume.openflow.chassis.probing import found, wanted_probe
from brume.openflow.chassis.rows import Here
from brume.openflow.packet_in.messages import PacketOut, ProbeHeard
from brume.openflow.packet_in.probes import Draw, Found, Probes
from brume.simulator.clock import Scheduler, Timer
from brume.southbound.schema import PortBinding, ServiceMonitor, service_monitor_by_logical_port
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction


class Prober:
    """What ovn-controller's service monitor is to a chassis."""

    def __init__(
        self,
        southbound: Database,
        here: Here,
        scheduler: Scheduler,
        put_out: Callable[[PacketOut], None],
        draw: Draw,
    ) -> None:
        self._southbound = southbound
        self._here = here
        self._scheduler = scheduler
        self._put_out = put_out
        self._probes = Probes(draw)
        self._timer: Timer | None = None
        self._look_at({row.uuid for row in southbound.rows(ServiceMonitor)})

    def southbound_changed(self, changes: ChangeSet) -> None:
        """Monitors, and the ports they are about, came, went or changed; what is found of them makes no difference."""
        monitors: set[str] = set()
        for change in changes.rows:
            if change.row_type is ServiceMonitor:
                monitors.add(str(change.key))
            elif change.row_type is PortBinding:
                for row in (change.old, change.new):
                    if isinstance(row, PortBinding):
                        rows = self._southbound.find(service_monitor_by_logical_port, row.logical_port)
                        monitors.update(monitor.uuid for monitor in rows)
        if monitors:
            self._look_at(monitors)

    def hear(self, heard: ProbeHeard) -> None:
        """A backend has said something."""
        self._do(self._probes.hear(heard, self._scheduler.now()))

    def close(self) -> None:
        """Ask no more; what was found stays."""
        for name in self._probes.names():
            self._probes.put(name, None, self._scheduler.now())
        self._rearm()

    def _look_at(self, monitors: Iterable[str]) -> None:
        for name in sorted(monitors):
            self._probes.put(name, wanted_probe(self._southbound, self._here, name), self._scheduler.now())
        self._rearm()

    def _run(self) -> None:
        self._timer = None
        self._do(self._probes.due(self._scheduler.now()))

    def _do(self, steps: Iterable[PacketOut | Found]) -> None:
        transaction = Transaction()
        for step in list(steps):
            if isinstance(step, PacketOut):
                self._put_out(step)
                continue
            row = found(self._southbound, step.name, step.status)
            if row is not None:
                transaction.put(row)
        self._southbound.apply(transaction)
        self._rearm()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        when = self._probes.next_time()
        self._timer = None if when == float("inf") else self._scheduler.call_at(when, self._run)
