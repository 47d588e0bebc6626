"""Neighbours: how a host finds the MAC address it sends to, by ARP or by neighbour discovery, and who answers.

    found = resolve(travel, station, hop)      Neighbor: who answered, and how; Unanswered: how it was in vain

The question travels as any frame; it may be answered by a host, by a stage of the tables, or by the controller of a
chassis on behalf of a stage.
"""

from __future__ import annotations

from typing import NamedTuple

from brume.dataplane.explain.journey import Journey, Travel
from brume.dataplane.explain.questions import answered, question, reply_to
from brume.dataplane.explain.tables import Tables
from brume.dataplane.explain.topology import Station
from brume.dataplane.trace import Told
from brume.values import IpAddress, MacAddress


class Neighbor(NamedTuple):
    """Who answered a question for a MAC address, and how: a station, or (None) the tables themselves."""

    mac: MacAddress
    station: Station | None
    journey: Journey
    place: tuple[int, int]  # the hop and path by which the answer came


class Unanswered(NamedTuple):
    """A question in vain: its way, and the way of an answer that is lost, if there is one."""

    asked: Journey
    lost: Journey | None = None


def resolve(travel: Travel, station: Station, address: IpAddress) -> Neighbor | Unanswered:
    """The MAC address that a host's question finds."""
    source = station.address_towards(address)
    assert source is not None  # the station is about to send from one
    asked = question(station.mac, source, address)
    journey = travel.send(station, asked)
    for landing in journey.landings:
        told = answered(landing.frame)
        if landing.station.mac == station.mac and told is not None and told[0] == address:
            return Neighbor(told[1], None, journey, (landing.hop, landing.path))
    for landing in journey.landings:
        other = landing.station
        if other.mac == station.mac or not other.has(address):
            continue
        answer = reply_to(asked, other.mac)
        assert answer is not None  # it was a question
        back = travel.send(other, answer)
        if any(one.station.mac == station.mac for one in back.landings):
            return Neighbor(other.mac, other, journey, (landing.hop, landing.path))
        return Unanswered(journey, back)
    return Unanswered(journey)


def who_answered(found: Neighbor, tables: Tables) -> str:
    """A host, or a stage on some chassis."""
    if found.station is not None:
        return found.station.name
    for hop, path in found.journey.line(*found.place):
        steps = tables.steps(hop, path)
        if isinstance(path.end, Told):  # nd_na: the controller answers as this stage says
            return f"{steps[-1].title} on {hop.chassis}"
        for step in steps:
            if any(change.field == "arp_op" for change in step.headers):
                return f"{step.title} on {hop.chassis}"
    return "OVN"


def asked_and_told(found: Neighbor, address: IpAddress, tables: Tables) -> str:
    """The exchange in a line."""
    how = "ARP" if address.VERSION == 4 else "Neighbour discovery"
    return f"{how}: who has {address}? {found.mac}, says {who_answered(found, tables)}"
