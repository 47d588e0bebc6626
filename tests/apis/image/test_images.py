"""Stories of images: made without data, filled once, read back, hidden from others."""

import pytest

from brume.apis.identity.authentication import authenticate
from brume.apis.rest.application import Application
from brume.apis.services import services
from brume.cloud.image.files import ImageFiles
from brume.cloud.network.settings import NetworkSettings

OCTETS = {"content-type": "application/octet-stream"}
PATCH = {"content-type": "application/openstack-images-v2.1-json-patch"}
RAW = {"disk_format": "raw", "container_format": "bare"}


@pytest.fixture
def glance(make_client, tmp_path):
    client = make_client()
    client.cloud.provide(NetworkSettings())
    client.cloud.provide(ImageFiles(tmp_path / "images"))
    client.app = Application(client.cloud, services(client.cloud), authenticate, clock=client.clock)
    return client


@pytest.fixture
def member(glance):
    return glance.login("demo", scope="demo")


def make(glance, token, **more):
    return glance.post("/image/v2/images", {"name": "mine", **RAW, **more}, token)


def upload(glance, token, image_id, data=b"some data"):
    return glance.request("PUT", f"/image/v2/images/{image_id}/file", raw=data, token=token, headers=OCTETS)


def test_an_image_is_queued_filled_and_read_back(glance, member):
    image = make(glance, member, colour="red").json()
    assert (image["status"], image["colour"], image["size"]) == ("queued", "red", None)
    assert upload(glance, member, image["id"]).status == 204
    shown = glance.get(f"/image/v2/images/{image['id']}", member).json()
    assert (shown["status"], shown["size"]) == ("active", 9)
    assert shown["checksum"] == "1e50210a0202497fb79bc38b6ade6c34"
    assert glance.get(f"/image/v2/images/{image['id']}/file", member).body == b"some data"
    ranged = glance.get(f"/image/v2/images/{image['id']}/file", member, headers={"range": "bytes=5-"})
    assert (ranged.status, ranged.body) == (206, b"data")


def test_data_is_sent_once(glance, member):
    image = make(glance, member).json()
    upload(glance, member, image["id"])
    assert upload(glance, member, image["id"], b"other").status == 409
    assert glance.get(f"/image/v2/images/{image['id']}/file", member).body == b"some data"


def test_a_private_image_is_not_there_for_others(glance, member):
    admin = glance.login("admin", scope="admin")
    hidden = make(glance, admin, visibility="private").json()["id"]
    public = make(glance, admin, visibility="public").json()["id"]
    assert glance.get(f"/image/v2/images/{hidden}", member).status == 404
    assert [image["id"] for image in glance.get("/image/v2/images", member).json()["images"]] == [public]
    assert make(glance, member, visibility="public").status == 403
    assert glance.delete(f"/image/v2/images/{public}", member).status == 403


def test_patch_changes_attributes_and_properties(glance, member):
    image = make(glance, member, colour="red").json()["id"]
    path = f"/image/v2/images/{image}"
    operations = [
        {"op": "replace", "path": "/name", "value": "new"},
        {"op": "remove", "path": "/colour"},
        {"op": "add", "path": "/shape", "value": "round"},
    ]
    patched = glance.patch(path, operations, member, headers=PATCH).json()
    assert (patched["name"], patched.get("colour"), patched["shape"]) == ("new", None, "round")
    assert glance.patch(path, operations, member).status == 415
    assert glance.patch(path, [{"op": "remove", "path": "/colour"}], member, headers=PATCH).status == 409
    assert glance.patch(path, [{"op": "remove", "path": "/name"}], member, headers=PATCH).status == 403
    status = [{"op": "replace", "path": "/status", "value": "active"}]
    assert glance.patch(path, status, member, headers=PATCH).status in (400, 403)


def test_a_protected_image_stays(glance, member):
    image = make(glance, member, protected=True).json()["id"]
    assert glance.delete(f"/image/v2/images/{image}", member).status == 403
    unprotect = [{"op": "replace", "path": "/protected", "value": False}]
    glance.patch(f"/image/v2/images/{image}", unprotect, member, headers=PATCH)
    assert glance.delete(f"/image/v2/images/{image}", member).status == 204
    assert glance.get(f"/image/v2/images/{image}", member).status == 404


@pytest.mark.parametrize(
    "body", [{"name": 7}, {"disk_format": "floppy"}, {"min_ram": -1}, {"id": "x"}, {"status": "active"}, []]
)
def test_what_an_image_may_not_be(glance, member, body):
    assert glance.post("/image/v2/images", body, member).status in (400, 403)


def test_lists_go_page_by_page(glance, member):
    for name in "abc":
        make(glance, member, name=name)
    page = glance.get("/image/v2/images?limit=2&sort=name:asc", member).json()
    assert [image["name"] for image in page["images"]] == ["a", "b"]
    rest = glance.get("/image" + page["next"], member).json()
    assert [image["name"] for image in rest["images"]] == ["c"]


def test_versions_are_open_and_images_are_not(glance):
    assert glance.get("/image").status == 300
    assert glance.get("/image/v2/images").status == 401
