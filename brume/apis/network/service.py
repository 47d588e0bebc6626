"""Neutron v2.0 as one Service. A cloud that provides NetworkSettings gets those, any other the defaults."""

from __future__ import annotations

from brume.apis.network.access import policy
from brume.apis.network.agents import agent_routes
from brume.apis.network.extras import extra_routes
from brume.apis.network.nouns import all_nouns
from brume.apis.network.quotas import quota_routes
from brume.apis.network.router_actions import router_routes
from brume.apis.network.tags import tag_routes
from brume.apis.rest.routes import Route, Router
from brume.apis.rest.service import Service
from brume.apis.rest.styles import NeutronStyle
from brume.cloud.cloud import Cloud
from brume.cloud.network.resources import Router as RouterRow
from brume.cloud.network.resources import SecurityGroupRule
from brume.cloud.network.settings import DEFAULT, NetworkSettings


def make_service(cloud: Cloud) -> Service:
    """The service of a cloud."""
    return service_with(cloud.need(NetworkSettings) if cloud.has(NetworkSettings) else DEFAULT)


def service_with(settings: NetworkSettings) -> Service:
    """The service with these settings."""
    nouns = all_nouns(settings)
    routes: list[Route] = []
    for noun in nouns:
        routes += noun.routes()
        if noun.kind is not SecurityGroupRule:
            routes += tag_routes(noun)
        if noun.kind is RouterRow:
            routes += router_routes(noun)
    routes += [*quota_routes(settings), *agent_routes(settings), *extra_routes(nouns)]
    return Service(
        name="network",
        mount="/network",
        title="Network (Neutron)",
        style=NeutronStyle(),
        policy=policy(),
        router=Router(routes),
    )
