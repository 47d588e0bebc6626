"""Stories of shared images: one project shares, another accepts."""

import pytest


@pytest.fixture
def project(image_client, glance):
    """The demo project's id."""
    return glance.show(glance.make("probe"))["owner"]


@pytest.fixture
def shared(admin_glance, project):
    image = admin_glance.make("shared", visibility="shared")
    admin_glance.send(image)
    assert admin_glance.ask("POST", f"/images/{image}/members", {"member": project}).status == 200
    return image


def test_a_member_sees_an_image_and_lists_it_once_it_accepts(glance, admin_glance, shared, project):
    assert glance.show(shared)["name"] == "shared"
    assert glance.names("?name=shared") == []
    assert glance.names("?member_status=pending&visibility=shared&name=shared") == ["shared"]
    answer = glance.ask("PUT", f"/images/{shared}/members/{project}", {"status": "accepted"})
    assert (answer.status, answer.json()["status"]) == (200, "accepted")
    assert glance.names("?name=shared") == ["shared"]
    assert glance.ask("GET", f"/images/{shared}/file").body == b"some data"
    assert glance.patch(shared, [{"op": "replace", "path": "/name", "value": "x"}]).status == 403
    assert admin_glance.ask("DELETE", f"/images/{shared}/members/{project}").status == 204
    assert glance.ask("GET", f"/images/{shared}").status == 404


def test_members_are_listed_to_the_owner_and_to_oneself(glance, admin_glance, shared, project):
    admin_glance.ask("POST", f"/images/{shared}/members", {"member": "another"})
    seen = admin_glance.ask("GET", f"/images/{shared}/members").json()
    assert {member["member_id"] for member in seen["members"]} == {project, "another"}
    (mine,) = glance.ask("GET", f"/images/{shared}/members").json()["members"]
    assert (mine["member_id"], mine["status"], mine["schema"]) == (project, "pending", "/v2/schemas/member")
    assert glance.ask("GET", f"/images/{shared}/members/another").status == 404


def test_what_members_may_not(glance, admin_glance, shared, project):
    members = f"/images/{shared}/members"
    assert admin_glance.ask("POST", members, {"member": project}).status == 409
    assert glance.ask("POST", members, {"member": "third"}).status == 403
    assert glance.ask("DELETE", f"{members}/{project}").status == 403
    assert glance.ask("PUT", f"{members}/{project}", {"status": "perhaps"}).status == 400
    assert glance.ask("PUT", f"{members}/nobody", {"status": "accepted"}).status == 404
    own = glance.make("own")
    glance.ask("POST", f"/images/{own}/members", {"member": "third"})
    assert glance.ask("PUT", f"/images/{own}/members/third", {"status": "accepted"}).status == 403
    private = glance.make("private", visibility="private")
    assert glance.ask("POST", f"/images/{private}/members", {"member": "third"}).status == 403
    assert glance.ask("GET", f"/images/{private}/members/third").status == 404
    for body in (None, [], {}, {"member": ""}, {"member": 7}, {"member": "x" * 300}):
        assert glance.ask("POST", f"/images/{own}/members", body).status == 400


def test_members_go_with_their_image(admin_glance, shared):
    assert admin_glance.ask("DELETE", f"/images/{shared}").status == 204
    assert admin_glance.ask("GET", f"/images/{shared}/members").status == 404


def test_schemas_tell_of_images_and_members(glance):
    assert glance.ask("GET", "/schemas/member").json()["properties"]["status"]["enum"][0] == "pending"
    assert glance.ask("GET", "/schemas/members").json()["name"] == "members"
    tags = glance.ask("GET", "/schemas/image").json()["properties"]["tags"]
    assert tags == {"type": "array", "items": {"type": "string", "maxLength": 255}}
