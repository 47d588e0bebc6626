"""Stories of projects, domains, users, groups, roles and the catalog."""

import pytest

V3 = "/identity/v3"


def make(client, token, kind, noun, **values):
    answer = client.post(f"{V3}/{kind}", {noun: values}, token)
    assert answer.status == 201, answer.body
    return answer.json()[noun]


def test_a_project_is_made_shown_changed_listed_and_removed(client, admin):
    made = make(client, admin, "projects", "project", name="blue", tags=["a"], color="azure")
    assert made == {
        "id": made["id"],
        "name": "blue",
        "domain_id": "default",
        "parent_id": "default",
        "is_domain": False,
        "enabled": True,
        "description": "",
        "tags": ["a"],
        "options": {},
        "color": "azure",
        "links": {"self": f"http://cloud.test{V3}/projects/{made['id']}"},
    }
    path = f"{V3}/projects/{made['id']}"
    assert client.get(path, admin).json() == {"project": made}
    changed = client.patch(path, {"project": {"name": "green", "shade": 3}}, admin).json()["project"]
    assert changed == {**made, "name": "green", "shade": 3}
    assert [p["name"] for p in client.get(f"{V3}/projects?name=green", admin).json()["projects"]] == ["green"]
    assert client.delete(path, admin).status == 204
    gone = client.get(path, admin)
    assert gone.status == 404
    assert gone.json()["error"]["message"] == f"Could not find project: {made['id']}."


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "  "}, 400),
        ({"name": "x" * 65}, 400),
        ({"name": 7}, 400),
        ({"name": "x", "enabled": "yes"}, 400),
        ({"name": "x", "parent_id": "nothing"}, 404),
        ({"name": "x", "domain_id": "nothing"}, 404),
        ({"name": "x", "tags": ["a", "a"]}, 400),
        ({"name": "x", "tags": ["a/b"]}, 400),
        ({"name": "demo"}, 409),
        ({"name": "x", "is_domain": True, "parent_id": "default"}, 400),
    ],
)
def test_projects_that_cannot_be(client, admin, values, status):
    before = client.get(f"{V3}/projects", admin).json()["projects"]
    answer = client.post(f"{V3}/projects", {"project": values}, admin)
    assert answer.status == status, answer.body
    assert answer.json()["error"]["code"] == status
    assert client.get(f"{V3}/projects", admin).json()["projects"] == before


def test_a_tree_of_projects(client, admin):
    top = make(client, admin, "projects", "project", name="top")
    middle = make(client, admin, "projects", "project", name="middle", parent_id=top["id"])
    leaf = make(client, admin, "projects", "project", name="leaf", parent_id=middle["id"])
    shown = client.get(f"{V3}/projects/{leaf['id']}?parents_as_list", admin).json()["project"]
    assert [p["project"]["name"] for p in shown["parents"]] == ["middle", "top"]
    shown = client.get(f"{V3}/projects/{top['id']}?subtree_as_ids", admin).json()["project"]
    assert shown["subtree"] == {middle["id"]: {leaf["id"]: None}}
    assert client.delete(f"{V3}/projects/{middle['id']}", admin).status == 403
    disabled = client.patch(f"{V3}/projects/{top['id']}", {"project": {"enabled": False}}, admin)
    assert disabled.status == 403
    listed = client.get(f"{V3}/projects?parent_id={top['id']}", admin).json()["projects"]
    assert [p["name"] for p in listed] == ["middle"]


def test_a_domain_is_a_project_and_goes_only_when_disabled(client, admin):
    domain = make(client, admin, "domains", "domain", name="north")
    user = make(client, admin, "users", "user", name="nina", domain_id=domain["id"], password="x")
    project = make(client, admin, "projects", "project", name="pole", domain_id=domain["id"])
    as_project = client.get(f"{V3}/projects/{domain['id']}", admin).json()["project"]
    assert as_project["is_domain"]
    assert as_project["domain_id"] is None
    path = f"{V3}/domains/{domain['id']}"
    assert client.delete(path, admin).status == 403
    assert client.patch(path, {"domain": {"enabled": False}}, admin).status == 200
    assert client.try_login("nina", "x", domain=domain["id"]).status == 401
    assert client.delete(path, admin).status == 204
    assert client.get(f"{V3}/users/{user['id']}", admin).status == 404
    assert client.get(f"{V3}/projects/{project['id']}", admin).status == 404


def test_a_user_never_shows_its_password(client, admin):
    user = make(client, admin, "users", "user", name="ute", password="hidden", email="ute@example.org")
    assert user["email"] == "ute@example.org"
    assert user["password_expires_at"] is None
    for answer in (client.get(f"{V3}/users", admin), client.get(f"{V3}/users/{user['id']}", admin)):
        assert b"hidden" not in answer.body
        assert b"scrypt" not in answer.body
    assert client.try_login("ute", "hidden").status == 201


