"""One packet followed through every switch it reaches, by traces alone: nothing is sent, counted or learned.

    travel = Travel(topology)               keeps what the packets of one question would leave behind
    journey = travel.send(station, frame)   hops through switches, and where copies of the frame came out

Hops are linked by what carries the frame between them: a tunnel, a physical network, the controller of a chassis.
What the first packet leaves behind (connections, and where bridges saw its sender) is kept for the reply to find.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from brume.dataplane.explain.paths import End, Path, paths
from brume.dataplane.explain.questions import reply_to
from brume.dataplane.explain.topology import Plug, Station, TraceTopology
from brume.dataplane.result import PacketIn
from brume.dataplane.switch import Switch
from brume.dataplane.trace import Memory, Sent, Told, Trace, Tunnelled
from brume.dataplane.tunnels import Encapsulated
from brume.openflow.messages import ports
from brume.openflow.messages.actions import Actions, Resubmit
from brume.openflow.messages.match import Match
from brume.openflow.messages.wire_decode import decode_actions
from brume.openflow.packet_in.dispatch import respond
from brume.openflow.packet_in.messages import KEPT, Await, BadPacketIn, PacketOut, Resume
from brume.openflow.packet_in.messages import PacketIn as ControllerPacketIn
from brume.openflow.packet_in.opcodes import Opcode
from brume.openflow.tables import OUTPUT
from brume.packets.ethernet import Ethernet, put_tag, take_tag
from brume.values import IpAddress, Ipv4Address, MacAddress

MOST_HOPS: Final = 64
INTEGRATION: Final = "br-int"
LEARNING: Final = (Opcode.PUT_ARP, Opcode.PUT_ND)

INSTANCE, PHYSICAL, TUNNEL, CONTROLLER = "instance", "physical network", "tunnel", "controller"


class Hop(NamedTuple):
    """A frame's way through one switch. `parent` is (hop, path) that it came from; `outer` the tunnel packet."""

    number: int
    chassis: str
    came: str
    place: Plug
    frame: bytes
    paths: tuple[Path, ...]
    parent: tuple[int, int] | None = None
    outer: Encapsulated | None = None
    note: str = ""


class Landing(NamedTuple):
    """A copy of the frame reached a station."""

    station: Station
    hop: int
    path: int
    frame: bytes


class Loss(NamedTuple):
    """A copy was lost outside of any switch's tables: on the underlay, or at a port with nobody behind it."""

    hop: int
    path: int
    reason: str


class Journey(NamedTuple):
    """All that became of one frame."""

    source: Station
    frame: bytes
    hops: tuple[Hop, ...]
    landings: tuple[Landing, ...]
    losses: tuple[Loss, ...]

    def line(self, hop: int, path: int) -> tuple[tuple[Hop, Path], ...]:
        """The hops that led to the end of this path, the first one first."""
        found: list[tuple[Hop, Path]] = []
        place: tuple[int, int] | None = (hop, path)
        while place is not None:
            here = self.hops[place[0]]
            found.append((here, here.paths[place[1]]))
            place = here.parent
        return tuple(reversed(found))


class Travel:
    """The packets of one question."""

    def __init__(self, topology: TraceTopology) -> None:
        self.topology = topology
        self.now = topology.now()
        self._memories: dict[str, Memory] = {}

    def send(self, station: Station, frame: bytes) -> Journey:
        """The frame as the station sends it."""
        return _Follower(self, station, frame).follow()

    def memory(self, switch: Switch, chassis: str) -> Memory:
        """What the question's packets left behind on a chassis."""
        if chassis not in self._memories:
            self._memories[chassis] = Memory(switch)
        return self._memories[chassis]


