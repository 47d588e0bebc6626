"""A cloud with the identity and network services, two chassis, and a few steps that stories share."""

import pytest

from brume.apis.identity.service import SERVICE as IDENTITY
from brume.apis.network.service import make_service
from brume.apis.rest.application import Application
from brume.cloud.context import system_context
from brume.cloud.network.agents import observe_chassis

BRIDGES = (("physnet1", "br-ex"),)


class Neutron:
    """Speaks to the network service as one user of one project."""

    def __init__(self, client, token):
        self.client = client
        self.token = token

    def ask(self, method, path, body=None, **more):
        return self.client.request(method, f"/network/v2.0{path}", body, token=self.token, **more)

    def get(self, path, **more):
        return self._value(self.ask("GET", path, **more))

    def post(self, noun, **attributes):
        return self._value(self.ask("POST", f"/{noun.replace('_', '-')}s", {noun: attributes}), noun)

    def put(self, noun, identity, **attributes):
        answer = self.ask("PUT", f"/{noun.replace('_', '-')}s/{identity}", {noun: attributes})
        return self._value(answer, noun)

    def act(self, path, **body):
        return self._value(self.ask("PUT", path, body))

    def delete(self, path):
        answer = self.ask("DELETE", path)
        assert answer.status == 204, answer.body

    def error(self, method, path, body=None, **more):
        """(status, type, message) of a refusal."""
        answer = self.ask(method, path, body, **more)
        assert answer.status >= 400, answer.body
        found = answer.json()["NeutronError"]
        return answer.status, found["type"], found["message"]

    @staticmethod
    def _value(answer, name=None):
        assert answer.status in (200, 201), (answer.status, answer.body)
        return answer.json()[name] if name else answer.json()


@pytest.fixture
def cloud(make_client):
    """A client of a cloud with the network service."""
    client = make_client()
    network = make_service(client.cloud)
    from brume.apis.identity.authentication import authenticate

    client.app = Application(client.cloud, (IDENTITY, network), authenticate, clock=client.clock)
    with client.cloud.store.write(system_context(client.now)) as session:
        observe_chassis(session, "cmp1", "cmp1", client.now, bridge_mappings=BRIDGES)
        observe_chassis(session, "gw1", "gw1", client.now, is_gateway=True, bridge_mappings=BRIDGES)
    return client


@pytest.fixture
def neutron(cloud):
    """The administrator."""
    return Neutron(cloud, cloud.login("admin", scope="admin"))


@pytest.fixture
def tenant(cloud):
    """A member of the project demo."""
    return Neutron(cloud, cloud.login("demo", scope="demo"))
