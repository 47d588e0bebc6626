"""Packets that come from another chassis: the tunnel's key becomes logical metadata, then delivery (table 0)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.openflow.chassis.common import VXLAN_MULTICAST, physical
from brume.openflow.chassis.rows import Tunnel
from brume.openflow.from_southbound.actions.context import load
from brume.openflow.messages.actions import Actions, Move, Resubmit
from brume.openflow.messages.fields import subfield
from brume.openflow.messages.match import make_match
from brume.openflow.registers import DATAPATH, INPORT, OUTPORT
from brume.openflow.tables import Table

DELIVER = Resubmit(Table.LOCAL_OUTPUT)


@rule(Tunnel)
def tunnel_flows(tunnel: Tunnel, _: View) -> Iterator[Output]:
    """Geneve carries both ports; VXLAN the output port only, in 12 bits."""
    if tunnel.kind == "geneve":
        yield _flow(tunnel, 0, 100, _geneve())
        return
    yield _flow(tunnel, 0, 100, (_move("tun_id", 12, OUTPORT, 12), _move("tun_id", 0, DATAPATH, 12), DELIVER))
    group: Actions = (
        load(1, subfield(OUTPORT, 15, 1)),
        _move("tun_id", 12, OUTPORT, 11),
        _move("tun_id", 0, DATAPATH, 12),
        DELIVER,
    )
    yield _flow(tunnel, 1, 105, group, tun_id=(VXLAN_MULTICAST << 12, VXLAN_MULTICAST << 12))


def _geneve() -> Actions:
    return (
        _move("tun_id", 0, DATAPATH, 24),
        _move("tun_metadata0", 16, INPORT, 15),
        _move("tun_metadata0", 0, OUTPORT, 16),
        DELIVER,
    )


def _move(source: str, start: int, destination: str, width: int) -> Move:
    return Move(subfield(source, start, width), subfield(destination, 0, width))


def _flow(tunnel: Tunnel, part: int, priority: int, actions: Actions, **more: tuple[int, int]) -> Output:
    match = make_match(in_port=tunnel.ofport, **more)
    owner = f"tunnel {tunnel.chassis}"
    return physical(owner, part, Table.PHYSICAL_TO_LOGICAL, priority, match, actions, cookie=0)
