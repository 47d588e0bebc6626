"""How the choice of a backend is written: which backends there are now, what happens if there are none, who is told.

Used by the rules of switches and of routers; where a connection is chosen for is theirs.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from brume.derive.rules import derived
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalSwitchPort, switch_port_by_name
from brume.southbound.from_northbound.facts.load_balancers import BalancedVip, Endpoint
from brume.southbound.from_northbound.facts.ports import switch_of
from brume.southbound.from_northbound.facts.probes import target_uuid
from brume.southbound.from_northbound.facts.settings import settings
from brume.southbound.observed import ONLINE, Health
from brume.southbound.pipeline import ROUTER_OUT, SWITCH_OUT

Flag = Literal["", "skip_snat", "force_snat"]
ALL_PORTS, ONE_PORT = 110, 120
"""A virtual address with a port goes before the same address without."""


class Choice(NamedTuple):
    """What is done with a new connection; `chosen` is the choice without its closing, empty if there is none."""

    chosen: str
    rejects: bool

    def on_switch(self, before: str) -> str:
        """The actions on a switch; `before` goes before a choice."""
        if self.chosen:
            return f"{before}{self.chosen});"
        return _reject(SWITCH_OUT.QOS_MARK.table) if self.rejects else "drop;"

    def on_router(self, flag: Flag) -> str:
        """The actions on a router; the flag says what happens to the source later, and stays with the connection."""
        before = f"flags.{flag}_for_lb = 1; " if flag else ""
        if self.chosen:
            return f"{before}{self.chosen}{f'; {flag}' if flag else ''});"
        return before + (_reject(ROUTER_OUT.SNAT.table) if self.rejects else "drop;")


def _reject(table: int) -> str:
    return f"reg0 = 0; reject {{ outport <-> inport; next(pipeline=egress,table={table});}};"


def choice(vip: BalancedVip, view: View) -> Choice:
    """What happens now to a new connection to a virtual address."""
    backends = vip.written if vip.health_check is None else _alive(vip, view)
    if not (backends if vip.health_check is not None else vip.backends):
        return Choice("", vip.rejects)
    fields = f'; hash_fields="{vip.hash_fields}"' if vip.hash_fields else ""
    return Choice(f"ct_lb_mark(backends={backends}{fields}", False)


def _alive(vip: BalancedVip, view: View) -> str:
    """The backends that are probed and answer, or have not been probed yet."""
    return ",".join(
        f"[{backend.address}]:{backend.port}" if vip.is_ipv6 else f"{backend.address}:{backend.port}"
        for backend, probe in zip(vip.backends, vip.probes, strict=True)
        if probe is not None and is_probed(view, probe[0]) and answers(view, backend, probe[0], vip.protocol)
    )


@derived
def is_probed(view: View, port: str) -> bool:
    """Whether a backend behind this switch port can be probed."""
    row = probed_port(view, port)
    return row is not None and row.enabled is not False


def probed_port(view: View, port: str) -> LogicalSwitchPort | None:
    """The switch port of this name, if it is on a switch."""
    row = view.one(switch_port_by_name, port)
    return row if row is not None and switch_of(view, row.uuid) is not None else None


@derived
def answers(view: View, backend: Endpoint, port: str, protocol: str) -> bool:
    """Whether a backend has not been found dead."""
    found = view.get(Health, target_uuid(port, protocol, backend.address, backend.port))
    return found is None or found.status == ONLINE


def priority_of(vip: BalancedVip) -> int:
    """The priority of the choice."""
    return ONE_PORT if vip.to.port else ALL_PORTS


def tells(vip: BalancedVip, view: View) -> bool:
    """Whether the controller is to be told of packets to a virtual address, because it has no backends."""
    return (vip.tells or settings(view).controller_event) and not vip.backends and not vip.rejects


def event(vip: BalancedVip) -> tuple[Match, Actions]:
    """Tell the controller: it may start a backend."""
    port = f" && {vip.protocol}.dst == {vip.to.port}" if vip.to.port else ""
    actions = (
        f'trigger_event(event = "empty_lb_backends", vip = "{vip.to.text}", protocol = "{vip.protocol}", '
        f'load_balancer = "{vip.balancer}");'
    )
    return Match(f"{vip.family}.dst == {vip.to.address} && {vip.protocol}{port}"), Actions(actions)