class _Follower:
    """One frame and all its copies."""

    def __init__(self, travel: Travel, station: Station, frame: bytes) -> None:
        self.travel, self.topology = travel, travel.topology
        self.station, self.frame = station, frame
        self.hops: list[Hop] = []
        self.landings: list[Landing] = []
        self.losses: list[Loss] = []
        self._waiting: deque[tuple[int, int, End]] = deque()

    def follow(self) -> Journey:
        station = self.station
        if station.plug is not None:
            frame = put_tag(self.frame, station.tag) if station.tag else self.frame
            self._enter(station.plug, frame, INSTANCE, None)
        elif station.physical_network is not None:
            self._on_network(station.physical_network, self.frame, None, None)
        while self._waiting and len(self.hops) < MOST_HOPS:
            hop, path, end = self._waiting.popleft()
            self._left(hop, path, end)
        return Journey(station, self.frame, tuple(self.hops), tuple(self.landings), tuple(self.losses))

    # into a switch

    def _enter(self, plug: Plug, frame: bytes, came: str, parent: tuple[int, int] | None) -> None:
        switch = self.topology.switch(plug.chassis)
        if switch is not None:
            memory = self.travel.memory(switch, plug.chassis)
            trace = switch.traced(plug.bridge, plug.port, frame, self.travel.now, memory)
            self._hop(plug, came, frame, trace, parent)

    def _hop(
        self,
        plug: Plug,
        came: str,
        frame: bytes,
        trace: Trace,
        parent: tuple[int, int] | None,
        outer: Encapsulated | None = None,
        note: str = "",
    ) -> None:
        number = len(self.hops)
        found = paths(trace)
        self.hops.append(Hop(number, plug.chassis, came, plug, frame, found, parent, outer, note))
        for place, path in enumerate(found):
            if path.end is not None:
                self._waiting.append((number, place, path.end))

    # out of it

    def _left(self, hop: int, path: int, end: End) -> None:
        chassis = self.hops[hop].chassis
        if isinstance(end, Sent):
            self._from_port(hop, path, Plug(chassis, end.bridge, end.port), end)
        elif isinstance(end, Tunnelled):
            self._through_tunnel(hop, path, end)
        elif isinstance(end, Told):
            self._to_controller(hop, path, end.packet_in)

    def _from_port(self, hop: int, path: int, plug: Plug, end: Sent) -> None:
        network = self.topology.physical_network_at(plug)
        tag, untagged = take_tag(end.frame)
        station = self.topology.station_at(plug, tag) if network is None else None
        if network is not None:
            self._on_network(network, end.frame, (hop, path), plug)
        elif station is not None:
            self.landings.append(Landing(station, hop, path, untagged if station.tag else end.frame))
        elif end.kind != "local":
            self.losses.append(Loss(hop, path, f"nobody is behind port {end.name} of {plug.bridge}"))

    def _on_network(self, network: str, frame: bytes, parent: tuple[int, int] | None, sender: Plug | None) -> None:
        """A physical network carries a frame to the host that has the address, else to everybody."""
        target = Ethernet.parse(frame).destination
        others = [one for one in self.topology.outsiders(network) if one.mac != self.station.mac or parent]
        takers = [one for one in others if target.is_multicast or one.mac == target]
        if parent is not None:
            self.landings += [Landing(one, *parent, frame) for one in takers]
        if takers and not target.is_multicast:
            return
        for plug in self.topology.attachments(network):
            if plug != sender:
                self._enter(plug, frame, PHYSICAL, parent)

    def _through_tunnel(self, hop: int, path: int, end: Tunnelled) -> None:
        packet = end.packet
        length, longest = len(packet.ip_packet()), self.topology.underlay_mtu
        if length > longest:
            self.losses.append(Loss(hop, path, f"the outer packet has {length} octets, the underlay carries {longest}"))
            return
        address = Ipv4Address(packet.destination)
        chassis = self.topology.chassis_at(address)
        switch = None if chassis is None else self.topology.switch(chassis)
        if chassis is None or switch is None:
            self.losses.append(Loss(hop, path, f"no chassis has the tunnel address {address}"))
            return
        trace = switch.traced_tunnel(
            packet.protocol,
            packet.source,
            packet.destination,
            packet.payload,
            self.travel.now,
            self.travel.memory(switch, chassis),
        )
        self._hop(Plug(chassis, INTEGRATION, 0), TUNNEL, end.packet.payload, trace, (hop, path), packet)

    # the controller of the chassis

    def _to_controller(self, hop: int, path: int, told: PacketIn) -> None:
        try:
            asked = ControllerPacketIn(told.frame, told.key, told.userdata, told.table, told.cookie, told)
            answers = respond(asked)
        except BadPacketIn as error:
            self.losses.append(Loss(hop, path, f"the controller refuses the packet: {error}"))
            return
        waiting: list[Await] = []
        for answer in answers:
            if isinstance(answer, Await):
                waiting.append(answer)
            elif isinstance(answer, PacketOut):
                if waiting:
                    self._ask(hop, path, answer, waiting)
                else:
                    self._put_out(hop, path, told.bridge, answer)
            elif isinstance(answer, Resume):
                self._resume(hop, path, answer)

    def _put_out(self, hop: int, path: int, bridge: str, packet: PacketOut, note: str = "") -> None:
        trace = self._trace_put_out(self.hops[hop].chassis, bridge, packet)
        plug = Plug(self.hops[hop].chassis, bridge, ports.CONTROLLER)
        self._hop(plug, CONTROLLER, packet.data, trace, (hop, path), note=note)

    def _trace_put_out(self, chassis: str, bridge: str, packet: PacketOut) -> Trace:
        switch = self.topology.switch(chassis)
        assert switch is not None  # the packet came from it
        actions: Actions = decode_actions(packet.actions) if isinstance(packet.actions, bytes) else packet.actions
        memory, metadata = self.travel.memory(switch, chassis), Match(KEPT, packet.key & KEPT)
        return switch.traced_packet_out(bridge, packet.data, actions, self.travel.now, memory, metadata)

    def _resume(self, hop: int, path: int, answer: Resume) -> None:
        chassis = self.hops[hop].chassis
        switch = self.topology.switch(chassis)
        told = answer.continuation
        assert switch is not None  # the packet came from it
        assert isinstance(told, PacketIn)
        memory = self.travel.memory(switch, chassis)
        trace = switch.traced_resume(told, self.travel.now, memory, answer.data, answer.key)
        self._hop(Plug(chassis, told.bridge, ports.CONTROLLER), CONTROLLER, answer.data, trace, (hop, path))

    def _ask(self, hop: int, path: int, question: PacketOut, waiting: list[Await]) -> None:
        """The router asks for its next hop; if somebody would answer, the packets that wait go on."""
        chassis, bridge = self.hops[hop].chassis, INTEGRATION
        answer = self._answered(chassis, bridge, question, waiting[0].ip)
        if answer is None or not self._comes_back(answer, question):
            who = "nobody answers" if answer is None else f"the answer of {answer.name} does not come back"
            self.losses.append(Loss(hop, path, f"it asks for the MAC address of {waiting[0].ip}, and {who}"))
            return
        how = "ARP" if waiting[0].ip.VERSION == 4 else "neighbour discovery"
        note = f"the router asks for {waiting[0].ip} by {how}; {answer.name} answers: {answer.mac}"
        onward = (Resubmit(OUTPUT, ports.CONTROLLER),)
        for packet in waiting:
            released = PacketOut(answer.mac.packed + packet.data[6:], packet.key, onward)
            self._put_out(hop, path, bridge, released, note)

    def _answered(self, chassis: str, bridge: str, question: PacketOut, address: IpAddress) -> Station | None:
        """Who would answer the router's question: a station with the address that the question reaches."""
        asker = Station(name="router", mac=MacAddress.from_packed(question.data[6:12]))
        follower = _Follower(self.travel, asker, question.data)
        trace = self._trace_put_out(chassis, bridge, question)
        follower._hop(Plug(chassis, bridge, ports.CONTROLLER), CONTROLLER, question.data, trace, None)
        journey = follower.follow()
        return next((one.station for one in journey.landings if one.station.has(address)), None)

    def _comes_back(self, station: Station, question: PacketOut) -> bool:
        """Whether the router would learn from what a station answers to its question."""
        answer = reply_to(question.data, station.mac)
        found = self.travel.send(station, answer) if answer is not None else None
        return found is not None and any(
            isinstance(path.end, Told) and opcode_of(path.end.packet_in) in LEARNING
            for hop in found.hops
            for path in hop.paths
        )


def opcode_of(packet_in: PacketIn) -> int:
    """What the controller is asked to do, -1 if it is not said."""
    return int.from_bytes(packet_in.userdata[:4], "big") if len(packet_in.userdata) >= 4 else -1
