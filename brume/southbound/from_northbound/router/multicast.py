"""Multicast relay: a router with options:mcast_relay passes groups on to the switches where somebody joined them.

A port with options:mcast_flood gets all multicast, reports included: a multicast router may be behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.bindings.multicast_groups import STATIC_GROUP, group_uuid
from brume.southbound.from_northbound.facts.multicast import NUMBERS_BEGIN
from brume.southbound.from_northbound.facts.nat import RouterHas
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.facts.relayed import FLOODS, RelayedGroup, RelayedPort, floods, out_port
from brume.southbound.from_northbound.flows import DROP, NEXT, flow
from brume.southbound.from_northbound.router.delivery import relays_multicast
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.schema import MulticastGroup
from brume.tables.row import Member

STAGE: Final = ROUTER_IN.IP_ROUTING
TO_ALL: Final = f'clone {{ outport = "{STATIC_GROUP.name}"; ip.ttl--; next; }};'
REPORT_TO_ALL: Final = Actions(f'clone {{ outport = "{STATIC_GROUP.name}"; next; }};')
REPORTS: Final = ("igmp", "mldv1 || mldv2")
DYING_REPORTS: Final = ("igmp && ip.ttl == 1", "(mldv1 || mldv2) && ip.ttl == 1")


def _floods(view: View, router: str) -> bool:
    return view.get(RouterHas, (router, FLOODS)) is not None


@rule(LogicalRouter)
def relay(router: LogicalRouter, view: View) -> Iterator[Output]:
    flooding = _floods(view, router.uuid)
    if flooding:
        for match in DYING_REPORTS:
            yield flow(ROUTER_IN.IP_INPUT, router.uuid, 120, Match(match), NEXT)
    if not relays_multicast(view, router.uuid):
        return
    if flooding:
        for match in REPORTS:
            yield flow(STAGE, router.uuid, 10460, Match(match), REPORT_TO_ALL)
    rest = Actions(TO_ALL) if flooding else DROP
    yield flow(STAGE, router.uuid, 10450, Match("ip4.mcast || ip6.mcast"), rest)


@rule(RouterPort)
def own_reports(port: RouterPort, view: View) -> Iterator[Output]:
    """What the router flooded itself goes round no more: its time to live is not counted down."""
    if _floods(view, port.router) and relays_multicast(view, port.router):
        for match in (f"eth.src == {port.mac} && igmp", f"eth.src == {port.mac} && (mldv1 || mldv2)"):
            yield flow(STAGE, port.router, 10550, Match(match), DROP)


@rule(RelayedGroup)
def relayed_group(relayed: RelayedGroup, view: View) -> Iterator[Output]:
    key = view.get(TunnelKey, relayed.group)
    if key is None:
        return
    number = NUMBERS_BEGIN + key.number
    yield MulticastGroup(uuid=relayed.group, datapath=relayed.router, name=relayed.address, tunnel_key=number)
    family = "ip6" if ":" in relayed.address else "ip4"
    always = TO_ALL if _floods(view, relayed.router) else ""
    match = Match(f"{family} && {family}.dst == {relayed.address} ")  # northd's space
    actions = Actions(f'{always}outport = "{relayed.address}"; ip.ttl--; next;')
    yield flow(STAGE, relayed.router, 10500, match, actions)


@rule(RelayedPort)
def relayed_port(relayed: RelayedPort, view: View) -> Iterator[Output]:
    if view.get(TunnelKey, relayed.group) is not None:
        yield Member(MulticastGroup.ports, relayed.group, relayed.port)


@rule(RouterPort)
def flooding_port(port: RouterPort, view: View) -> Iterator[Output]:
    if floods(port):
        group = group_uuid(port.router, STATIC_GROUP.name)
        number = STATIC_GROUP.tunnel_key
        yield MulticastGroup(uuid=group, datapath=port.router, name=STATIC_GROUP.name, tunnel_key=number)
        yield Member(MulticastGroup.ports, group, out_port(port))


RULES = (relay, own_reports, relayed_group, relayed_port, flooding_port)
