"""The tracer: asks the question, follows the packet and its answer, and has the story written.

    explanation = Tracer(topology).trace(TraceRequest("vm1", "vm2", "tcp", 80))
    print(render(explanation))

The switches are asked by traces only. What the first packet commits (connections, translations) is kept in copies for
the answer. A host that does not know a MAC address asks for it here as it would on the wire.
"""

from __future__ import annotations

from msgspec.structs import replace

from brume.cloud.network.resources import Router
from brume.dataplane.explain import by_hand_hosts as by_hand
from brume.dataplane.explain import causes
from brume.dataplane.explain import host_causes as hosts
from brume.dataplane.explain.by_hand_neighbors import nobody_took_it
from brume.dataplane.explain.explanation import Cause, Explanation, Step, TraceError, TraceRequest
from brume.dataplane.explain.failure import failure
from brume.dataplane.explain.journey import Journey, Landing, Travel
from brume.dataplane.explain.neighbors import Unanswered, asked_and_told, resolve
from brume.dataplane.explain.packets import Ends, answer, first_packet, ip_of, is_echo_reply, is_refusal
from brume.dataplane.explain.reply import reply_step
from brume.dataplane.explain.silence import unanswered
from brume.dataplane.explain.steps import Story, frame_line
from brume.dataplane.explain.targets import Pairs, Stopped, Target
from brume.dataplane.explain.topology import Station, TraceTopology
from brume.packets.describe import describe
from brume.packets.ethernet import Ethernet
from brume.values import IpAddress, MacAddress


class Tracer:
    """Answers questions about one cloud."""

    def __init__(self, topology: TraceTopology) -> None:
        self.topology = topology

    def trace(self, request: TraceRequest) -> Explanation:
        """The way of one packet, and of its answer. TraceError when there is no such host."""
        if request.protocol != "icmp" and request.port is None:
            raise TraceError(f"{request.protocol} needs a port")
        try:
            source, target = Pairs(self.topology).of(request)
            request = replace(request, family=target.address.VERSION)
            return _Question(self.topology, request, source, target).answered()
        except Stopped as stopped:
            step = Step(1, "emission", "Local emission", facts=(*stopped.facts, stopped.cause.who))
            return Explanation(request, "dropped", f"dropped: {stopped.cause.who}", (step,), stopped.cause)


