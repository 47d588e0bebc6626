"""From a journey to the numbered steps: emission, routing, encapsulation, underlay, delivery (and the reply).

A journey's line is cut where a tunnel or a physical network carries the packet; each piece is cut again where the
first router begins, where the packet is wrapped up, and where it is handed to its port.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from brume.dataplane.explain.explanation import Changed, Octets, Step, TableStep
from brume.dataplane.explain.journey import CONTROLLER, PHYSICAL, TUNNEL, Hop
from brume.dataplane.explain.paths import Path
from brume.dataplane.explain.provenance import Provenance
from brume.dataplane.explain.tables import HEADERS, Tables, header_changes
from brume.dataplane.trace import Told, Tunnelled, changes
from brume.dataplane.tunnels import Encapsulated
from brume.openflow.tables import Table
from brume.packets.describe import describe
from brume.packets.explain import explain
from brume.packets.geneve import Geneve, ovn_keys
from brume.packets.ipv4 import Ipv4
from brume.values import Ipv4Address

Line = Sequence[tuple[Hop, Path]]
_FROM_OUTER: Final = ("ipv4", "udp", "geneve", "geneve option")
POLICIES: Final = ("lr_in_policy", "lr_in_policy_ecmp")
IPV6: Final = re.compile(r"[ ,](?:ipv6|icmp6|tcp6|udp6|sctp6)[ ,]")
"""In a flow's text: it is for IPv6 packets."""


NOT_YET_KNOWN: Final = "00:00:00:00:00:00"
"""What a router puts for the MAC address of a next hop that it has yet to ask for."""


class Piece(NamedTuple):
    """What happened on one chassis without leaving it."""

    hops: tuple[tuple[Hop, Path], ...]

    @property
    def first(self) -> Hop:
        return self.hops[0][0]

    @property
    def tunnel(self) -> Encapsulated | None:
        """The tunnel packet it leaves in."""
        end = self.hops[-1][1].end
        return end.packet if isinstance(end, Tunnelled) else None


def pieces(line: Line) -> list[Piece]:
    """The line, cut at tunnels and physical networks; what a controller puts out belongs to its chassis."""
    found: list[list[tuple[Hop, Path]]] = []
    for hop, path in line:
        if found and hop.came == CONTROLLER:
            found[-1].append((hop, path))
        else:
            found.append([(hop, path)])
    return [Piece(tuple(one)) for one in found]


