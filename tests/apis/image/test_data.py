"""Stories of data: ranges, uploads that break off or meet, staging and import."""

import hashlib

import pytest

from brume.cloud.image.files import ImageFiles


def test_checksum_and_hash_are_those_of_the_data(glance):
    image = glance.make()
    glance.send(image, b"")
    shown = glance.show(image)
    assert (shown["size"], shown["status"]) == (0, "active")
    assert shown["checksum"] == hashlib.md5(b"").hexdigest()
    assert (shown["os_hash_algo"], shown["os_hash_value"]) == ("sha512", hashlib.sha512(b"").hexdigest())


@pytest.mark.parametrize(
    ("asked", "status", "body", "said"),
    [
        ("bytes=0-3", 206, b"some", "bytes 0-3/9"),
        ("bytes=5-", 206, b"data", "bytes 5-8/9"),
        ("bytes=5-99", 206, b"data", "bytes 5-8/9"),
        ("bytes=-4", 206, b"data", "bytes 5-8/9"),
        ("bytes=-99", 206, b"some data", "bytes 0-8/9"),
        ("bytes=0-0", 206, b"s", "bytes 0-0/9"),
    ],
)
def test_ranges(glance, asked, status, body, said):
    image = glance.make()
    glance.send(image)
    answer = glance.ask("GET", f"/images/{image}/file", headers={"range": asked})
    assert (answer.status, answer.body, answer.headers["content-range"]) == (status, body, said)
    assert answer.headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    "asked", ["bytes=9-", "bytes=5-3", "bytes=-0", "bytes=-", "bytes=x", "bytes=0-1,3-4", "lines=1-2"]
)
def test_ranges_that_are_not_there(glance, asked):
    image = glance.make()
    glance.send(image)
    assert glance.ask("GET", f"/images/{image}/file", headers={"range": asked}).status == 416


def test_an_image_without_data_has_no_content(glance):
    image = glance.make()
    assert glance.ask("GET", f"/images/{image}/file").status == 204
    glance.send(image)
    glance.client.cloud.need(ImageFiles).delete(image)
    assert glance.ask("GET", f"/images/{image}/file").status == 204


def test_data_is_only_taken_when_it_is_data_and_the_image_is_ready(glance, admin_glance):
    image = glance.make()
    assert glance.ask("PUT", f"/images/{image}/file", {"a": 1}).status == 415
    bare = glance.ask("POST", "/images", {"name": "bare"}).json()["id"]
    assert glance.send(bare).status == 400
    assert glance.send("6c7f6bf6-5f0d-4d3e-8d8e-1f6a0c1f1d11").status == 404
    assert glance.send(admin_glance.make(visibility="public")).status == 403
    assert glance.show(image)["status"] == "queued"


def test_an_upload_that_breaks_off_leaves_the_image_queued(glance, tmp_path):
    image = glance.make()
    files = ImageFiles(tmp_path / "images")
    with files.upload(image) as upload:
        upload.write(b"half of")
    assert list((tmp_path / "images").iterdir()) == []
    assert glance.show(image)["status"] == "queued"
    assert glance.send(image).status == 204


def test_two_uploads_of_one_image_do_not_mix(tmp_path):
    files = ImageFiles(tmp_path)
    with files.upload("one") as first, files.upload("one") as second:
        first.write(b"aa")
        second.write(b"bbb")
        assert first.finish().size == 2
        assert b"".join(files.read("one")) == b"aa"
    assert b"".join(files.read("one")) == b"aa"


def test_what_a_crash_left_is_swept(tmp_path):
    upload = ImageFiles(tmp_path).upload("one")
    upload.write(b"half")
    ImageFiles(tmp_path)
    assert list(tmp_path.iterdir()) == []
    upload.__exit__(None, None, None)


def test_staged_data_is_imported(glance):
    assert glance.ask("GET", "/info/import").json()["import-methods"]["value"] == ["glance-direct"]
    answer = glance.ask("GET", "/info/stores")
    assert (answer.status, answer.json()["message"]) == (404, "Multi backend is not supported at this site.")
    image = glance.make()
    method = {"method": {"name": "glance-direct"}}
    assert glance.ask("POST", f"/images/{image}/import", method).status == 409
    assert glance.send(image, to="stage").status == 204
    assert glance.show(image)["status"] == "uploading"
    assert glance.send(image, to="stage").status == 409
    assert glance.send(image).status == 409
    assert glance.ask("GET", f"/images/{image}/file").status == 204
    assert glance.ask("POST", f"/images/{image}/import", method).status == 202
    shown = glance.show(image)
    assert (shown["status"], shown["checksum"]) == ("active", hashlib.md5(b"some data").hexdigest())
    assert glance.ask("GET", f"/images/{image}/file").body == b"some data"
    assert glance.ask("POST", f"/images/{image}/import", method).status == 409


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"method": 1}, {"method": {}}, {"method": {"name": "web-download"}}, {"method": {"name": []}}],
)
def test_imports_that_are_none(glance, body):
    image = glance.make()
    glance.send(image, to="stage")
    assert glance.ask("POST", f"/images/{image}/import", body).status == 400
    assert glance.show(image)["status"] == "uploading"