def test_users_change_their_own_password_and_only_that(client, admin):
    user = make(client, admin, "users", "user", name="ute", password="old")
    path = f"{V3}/users/{user['id']}"
    wrong = {"user": {"password": "new", "original_password": "guess"}}
    assert client.post(f"{path}/password", wrong).status == 401
    right = {"user": {"password": "new", "original_password": "old"}}
    assert client.post(f"{path}/password", right).status == 204
    assert client.try_login("ute", "old").status == 401
    token = client.login("ute", "new")
    assert client.get(path, token).status == 200
    assert client.patch(path, {"user": {"name": "queen"}}, token).status == 403


def test_a_member_sees_little(client, admin):
    demo = client.login("demo", scope="demo")
    for kind in ("users", "projects", "groups", "services", "endpoints", "roles", "domains", "role_assignments"):
        answer = client.get(f"{V3}/{kind}", demo)
        assert answer.status == 403, kind
    assert client.post(f"{V3}/projects", {"project": {"name": "mine"}}, demo).status == 403
    own = client.get(f"{V3}/auth/projects", demo).json()["projects"]
    assert [project["name"] for project in own] == ["demo"]
    assert client.get(f"{V3}/projects/{own[0]['id']}", demo).status == 200
    assert client.get(f"{V3}/regions", demo).status == 200


def test_a_system_reader_sees_all_and_changes_nothing(client, admin):
    user = make(client, admin, "users", "user", name="rita", password="x")
    role = client.get(f"{V3}/roles?name=reader", admin).json()["roles"][0]["id"]
    assert client.put(f"{V3}/system/users/{user['id']}/roles/{role}", token=admin).status == 204
    rita = client.login("rita", "x", scope={"system": {"all": True}})
    for kind in ("users", "projects", "groups", "services", "endpoints", "roles", "domains", "role_assignments"):
        assert client.get(f"{V3}/{kind}", rita).status == 200, kind
    assert client.post(f"{V3}/projects", {"project": {"name": "mine"}}, rita).status == 403


def test_a_domain_manager_manages_its_domain_alone(client, admin):
    north = make(client, admin, "domains", "domain", name="north")
    boss = make(client, admin, "users", "user", name="boss", domain_id=north["id"], password="x")
    role = client.get(f"{V3}/roles?name=manager", admin).json()["roles"][0]["id"]
    client.put(f"{V3}/domains/{north['id']}/users/{boss['id']}/roles/{role}", token=admin)
    token = client.login("boss", "x", scope={"domain": {"id": north["id"]}}, domain=north["id"])
    made = make(client, token, "projects", "project", name="pole")
    assert made["domain_id"] == north["id"]
    foreign = {"project": {"name": "pole", "domain_id": "default"}}
    assert client.post(f"{V3}/projects", foreign, token).status == 403
    assert [user["name"] for user in client.get(f"{V3}/users", token).json()["users"]] == ["boss"]
    member = client.get(f"{V3}/roles?name=member", admin).json()["roles"][0]["id"]
    admin_role = client.get(f"{V3}/roles?name=admin", admin).json()["roles"][0]["id"]
    grant = f"{V3}/projects/{made['id']}/users/{boss['id']}/roles"
    assert client.put(f"{grant}/{member}", token=token).status == 204
    assert client.put(f"{grant}/{admin_role}", token=token).status == 403


def test_groups_give_roles(client, admin):
    group = make(client, admin, "groups", "group", name="players")
    user = make(client, admin, "users", "user", name="gus", password="x")
    project = client.get(f"{V3}/projects?name=demo", admin).json()["projects"][0]["id"]
    role = client.get(f"{V3}/roles?name=member", admin).json()["roles"][0]["id"]
    assert client.put(f"{V3}/projects/{project}/groups/{group['id']}/roles/{role}", token=admin).status == 204
    assert client.try_login("gus", "x", scope="demo").status == 401
    assert client.put(f"{V3}/groups/{group['id']}/users/{user['id']}", token=admin).status == 204
    token = client.login("gus", "x", scope="demo")
    effective = client.get(f"{V3}/role_assignments?effective&user.id={user['id']}&include_names", admin).json()
    assert [entry["role"]["name"] for entry in effective["role_assignments"]] == ["member", "reader"]
    assert "membership" in effective["role_assignments"][0]["links"]
    assert client.delete(f"{V3}/groups/{group['id']}/users/{user['id']}", admin).status == 204
    assert client.get(f"{V3}/auth/catalog", token).status == 401