class _Question:
    """One packet on its way."""

    def __init__(self, topology: TraceTopology, request: TraceRequest, source: Station, target: Target) -> None:
        self.topology, self.request = topology, request
        self.source, self.target = source, target
        self.travel = Travel(topology)
        self.asked: Station | None = None  # who answered the source's question itself, and knows the source since
        self.story = Story(topology.provenance)
        self.cloud = topology.provenance.cloud

    def answered(self) -> Explanation:
        frame, facts = self._sent()
        journey = self.travel.send(self.source, frame)
        landing = self._landing(journey)
        if landing is None:
            return self._dropped(journey, facts)
        if landing.station.mac == self.source.mac and is_echo_reply(landing.frame):
            return self._answered_on_the_way(journey, landing, facts)
        received = ip_of(landing.frame)
        name, place = landing.station.name, _place(landing.station)
        arrival = f"{name} gets {describe(landing.frame)}"
        steps = self.story.steps(journey.line(landing.hop, landing.path), facts, (arrival,))
        if received is not None and not landing.station.has(received.destination):
            cause = hosts.host_lacks_address(name, received.destination, is_server=landing.station.port_id is not None)
            return Explanation(self.request, "dropped", f"dropped: {cause.who}", steps, cause)
        addressed = Ethernet.parse(landing.frame).destination
        if addressed != landing.station.mac:
            cause = hosts.card_has_another_mac(name, addressed, landing.station.mac)
            return Explanation(self.request, "dropped", f"dropped: {cause.who}", steps, cause)
        return self._with_reply(steps, landing, place)

    # there

    def _sent(self) -> tuple[bytes, tuple[str, ...]]:
        """The frame as the source sends it, and what it did before."""
        station, address = self.source, self.target.address
        if station.plug is None and station.physical_network is None:
            raise Stopped(hosts.not_running(station.name))
        if not any(own.address.VERSION == address.VERSION for own in station.addresses):
            raise Stopped(hosts.no_address(self.topology.provenance, station, address.VERSION, station.name))
        if station.has(address):
            raise Stopped(hosts.own_address(station.name, address))
        mac, facts = self._neighbor(station, address)
        source = station.address_towards(address)
        if source is None:
            raise Stopped(hosts.no_address(self.topology.provenance, station, address.VERSION, station.name))
        ends = Ends(station.mac, mac, source, address)
        frame = first_packet(ends, self.request.protocol, self.request.port)
        return frame, (*facts, f"{station.name} sends {frame_line(frame)}")

    def _neighbor(self, station: Station, address: IpAddress) -> tuple[MacAddress, tuple[str, ...]]:
        """Whom a host hands a packet to: the next hop, found by ARP or neighbour discovery."""
        route = station.route_to(address)
        if route is None:
            raise Stopped(self._no_route(station, address))
        hop = address if route.gateway is None else route.gateway
        way = f"{address} is in its own network {route.prefix}"
        if route.gateway is not None:
            way = f"the way to {address} is the gateway {hop}"
        facts = (f"{station.name}: {way}",)
        if self.asked is not None and station.mac == self.asked.mac and self.source.has(hop):
            return self.source.mac, (
                *facts,
                f"{station.name} knows who has {hop} since it was asked: {self.source.mac}",
            )
        found = resolve(self.travel, station, hop)
        if isinstance(found, Unanswered):
            is_gateway = route.gateway is not None
            raise Stopped(unanswered(found, hop, self.request, self.story.tables, is_gateway=is_gateway), facts)
        if station is self.source:
            self.asked = found.station
        return found.mac, (*facts, asked_and_told(found, hop, self.story.tables))

    def _no_route(self, station: Station, address: IpAddress) -> Cause:
        if station.physical_network is not None and address.VERSION == 6:
            back = station is not self.source
            return hosts.outside_has_no_route(self.topology.provenance, station, address, back=back)
        cause = by_hand.host_without_route(self.topology.provenance, station, address)
        return cause or hosts.no_host_route(station.name, address)

    def _landing(self, journey: Journey) -> Landing | None:
        """The arrival that was meant, else any at a host that takes the frame."""
        best: tuple[int, Landing] | None = None
        for landing in journey.landings:
            packet = ip_of(landing.frame)
            if packet is None:
                continue
            mine = landing.station.has(packet.destination)
            back = landing.station.mac == self.source.mac
            if back and is_refusal(landing.frame):
                continue  # a router's or an ACL's answer instead of the receiver's
            if back and not mine and not is_echo_reply(landing.frame):
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
            mac = Ethernet.parse(journey.frame).destination
            cause = nobody_took_it(self.topology.provenance, journey, self.target.address)
            cause = cause or by_hand.nobody_takes(self.topology.provenance, self.source, mac)
            cause = cause or hosts.nobody_takes(self.source.name, self.target.address, mac)
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
        received = ip_of(landing.frame)
        assert received is not None
        try:
            mac, facts = self._neighbor(landing.station, received.source)
        except Stopped as stopped:
            cause = stopped.cause
            if landing.station.physical_network is not None and received.source.VERSION == 4:
                cause = self._untranslated(name, received.source)
            return self._unanswered_reply(steps, Step(number, "reply", "Reply", place, (cause.who,)), cause, place)
        frame = answer(landing.frame, mac, accepts)
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

    def _untranslated(self, name: str, source: IpAddress) -> Cause:
        """Outside got a packet from an IPv4 address that means nothing there."""
        found = by_hand.no_way_back(self.topology.provenance, name, source)
        router = next((one.name for one in self.cloud.rows(Router) if not one.enable_snat), None)
        return found or hosts.outside_cannot_answer(name, source, router)

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