class Story:
    """Writes the steps of one line."""

    def __init__(self, provenance: Provenance) -> None:
        self.provenance = provenance
        self.tables = Tables(provenance)

    def steps(self, line: Line, emission: Sequence[str], arrival: Sequence[str]) -> tuple[Step, ...]:
        """Numbered from 1. `emission` are facts before the first table, `arrival` facts after the last."""
        cut = pieces(line)
        found: list[Step] = []
        for index, piece in enumerate(cut):
            first, last = index == 0, index == len(cut) - 1
            tables = self._tables(piece)
            head, wrapping = _split_wrapping(tables) if piece.tunnel is not None else (tables, ())
            if first:
                found += self._from_source(piece, head, emission, crosses=not last)
            else:
                found.append(self._arrival(piece, head, arrival if last else ()))
            if not last:
                found += self._crossing(piece, wrapping, cut[index + 1])
            elif first:
                found += self._stays_here(found, piece, arrival)
        return tuple(_numbered(found))

    def _tables(self, piece: Piece) -> tuple[TableStep, ...]:
        found: list[TableStep] = []
        before: Path | None = None
        for hop, path in piece.hops:
            made = self.tables.steps(hop, path)
            if made and before is not None and isinstance(before.end, Told):
                made = (self._changed_by_controller(before.end.packet_in.key, path, made[0]), *made[1:])
            found += made
            before = path
        return tuple(found)

    @staticmethod
    def _changed_by_controller(before: int, path: Path, step: TableStep) -> TableStep:
        """The first table after a controller, with what the controller changed on the packet."""
        changed = header_changes(changes(before, path.visits[0].looked.key))
        notable = tuple(f"{one.field}: {one.before} -> {one.after}, by the controller" for one in changed)
        return replace(step, headers=(*changed, *step.headers), notable=(*notable, *step.notable), shown=True)

    def _from_source(
        self, piece: Piece, tables: tuple[TableStep, ...], emission: Sequence[str], crosses: bool
    ) -> list[Step]:
        local, routed = _split_routing(tables)
        place = f"{piece.first.chassis}, {piece.first.place.bridge}"
        title = "Arrival from the physical network" if piece.first.came == PHYSICAL else "Local emission"
        found = [Step(0, "emission", title, place, tuple(emission), local)]
        notes = tuple(hop.note for hop, _ in piece.hops if hop.note)
        if routed:
            delivered: tuple[TableStep, ...] = ()
            if not crosses:
                routed, delivered = _split_delivery(routed)
            found.append(
                Step(0, "routing", "Logical routing", piece.first.chassis, _route_facts(routed), routed, after=notes)
            )
            if delivered:
                found.append(Step(0, "delivery", "Delivery", piece.first.chassis, (), delivered))
        else:
            ingress, delivered = (local, ()) if crosses else _split_delivery(local)
            found[0] = Step(0, "emission", title, place, tuple(emission), ingress)
            if _reached_output(ingress) or crosses or delivered:
                fact = "no router: the destination is in the sender's own network, found by its MAC address"
                found.append(Step(0, "routing", "Logical routing: none needed", "", (fact,)))
            if delivered:
                found.append(Step(0, "delivery", "Delivery", piece.first.chassis, (), delivered))
        return found

    def _stays_here(self, found: list[Step], piece: Piece, arrival: Sequence[str]) -> list[Step]:
        """The packet never left the chassis: say so where the tunnel would stand."""
        if not found or found[-1].kind != "delivery":
            return []
        delivery = found.pop()
        chassis = piece.first.chassis
        fact = f"the way on is on {chassis} too: no tunnel"
        return [
            Step(0, "encapsulation", "Geneve encapsulation: none needed", "", (fact,)),
            Step(0, "underlay", "Underlay: not used", ""),
            Step(0, "delivery", "Delivery", delivery.place, (), delivery.tables, after=tuple(arrival)),
        ]

    def _arrival(self, piece: Piece, tables: tuple[TableStep, ...], arrival: Sequence[str]) -> Step:
        hop = piece.first
        after = (*(one.note for one, _ in piece.hops if one.note), *arrival)
        title, fact = "Arrival and delivery", f"the frame comes in by {hop.place.bridge}"
        if hop.came == TUNNEL:
            title = "Decapsulation and delivery"
            fact = f"out of the Geneve header: {self._keys_in_words(hop.outer)}"
        facts = (fact, *_changed_facts(tables))
        return Step(0, "delivery", title, hop.chassis, facts, tables, after=after)

    def _crossing(self, piece: Piece, wrapping: tuple[TableStep, ...], following: Piece) -> Iterator[Step]:
        packet, here, there = piece.tunnel, piece.first.chassis, following.first.chassis
        if packet is None:
            name = following.first.place.bridge if following.first.came == PHYSICAL else ""
            yield Step(0, "encapsulation", "Geneve encapsulation: none", "", ("the frame leaves as it is",))
            yield Step(0, "underlay", f"Physical network behind {name}", f"{here} -> {there}")
            return
        octets = tuple(outer_octets(packet, self._meanings(packet)))
        fact = f"{packet.port} leads to {there}: the frame is put into UDP, with OVN's keys before it"
        yield Step(0, "encapsulation", "Geneve encapsulation", here, (fact,), wrapping, octets)
        outer = packet.ip_packet()
        source, destination = Ipv4Address(packet.source), Ipv4Address(packet.destination)
        carried = (
            f"{source} -> {destination}, UDP {packet.udp_port}, {len(outer)} octets "
            f"({len(outer) - len(_inner(packet))} of them for the tunnel)",
            "switches and routers between the chassis see these addresses only, none of the tenant's",
        )
        yield Step(0, "underlay", "Underlay", f"{here} -> {there}", carried)

    def _keys(self, packet: Encapsulated | None) -> tuple[int, int, int, str, str, str]:
        """Datapath, ingress and egress keys of a Geneve packet, and what each stands for; zeros when it has none."""
        geneve = Geneve.parse(packet.payload) if packet is not None and packet.protocol == "geneve" else None
        keys = ovn_keys(geneve) if geneve is not None else None
        if geneve is None or keys is None:
            return 0, 0, 0, "", "", ""
        datapath = self.provenance.datapath(geneve.vni)
        source, target = (self.provenance.port(datapath, key) for key in (keys.ingress, keys.egress))
        labels = (one.label if one is not None else "unknown" for one in (source, target))
        return geneve.vni, keys.ingress, keys.egress, str(datapath), *labels  # type: ignore[return-value]

    def _meanings(self, packet: Encapsulated) -> dict[str, str]:
        vni, ingress, egress, datapath, source, target = self._keys(packet)
        return {f"vni {vni}": datapath, f"ingress {ingress}": source, f"egress {egress}": target}

    def _keys_in_words(self, packet: Encapsulated | None) -> str:
        """VNI and port keys, with what they stand for."""
        vni, _, _, datapath, source, target = self._keys(packet)
        if not vni:
            return "the tunnel key is the datapath's"
        return f"{datapath}, from {source}, to {target}"


