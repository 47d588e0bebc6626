"""Drops by what people wrote about routers: a route that discards, a policy that drops, no route, a translation that is
not for the sender."""

from __future__ import annotations

from typing import Final

from brume.dataplane.explain.explanation import Cause
from brume.dataplane.explain.failure import Failure
from brume.northbound.schema import (
    NAT,
    AddressSet,
    LogicalRouter,
    LogicalRouterPolicy,
    LogicalRouterStaticRoute,
    router_by_name,
)

ROUTING: Final = frozenset(("lr_in_ip_routing", "lr_in_ip_routing_ecmp"))
HIGHEST_PRIORITY: Final = 32767


def discarded(at: Failure) -> Cause | None:
    """A route whose next hop is `discard`."""
    route = next((origin.row for origin in at.origins if isinstance(origin.row, LogicalRouterStaticRoute)), None)
    if at.where not in ROUTING or route is None or at.datapath is None:
        return None
    name = at.datapath.name
    return Cause(
        f"router {name}: the route to {route.ip_prefix} discards packets",
        (f"ovn-nbctl lr-route-del {name} {route.ip_prefix}",),
    )


def no_route(at: Failure) -> Cause | None:
    """No route at all."""
    if at.where not in ROUTING or at.datapath is None:
        return None
    routers = at.tables.provenance.northbound.northbound.find(router_by_name, at.datapath.name)
    cure = f"ovn-nbctl lr-route-add {at.datapath.name} {at.target_ip} NEXT_HOP"
    return Cause(f"router {at.datapath.name} has no route to {at.target_ip}", (cure,) if routers else ())


def forbidden_by_policy(at: Failure) -> Cause | None:
    """A routing policy drops it; one of a higher priority would let it pass."""
    policy = next((origin.row for origin in at.origins if isinstance(origin.row, LogicalRouterPolicy)), None)
    if at.where != "lr_in_policy" or policy is None or at.datapath is None:
        return None
    database = at.tables.provenance.northbound.northbound
    routers = (database.get(LogicalRouter, uuid) for uuid in database.owners(LogicalRouter.policies, policy.uuid))
    name = next((router.name for router in routers if router is not None), "ROUTER")
    cures = [f"ovn-nbctl lr-policy-del {name} {policy.priority} '{policy.match}'"]
    if policy.priority < HIGHEST_PRIORITY:
        ip = f"ip{at.target_ip.VERSION}"
        match = f"{ip}.src == {at.source_ip} && {ip}.dst == {at.target_ip}"
        cures.insert(0, f"ovn-nbctl lr-policy-add {name} {policy.priority + 1} '{match}' allow")
    return Cause(f"{at.datapath}: routing policy {policy.priority} {policy.action}: {policy.match}", tuple(cures))


def not_translated(at: Failure) -> Cause | None:
    """A translation is for some addresses outside, and the sender's is none of them."""
    nat = next((origin.row for origin in at.origins if isinstance(origin.row, NAT)), None)
    if at.where != "lr_in_arp_resolve" or nat is None or at.datapath is None:
        return None
    addresses = nat.allowed_ext_ips or nat.exempted_ext_ips
    row = at.tables.provenance.northbound.northbound.get(AddressSet, addresses) if addresses is not None else None
    if row is None:
        return None
    verb, why = ("add", "is not in") if nat.allowed_ext_ips else ("remove", "is in")
    who = f"{at.datapath}: {nat.type} {nat.external_ip} is not for {at.source_ip}, which {why} address set {row.name}"
    return Cause(who, (f"ovn-nbctl {verb} address_set {row.name} addresses {at.source_ip}",))
