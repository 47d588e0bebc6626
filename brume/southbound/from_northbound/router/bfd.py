"""BFD control packets pass routers without a look at their addresses, and those for a router's port go to the chassis.

The packets of a route's next hop need a route that leaves their TTL alone; those flows stand with the routes.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.facts.routes import has_bfd
from brume.southbound.from_northbound.flows import flow
from brume.southbound.from_northbound.router.ports import address_list
from brume.southbound.from_northbound.router.routing import BFD_CONTROL
from brume.southbound.pipeline import ROUTER_IN

STAGE = ROUTER_IN.IP_INPUT
SENT = Actions("next; ")
RECEIVED = Actions("handle_bfd_msg(); ")
"""With the spaces of northd."""


@rule(RouterPort)
def control_packets(port: RouterPort, view: View) -> Iterator[Output]:
    if not has_bfd(view, port.name):
        return
    for family, networks in (("ip4", port.ipv4), ("ip6", port.ipv6)):
        if networks:
            ours = address_list([network.address for network in networks])
            for side, actions in (("src", SENT), ("dst", RECEIVED)):
                yield flow(
                    STAGE, port.router, 110, Match(f"{family}.{side} == {ours} && {BFD_CONTROL}"), actions, port.uuid
                )


RULES = (control_packets,)
