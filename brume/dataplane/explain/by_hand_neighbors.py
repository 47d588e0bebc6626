"""Traces to a MAC address that a static binding gives a router for its neighbour, and that nobody there has.

The router does not ask, so nobody contradicts: the binding is named, and how to be rid of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.dataplane.explain.by_hand_places import OUTPUT_TABLES
from brume.dataplane.explain.explanation import Cause
from brume.dataplane.explain.failure import Failure
from brume.dataplane.explain.journey import Journey
from brume.dataplane.explain.provenance import Provenance
from brume.northbound.schema import StaticMACBinding, router_port_by_name
from brume.openflow.messages.fields import FIELDS
from brume.tables.database import Database
from brume.values import IpAddress, MacAddress


def given_neighbor(at: Failure) -> Cause | None:
    """The frame that was lost is a router's, to a neighbour that it was given."""
    return _given(at.tables.provenance.northbound.northbound, at.key, at.target_ip)


def given_beyond(at: Failure) -> Cause | None:
    """The same where a chassis has nobody to deliver to, having sent the frame to others."""
    return given_neighbor(at) if at.where in OUTPUT_TABLES else None


def nobody_took_it(provenance: Provenance, journey: Journey, address: IpAddress) -> Cause | None:
    """The same of a frame that was dropped nowhere: it went to everybody who may have its address."""
    keys = [path.visits[-1].looked.key for hop in journey.hops for path in hop.paths if path.visits]
    causes = (_given(provenance.northbound.northbound, key, address) for key in keys)
    return next((cause for cause in causes if cause is not None), None)


def _given(database: Database, key: int, address: IpAddress) -> Cause | None:
    source, target = (MacAddress(FIELDS[name].get(key)) for name in ("eth_src", "eth_dst"))
    rows = sorted(_bindings(database, source, target), key=lambda row: (row.ip != str(address), row.ip))
    for row in rows:
        who = f"static MAC binding of {row.logical_port}: {row.ip} is at {target}, which nobody there has"
        return Cause(who, (f"ovn-nbctl static-mac-binding-del {row.logical_port} {row.ip}",))
    return None


def _bindings(database: Database, source: MacAddress, target: MacAddress) -> Iterator[StaticMACBinding]:
    """The bindings by which the router port that has the one address sends to the other."""
    for row in database.rows(StaticMACBinding):
        if row.mac.lower() == str(target):
            ports = database.find(router_port_by_name, row.logical_port)
            if any(port.mac.lower() == str(source) for port in ports):
                yield row
