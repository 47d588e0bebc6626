"""Answer IPv6 router solicitations (RFC 4861 6.2) where the port has an address mode."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter, LogicalRouterPort
from brume.southbound.from_northbound.facts.addresses import link_local
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.facts.settings import number
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.from_northbound.router.ports import is_link_local
from brume.southbound.pipeline import ROUTER_IN
from brume.southbound.registers import ND_RA_OPTS_RESULT

MODES = ("slaac", "dhcpv6_stateful", "dhcpv6_stateless")
LEAST_MTU = 1280
"""IPv6's least link MTU (RFC 8200, 5)."""


@rule(LogicalRouter)
def no_answer(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield default(ROUTER_IN.ND_RA_OPTIONS, router.uuid)
    yield default(ROUTER_IN.ND_RA_RESPONSE, router.uuid)


@rule(RouterPort)
def router_advertisement(port: RouterPort, view: View) -> Iterator[Output]:
    row = view.get(LogicalRouterPort, port.uuid)
    mode = row.ipv6_ra_configs.get("address_mode") if row is not None else None
    prefixes = [network for network in port.ipv6 if not is_link_local(network)]
    if row is None or mode is None or not prefixes or port.switch_port is None:
        return
    if mode not in MODES:
        message = f"ipv6_ra_configs:address_mode {mode!r} is none of {', '.join(MODES)}"
        yield Problem(table="Logical_Router_Port", row=port.uuid, message=message)
        return
    asked = f"inport == {port.quoted} && ip6.dst == ff02::2"
    options = ", ".join([*_options(row, mode, port), *(f"prefix = {one.prefix}/{one.length}" for one in prefixes)])
    compose = Actions(f"{ND_RA_OPTS_RESULT} = put_nd_ra_opts({options}); next;")
    yield flow(ROUTER_IN.ND_RA_OPTIONS, port.router, 50, Match(f"{asked} && nd_rs"), compose, port.uuid)
    send = Actions(
        f"eth.dst = eth.src; eth.src = {port.mac}; ip6.dst = ip6.src; ip6.src = {link_local(port.mac)}; "
        "outport = inport; flags.loopback = 1; output;"
    )
    composed = Match(f"{asked} && nd_ra && {ND_RA_OPTS_RESULT}")
    yield flow(ROUTER_IN.ND_RA_RESPONSE, port.router, 50, composed, send, port.uuid)


def _options(row: LogicalRouterPort, mode: str, port: RouterPort) -> Iterator[str]:
    configs = row.ipv6_ra_configs
    yield f'addr_mode = "{mode}"'
    yield f"slla = {port.mac}"
    if number(configs, "mtu") >= LEAST_MTU:
        yield f"mtu = {configs['mtu']}"
    preference = configs.get("router_preference", "MEDIUM")
    if preference != "MEDIUM":
        yield f'router_preference = "{preference}"'
    if "rdnss" in configs:
        yield f"rdnss = {configs['rdnss']}"
    for name in ("dnssl", "route_info"):
        if name in configs:
            yield f'{name} = "{configs[name]}"'


RULES = (no_answer, router_advertisement)
