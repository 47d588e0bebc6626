"""Reports: what ovn-northd tells NB of SB: how far it has come, how far the chassis have, which ports are up.

    NB_Global.nb_cfg --compile--> SB_Global.nb_cfg --install--> Chassis_Private.nb_cfg
        sb_cfg      <------------------ here                          |
        hv_cfg      <------------------ the least of all, here -------+
    Logical_Switch_Port.up <----------- Port_Binding.up

`ovn-nbctl --wait=sb` and `--wait=hv` wait for sb_cfg and hv_cfg to reach the nb_cfg that they wrote. A change set is
told of after it has been applied, so when sb_cfg is written SB has all that NB asked for.

Rules: level-triggered, from what SB holds now; only columns that no rule reads are written, by transactions whose
author is the Reports object, so a compiler need not look at them. What somebody else writes into them is put right when
the owner says so: after that somebody has been answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec.structs import replace

from brume.northbound.schema import LogicalSwitchPort, NBGlobal, switch_port_by_name
from brume.southbound.schema import (
    Chassis,
    ChassisPrivate,
    PortBinding,
    SBGlobal,
    port_binding_by_chassis,
    port_binding_by_logical_port,
)
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction

NOTIFIES: Final = "port-up-notif"
"""A chassis with this says itself when a port is up; of another one a claim is taken for it."""
WRAPPED: Final = (1 << 31) - 1
"""A counter that is further ahead than this has wrapped around."""


class Reports:
    """Writes back from `southbound` to `northbound`; `clock` in seconds."""

    def __init__(self, northbound: Database, southbound: Database, clock: Callable[[], float]) -> None:
        self._northbound = northbound
        self._southbound = southbound
        self._clock = clock
        self._overwritten: dict[str, None] = {}
        """Names of ports whose `up` somebody else has written."""
        self._is_progress_overwritten = False

    def start(self) -> None:
        """Report everything."""
        transaction = Transaction(self)
        self._report_ports(transaction, self._southbound.rows(PortBinding))
        self._report_progress(transaction)
        self._northbound.apply(transaction)

    def follow(self, changes: ChangeSet) -> None:
        """Report what changed in SB."""
        transaction = Transaction(self)
        progress = False
        for row_type, _, old, new in changes.rows:
            if row_type is PortBinding and isinstance(new, PortBinding):
                if not isinstance(old, PortBinding) or (old.up, old.chassis, old.type) != (
                    new.up,
                    new.chassis,
                    new.type,
                ):
                    self._report_ports(transaction, (new,))
            elif row_type is SBGlobal or row_type is ChassisPrivate:
                progress = True
            elif row_type is Chassis and isinstance(new, Chassis) and _notifies(old) is not _notifies(new):
                self._report_ports(transaction, self._southbound.find(port_binding_by_chassis, new.uuid))
        if progress:
            self._report_progress(transaction)
        self._northbound.apply(transaction)

    def is_overwritten(self, changes: ChangeSet) -> bool:
        """Note what somebody else has written into reported columns of NB; whether `put_right` has to be called."""
        if self._northbound.author is self:
            return False
        for _, _, old, new in changes.rows:
            if isinstance(old, LogicalSwitchPort) and isinstance(new, LogicalSwitchPort) and old.up is not new.up:
                self._overwritten[new.name] = None
            elif isinstance(old, NBGlobal) and isinstance(new, NBGlobal) and _reported(old) != _reported(new):
                self._is_progress_overwritten = True
        return bool(self._overwritten) or self._is_progress_overwritten

    def put_right(self) -> None:
        """Report again what somebody else has written over."""
        names, self._overwritten = self._overwritten, {}
        transaction = Transaction(self)
        for name in names:
            self._report_ports(transaction, self._southbound.find(port_binding_by_logical_port, name))
        if self._is_progress_overwritten:
            self._is_progress_overwritten = False
            self._report_progress(transaction)
        self._northbound.apply(transaction)

    def _report_ports(self, transaction: Transaction, bindings: Iterable[PortBinding]) -> None:
        for binding in bindings:
            for port in self._northbound.find(switch_port_by_name, binding.logical_port):
                up = self._is_up(port, binding)
                if port.up is not up:
                    transaction.put(replace(port, up=up))

    def _is_up(self, port: LogicalSwitchPort, binding: PortBinding) -> bool:
        if port.type == "router":
            return True
        chassis = self._southbound.get(Chassis, binding.chassis) if binding.chassis is not None else None
        if chassis is None:
            return False
        return bool(binding.up) or not _notifies(chassis)

    def _report_progress(self, transaction: Transaction) -> None:
        wanted = next(iter(self._northbound.rows(NBGlobal)), None)
        reached = next(iter(self._southbound.rows(SBGlobal)), None)
        if wanted is None or reached is None:
            return
        now = round(self._clock() * 1000)
        row = wanted
        if reached.nb_cfg and row.sb_cfg != reached.nb_cfg:
            row = replace(row, sb_cfg=reached.nb_cfg, sb_cfg_timestamp=now, nb_cfg_timestamp=now)
        installed, when = self._installed(wanted.nb_cfg)
        if row.hv_cfg != installed:
            row = replace(row, hv_cfg=installed, hv_cfg_timestamp=when)
        if row is not wanted:
            transaction.put(row)

    def _installed(self, wanted: int) -> tuple[int, int]:
        """How far the slowest chassis has come, and when the last one came there (milliseconds)."""
        least, when = wanted, 0
        for private in self._southbound.rows(ChassisPrivate):
            chassis = self._southbound.get(Chassis, private.chassis) if private.chassis is not None else None
            if chassis is not None and chassis.other_config.get("is-remote") == "true":
                continue
            if private.nb_cfg < least or private.nb_cfg - least > WRAPPED:
                least, when = private.nb_cfg, private.nb_cfg_timestamp
            elif private.nb_cfg == least:
                when = max(when, private.nb_cfg_timestamp)
        return least, when


def _reported(settings: NBGlobal) -> tuple[int, int]:
    return settings.sb_cfg, settings.hv_cfg


def _notifies(row: object) -> bool:
    return isinstance(row, Chassis) and row.other_config.get(NOTIFIES) == "true"
