"""Load_Balancer: a machine that asks its own load balancer and is chosen itself (tables 68 to 70).

Such a packet comes back with one address as source and destination. Table 68 knows it, and learns in table 69 how its
answer looks; table 70 gives it the virtual address as source, so that the answer comes this way again
(ovn-controller's lflow.c, add_lb_hairpin_flows). What is balanced at all is written in logical flows.

The original destination is in registers, where ovn-northd of 22.03 and later puts it; an older one does not say so
(`hairpin_orig_tuple`), and gets a Problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.expressions.constants import Constant
from brume.expressions.endpoints import parse_endpoint
from brume.openflow.from_southbound.actions.choice import TRANSLATED
from brume.openflow.from_southbound.actions.context import load_flag, zone
from brume.openflow.from_southbound.names import datapath_facts
from brume.openflow.messages.actions import Actions, Ct, Learn, LearnSpec, Nat
from brume.openflow.messages.fields import FIELDS, Subfield, field
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.match import make_match
from brume.openflow.registers import DATAPATH, FLAGS, SNAT_ZONE, Flag
from brume.openflow.rows import SharedFlow
from brume.openflow.tables import Table
from brume.southbound.schema import LoadBalancer, LogicalDPGroup

PROTOCOLS: Final = {"tcp": 6, "udp": 17, "sctp": 132}
ADDRESS, ADDRESS_6, PORT = "reg1", "xxreg1", "reg2"
"""Where ovn-northd keeps what the packet was sent to."""
LOW_16: Final = 0xFFFF
PRIORITY, WITHOUT_PORT, ON_ONE_DATAPATH = 100, -10, 100


class Endpoint(NamedTuple):
    """An address, and a port or 0."""

    address: Constant
    port: int

    @property
    def version(self) -> int:
        """4 or 6."""
        return 4 if self.address.width == 32 else 6


class _Family(NamedTuple):
    """The names of one IP version's fields."""

    ethertype: int
    source: str
    destination: str
    register: str


_FAMILIES: Final = {
    4: _Family(0x0800, "ip_src", "ip_dst", ADDRESS),
    6: _Family(0x86DD, "ipv6_src", "ipv6_dst", ADDRESS_6),
}


@rule(LoadBalancer)
def hairpin_flows(row: LoadBalancer, view: View) -> Iterator[Output]:
    """The flows of one load balancer, on each of its datapaths."""
    datapaths = [facts.key for one in _datapaths(row, view) if (facts := datapath_facts(view, one)) is not None]
    if row.options.get("hairpin_orig_tuple") != "true":
        message = "packets to oneself are not known: the southbound is of an ovn-northd before 22.03"
        yield Problem(table="Load_Balancer", row=row.uuid, message=message)
        return
    for key in datapaths:
        for part, flow in enumerate(_flows(row, key)):
            yield SharedFlow(owner=row.uuid, datapath=key, part=part, flow=flow)


def _datapaths(row: LoadBalancer, view: View) -> tuple[str, ...]:
    found: tuple[str, ...] = view.members(LoadBalancer.datapaths, row.uuid)
    if row.datapath_group is not None:
        found += view.members(LogicalDPGroup.datapaths, row.datapath_group)
    return found


def _flows(row: LoadBalancer, datapath: int) -> Iterator[Flow]:
    cookie, protocol = int(row.uuid[:8], 16), row.protocol or "tcp"
    given = _snat_addresses(row)
    for vip, backends in row.vips.items():
        virtual = _endpoint(vip)
        if virtual is None:
            continue
        own = given.get(virtual.version)
        source = own or virtual.address
        for backend in map(_endpoint, backends.split(",")):
            if backend is not None and backend.version == virtual.version:
                yield _coming_back(virtual, backend, protocol, source, cookie)
        match = {"eth_type": _FAMILIES[virtual.version].ethertype, **_sent_to(virtual, protocol)}
        priority = PRIORITY if virtual.port else PRIORITY + WITHOUT_PORT
        if own is not None:
            priority += ON_ONE_DATAPATH
            match[DATAPATH] = datapath
        nat = Nat("src", address=source.value, version=virtual.version)
        yield Flow(
            Table.SNAT_HAIRPIN, priority, make_match(**match), (Ct(commit=True, zone=zone(SNAT_ZONE), nat=nat),), cookie
        )


def _coming_back(virtual: Endpoint, backend: Endpoint, protocol: str, source: Constant, cookie: int) -> Flow:
    """A packet from the backend that was chosen, to itself."""
    family, address = _FAMILIES[virtual.version], backend.address.value
    match: dict[str, int | tuple[int, int]] = {
        "eth_type": family.ethertype,
        "ct_mark": (TRANSLATED, TRANSLATED),
        family.source: address,
        family.destination: address,
        family.register: virtual.address.value,
    }
    if backend.port:
        match |= {"nw_proto": PROTOCOLS[protocol], f"{protocol}_dst": backend.port, PORT: (virtual.port, LOW_16)}
    actions: Actions = (load_flag(Flag.LOOKUP_HAIRPIN, 1), _answer(backend, protocol, source, cookie))
    return Flow(Table.LOAD_BALANCER_HAIRPIN, PRIORITY, make_match(**match), actions, cookie)


def _answer(backend: Endpoint, protocol: str, source: Constant, cookie: int) -> Learn:
    """Learn how the answer looks: from the backend, to the address that it believes has asked."""
    family = _FAMILIES[backend.version]
    specs = [
        _same(DATAPATH),
        LearnSpec("match", 16, family.ethertype, _whole("eth_type")),
        _same(family.source),
        LearnSpec("match", backend.address.width, source.value, _whole(family.destination)),
    ]
    if backend.port:
        specs.append(LearnSpec("match", 8, PROTOCOLS[protocol], _whole("nw_proto")))
        specs.append(LearnSpec("match", 16, _whole(f"{protocol}_dst"), _whole(f"{protocol}_src")))
    else:
        specs.append(_same("nw_proto"))
    specs.append(LearnSpec("load", 1, 1, Subfield(FIELDS[FLAGS], int(Flag.LOOKUP_HAIRPIN), 1)))
    table = Table.LOAD_BALANCER_HAIRPIN_REPLY
    return Learn(table, tuple(specs), cookie=cookie, delete_learned=True)


def _sent_to(virtual: Endpoint, protocol: str) -> dict[str, int | tuple[int, int]]:
    match: dict[str, int | tuple[int, int]] = {_FAMILIES[virtual.version].register: virtual.address.value}
    if virtual.port:
        match |= {"nw_proto": PROTOCOLS[protocol], PORT: (virtual.port, LOW_16)}
    return match


def _snat_addresses(row: LoadBalancer) -> dict[int, Constant]:
    """The addresses that stand for the virtual one, by IP version."""
    words = row.options.get("hairpin_snat_ip", "").split()
    return {found.version: found.address for word in words if (found := _endpoint(word)) is not None}


def _endpoint(text: str) -> Endpoint | None:
    found = parse_endpoint(text.strip())
    return None if found is None else Endpoint(*found)


def _whole(name: str) -> Subfield:
    found = field(name)
    return Subfield(found, 0, found.width)


def _same(name: str) -> LearnSpec:
    return LearnSpec("match", field(name).width, _whole(name), _whole(name))