def outer_octets(packet: Encapsulated, meanings: Mapping[str, str]) -> Iterator[Octets]:
    """The outer headers, octet by octet, up to the frame inside; `meanings` of keys are said beside them."""
    for part in explain(packet.ip_packet(), Ipv4):
        if part.name not in _FROM_OUTER:
            return
        for row in part.rows:
            said = next((f" = {text}" for key, text in meanings.items() if row.text.endswith(key)), "")
            yield Octets(part.name, row.octets.hex(" "), row.text + said)


def _inner(packet: Encapsulated) -> bytes:
    geneve = Geneve.parse(packet.payload) if packet.protocol == "geneve" else None
    return packet.payload[geneve.size() :] if geneve is not None else packet.payload[8:]


def net_changes(tables: Sequence[TableStep]) -> list[Changed]:
    """What is left of the changes of headers when all tables are passed."""
    found: dict[str, Changed] = {}
    for step in tables:
        for one in (*step.headers, *(change for helper in step.helpers for change in helper.headers)):
            first = found.get(one.field, one)
            found[one.field] = Changed(one.field, first.before, one.after)
    return [one for one in found.values() if one.before != one.after and one.after != NOT_YET_KNOWN]


def _route_facts(tables: Sequence[TableStep]) -> tuple[str, ...]:
    """What a router does: the route, policies, the TTL, the MAC addresses, translated addresses."""
    facts = []
    for index, step in enumerate(tables):
        if step.flow is None:
            continue
        if step.title == "lr_in_ip_routing":
            prefix = re.search(r"(?:nw|ipv6)_dst=([^, ]+)", step.flow)
            otherwise = "::/0" if IPV6.search(step.flow) else "0.0.0.0/0"
            route = prefix.group(1) if prefix is not None else otherwise
            several = index + 1 < len(tables) and tables[index + 1].title == "lr_in_ip_routing_ecmp"
            chosen = tables[index + 1] if several and "group:" in step.flow else step
            one_of = "one of the equal routes to" if chosen is not step else "route"
            facts.append(f"{step.datapath}: {one_of} {route}, out of {_way_out(chosen)}")
        elif step.title in POLICIES and "->reg15" in step.flow:
            facts.append(f"{step.datapath}: a routing policy sends it another way, out of {_way_out(step)}")
    return (*facts, *_changed_facts(tables))


def _way_out(step: TableStep) -> str:
    return next((one for one in step.notable if one.startswith("outport")), "").rpartition(" -> ")[2] or "the same port"


def _changed_facts(tables: Sequence[TableStep]) -> tuple[str, ...]:
    return tuple(f"{HEADERS[one.field]}: {one.before} -> {one.after}" for one in net_changes(tables))


def _split_routing(tables: tuple[TableStep, ...]) -> tuple[tuple[TableStep, ...], tuple[TableStep, ...]]:
    """Before the first router, and from there on."""
    for index, step in enumerate(tables):
        if step.datapath.startswith("router "):
            return tables[:index], tables[index:]
    return tables, ()


def _split_wrapping(tables: tuple[TableStep, ...]) -> tuple[tuple[TableStep, ...], tuple[TableStep, ...]]:
    """The tables that send to another chassis, at the end, apart."""
    cut = len(tables)
    while cut and Table.LARGE_PACKET_DETECT <= tables[cut - 1].table <= Table.REMOTE_OUTPUT:
        cut -= 1
    return tables[:cut], tables[cut:]


def _split_delivery(tables: tuple[TableStep, ...]) -> tuple[tuple[TableStep, ...], tuple[TableStep, ...]]:
    """The egress pipeline of the last switch, apart."""
    for index in range(len(tables) - 1, -1, -1):
        step = tables[index]
        if step.table == Table.LARGE_PACKET_DETECT and not step.datapath.startswith("router "):
            return tables[:index], tables[index:]
    return tables, ()


def _reached_output(tables: Sequence[TableStep]) -> bool:
    return any(step.table >= Table.LARGE_PACKET_DETECT for step in tables)


def _numbered(found: Sequence[Step]) -> Iterator[Step]:
    for number, step in enumerate(found, 1):
        yield replace(step, number=number)


def frame_line(frame: bytes) -> str:
    """A frame with its MAC addresses, in one line."""
    return describe(frame, ethernet=True)
