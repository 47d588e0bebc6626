"""Where a packet's way ended without an arrival, with all that a cause may want to know about that place."""

from __future__ import annotations

from typing import NamedTuple

from brume.cloud.network.resources import Network, Port, Router
from brume.dataplane.explain.explanation import TraceRequest
from brume.dataplane.explain.journey import Hop, Journey
from brume.dataplane.explain.journey import opcode_of as userdata_opcode
from brume.dataplane.explain.paths import Path
from brume.dataplane.explain.provenance import Datapath, LogicalPort, Origin
from brume.dataplane.explain.tables import Tables
from brume.dataplane.explain.topology import Station
from brume.dataplane.result import PacketIn
from brume.dataplane.trace import Dropped, Told
from brume.openflow.messages.fields import FIELDS
from brume.openflow.packet_in.opcodes import Opcode
from brume.openflow.registers import INPORT, OUTPORT
from brume.openflow.tables import Table
from brume.packets.ethernet import IPV6
from brume.southbound.schema import PortBinding
from brume.values import IpAddress, Ipv4Address, Ipv6Address, MacAddress

REFUSALS = (Opcode.ICMP, Opcode.ICMP4_ERROR, Opcode.ICMP6_ERROR, Opcode.TCP_RESET, Opcode.REJECT)


class Failure(NamedTuple):
    """The last table of a way that came to nothing; `where` is its logical stage, or the table's name."""

    request: TraceRequest
    tables: Tables
    source: Station
    target: Station | None
    line: tuple[tuple[Hop, Path], ...]
    where: str
    key: int
    datapath: Datapath | None
    origins: tuple[Origin, ...]
    reason: str = ""
    told: PacketIn | None = None
    reply: bool = False

    @property
    def hop(self) -> Hop:
        return self.line[-1][0]

    @property
    def inport(self) -> LogicalPort | None:
        return self.tables.provenance.port(self.datapath, FIELDS[INPORT].get(self.key))

    @property
    def outport(self) -> LogicalPort | None:
        return self.tables.provenance.port(self.datapath, FIELDS[OUTPORT].get(self.key))

    @property
    def router(self) -> Router | None:
        found = self.datapath.resource if self.datapath is not None else None
        return found if isinstance(found, Router) else None

    @property
    def network(self) -> Network | None:
        found = self.datapath.resource if self.datapath is not None else None
        return found if isinstance(found, Network) else None

    @property
    def source_ip(self) -> IpAddress:
        return self._address("ip_src", "ipv6_src")

    @property
    def target_ip(self) -> IpAddress:
        return self._address("ip_dst", "ipv6_dst")

    def _address(self, name4: str, name6: str) -> IpAddress:
        """A field of the packet's own family."""
        if FIELDS["eth_type"].get(self.key) == IPV6:
            return Ipv6Address(FIELDS[name6].get(self.key))
        return Ipv4Address(FIELDS[name4].get(self.key))

    @property
    def target_mac(self) -> MacAddress:
        return MacAddress(FIELDS["eth_dst"].get(self.key))

    @property
    def next_hop(self) -> IpAddress:
        """What a router keeps in reg0, or in xxreg0."""
        return self._address("reg0", "xxreg0")

    @property
    def ttl(self) -> int:
        return FIELDS["nw_ttl"].get(self.key)

    def has_state(self, *names: str) -> bool:
        """Whether the connection tracker said all of this about the packet."""
        bits = ("new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat")
        return all(FIELDS["ct_state"].get(self.key) >> bits.index(name) & 1 for name in names)


def port_of(found: LogicalPort | None) -> Port | None:
    """The Neutron port of a logical port."""
    return found.resource if found is not None and isinstance(found.resource, Port) else None


def binding_of(found: LogicalPort | None) -> PortBinding | None:
    """The binding of a logical port, unless it is a multicast group."""
    return found.binding if found is not None and isinstance(found.binding, PortBinding) else None


def worst_end(journey: Journey) -> tuple[int, int, str, PacketIn | None] | None:
    """The end that tells most of why a frame did not arrive: an explicit refusal, a loss between switches,
    else where it came furthest."""
    losses = {(loss.hop, loss.path): loss.reason for loss in journey.losses}
    best: tuple[tuple[bool, bool, int], tuple[int, int, str, PacketIn | None]] | None = None
    for hop in journey.hops:
        for number, path in enumerate(hop.paths):
            end, reason = path.end, losses.get((hop.number, number), "")
            refusal = isinstance(end, Told) and userdata_opcode(end.packet_in) in REFUSALS
            if isinstance(end, Dropped):
                reason = end.reason
            elif end is not None and not reason and not refusal:
                continue
            length = sum(len(one.visits) for _, one in journey.line(hop.number, number))
            told = end.packet_in if isinstance(end, Told) else None
            rank = (refusal, (hop.number, number) in losses, length)
            if best is None or rank > best[0]:
                best = rank, (hop.number, number, reason, told)
    return None if best is None else best[1]


def failure(
    journey: Journey, request: TraceRequest, tables: Tables, target: Station | None, *, reply: bool = False
) -> Failure | None:
    """The failure of a journey; None when nothing was dropped anywhere."""
    found = worst_end(journey)
    if found is None:
        return None
    hop, number, reason, told = found
    line = journey.line(hop, number)
    visits = line[-1][1].visits
    if not visits:
        return Failure(request, tables, journey.source, target, line, "port", 0, None, (), reason, told, reply)
    looked = visits[-1].looked
    datapath = tables.datapath_of(looked)
    stage = tables.provenance.stage(datapath, looked.table)
    name = Table(looked.table).name.lower() if looked.table in Table._value2member_map_ else ""
    where = stage.title if stage is not None else (name or f"{looked.bridge} table {looked.table}")
    key = told.key if told is not None else looked.key
    origins = tables.origins(looked, datapath)
    return Failure(request, tables, journey.source, target, line, where, key, datapath, origins, reason, told, reply)


def opcode_of(found: Failure) -> int:
    """What the controller was asked to do, -1 when it was not."""
    return -1 if found.told is None else userdata_opcode(found.told)
