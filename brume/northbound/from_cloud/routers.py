"""Router -> Logical_Router, and its extra routes -> Logical_Router_Static_Route."""

from __future__ import annotations

from collections.abc import Iterator

from brume.cloud.network.gateway_scheduling import rank
from brume.cloud.network.resources import Router
from brume.derive.rules import rule
from brume.derive.view import View
from brume.northbound.from_cloud import names
from brume.northbound.from_cloud.facts import gateway_candidates, gateway_facts, network_facts
from brume.northbound.schema import LogicalRouter, LogicalRouterStaticRoute
from brume.tables.map import Map
from brume.tables.row import Member
from brume.values import derive_uuid

OPTIONS = {
    "always_learn_from_arp_request": "false",
    "dynamic_neigh_routers": "true",
    "mac_binding_age_threshold": "0",
}


@rule(Router)
def logical_router(router: Router, view: View) -> Iterator[LogicalRouter]:
    """The router. One whose way out is a tunnel network has no chassis by a localnet: it is pinned to one."""
    options = dict(OPTIONS)
    gateway = gateway_facts(view, router.id)
    outside = network_facts(view, gateway.network_id) if gateway is not None else None
    if outside is not None and outside.physical_network is None:
        chassis = rank(router.id, gateway_candidates(view, None))
        if chassis:
            options["chassis"] = chassis[0][0]
    yield LogicalRouter(
        uuid=names.router_uuid(router.id),
        name=names.router_name(router.id),
        enabled=router.admin_state_up,
        options=Map(options),
        external_ids=Map(
            {
                "neutron:router_name": router.name,
                "neutron:revision_number": str(router.revision_number),
                "neutron:availability_zone_hints": ",".join(router.availability_zone_hints),
            }
        ),
    )


@rule(Router)
def extra_routes(router: Router, view: View) -> Iterator[LogicalRouterStaticRoute | Member]:
    """The routes a tenant added."""
    for route in router.routes:
        uuid = derive_uuid("Logical_Router_Static_Route", router.id, route.destination, route.nexthop)
        yield LogicalRouterStaticRoute(
            uuid=uuid,
            ip_prefix=route.destination,
            nexthop=route.nexthop,
            external_ids=Map({"neutron:is_static_route": "true"}),
        )
        yield Member(LogicalRouter.static_routes, names.router_uuid(router.id), uuid)
