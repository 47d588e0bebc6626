"""A cloud with every service, two nodes, a flavor and an image."""

import pytest

from brume.apis.compute.actions import Consoles
from brume.apis.identity.authentication import authenticate
from brume.apis.rest.application import Application
from brume.apis.services import services
from brume.cloud.compute import flavors, nodes, servers
from brume.cloud.compute.resources import Server
from brume.cloud.context import system_context
from brume.cloud.image.files import ImageFiles
from brume.cloud.network.agents import observe_chassis
from brume.cloud.network.settings import NetworkSettings
from brume.service.first_image import ensure_image


class Nova:
    """Speaks to the compute service (and the network) as one user of one project, with one microversion."""

    def __init__(self, client, token, version="2.96"):
        self.client = client
        self.token = token
        self.version = version

    def ask(self, method, path, body=None, version=None):
        headers = {"openstack-api-version": f"compute {version or self.version}"}
        return self.client.request(method, f"/compute/v2.1{path}", body, token=self.token, headers=headers)

    def network(self, method, path, body=None):
        return self.client.request(method, f"/network/v2.0{path}", body, token=self.token)

    def make_network(self, name="net1", cidr="10.0.1.0/24", **more):
        network = self.network("POST", "/networks", {"network": {"name": name}}).json()["network"]
        subnet = {"network_id": network["id"], "cidr": cidr, "ip_version": 4, **more}
        self.network("POST", "/subnets", {"subnet": subnet})
        return network["id"]

    def make_server(self, networks="auto", **more):
        image = self.client.request("GET", "/image/v2/images", token=self.token).json()["images"][0]["id"]
        body = {"name": "vm1", "flavorRef": "1", "imageRef": image, "networks": networks, **more}
        return self.ask("POST", "/servers", {"server": body})

    def show(self, server_id, version=None):
        return self.ask("GET", f"/servers/{server_id}", version=version).json()["server"]

    def act(self, server_id, name, value=None, version=None):
        return self.ask("POST", f"/servers/{server_id}/action", {name: value}, version=version)

    def report_started(self, server_id):
        """What an agent does when it has started what it should."""
        context = system_context(self.client.now)
        with self.client.cloud.store.write(context) as session:
            server = session.get(Server, server_id)
            servers.started(context, session, servers.Report(server.id, server.generation))

    def report_stopped(self, server_id):
        context = system_context(self.client.now)
        with self.client.cloud.store.write(context) as session:
            servers.stopped(context, session, servers.Report(server_id, 0))


@pytest.fixture
def compute_client(make_client, tmp_path):
    client = make_client()
    client.cloud.provide(NetworkSettings())
    client.cloud.provide(ImageFiles(tmp_path / "images"))
    client.cloud.provide(Consoles(lambda server_id: [f"{server_id} starts"]))
    client.app = Application(client.cloud, services(client.cloud), authenticate, clock=client.clock)
    context = system_context(client.now)
    with client.cloud.store.write(context) as session:
        flavors.create_defaults(session)
        ensure_image(context, session, client.cloud.need(ImageFiles))
        for number in (1, 2):
            nodes.register(context, session, f"compute{number}", f"192.168.56.1{number}")
            observe_chassis(session, f"compute{number}", f"compute{number}", client.now)
    return client


@pytest.fixture
def admin_nova(compute_client):
    return Nova(compute_client, compute_client.login("admin", scope="admin"))


@pytest.fixture
def nova(compute_client):
    return Nova(compute_client, compute_client.login("demo", scope="demo"))
