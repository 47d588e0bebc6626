"""The nouns there are: how each is made, changed, deleted, shown, and who may see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from brume.apis.network import views
from brume.apis.network.filters import by_address, by_group, by_tags
from brume.apis.network.noun import Groups, Noun, own_project
from brume.apis.network.views import Json
from brume.apis.rest.messages import Request
from brume.cloud.context import RequestContext
from brume.cloud.network import floating_ips, networks, ports, routers, security_groups, subnets
from brume.cloud.network.records import Values
from brume.cloud.network.resources import (
    DefaultSecurityGroup,
    FloatingIp,
    Network,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.session import Session

T = TypeVar("T")
Make = Callable[[RequestContext, Session, NetworkSettings, Values], T]


def each(
    make: Make[T],
) -> Callable[[RequestContext, Session, NetworkSettings, Sequence[Values]], list[T]]:
    """Make one after the other; the transaction takes care of all or none."""
    return lambda context, session, settings, wishes: [make(context, session, settings, values) for values in wishes]


# -- what a tenant sees in lists


def visible_networks(request: Request) -> Groups:
    """His own, shared and external ones."""
    if request.context.is_admin:
        return ({},)
    return (*own_project(request), {"shared": True}, {"router_external": True})


def visible_subnets(request: Request) -> Groups:
    """His own, and those of the networks he sees."""
    if request.context.is_admin:
        return ({},)
    seen: set[str] = set()
    for group in visible_networks(request):
        seen.update(network.id for network in request.session.find(Network, **group))
    return (*own_project(request), {"network_id": tuple(seen)}) if seen else own_project(request)


def visible_ports(request: Request) -> Groups:
    """His own, and all on his networks."""
    if request.context.is_admin:
        return ({},)
    mine = own_project(request)
    own = tuple(network.id for group in mine for network in request.session.find(Network, **group))
    return (*mine, {"network_id": own}) if own else mine


# -- what rules ask of other rows


def with_network(request: Request, value: Json) -> Json:
    """A subnet's or port's target, with its network's owner and openness."""
    network = request.session.get(Network, value.get("network_id", ""))
    if network is None:
        return value
    return {
        **value,
        "network:project_id": network.project_id,
        "shared": network.shared,
        "router:external": network.router_external,
    }


def with_group(request: Request, value: Json) -> Json:
    """A rule's target, with its group's owner."""
    group = request.session.get(SecurityGroup, value.get("security_group_id", ""))
    return value if group is None else {**value, "security_group:project_id": group.project_id}


def ensure_default_group(request: Request) -> None:
    """Neutron makes a project's default group when its groups are listed."""
    project_id = request.context.project_id
    if project_id and request.session.get(DefaultSecurityGroup, project_id) is None:
        with request.store.write(request.context) as session:
            security_groups.ensure_default(request.context, session, project_id)


def all_nouns(settings: NetworkSettings) -> list[Noun[Any]]:
    """Every noun of this cloud."""
    tags = by_tags
    return [
        Noun(
            kind=Network,
            settings=settings,
            path="/v2.0/networks",
            load=networks.load,
            create=each(networks.create),
            update=networks.update,
            delete=networks.delete,
            views=views.network_views,
            within=visible_networks,
            filters=tags(Network),
        ),
        Noun(
            kind=Subnet,
            settings=settings,
            path="/v2.0/subnets",
            load=subnets.load,
            create=each(subnets.create),
            update=subnets.update,
            delete=lambda context, session, _, subnet: subnets.delete(context, session, subnet),
            views=views.subnet_views,
            within=visible_subnets,
            target=with_network,
            filters=tags(Subnet),
        ),
        Noun(
            kind=Port,
            settings=settings,
            path="/v2.0/ports",
            load=ports.load,
            create=each(ports.create),
            update=ports.update,
            delete=ports.delete,
            views=views.port_views,
            within=visible_ports,
            target=with_network,
            filters={**tags(Port), "fixed_ips": by_address, "security_groups": by_group},
        ),
        Noun(
            kind=Router,
            settings=settings,
            path="/v2.0/routers",
            load=routers.load,
            create=each(routers.create),
            update=routers.update,
            delete=routers.delete,
            views=views.router_views,
            filters=tags(Router),
        ),
        Noun(
            kind=SecurityGroup,
            settings=settings,
            path="/v2.0/security-groups",
            load=security_groups.load,
            create=each(security_groups.create),
            update=security_groups.update,
            delete=security_groups.delete,
            views=views.group_views,
            filters=tags(SecurityGroup),
            ensure=ensure_default_group,
        ),
        Noun(
            kind=SecurityGroupRule,
            settings=settings,
            path="/v2.0/security-group-rules",
            load=security_groups.load_rule,
            create=security_groups.create_rules,
            update=security_groups.update_rule,
            delete=security_groups.delete_rule,
            views=views.rule_views,
            target=with_group,
            ensure=ensure_default_group,
        ),
        Noun(
            kind=FloatingIp,
            settings=settings,
            path="/v2.0/floatingips",
            load=floating_ips.load,
            create=each(floating_ips.create),
            update=floating_ips.update,
            delete=floating_ips.delete,
            views=views.floating_ip_views,
            filters=tags(FloatingIp),
        ),
    ]
