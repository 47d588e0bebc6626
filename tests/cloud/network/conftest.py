"""A store in memory and a context: what rules are called with."""

import pytest

from brume.cloud.context import RequestContext
from brume.cloud.network import networks, ports, subnets
from brume.cloud.network.settings import NetworkSettings
from brume.cloud.store.engine import Store


class Rules:
    """Calls rules, each in a transaction."""

    def __init__(self):
        self.store = Store("sqlite://")
        self.settings = NetworkSettings()
        self.context = RequestContext(
            request_id="req-1", now=1_800_000_000.0, project_id="demo", roles=("admin",), is_admin=True
        )

    def do(self, function, *arguments):
        with self.store.write(self.context) as session:
            return function(self.context, session, self.settings, *arguments)

    def network(self, cidr="10.0.0.0/24", **values):
        network = self.do(networks.create, {"name": "net"})
        wish = {"network_id": network.id, "ip_version": 6 if ":" in cidr else 4, "cidr": cidr, **values}
        return network, self.do(subnets.create, wish)

    def port(self, network, **values):
        return self.do(ports.create, {"network_id": network.id, **values})

    def rows(self, kind, **equal):
        with self.store.read() as session:
            return session.find(kind, **equal)


@pytest.fixture
def rules():
    return Rules()
