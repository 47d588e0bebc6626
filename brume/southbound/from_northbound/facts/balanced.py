"""Where load balancers are: on the switches and routers that name them, or that name a group of them.

Second layer: which switches and routers a virtual address is on is asked for each pair of them, so that a backend that
comes or goes runs nothing here, and a load balancer more nothing of the others. Nothing is made for a switch or a
router that is not there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final, Literal, NamedTuple

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.northbound.schema import LoadBalancer, LoadBalancerGroup, LogicalRouter, LogicalSwitch
from brume.southbound.from_northbound.facts.acls import has_stateful_acls
from brume.southbound.from_northbound.facts.load_balancers import ALL, REACHABLE, BalancedVip
from brume.southbound.from_northbound.facts.ports import SwitchPort, is_there, router_ports
from brume.southbound.from_northbound.facts.settings import is_true, settings
from brume.tables.row import Index, Member, Row
from brume.values.address import parse_address

Kind = Literal["switch", "router"]

VIP: Final = "a virtual address"
ANSWERED: Final = "a virtual address for which ARP requests and neighbour solicitations are answered"
ROUTABLE: Final = "a virtual address to which other routers have a route"


class BalancerPlacement(Row, frozen=True, kw_only=True):
    """A load balancer is on a switch or on a router."""

    balancer: str
    datapath: str
    kind: Kind

    def key(self) -> Hashable:
        return (self.balancer, self.datapath)


class VipOnSwitch(Row, frozen=True, kw_only=True):
    """A virtual address (`BalancedVip`) is on a switch."""

    balancer: str
    vip: str
    switch: str

    def key(self) -> Hashable:
        return (self.balancer, self.vip, self.switch)


class VipOnRouter(Row, frozen=True, kw_only=True):
    """A virtual address is on a router."""

    balancer: str
    vip: str
    router: str

    def key(self) -> Hashable:
        return (self.balancer, self.vip, self.router)


class RouterVip(Row, frozen=True, kw_only=True):
    """What is true of an address of a router because of at least one load balancer."""

    router: str
    what: str
    address: str

    def key(self) -> Hashable:
        return (self.router, self.what, self.address)


class Balances(Row, frozen=True, kw_only=True):
    """A switch or router has a load balancer with virtual addresses of its own, readable or not."""

    datapath: str

    def key(self) -> Hashable:
        return self.datapath


class OnSwitches(Row, frozen=True, kw_only=True):
    """A load balancer is on at least one switch."""

    balancer: str

    def key(self) -> Hashable:
        return self.balancer


FACTS: Final = (BalancerPlacement, VipOnSwitch, VipOnRouter, RouterVip, Balances, OnSwitches)
router_vips = Index(RouterVip, "router, what", lambda row: (row.router, row.what))


class _Vip(NamedTuple):
    """As much of a virtual address as does not depend on its backends."""

    vip: str
    address: str
    family: str
    answers: str
    routable: bool


def balances(view: View, datapath: str) -> bool:
    """Whether a switch or router has a load balancer of its own that has virtual addresses."""
    return view.get(Balances, datapath) is not None


def tracks(view: View, switch: str) -> bool:
    """Whether the switch tracks connections: for ACLs or for load balancers, and then for both."""
    return has_stateful_acls(view, switch) or balances(view, switch)


def is_vip(view: View, router: str, address: str) -> bool:
    """Whether an address is a virtual address of a load balancer on the router."""
    return view.get(RouterVip, (router, VIP, address)) is not None


@derived
def _has_vips(view: View, balancer: str) -> bool:
    row = view.get(LoadBalancer, balancer)
    return row is not None and bool(row.vips)


@derived
def _is_compiled(view: View, balancer: str) -> bool:
    row = view.get(LoadBalancer, balancer)
    return row is not None and not is_true(row.options, "template", False)


@derived
def skips_snat(view: View, balancer: str) -> bool:
    """Whether connections of the load balancer keep their source, whatever the router's options say."""
    row = view.get(LoadBalancer, balancer)
    return row is not None and is_true(row.options, "skip_snat", False)


@derived
def _vips(view: View, balancer: str) -> tuple[_Vip, ...]:
    row = view.get(LoadBalancer, balancer)
    found = [view.get(BalancedVip, (balancer, vip)) for vip in row.vips] if row is not None else []
    return tuple(
        _Vip(one.vip, one.to.address, one.family, one.answers, one.routable) for one in found if one is not None
    )


