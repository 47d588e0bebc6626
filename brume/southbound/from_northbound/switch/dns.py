"""Answer DNS queries for names that the northbound knows; other queries go on to the server they were sent to.

Two stages, as for DHCP: the chassis puts the answer into the packet (and a bit says that it could), then the packet
turns round. On its way back it passes the ACLs of the port, whatever they say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import DNS as NorthboundDNS
from brume.northbound.schema import LogicalSwitch
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.facts.balanced import tracks
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.from_northbound.switch.dhcp import ACCEPT, ACCEPT_TRACKED
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT
from brume.southbound.priorities import ACL_SERVICE
from brume.southbound.registers import DNS_LOOKUP_RESULT
from brume.southbound.schema import DNS
from brume.tables.map import Map
from brume.tables.row import Member

QUERY: Final = Match("udp.dst == 53")
LOOK_UP: Final = Actions(f"{DNS_LOOKUP_RESULT} = dns_lookup(); next;")
FOUND: Final = Match(f"udp.dst == 53 && {DNS_LOOKUP_RESULT}")
ANSWERS: Final = tuple(
    Actions(
        f"eth.dst <-> eth.src; {ip}.src <-> {ip}.dst; udp.dst = udp.src; udp.src = 53; outport = inport; "
        "flags.loopback = 1; output;"
    )
    for ip in ("ip4", "ip6")
)
"""One for each family under the same match: to which packets an action's fields apply is a part of the flow."""


@derived
def knows_names(view: View, switch: str) -> bool:
    """Whether some row of the switch holds a record."""
    rows = [view.get(NorthboundDNS, uuid) for uuid in view.members(LogicalSwitch.dns_records, switch)]
    return any(row is not None and row.records for row in rows)


@rule(LogicalSwitch)
def dns(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    datapath = switch.uuid
    yield default(SWITCH_IN.DNS_LOOKUP, datapath)
    yield default(SWITCH_IN.DNS_RESPONSE, datapath)
    if knows_names(view, datapath):
        yield flow(SWITCH_IN.DNS_LOOKUP, datapath, 100, QUERY, LOOK_UP)
        for answer in ANSWERS:
            yield flow(SWITCH_IN.DNS_RESPONSE, datapath, 100, FOUND, answer)
        accept = ACCEPT_TRACKED if tracks(view, datapath) else ACCEPT
        yield flow(SWITCH_OUT.ACL, datapath, ACL_SERVICE, Match("udp.src == 53"), accept)


@rule(LogicalSwitch.dns_records)
def dns_records(member: Member, view: View) -> Iterator[Output]:
    """The records of a row and the switches that know them; values in small letters, as northd writes them."""
    row = view.get(NorthboundDNS, member.child)
    if row is None or view.get(TunnelKey, str(member.parent)) is None:
        return
    records = {name: value.encode().lower().decode() for name, value in row.records.items()}
    yield DNS(uuid=row.uuid, records=Map(records), external_ids=Map({"dns_id": row.uuid}))
    yield Member(DNS.datapaths, row.uuid, member.parent)


RULES = (dns, dns_records)
