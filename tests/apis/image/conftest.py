"""A cloud with the image service, and what its stories say again and again."""

import pytest

from brume.apis.identity.authentication import authenticate
from brume.apis.rest.application import Application
from brume.apis.services import services
from brume.cloud.image.files import ImageFiles
from brume.cloud.network.settings import NetworkSettings

OCTETS = {"content-type": "application/octet-stream"}
RAW = {"disk_format": "raw", "container_format": "bare"}


class Glance:
    """Speaks to the image service as one user of one project."""

    def __init__(self, client, token):
        self.client = client
        self.token = token

    def ask(self, method, path, body=None, **more):
        more.setdefault("headers", {})
        more["headers"].setdefault("accept", "application/json")
        return self.client.request(method, f"/image/v2{path}", body, token=self.token, **more)

    def make(self, name="mine", **more):
        """A new image's id."""
        answer = self.ask("POST", "/images", {"name": name, **RAW, **more})
        assert answer.status == 201, answer.json()
        return answer.json()["id"]

    def send(self, image_id, data=b"some data", to="file"):
        return self.client.request(
            "PUT", f"/image/v2/images/{image_id}/{to}", raw=data, token=self.token, headers=OCTETS
        )

    def show(self, image_id):
        return self.ask("GET", f"/images/{image_id}").json()

    def names(self, query=""):
        return [image["name"] for image in self.ask("GET", f"/images{query}").json()["images"]]

    def patch(self, image_id, operations, draft=10):
        kind = f"application/openstack-images-v2.{1 if draft == 10 else 0}-json-patch"
        return self.ask("PATCH", f"/images/{image_id}", operations, headers={"content-type": kind})

    def message(self, *question):
        return self.ask(*question).json()["message"]


@pytest.fixture
def image_client(make_client, tmp_path):
    client = make_client()
    client.cloud.provide(NetworkSettings())
    client.cloud.provide(ImageFiles(tmp_path / "images"))
    client.app = Application(client.cloud, services(client.cloud), authenticate, clock=client.clock)
    return client


@pytest.fixture
def glance(image_client):
    return Glance(image_client, image_client.login("demo", scope="demo"))


@pytest.fixture
def admin_glance(image_client):
    return Glance(image_client, image_client.login("admin", scope="admin"))