def test_inherited_roles_reach_the_projects_below(client, admin):
    user = make(client, admin, "users", "user", name="ida", password="x")
    top = make(client, admin, "projects", "project", name="top")
    make(client, admin, "projects", "project", name="below", parent_id=top["id"])
    role = client.get(f"{V3}/roles?name=member", admin).json()["roles"][0]["id"]
    path = f"{V3}/OS-INHERIT/projects/{top['id']}/users/{user['id']}/roles/{role}/inherited_to_projects"
    assert client.get(path, admin).status == 404
    assert client.put(path, token=admin).status == 204
    assert client.get(path, admin).status == 204
    assert client.try_login("ida", "x", scope="top").status == 401
    assert client.try_login("ida", "x", scope="below").status == 201


def test_implied_roles(client, admin):
    roles = {r["name"]: r["id"] for r in client.get(f"{V3}/roles", admin).json()["roles"]}
    path = f"{V3}/roles/{roles['admin']}/implies"
    inference = client.get(path, admin).json()["role_inference"]
    assert [role["name"] for role in inference["implies"]] == ["manager"]
    assert client.put(f"{path}/{roles['service']}", token=admin).status == 201
    assert "service" in [r["name"] for r in client.try_login("admin", scope="admin").json()["token"]["roles"]]
    assert client.delete(f"{path}/{roles['service']}", admin).status == 204
    assert client.put(f"{V3}/roles/{roles['reader']}/implies/{roles['admin']}", token=admin).status == 403


def test_tags(client, admin):
    project = make(client, admin, "projects", "project", name="tagged", tags=["red", "blue"])
    path = f"{V3}/projects/{project['id']}/tags"
    assert client.put(f"{path}/green", token=admin).status == 201
    assert client.get(f"{path}/green", admin).status == 204
    assert client.get(f"{path}/black", admin).status == 404
    assert client.get(path, admin).json()["tags"] == ["red", "blue", "green"]
    for query, found in (
        ("tags=red,blue", True),
        ("tags=red,black", False),
        ("tags-any=red,black", True),
        ("not-tags=red,blue", False),
        ("not-tags-any=black", True),
    ):
        names = [p["name"] for p in client.get(f"{V3}/projects?{query}", admin).json()["projects"]]
        assert ("tagged" in names) is found, query
    assert client.put(path, {"tags": ["one"]}, admin).json()["tags"] == ["one"]
    assert client.delete(path, admin).status == 204
    assert client.get(path, admin).json()["tags"] == []


def test_an_immutable_role_stays(client, admin):
    role = make(client, admin, "roles", "role", name="rock", options={"immutable": True})
    path = f"{V3}/roles/{role['id']}"
    assert client.patch(path, {"role": {"name": "sand"}}, admin).status == 403
    assert client.delete(path, admin).status == 403
    assert client.patch(path, {"role": {"options": {"immutable": False}}}, admin).status == 200
    assert client.delete(path, admin).status == 204


def test_the_catalog(client, admin):
    region = make(client, admin, "regions", "region", id="south")
    service = make(client, admin, "services", "service", type="dance", name="polka")
    url = "http://polka.test/$(project_id)s"
    values = {"service_id": service["id"], "interface": "public", "url": url, "region": "south"}
    endpoint = make(client, admin, "endpoints", "endpoint", **values)
    assert endpoint["region_id"] == endpoint["region"] == "south"
    bad = {**values, "url": "http://polka.test/$(nobody)s"}
    assert client.post(f"{V3}/endpoints", {"endpoint": bad}, admin).status == 400
    assert client.post(f"{V3}/endpoints", {"endpoint": {**values, "interface": "odd"}}, admin).status == 400
    assert client.delete(f"{V3}/regions/{region['id']}", admin).status == 403
    token = client.try_login("demo", scope="demo").json()["token"]
    entry = next(entry for entry in token["catalog"] if entry["type"] == "dance")
    assert entry["endpoints"][0]["url"] == f"http://polka.test/{token['project']['id']}"
    assert client.delete(f"{V3}/services/{service['id']}", admin).status == 204
    assert client.get(f"{V3}/endpoints/{endpoint['id']}", admin).status == 404
    assert client.delete(f"{V3}/regions/{region['id']}", admin).status == 204


def test_pages_and_order(client, admin):
    names = [f"page-{number}" for number in range(5)]
    for name in names:
        make(client, admin, "projects", "project", name=name, description="paged")
    path = f"{V3}/projects?description=paged&sort_key=name&limit=2"
    seen = []
    while path:
        answer = client.get(path, admin).json()
        seen += [project["name"] for project in answer["projects"]]
        following = answer["links"]["next"]
        path = following.removeprefix("http://cloud.test") if following else None
    assert seen == names
