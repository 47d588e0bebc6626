"""The controller of one chassis: answers packet-ins, keeps waiting packets, writes down what is learned, announces.

The handlers are pure (`brume.openflow.packet_in`); here their answers are carried out, in events of the scheduler.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache, partial

from brume.dataplane.result import PacketIn as SwitchPacketIn
from brume.dataplane.result import Result
from brume.dataplane.switch import Switch
from brume.openflow.chassis.advertising import advertisement, advertisements, concerned
from brume.openflow.chassis.announcing import announcements
from brume.openflow.chassis.learning import (
    bound_virtual,
    known_neighbor,
    learned_neighbor,
    learned_station,
    next_hops,
    read_neighbor,
    reported_event,
)
from brume.openflow.chassis.resolving import known_name
from brume.openflow.chassis.rows import Here
from brume.openflow.messages.actions import Actions
from brume.openflow.messages.match import Match
from brume.openflow.messages.wire_decode import decode_actions
from brume.openflow.packet_in.advertisements import Advertisements
from brume.openflow.packet_in.announcements import Announcements
from brume.openflow.packet_in.buffered import BufferedPackets, NextHop
from brume.openflow.packet_in.dispatch import respond
from brume.openflow.packet_in.messages import (
    KEPT,
    Answer,
    Await,
    BadPacketIn,
    BindVirtual,
    LearnFdb,
    LearnMac,
    LearnMembership,
    LogLine,
    PacketIn,
    PacketOut,
    ProbeHeard,
    ReportEvent,
    Resume,
)
from brume.simulator.chassis_probing import Prober
from brume.simulator.chassis_snooping import Snooper
from brume.simulator.clock import Scheduler, Timer
from brume.southbound.schema import MACBinding, PortBinding, mac_binding_by_port_and_ip, port_binding_by_logical_port
from brume.tables.changes import ChangeSet
from brume.tables.database import Database, Transaction
from brume.tables.row import Row
from brume.values import MacAddress

LATENCY = 0.0002
"""Seconds from the switch to the controller: about what a Unix socket and a poll take."""
LOG_KEPT = 1000


class Controller:
    """What ovn-controller's pinctrl thread is to a switch."""

    def __init__(
        self,
        southbound: Database,
        here: Here,
        switch: Switch,
        scheduler: Scheduler,
        carry_out: Callable[[Result], None],
        bridge: str = "br-int",
    ) -> None:
        self.refused: Counter[str] = Counter()
        self.log: deque[str] = deque(maxlen=LOG_KEPT)
        self.logged: Callable[[str], object] = lambda line: None
        """Told of each line of `log`."""
        self._southbound = southbound
        self._here = here
        self._switch = switch
        self._scheduler = scheduler
        self._carry_out = carry_out
        self._bridge = bridge
        self._buffered = BufferedPackets()
        self._announcements = Announcements()
        self._announced_on: list[str] = []
        self._advertisements = Advertisements(Draws(here.name))
        self._advertised_on: frozenset[str] = frozenset()
        self._snooper = Snooper(southbound, here, scheduler, self._put_out)
        self._prober = Prober(southbound, here, scheduler, self._put_out, Draws(here.name))
        self._timer: Timer | None = None

    def take(self, packet_in: SwitchPacketIn) -> None:
        """A packet-in has left the switch; it is answered a little later."""
        if packet_in.userdata:
            self._scheduler.call_later(LATENCY, self._answer, packet_in)

    def close(self) -> None:
        """Nothing more is announced."""
        self._announce_nothing()
        self._snooper.close()
        self._prober.close()

    def southbound_changed(self, changes: ChangeSet) -> None:
        """Release what waited for a neighbour, and see whether other addresses are announced now."""
        for change in changes.rows:
            if change.row_type is MACBinding and isinstance(change.new, MACBinding):
                self._scheduler.call_later(0, self._neighbor_known, change.new)
        self._snooper.southbound_changed(changes)
        self._prober.southbound_changed(changes)
        if any(change.row_type is PortBinding for change in changes.rows) and self._announced_on:
            self._update_announcements()
        self._update_advertisements(changes)

    def announce_on(self, datapaths: list[str]) -> None:
        """The datapaths whose addresses the physical network is to know."""
        self._announced_on = datapaths
        self._update_announcements()

    def work_on(self, datapaths: Collection[str]) -> None:
        """The local datapaths: whose routers advertise, and on which switches to ask who joined which group."""
        self.advertise_on(datapaths)
        self._snooper.watch(datapaths)

    def advertise_on(self, datapaths: Iterable[str]) -> None:
        """The datapaths whose routers say to hosts here who they are."""
        self._advertised_on = frozenset(datapaths)
        self._advertisements.update(advertisements(self._southbound, self._advertised_on), self._scheduler.now())
        self._wake()

    # answers

    def _answer(self, packet_in: SwitchPacketIn) -> None:
        asked = PacketIn(
            packet_in.frame,
            packet_in.key,
            packet_in.userdata,
            packet_in.table,
            packet_in.cookie,
            packet_in,
            partial(known_name, self._southbound),
        )
        try:
            answers = respond(asked)
        except BadPacketIn as error:
            self.refused[str(error)] += 1
            return
        for answer in answers:
            self._do(answer)

    def _do(self, answer: Answer) -> None:
        now = self._scheduler.now()
        match answer:
            case PacketOut():
                self._put_out(answer)
            case Resume():
                self._carry_out(self._switch.resume(answer.continuation, now, answer.data, answer.key))
            case Await():
                self._buffered.expire(now)
                self._await(answer, now)
            case LearnMac():
                self._write(learned_neighbor(self._southbound, answer, now))
            case LearnFdb():
                self._write(learned_station(self._southbound, answer))
            case BindVirtual():
                self._write(bound_virtual(self._southbound, answer, self._here.uuid))
            case LearnMembership():
                self._snooper.learn(answer)
            case ReportEvent():
                self._write(reported_event(self._southbound, answer, self._here.uuid))
            case ProbeHeard():
                self._prober.hear(answer)
            case LogLine():
                self.log.append(answer.text)
                self.logged(answer.text)

    def _put_out(self, packet: PacketOut) -> None:
        actions = decoded(packet.actions) if isinstance(packet.actions, bytes) else packet.actions
        metadata = Match(KEPT, packet.key & KEPT)
        now = self._scheduler.now()
        self._carry_out(self._switch.packet_out(self._bridge, packet.data, actions, now, metadata=metadata))

    def _write(self, row: Row | None) -> None:
        if row is not None:
            transaction = Transaction()
            transaction.put(row)
            self._southbound.apply(transaction)

    # waiting packets

    def _await(self, packet: Await, now: float) -> None:
        self._buffered.add(packet, now)
        mac = known_neighbor(self._southbound, packet)
        if mac is not None:
            self._release((packet.datapath, packet.port, packet.ip), mac)

    def _neighbor_known(self, binding: MACBinding) -> None:
        current = self._southbound.find(mac_binding_by_port_and_ip, (binding.logical_port, binding.ip))
        neighbor = read_neighbor(current[0]) if current else None
        if neighbor is None:
            return
        ip, mac = neighbor
        for hop in next_hops(self._southbound, binding, ip):
            self._release(hop, mac)

    def _release(self, hop: NextHop, mac: MacAddress) -> None:
        for packet in self._buffered.release(hop, mac):
            self._put_out(packet)

    # announcements

    def _update_announcements(self) -> None:
        wanted = announcements(self._southbound, self._here, self._announced_on)
        self._announcements.update(wanted, self._scheduler.now())
        self._wake()

    def _update_advertisements(self, changes: ChangeSet) -> None:
        """Look at the ports that changed, and at those at whose other end one changed."""
        ports = {
            port.logical_port: port
            for change in changes.rows
            if change.row_type is PortBinding
            for row in (change.old, change.new)
            if isinstance(row, PortBinding) and (port := concerned(self._southbound, row)) is not None
        }
        for name in ports:
            present = self._southbound.find(port_binding_by_logical_port, name)
            here = present[0] if present and present[0].datapath in self._advertised_on else None
            one = advertisement(self._southbound, here) if here is not None else None
            self._advertisements.put(name, one, self._scheduler.now())
        if ports:
            self._wake()

    def _announce_nothing(self) -> None:
        self._announcements.update({}, self._scheduler.now())
        self._advertisements.update({}, self._scheduler.now())
        self._wake()

    def _wake(self) -> None:
        when = min(self._announcements.next_time(), self._advertisements.next_time())
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if when == float("inf") else self._scheduler.call_at(when, self._announce)

    def _announce(self) -> None:
        now = self._scheduler.now()
        for packet in (*self._announcements.due(now), *self._advertisements.due(now)):
            self._put_out(packet)
        self._wake()


class Draws:
    """Numbers between two, which are another chassis's from chassis to chassis, and the same from run to run."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def __call__(self, least: float, most: float) -> float:
        return self._random.uniform(least, most)


@lru_cache(maxsize=4096)
def decoded(octets: bytes) -> Actions:
    """Nested actions, which are the same for every packet of a flow."""
    return decode_actions(octets)
