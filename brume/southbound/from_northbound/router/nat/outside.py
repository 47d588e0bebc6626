"""With whom outside a translation is done, and with which ports.

A translation with a set of allowed addresses is for those only. From one with a set of exempted addresses, packets
from and to these are kept by a flow that goes before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import AddressSet
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.flows import DROP, NEXT, flow
from brume.southbound.from_northbound.router.nat.places import is_stateless
from brume.southbound.pipeline import ROUTER_IN, Stage
from brume.tables.row import Index

BEFORE: Final = 2
"""How much higher the priority of an exemption is: above the translation, and above its looped one."""

stateless_for_some = Index(
    RouterNat, "router", lambda nat: nat.router if is_stateless(nat) and (nat.allowed or nat.exempted) else None
)


def translated(nat: RouterNat, address: str) -> str:
    """The arguments of a translation: an address, with ports if it has some."""
    return f"{address},{nat.ports}" if nat.ports else address


def allowed(nat: RouterNat, side: str, view: View) -> str:
    """The condition on the address outside (`side` is src or dst), to be added to a match; empty for all."""
    return _in_set(nat, nat.allowed, side, view)


def exempted(nat: RouterNat, stage: Stage, priority: int, match: str, side: str, view: View) -> Iterator[Output]:
    """Keep packets of exempted addresses from a translation of that match and priority."""
    condition = _in_set(nat, nat.exempted, side, view)
    if condition:
        yield flow(stage, nat.router, priority + BEFORE, Match(f"{match}{condition}"), NEXT, nat.uuid)


def _in_set(nat: RouterNat, addresses: str | None, side: str, view: View) -> str:
    found = view.get(AddressSet, addresses) if addresses is not None else None
    return "" if found is None else f" && {'ip6' if nat.is_ipv6 else 'ip4'}.{side} == ${found.name}"


@rule(RouterPort)
def at_the_gateway(port: RouterPort, view: View) -> Iterator[Output]:
    """Without connection tracking, replies too are told apart by the address outside (lr_in_gw_redirect).

    What is for the first translation with allowed addresses, and not from these, is dropped: northd does it for one.
    """
    if not port.gateway:
        return
    nats = sorted(view.find(stateless_for_some, port.router), key=lambda nat: nat.uuid)
    way_out = f"outport == {port.quoted}"
    for nat in nats:
        condition = allowed(nat, "src", view) or _in_set(nat, nat.exempted, "src", view)
        verdict = Actions(f"outport = {port.redirect}; next;") if nat.allowed else DROP
        if condition:
            yield flow(ROUTER_IN.GW_REDIRECT, port.router, 75, Match(f"{way_out}{condition}"), verdict, port.uuid)
    first = next((nat for nat in nats if nat.allowed), None)
    if first is not None:
        match = Match(f"ip && {'ip6' if first.is_ipv6 else 'ip4'}.dst == {first.external_ip}")
        yield flow(ROUTER_IN.GW_REDIRECT, port.router, 70, match, DROP)


RULES = (at_the_gateway,)
