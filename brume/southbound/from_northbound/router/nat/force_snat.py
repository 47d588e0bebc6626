"""Whether connections that were balanced, or translated by DNAT, get an address of the router as their source.

A router's options `lb_force_snat_ip` and `dnat_force_snat_ip` say which: given addresses, or (only for load balancers,
and only on a router that lives on one chassis) `router_ip`, the address of the port they leave by. A flag says later
which packets are meant. Given addresses count as the router's own on any router; they are used only on one that lives
on one chassis, as in OVN.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from brume.derive.rules import Output, Problem, derived, rule
from brume.derive.view import View
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.northbound.schema import LogicalRouter, LogicalRouterPort
from brume.southbound.from_northbound.facts.addresses import parse_ip_addresses
from brume.southbound.from_northbound.facts.ports import RouterPort, SwitchPort, router_behind
from brume.southbound.from_northbound.flows import flow
from brume.southbound.from_northbound.router.nat.places import is_gateway_router
from brume.southbound.pipeline import ROUTER_IN, ROUTER_OUT

What = Literal["lb", "dnat"]
ROUTER_IP: Final = "router_ip"
UNDO: Final = Actions("ct_snat;")


class Forced(NamedTuple):
    """The addresses that become the source, by family; `by_port` if it is the outport's."""

    addresses: tuple[tuple[str, str], ...] = ()
    by_port: bool = False

    def __bool__(self) -> bool:
        return self.by_port or bool(self.addresses)


@derived
def forced(view: View, router: str, what: What) -> Forced:
    """What the router's option says."""
    row = view.get(LogicalRouter, router)
    text = row.options.get(f"{what}_force_snat_ip", "") if row is not None else ""
    if what == "lb" and text == ROUTER_IP and is_gateway_router(view, router):
        return Forced(by_port=True)
    return Forced(_addresses(text) or ())


def _addresses(text: str) -> tuple[tuple[str, str], ...] | None:
    """At most one address of each family, or None."""
    words = text.split()
    ipv4, ipv6 = parse_ip_addresses(words)
    if len(ipv4) > 1 or len(ipv6) > 1 or len(ipv4) + len(ipv6) != len(words):
        return None
    return (*(("4", address) for address in ipv4), *(("6", address) for address in ipv6))


@derived
def forced_addresses(view: View, router: str) -> frozenset[str]:
    """Addresses that packets get as source, so that replies to them are not refused."""
    both = (*forced(view, router, "lb").addresses, *forced(view, router, "dnat").addresses)
    return frozenset(address for _, address in both)


@rule(LogicalRouter)
def given_addresses(router: LogicalRouter, view: View) -> Iterator[Output]:
    yield from _reports(router, view)
    if not is_gateway_router(view, router.uuid):
        return
    whats: tuple[What, What] = ("dnat", "lb")
    for what in whats:
        for version, address in forced(view, router.uuid, what).addresses:
            yield flow(ROUTER_IN.UNSNAT, router.uuid, 110, Match(f"ip{version} && ip{version}.dst == {address}"), UNDO)
            match = Match(f"flags.force_snat_for_{what} == 1 && ip{version}")
            yield flow(ROUTER_OUT.SNAT, router.uuid, 100, match, Actions(f"ct_snat({address});"))


def _reports(router: LogicalRouter, view: View) -> Iterator[Output]:
    for option in ("lb_force_snat_ip", "dnat_force_snat_ip"):
        text = router.options.get(option, "")
        by_port = option.startswith("lb") and text == ROUTER_IP and is_gateway_router(view, router.uuid)
        if not by_port and _addresses(text) is None:
            message = f"options:{option}: {text!r} is not an address, or one of each family"
            yield Problem(table="Logical_Router", row=router.uuid, message=message)


@rule(RouterPort)
def own_address(port: RouterPort, view: View) -> Iterator[Output]:
    """`router_ip`: the first address of the port, of each family; a link-local one is none."""
    if not forced(view, port.router, "lb").by_port or not _is_connected(port, view):
        return
    for version, networks in (("4", port.ipv4), ("6", port.ipv6[:-1])):
        for network in networks[:1]:
            match = Match(f"inport == {port.quoted} && ip{version}.dst == {network.address}")
            yield flow(ROUTER_IN.UNSNAT, port.router, 110, match, UNDO)
            leaving = Match(f"flags.force_snat_for_lb == 1 && ip{version} && outport == {port.quoted}")
            yield flow(ROUTER_OUT.SNAT, port.router, 110, leaving, Actions(f"ct_snat({network.address});"))


def _is_connected(port: RouterPort, view: View) -> bool:
    row = view.get(LogicalRouterPort, port.uuid)
    side = view.get(SwitchPort, port.switch_port) if port.switch_port is not None else None
    return side is not None or (row is not None and router_behind(row, view) is not None)


RULES = (given_addresses, own_address)
