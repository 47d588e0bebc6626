"""Where a translation is done, and whether it can be done at all.

A distributed translation (a floating IP with a MAC and a port of its own) is done on the port's chassis; any other on
the chassis where the router's gateway port is. A router that lives on one chassis as a whole is another matter
(gateway_router.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.derive.rules import Output, Problem, derived, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouter
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.facts.ports import RouterPort, gateways_of, is_there, network_of
from brume.values.prefix import Prefix

TYPES_IN = ("dnat", "dnat_and_snat")
TYPES_OUT = ("snat", "dnat_and_snat")


class Place(NamedTuple):
    """A translation and the gateway port at which it is done."""

    nat: RouterNat
    port: RouterPort

    @property
    def family(self) -> str:
        """The match language's name for the addresses' family: ip4 or ip6."""
        return "ip6" if self.nat.is_ipv6 else "ip4"

    @property
    def mac(self) -> str:
        """The MAC of the outside address."""
        return (self.nat.external_mac or "").lower() if self.nat.distributed else self.port.mac

    @property
    def on_gateway(self) -> str:
        """Added to a match: only on the gateway's chassis, unless the translation is distributed."""
        return "" if self.nat.distributed else f" && {self.resident}"

    @property
    def resident(self) -> str:
        """The condition that holds where the translation is done."""
        if self.nat.distributed:
            return f'is_chassis_resident("{self.nat.logical_port}")'
        return f"is_chassis_resident({self.port.redirect})"

    @property
    def own_mac(self) -> str:
        """What a distributed translation adds to actions: send in the name of its own MAC."""
        return f"eth.src = {self.mac}; " if self.nat.distributed else ""

    @property
    def stateless(self) -> bool:
        """Translate each packet by itself, without connection tracking."""
        return is_stateless(self.nat)


@derived
def is_gateway_router(view: View, router: str) -> bool:
    """Whether the router lives on one chassis as a whole."""
    row = view.get(LogicalRouter, router)
    return row is not None and "chassis" in row.options


def is_stateless(nat: RouterNat) -> bool:
    """Whether each packet is translated by itself, without connection tracking."""
    return nat.type == "dnat_and_snat" and nat.options.get("stateless") == "true"


def place(nat: RouterNat, view: View) -> Place | None:
    """Where the translation is done; None if it is not."""
    return where(nat, view) if not why_not(nat) else None


def where(nat: RouterNat, view: View) -> Place | None:
    """Where it would be done, also if it cannot be: there its address is answered for."""
    port = _gateway(nat, view)
    return None if port is None else Place(nat, port)


def _gateway(nat: RouterNat, view: View) -> RouterPort | None:
    gateways = gateways_of(view, nat.router)
    if nat.gateway_port is not None:
        return next((port for port in gateways if port.uuid == nat.gateway_port), None)
    if len(gateways) == 1:
        return gateways[0]
    return next((port for port in gateways if network_of(port, nat.external_ip) is not None), None)


def why_not(nat: RouterNat) -> str:
    """What is wrong with the translation itself; empty if nothing is."""
    if nat.allowed is not None and nat.exempted is not None:
        return "allowed_ext_ips and exempted_ext_ips: only one of them can be heeded"
    try:
        inside = Prefix.parse(nat.logical_ip)
    except ValueError:
        return f"logical_ip {nat.logical_ip!r} is neither an address nor a network"
    if inside.version != (6 if nat.is_ipv6 else 4):
        return f"logical_ip {nat.logical_ip!r} and external_ip {nat.external_ip!r} are of different families"
    if nat.type != "snat" and inside.size != 1:
        return f"logical_ip {nat.logical_ip!r}: {nat.type} translates a single address"
    return ""


@rule(RouterNat)
def report(nat: RouterNat, view: View) -> Iterator[Output]:
    reason = why_not(nat)
    if not is_there(view, LogicalRouter, nat.router):
        return
    if not reason and not is_gateway_router(view, nat.router) and _gateway(nat, view) is None:
        reason = "the router has no gateway port at which the translation could be done"
    if reason:
        yield Problem(table="NAT", row=nat.uuid, message=reason)


RULES = (report,)
