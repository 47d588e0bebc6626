"""Stories of JSON patches, tags and deactivation."""

import pytest


def operation(kind, path, *value):
    return {"op": kind, "path": path, **({"value": value[0]} if value else {})}


def test_both_dialects_change_an_image(glance):
    image = glance.make()
    assert (
        glance.patch(image, [operation("replace", "/name", "other"), operation("add", "/os~1kind", "x")]).status == 200
    )
    shown = glance.show(image)
    assert (shown["name"], shown["os/kind"]) == ("other", "x")
    assert glance.patch(image, [{"replace": "/name", "value": "third"}, {"remove": "/os~1kind"}], draft=4).status == 200
    assert glance.show(image)["name"] == "third"
    assert "os/kind" not in glance.show(image)
    assert glance.patch(image, [{"add": "/name", "value": "x"}], draft=4).status == 409


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({}, 400, "JSON array"),
        ([7], 400, "must be JSON objects"),
        ([{"path": "/name", "value": "x"}], 400, "Unable to find `op`"),
        ([operation("move", "/name", "x")], 400, "Invalid operation: `move`"),
        ([{"op": "replace", "value": "x"}], 400, "Unable to find 'path'"),
        ([operation("replace", "/name")], 400, 'requires a member named "value"'),
        ([operation("replace", "name", "x")], 400, 'does not start with "/"'),
        ([operation("replace", "/a//b", "x")], 400, "adjacent"),
        ([operation("replace", "/name/", "x")], 400, "end with"),
        ([operation("replace", "/a~2", "x")], 400, "escape sequence"),
        ([operation("replace", "/tags/-", "x")], 400, "Invalid JSON pointer"),
        ([operation("replace", "/status", "active")], 403, "read-only"),
        ([operation("replace", "/id", "x")], 403, "read-only"),
        ([operation("remove", "/self")], 403, "read-only"),
        ([operation("add", "/os_glance_x", "y")], 403, "reserved"),
        ([operation("add", "/deleted", "y")], 403, "reserved"),
        ([operation("remove", "/name")], 403, "may not be removed"),
        ([operation("replace", "/nothing", "x")], 409, "does not exist"),
        ([operation("remove", "/nothing")], 409, "does not exist"),
        ([operation("add", "/colour", 7)], 400, "not of type 'string'"),
        ([operation("replace", "/name", 7)], 400, "does not match schema"),
        ([operation("replace", "/visibility", None)], 400, "is not one of"),
        ([operation("replace", "/min_disk", -1)], 400, "is not between"),
        ([operation("replace", "/min_disk", 2**40)], 400, "is not between"),
        ([operation("replace", "/tags", "x")], 400, "does not match schema"),
        ([operation("replace", "/visibility", "public")], 403, "publicize_image"),
        ([operation("replace", "/owner", "x")], 403, "Owner can't be updated"),
        ([operation("add", "/locations/-", {})], 403, "locations"),
        ([operation("replace", "/kernel_id", "x")], 400, "kernel_id must be a UUID"),
    ],
)
def test_what_may_not_be_changed_is_said(glance, change, status, words):
    image = glance.make()
    before = glance.show(image)
    answer = glance.patch(image, change)
    assert answer.status == status, answer.json()
    assert words in answer.json()["message"]
    assert glance.show(image) == before


def test_formats_stay_once_there_is_data(glance):
    image = glance.make()
    assert glance.patch(image, [operation("replace", "/disk_format", "qcow2")]).status == 200
    glance.send(image)
    answer = glance.patch(image, [operation("replace", "/disk_format", "raw")])
    assert (answer.status, "queued image" in answer.json()["message"]) == (403, True)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"status": "active"}, 403),
        ({"size": 3}, 403),
        ({"self": "x"}, 403),
        ({"os_glance_x": "y"}, 403),
        ({"deleted": "y"}, 403),
        ({"owner": "other"}, 403),
        ({"visibility": "public"}, 403),
        ({"id": "x"}, 400),
        ({"min_ram": "1"}, 400),
        ({"protected": "yes"}, 400),
        ({"name": "x" * 256}, 400),
        ({"tags": ["x" * 256]}, 400),
        ({"x" * 256: "y"}, 400),
        ({"tags": [str(number) for number in range(129)]}, 413),
        ({f"p{number}": "x" for number in range(129)}, 413),
    ],
)
def test_what_may_not_be_given(glance, values, status):
    assert glance.ask("POST", "/images", values).status == status
    assert glance.names("?visibility=all") == []


def test_bodies_that_are_no_objects(glance):
    for body in ([], 7, "x", None):
        assert glance.ask("POST", "/images", body).status == 400


def test_tags_come_and_go(glance, admin_glance):
    image = glance.make()
    assert glance.ask("PUT", f"/images/{image}/tags/blue").status == 204
    assert glance.ask("PUT", f"/images/{image}/tags/{'x' * 256}").status == 400
    assert glance.show(image)["tags"] == ["blue"]
    assert glance.ask("DELETE", f"/images/{image}/tags/red").status == 404
    assert glance.ask("DELETE", f"/images/{image}/tags/blue").status == 204
    public = admin_glance.make(visibility="public")
    assert glance.ask("PUT", f"/images/{public}/tags/blue").status == 403


def test_the_data_of_a_deactivated_image_is_the_administrators(glance, admin_glance):
    image = glance.make(visibility="private")
    assert glance.ask("POST", f"/images/{image}/actions/deactivate").status == 403
    glance.send(image)
    assert glance.ask("POST", f"/images/{image}/actions/deactivate").status == 204
    assert glance.ask("GET", f"/images/{image}/file").status == 403
    assert admin_glance.ask("GET", f"/images/{image}/file").body == b"some data"
    assert glance.ask("POST", f"/images/{image}/actions/reactivate").status == 204
    assert glance.ask("GET", f"/images/{image}/file").status == 200
