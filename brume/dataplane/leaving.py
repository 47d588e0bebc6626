"""How a packet leaves its tables: by a port, through a tunnel, to the controller. Functions of a Run.

Rules, as Open vSwitch: a packet is not sent back to its input port but by IN_PORT; the frame that leaves is as the key
says at that moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from brume.dataplane import trace as t
from brume.dataplane.operations import Sent
from brume.dataplane.ports import Port, PortKind
from brume.dataplane.result import FrameOut, PacketIn, Paused
from brume.dataplane.tunnels import encapsulate
from brume.openflow.messages import ports
from brume.openflow.messages.actions import Controller
from brume.openflow.messages.fields import FIELDS

if TYPE_CHECKING:
    from brume.dataplane.bridge import Bridge
    from brume.dataplane.run import Run

_IN_PORT: Final = FIELDS["in_port"]
_OPTION: Final = FIELDS["tun_metadata0"]


def output(run: Run, number: int) -> None:
    """Send to a port, or to what a reserved number stands for."""
    if number >= ports.MAX and number != ports.LOCAL:
        run.switch.reserved_output(run, number)
        return
    run.looked |= _IN_PORT.mask & ~run.written
    if number == _IN_PORT.get(run.key):
        run.drop("not sent back to the port it came from")
        return
    send(run, number)


def send(run: Run, number: int) -> None:
    """Send to an ordinary port, the input port too."""
    port = run.bridge.ports.get(number)
    if port is None:
        run.drop(f"no port {number} in {run.bridge.name}")
    elif port.kind is PortKind.PATCH:
        peer = run.switch.peer_of(port)
        if peer is None:
            run.drop(f"patch port {port.name} has no peer")
        else:
            _note_sent(run, port)
            run.through_patch(*peer)
    else:
        run.operations.append(Sent(run.written, run.key & run.written, run.bridge, port, run.queue))
        _note_sent(run, port)
        leave(run, run.bridge, port, run.key, run.sent_frame(), run.queue, bool(run.written & _OPTION.mask))


def _note_sent(run: Run, port: Port) -> None:
    if run.trace is not None and port.kind is not PortKind.TUNNEL:
        run.trace.append(t.Sent(run.bridge.name, port.number, port.name, port.kind.value, run.sent_frame()))


def leave(run: Run, bridge: Bridge, port: Port, key: int, frame: bytes, queue: int, with_option: bool) -> None:
    """A finished frame goes out of a port that is not a patch."""
    if run.live:
        counters = bridge.counters[port.number]
        counters.sent += 1
        counters.sent_bytes += len(frame)
    if port.kind is not PortKind.TUNNEL:
        run.result.outputs.append(FrameOut(bridge.name, port.number, port.name, frame, queue))
        return
    tunnelled = encapsulate(port, key, frame, with_option or bool(_OPTION.get(key)))
    if tunnelled is None:
        run.drop(f"tunnel port {port.name} has no destination")
        return
    run.result.tunnels.append(tunnelled)
    if run.trace is not None:
        run.trace.append(t.Tunnelled(bridge.name, port.number, port.name, tunnelled))


def to_controller(run: Run, action: Controller, reason: int, pause: bool = False) -> None:
    """Send a packet-in; with `pause`, what is left of the pipeline goes along and stops here."""
    run.cacheable = False
    paused = None
    if pause:
        rest = tuple((pending.steps, pending.following) for pending in run.frames)
        paused = Paused(rest, tuple(run.stack))
        run.stopped = True
    if action.meter_id is not None and not run.switch.meter_passes(run, action.meter_id):
        if pause:
            run.drop(f"meter {action.meter_id}: over its rate, so the controller is not asked")
        return
    cookie = run.entry.flow.cookie if run.entry is not None else 0
    told = PacketIn(
        bridge=run.bridge.name,
        table=run.table,
        cookie=cookie,
        reason=reason,
        userdata=action.userdata,
        frame=run.sent_frame(),
        key=run.key,
        max_len=action.max_len,
        controller_id=action.controller_id,
        meter_id=action.meter_id,
        paused=paused,
    )
    run.result.packet_ins.append(told)
    if run.trace is not None:
        run.trace.append(t.Told(told))
