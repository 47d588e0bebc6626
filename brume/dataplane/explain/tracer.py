"""The tracer: asks the question, follows the packet and its answer, and has the story written.

    explanation = Tracer(topology).trace(TraceRequest("vm1", "vm2", "tcp", 80))
    print(render(explanation))

The switches are asked by traces only. What the first packet commits (connections, translations) is kept in copies for
the answer. A host that does not know a MAC address asks for it here as it would on the wire.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec.structs import replace

from brume.cloud.network.resources import FloatingIp, Network, Port, Router, Subnet
from brume.dataplane.explain import by_hand_hosts as by_hand
from brume.dataplane.explain import causes
from brume.dataplane.explain.explanation import (
    Cause,
    Explanation,
    Step,
    TraceError,
    TraceRequest,
)
from brume.dataplane.explain.failure import failure
from brume.dataplane.explain.journey import Journey, Landing, Neighbor, Travel, resolve
from brume.dataplane.explain.packets import Ends, answer, echo_type, first_packet, ipv4_of, is_refusal, question
from brume.dataplane.explain.reply import reply_step
from brume.dataplane.explain.steps import Story, frame_line
from brume.dataplane.explain.topology import Station, TraceTopology
from brume.packets import icmp4
from brume.packets.describe import describe
from brume.packets.ethernet import Ethernet
from brume.values import IpAddress, Ipv4Address, parse_address

OWN_PORT: Final = ("physical_to_logical", "ls_in_check_port_sec", "ls_in_apply_port_sec")
"""Where an ARP request is lost by fault of the port that sends it."""


class Target(NamedTuple):
    """Where the packet shall go: an address, and the host that is meant, if one is."""

    address: Ipv4Address
    station: Station | None


class Stopped(Exception):
    """The packet is not even sent, or stays where it is: why."""

    def __init__(self, cause: Cause, facts: tuple[str, ...] = ()) -> None:
        super().__init__(cause.who)
        self.cause = cause
        self.facts = facts


class Tracer:
    """Answers questions about one cloud."""

    def __init__(self, topology: TraceTopology) -> None:
        self.topology = topology
        self.cloud = topology.provenance.cloud

    def trace(self, request: TraceRequest) -> Explanation:
        """The way of one packet, and of its answer. TraceError when there is no such host."""
        if request.protocol != "icmp" and request.port is None:
            raise TraceError(f"{request.protocol} needs a port")
        sources = self._stations(request.source)
        try:
            source, target = self._ends(request, sources)
            return _Question(self.topology, request, source, target).answered()
        except Stopped as stopped:
            step = Step(1, "emission", "Local emission", facts=(*stopped.facts, stopped.cause.who))
            return Explanation(request, "dropped", f"dropped: {stopped.cause.who}", (step,), stopped.cause)

    def _stations(self, name: str) -> tuple[Station, ...]:
        found = tuple(self.topology.stations(name))
        if not found:
            raise TraceError(f"no server is named {name}, or it does not run")
        return found

    def _ends(self, request: TraceRequest, sources: tuple[Station, ...]) -> tuple[Station, Target]:
        """The card the packet leaves by, and where it goes."""
        targets = self._targets(request.destination, sources[0])
        for target in targets:
            for source in sources:
                route = source.route_to(target.address)
                if route is not None and route.gateway is None:
                    return source, target
        return sources[0], targets[0]

    def _targets(self, name: str, source: Station) -> list[Target]:
        try:
            address: IpAddress | None = parse_address(name)
        except ValueError:
            address = None
        if address is not None:
            return [Target(_ipv4(address), None)]
        stations = self._stations(name)
        if source.physical_network is not None and stations[0].physical_network is None:
            return [self._from_outside(name, station) for station in stations[:1]]
        found = [
            Target(own.address, station)
            for station in stations
            for own in station.addresses
            if isinstance(own.address, Ipv4Address)
        ]
        return found or [self._given(name, stations[0])]

    def _given(self, name: str, station: Station) -> Target:
        """A host without an address is looked for where the cloud says that it is."""
        port = self.cloud.get(Port, station.port_id) if station.port_id is not None else None
        for fixed in port.fixed_ips if port is not None else ():
            if ":" not in fixed.ip_address:
                return Target(Ipv4Address.parse(fixed.ip_address), station)
        raise Stopped(causes.no_address(name))

    def _from_outside(self, name: str, station: Station) -> Target:
        """Outside, a server is its floating IP; on an external network, its own address."""
        found = by_hand.address_from_outside(self.topology.provenance, station)
        if isinstance(found, Cause):
            raise Stopped(found)
        if found is not None:
            return Target(found, station)
        port = self.cloud.get(Port, station.port_id) if station.port_id is not None else None
        for floating in self.cloud.rows(FloatingIp):
            if port is not None and floating.port_id == port.id:
                return Target(Ipv4Address.parse(floating.floating_ip_address), station)
        network = self.cloud.get(Network, port.network_id) if port is not None else None
        if network is not None and network.provider_physical_network:
            return self._given(name, station)
        outside = next((one.name for one in self.cloud.rows(Network) if one.router_external), "NETWORK")
        raise Stopped(causes.no_floating_ip(name, outside))


class _Question:
    """One packet on its way."""

    def __init__(self, topology: TraceTopology, request: TraceRequest, source: Station, target: Target) -> None:
        self.topology, self.request = topology, request
        self.source, self.target = source, target
        self.travel = Travel(topology)
        self.story = Story(topology.provenance)
        self.cloud = topology.provenance.cloud

    def answered(self) -> Explanation:
        frame, facts = self._sent()
        journey = self.travel.send(self.source, frame)
        landing = self._landing(journey)
        if landing is None:
            return self._dropped(journey, facts)
        if landing.station.mac == self.source.mac and echo_type(landing.frame) == icmp4.ECHO_REPLY:
            return self._answered_on_the_way(journey, landing, facts)
        received = ipv4_of(landing.frame)
        name, place = landing.station.name, _place(landing.station)
        arrival = f"{name} gets {describe(landing.frame)}"
        steps = self.story.steps(journey.line(landing.hop, landing.path), facts, (arrival,))
        if received is not None and not landing.station.has(received.destination):
            cause = causes.host_lacks_address(name, received.destination, is_server=landing.station.port_id is not None)
            return Explanation(self.request, "dropped", f"dropped: {cause.who}", steps, cause)
        addressed = Ethernet.parse(landing.frame).destination
        if addressed != landing.station.mac:
            cause = causes.card_has_another_mac(name, addressed, landing.station.mac)
            return Explanation(self.request, "dropped", f"dropped: {cause.who}", steps, cause)
        return self._with_reply(steps, landing, place)

    # there

    def _sent(self) -> tuple[bytes, tuple[str, ...]]:
        """The frame as the source sends it, and what it did before."""
        station, address = self.source, self.target.address
        if station.plug is None and station.physical_network is None:
            raise Stopped(causes.not_running(station.name))
        source = station.address_towards(address)
        if not isinstance(source, Ipv4Address):
            raise Stopped(causes.no_address(station.name))
        if station.has(address):
            raise Stopped(causes.own_address(station.name, address))
        neighbor, facts = self._neighbor(station, source, address)
        ends = Ends(station.mac, neighbor.mac, source, address)
        frame = first_packet(ends, self.request.protocol, self.request.port)
        return frame, (*facts, f"{station.name} sends {frame_line(frame)}")

    def _neighbor(
        self, station: Station, source: Ipv4Address, address: Ipv4Address
    ) -> tuple[Neighbor, tuple[str, ...]]:
        """Whom a host hands a packet to: the next hop, found by ARP."""
        route = station.route_to(address)
        if route is None:
            cause = by_hand.host_without_route(self.topology.provenance, station, address)
            raise Stopped(cause or causes.no_host_route(station.name, address))
        hop = address if route.gateway is None else route.gateway
        assert isinstance(hop, Ipv4Address)  # a gateway is of its network's family
        found = resolve(self.travel, station, question(station.mac, source, hop), hop)
        way = f"{address} is in its own network {route.prefix}"
        if route.gateway is not None:
            way = f"the way to {address} is the gateway {hop}"
        if isinstance(found, Journey):
            raise Stopped(self._unanswered(found, hop, route.gateway is not None), (f"{station.name}: {way}",))
        return found, (f"{station.name}: {way}", f"ARP: who has {hop}? {found.mac}, says {self._who(found)}")

    def _who(self, found: Neighbor) -> str:
        """Who answered an ARP request: a host, or a stage on some chassis."""
        if found.station is not None:
            return found.station.name
        for hop, path in found.journey.line(*found.place):
            for step in self.story.tables.steps(hop, path):
                if any(change.field == "arp_op" for change in step.headers):
                    return f"{step.title} on {hop.chassis}"
        return "OVN"

    def _unanswered(self, asked: Journey, hop: Ipv4Address, is_gateway: bool) -> Cause:
        """Why an ARP request stays without an answer: its sender's own port, or there is nobody."""
        station = asked.source
        lost = failure(asked, self.request, self.story.tables, None)
        if lost is not None and lost.where in OWN_PORT:
            return causes.cause_of(lost)
        silent = by_hand.gateway_is_silent(self.topology.provenance, station, hop)
        if silent is not None:
            return silent
        port = self.cloud.get(Port, station.port_id) if station.port_id is not None else None
        own = {fixed.subnet_id for fixed in port.fixed_ips} if port is not None else set()
        subnet = next((one for one in self.cloud.rows(Subnet) if one.gateway_ip == str(hop) and one.id in own), None)
        if not is_gateway or subnet is None:
            return causes.nobody_answers(station.name, hop, None, None)
        for interface in self.cloud.rows(Port):
            if interface.device_owner == "network:router_interface" and any(
                fixed.subnet_id == subnet.id and fixed.ip_address == str(hop) for fixed in interface.fixed_ips
            ):
                router = self.cloud.get(Router, interface.device_id)
                if router is not None and not router.admin_state_up:
                    return causes.nobody_answers(station.name, hop, subnet.name, router)
                return causes.nobody_answers(station.name, hop, None, None)
        return causes.nobody_answers(station.name, hop, subnet.name or subnet.cidr, None)

    def _landing(self, journey: Journey) -> Landing | None:
        """The arrival that was meant, else any at a host that takes the frame."""
        best: tuple[int, Landing] | None = None
        for landing in journey.landings:
            packet = ipv4_of(landing.frame)
            if packet is None:
                continue
            mine = landing.station.has(packet.destination)
            back = landing.station.mac == self.source.mac
            if back and is_refusal(landing.frame):
                continue  # a router's or an ACL's answer instead of the receiver's
            if back and not mine and echo_type(landing.frame) != icmp4.ECHO_REPLY:
                continue  # its own frame, come back; one that is for itself went by its floating IP
            meant = self.target.station is not None and landing.station.mac == self.target.station.mac
            addressed = Ethernet.parse(landing.frame).destination == landing.station.mac
            rank = 4 * mine + 2 * meant + addressed
            if rank and (best is None or rank > best[0]):
                best = rank, landing
        return None if best is None else best[1]

    def _dropped(self, journey: Journey, facts: tuple[str, ...]) -> Explanation:
        found = failure(journey, self.request, self.story.tables, self.target.station)
        if found is None:
            cause = causes.nobody_answers(self.source.name, self.target.address, None, None)
            step = Step(1, "emission", "Local emission", facts=facts)
            return Explanation(self.request, "dropped", f"dropped: {cause.who}", (step,), cause)
        cause = causes.cause_of(found)
        steps = self.story.steps(found.line, facts, ())
        steps = _with_end(steps, f"dropped here, in {found.where}")
        return Explanation(self.request, "dropped", f"dropped: {cause.who}", steps, cause)

    def _answered_on_the_way(self, journey: Journey, landing: Landing, facts: tuple[str, ...]) -> Explanation:
        arrival = f"{self.source.name} gets {describe(landing.frame)}"
        steps = self.story.steps(journey.line(landing.hop, landing.path), facts, (arrival,))
        verdict = f"answered by the router that has {self.target.address}"
        return Explanation(self.request, "answered", verdict, steps)

    # and back

    def _with_reply(self, steps: tuple[Step, ...], landing: Landing, place: str) -> Explanation:
        name, number = landing.station.name, len(steps) + 1
        accepts = self._accepts(landing.station)
        notes = () if accepts else (f"nothing listens on {self.request.what} of {name}: it answers, but refuses",)
        received = ipv4_of(landing.frame)
        assert received is not None
        try:
            neighbor, facts = self._neighbor(landing.station, received.destination, received.source)
        except Stopped as stopped:
            cause = stopped.cause
            if landing.station.physical_network is not None:
                router = next((one.name for one in self.cloud.rows(Router) if not one.enable_snat), None)
                cause = by_hand.no_way_back(
                    self.topology.provenance, name, received.source
                ) or causes.outside_cannot_answer(name, received.source, router)
            return self._unanswered_reply(steps, Step(number, "reply", "Reply", place, (cause.who,)), cause, place)
        frame = answer(landing.frame, neighbor.mac, accepts)
        assert frame is not None  # every first packet has an answer
        journey = self.travel.send(landing.station, frame)
        back = next((one for one in journey.landings if one.station.mac == self.source.mac), None)
        sent = (*facts, f"{name} sends {frame_line(frame)}")
        if back is None:
            found = failure(journey, self.request, self.story.tables, self.source, reply=True)
            cause = causes.cause_of(found) if found is not None else Cause(f"the answer of {name} reaches nobody")
            line = found.line if found is not None else ()
            step = reply_step(self.story, number, line, sent, f"dropped: {cause.who}")
            return self._unanswered_reply(steps, step, cause, place)
        arrival = f"{self.source.name} gets {describe(back.frame)}"
        step = reply_step(self.story, number, journey.line(back.hop, back.path), sent, arrival)
        verdict = f"delivered to {name}{place}, and the answer comes back"
        return Explanation(self.request, "answered", verdict, (*steps, step), None, notes)

    def _unanswered_reply(self, steps: tuple[Step, ...], step: Step, cause: Cause, place: str) -> Explanation:
        verdict = f"delivered{place}, but the answer is lost: {cause.who}"
        return Explanation(self.request, "delivered", verdict, (*steps, step), cause)

    def _accepts(self, station: Station) -> bool:
        if self.request.protocol == "icmp" or station.listening is None:
            return True
        return (self.request.protocol, self.request.port) in station.listening


def _with_end(steps: tuple[Step, ...], sentence: str) -> tuple[Step, ...]:
    """The last step that has tables says that the way ends there."""
    return (*steps[:-1], replace(steps[-1], after=(*steps[-1].after, sentence)))


def _place(station: Station) -> str:
    return f" on {station.plug.chassis}" if station.plug is not None else ""


def _ipv4(address: IpAddress) -> Ipv4Address:
    if not isinstance(address, Ipv4Address):
        raise TraceError(f"{address}: only IPv4 packets are traced")
    if address.is_multicast or address.is_broadcast or address.is_loopback or address.is_unspecified:
        raise TraceError(f"{address} is not the address of one host on the network")
    return address