@derived
def _group_has_vips(view: View, group: str) -> bool:
    members = view.members(LoadBalancerGroup.load_balancer, group)
    return any(_has_vips(view, balancer) and _is_compiled(view, balancer) for balancer in members)


@rule(LogicalSwitch.load_balancer)
def on_switch(member: Member, view: View) -> Iterator[Output]:
    switch, balancer = str(member.parent), str(member.child)
    if is_there(view, LogicalSwitch, switch) and _has_vips(view, balancer) and _is_compiled(view, balancer):
        yield Balances(datapath=switch)
    yield from _on_switch(balancer, switch, view)


@rule(LogicalRouter.load_balancer)
def on_router(member: Member, view: View) -> Iterator[Output]:
    router, balancer = str(member.parent), str(member.child)
    if is_there(view, LogicalRouter, router) and _has_vips(view, balancer) and _is_compiled(view, balancer):
        yield Balances(datapath=router)
    yield from _on_router(balancer, router, view)


@rule(LogicalSwitch.load_balancer_group)
def group_on_switch(member: Member, view: View) -> Iterator[Output]:
    if is_there(view, LogicalSwitch, str(member.parent)) and _group_has_vips(view, str(member.child)):
        yield Balances(datapath=str(member.parent))


@rule(LogicalRouter.load_balancer_group)
def group_on_router(member: Member, view: View) -> Iterator[Output]:
    if is_there(view, LogicalRouter, str(member.parent)) and _group_has_vips(view, str(member.child)):
        yield Balances(datapath=str(member.parent))


@rule(LoadBalancerGroup.load_balancer)
def in_group(member: Member, view: View) -> Iterator[Output]:
    """Only rows of this load balancer's own: a row that thousands make is compared with what all of them make."""
    for switch in view.owners(LogicalSwitch.load_balancer_group, member.parent):
        yield from _on_switch(str(member.child), switch, view)
    for router in view.owners(LogicalRouter.load_balancer_group, member.parent):
        yield from _on_router(str(member.child), router, view)


def _on_switch(balancer: str, switch: str, view: View) -> Iterator[Output]:
    if is_there(view, LogicalSwitch, switch) and _is_compiled(view, balancer):
        yield from _place_on_switch(balancer, switch, view)


def _place_on_switch(balancer: str, switch: str, view: View) -> Iterator[Output]:
    yield OnSwitches(balancer=balancer)
    yield BalancerPlacement(balancer=balancer, datapath=switch, kind="switch")
    for vip in _vips(view, balancer):
        yield VipOnSwitch(balancer=balancer, vip=vip.vip, switch=switch)


def _on_router(balancer: str, router: str, view: View) -> Iterator[Output]:
    if not is_there(view, LogicalRouter, router) or not _is_compiled(view, balancer):
        return
    yield BalancerPlacement(balancer=balancer, datapath=router, kind="router")
    for vip in _vips(view, balancer):
        yield VipOnRouter(balancer=balancer, vip=vip.vip, router=router)
        yield from _address(vip, router, view)
    if settings(view).balance_before_routers:
        for switch in _switches(view, router):
            yield from _place_on_switch(balancer, switch, view)


def _address(vip: _Vip, router: str, view: View) -> Iterator[Output]:
    yield RouterVip(router=router, what=VIP, address=vip.address)
    if vip.routable:
        yield RouterVip(router=router, what=ROUTABLE, address=vip.address)
    if vip.answers == ALL or (vip.answers == REACHABLE and _is_reachable(view, router, vip.address)):
        yield RouterVip(router=router, what=ANSWERED, address=vip.address)


@derived
def _is_reachable(view: View, router: str, address: str) -> bool:
    """Whether an address lies in a network of the router."""
    wanted = parse_address(address)
    return any(
        wanted in network.interface.prefix
        for port in view.find(router_ports, router)
        for network in (port.ipv6 if ":" in address else port.ipv4)
    )


@derived
def _switches(view: View, router: str) -> tuple[str, ...]:
    """The switches that a router's ports are connected to."""
    sides = [
        view.get(SwitchPort, port.switch_port)
        for port in view.find(router_ports, router)
        if port.switch_port is not None
    ]
    return tuple(sorted({side.switch for side in sides if side is not None and side.peer is not None}))


RULES = (on_switch, on_router, group_on_switch, group_on_router, in_group)
