"""Why nobody answers when a host asks for a MAC address: its own port, a gateway that is down, or there is nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.cloud.network.resources import Port, Router, Subnet
from brume.dataplane.explain import by_hand_hosts as by_hand
from brume.dataplane.explain import causes, host_causes
from brume.dataplane.explain.by_hand_outside import host_asks_nowhere
from brume.dataplane.explain.explanation import Cause, TraceRequest
from brume.dataplane.explain.failure import failure
from brume.dataplane.explain.journey import Journey
from brume.dataplane.explain.neighbors import Unanswered
from brume.dataplane.explain.tables import Tables
from brume.values import IpAddress, Ipv6Address, MacAddress, parse_address

OWN_PORT: Final = ("physical_to_logical", "ls_in_check_port_sec", "ls_in_apply_port_sec")
"""Where a question is lost by fault of the port that sends it."""


def unanswered(found: Unanswered, hop: IpAddress, request: TraceRequest, tables: Tables, *, is_gateway: bool) -> Cause:
    """The cause."""
    station, provenance = found.asked.source, tables.provenance
    if found.lost is not None:
        return _lost_answer(found.lost, hop, request, tables)
    lost = failure(found.asked, request, tables, None)
    if lost is not None and lost.where in OWN_PORT:
        return causes.cause_of(lost)
    silent = by_hand.gateway_is_silent(provenance, station, hop)
    silent = silent or by_hand.balanced_address_is_silent(provenance, station, hop)
    silent = silent or host_asks_nowhere(provenance, station)
    if silent is not None:
        return silent
    port = provenance.cloud.get(Port, station.port_id) if station.port_id is not None else None
    if not is_gateway or port is None:
        return host_causes.nobody_answers(station.name, hop, None, None)
    return _silent_gateway(station.name, hop, port, tables)


def _lost_answer(answer: Journey, hop: IpAddress, request: TraceRequest, tables: Tables) -> Cause:
    who = f"{answer.source.name} says that it has {hop}, but the answer is lost"
    lost = failure(answer, request, tables, None, reply=True)
    if lost is None:
        return Cause(who)
    cause = causes.cause_of(lost)
    return Cause(f"{who}: {cause.who}", cause.cure)


def _silent_gateway(name: str, hop: IpAddress, port: Port, tables: Tables) -> Cause:
    """A server's gateway of the cloud's."""
    cloud = tables.provenance.cloud
    subnets = [one for one in (cloud.get(Subnet, fixed.subnet_id) for fixed in port.fixed_ips) if one is not None]
    near = [one for one in subnets if one.ip_version == hop.VERSION]
    interfaces = [
        one
        for one in cloud.rows(Port)
        if one.device_owner == host_causes.INTERFACE and one.network_id == port.network_id and hop in _addresses(one)
    ]
    for interface in interfaces:
        router = cloud.get(Router, interface.device_id)
        if router is not None and not router.admin_state_up and near:
            return host_causes.nobody_answers(name, hop, near[0].name, router)
    meant = next((one for one in near if hop.VERSION == 6 or one.gateway_ip == str(hop)), None)
    if interfaces or meant is None:
        return host_causes.nobody_answers(name, hop, None, None)
    return host_causes.nobody_answers(name, hop, meant.name or meant.cidr, None)


def _addresses(port: Port) -> Iterator[IpAddress]:
    """What a router answers for at a port: its addresses, and that of the link."""
    yield Ipv6Address.link_local(MacAddress.parse(port.mac_address))
    yield from (parse_address(fixed.ip_address) for fixed in port.fixed_ips)
