"""A cloud in memory and the northbound that follows it; steps are the cloud's own rules."""

import pytest

from brume.cloud.context import RequestContext
from brume.cloud.network import (
    agents,
    floating_ips,
    interfaces,
    networks,
    ports,
    routers,
    security_groups,
    subnets,
)
from brume.cloud.network.resources import GatewayInfo, SecurityGroup
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.engine import Store
from brume.northbound.compiler import NorthboundCompiler
from brume.tables.database import Database

NOW = 1_800_000_000.0


class World:
    """What a story speaks of."""

    def __init__(self, settings=None):
        self.settings = settings or NetworkSettings()
        self.store = Store("sqlite://")
        self.context = RequestContext(
            request_id="req-story", now=NOW, project_id="demo", roles=("admin", "member"), is_admin=True
        )
        self.nb = Database("OVN_Northbound")
        self.compiler = NorthboundCompiler(self.nb, self.settings)
        self.compiler.load(self.store)
        self.store.listen(self.compiler.follow)

    def do(self, function, *arguments):
        with self.store.write(self.context) as session:
            return function(self.context, session, self.settings, *arguments)

    def look(self, function, *arguments):
        with self.store.read() as session:
            return function(session, *arguments)

    def network(self, **values):
        return self.do(networks.create, {"name": "net", **values})

    def subnet(self, network, cidr="10.0.1.0/24", **values):
        version = 6 if ":" in cidr else 4
        return self.do(subnets.create, {"network_id": network.id, "cidr": cidr, "ip_version": version, **values})

    def port(self, network, **values):
        return self.do(ports.create, {"network_id": network.id, **values})

    def router(self, **values):
        return self.do(routers.create, {"name": "r1", **values})

    def plug(self, router, subnet):
        return self.do(
            lambda c, s, settings: interfaces.add(c, s, settings, routers.load(s, router.id), {"subnet_id": subnet.id})
        )

    def gateway(self, router, network, **values):
        wish = GatewayInfo(network.id, **values)
        return self.do(
            lambda c, s, settings: routers.update(
                c, s, settings, routers.load(s, router.id), {"external_gateway_info": wish}
            )
        )

    def floating_ip(self, network, port=None, **values):
        wish = {"floating_network_id": network.id, **values}
        return self.do(floating_ips.create, wish | ({"port_id": port.id} if port else {}))

    def rule(self, group_id, **values):
        wish = {"direction": "ingress", **values, "security_group_id": group_id}
        return self.do(security_groups.create_rules, [wish])[0]

    def group(self, **values):
        return self.do(security_groups.create, {"name": "web", **values})

    def default_group(self):
        return self.look(lambda s: s.first(SecurityGroup, project_id="demo", is_project_default=True))

    def chassis(self, name, gateway=False, bridges=(("physnet1", "br-ex"),)):
        self.do(
            lambda c, s, settings: agents.observe_chassis(
                s, name, name, NOW, is_gateway=gateway, bridge_mappings=bridges
            )
        )

    def one(self, row_type, **equal):
        """The one row of the northbound with these columns."""
        found = [row for row in self.nb.rows(row_type) if all(getattr(row, name) == v for name, v in equal.items())]
        assert len(found) == 1, found
        return found[0]

    def recompiled(self):
        """The northbound, compiled from nothing."""
        nb = Database("OVN_Northbound")
        NorthboundCompiler(nb, self.settings).load(self.store)
        return nb


@pytest.fixture
def world():
    return World()
