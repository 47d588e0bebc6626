"""Stories of tokens: got, used, looked at, ended."""

import pytest

TOKENS = "/identity/v3/auth/tokens"


def test_a_wrong_password_an_unknown_user_and_a_foreign_project_get_the_same_answer(client):
    wrong = client.try_login("admin", "guess")
    unknown = client.try_login("nobody", "guess")
    foreign = client.try_login("demo", scope="admin")
    assert wrong.status == unknown.status == foreign.status == 401
    assert wrong.json() == unknown.json() == foreign.json()
    assert wrong.json()["error"]["message"] == "The request you have made requires authentication."
    assert wrong.headers["www-authenticate"] == 'Keystone uri="http://cloud.test/identity"'


def test_a_project_token_says_who_where_and_with_which_roles(client):
    answer = client.try_login("demo", scope="demo")
    token = answer.json()["token"]
    assert token["user"]["name"] == "demo"
    assert token["user"]["domain"] == {"id": "default", "name": "Default"}
    assert token["project"]["name"] == "demo"
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    assert {entry["type"] for entry in token["catalog"]} >= {"identity", "network", "compute"}
    assert token["methods"] == ["password"]
    assert token["expires_at"].endswith("Z")
    assert len(answer.headers["x-subject-token"]) < 255


@pytest.mark.parametrize(
    ("scope", "shows", "hides"),
    [
        (None, "user", "catalog"),
        ("unscoped", "user", "roles"),
        ({"system": {"all": True}}, "system", "project"),
        ("admin", "project", "domain"),
    ],
)
def test_scopes(client, scope, shows, hides):
    user = {"name": "admin", "domain": {"name": "Default"}, "password": "an-admin's-secret"}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}}
    if scope == "admin":
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
    if scope is not None:
        auth["scope"] = scope
    token = client.post(TOKENS, {"auth": auth}).json()["token"]
    assert shows in token
    assert hides not in token


def test_a_domain_scope_needs_a_role_on_the_domain(client, admin):
    scope = {"domain": {"id": "default"}}
    assert client.try_login("admin", scope=scope).status == 401
    users = client.get("/identity/v3/users?name=admin", admin).json()["users"]
    roles = client.get("/identity/v3/roles?name=admin", admin).json()["roles"]
    path = f"/identity/v3/domains/default/users/{users[0]['id']}/roles/{roles[0]['id']}"
    assert client.put(path, token=admin).status == 204
    assert client.try_login("admin", scope=scope).json()["token"]["domain"]["id"] == "default"


def test_a_token_makes_another_that_ends_when_it_does(client):
    first = client.try_login("demo")
    client.now += 1000
    scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
    text = first.headers["x-subject-token"]
    auth = {"identity": {"methods": ["token"], "token": {"id": text}}, "scope": scope}
    second = client.post(TOKENS, {"auth": auth}).json()["token"]
    assert second["expires_at"] == first.json()["token"]["expires_at"]
    assert second["methods"] == ["token", "password"]
    assert second["audit_ids"][1] == first.json()["token"]["audit_ids"][0]


def test_a_token_ends_after_an_hour(client):
    token = client.login("demo", scope="demo")
    assert client.get("/identity/v3/auth/projects", token).status == 200
    client.now += 3601
    assert client.get("/identity/v3/auth/projects", token).status == 401


def test_looking_at_tokens(client, admin):
    demo = client.login("demo", scope="demo")
    seen = client.get(TOKENS, admin, headers={"x-subject-token": demo})
    assert seen.status == 200
    assert seen.json()["token"]["user"]["name"] == "demo"
    assert client.get(TOKENS, demo, headers={"x-subject-token": demo}).status == 200
    assert client.get(TOKENS, demo, headers={"x-subject-token": admin}).status == 403
    assert client.request("HEAD", TOKENS, token=admin, headers={"x-subject-token": demo}).status == 200
    assert client.get(TOKENS, admin, headers={"x-subject-token": "rubbish"}).status == 404
    assert client.get(TOKENS, admin).status == 400


def test_a_revoked_token_is_worth_nothing(client, admin):
    demo = client.login("demo", scope="demo")
    assert client.delete(TOKENS, demo, headers={"x-subject-token": demo}).status == 204
    assert client.get("/identity/v3/auth/projects", demo).status == 401
    assert client.get(TOKENS, admin, headers={"x-subject-token": demo}).status == 404
    assert client.get("/identity/v3/auth/projects", client.login("demo")).status == 200


def _id(client, admin, kind, name):
    return client.get(f"/identity/v3/{kind}?name={name}", admin).json()[kind][0]["id"]


@pytest.mark.parametrize(
    "end",
    [
        lambda c, a, u, p, r: c.patch(f"/identity/v3/users/{u}", {"user": {"password": "new"}}, a),
        lambda c, a, u, p, r: c.patch(f"/identity/v3/users/{u}", {"user": {"enabled": False}}, a),
        lambda c, a, u, p, r: c.delete(f"/identity/v3/users/{u}", a),
        lambda c, a, u, p, r: c.patch(f"/identity/v3/projects/{p}", {"project": {"enabled": False}}, a),
        lambda c, a, u, p, r: c.delete(f"/identity/v3/projects/{p}", a),
        lambda c, a, u, p, r: c.delete(f"/identity/v3/projects/{p}/users/{u}/roles/{r}", a),
        lambda c, a, u, p, r: c.post(
            f"/identity/v3/users/{u}/password",
            {"user": {"password": "new", "original_password": "a-player's-secret"}},
        ),
    ],
    ids=["password", "disabled", "deleted", "project-disabled", "project-deleted", "role-taken", "own-password"],
)
def test_what_ends_a_token(client, admin, end):
    token = client.login("demo", scope="demo")
    assert client.get("/identity/v3/auth/catalog", token).status == 200
    names = [_id(client, admin, kind, name) for kind, name in (("users", "demo"), ("projects", "demo"))]
    answer = end(client, admin, *names, _id(client, admin, "roles", "member"))
    assert answer.status in (200, 204), answer.body
    assert client.get("/identity/v3/auth/catalog", token).status == 401


def test_tokens_outlive_a_restart(make_client, tmp_path):
    first = make_client()
    token = first.login("demo", scope="demo")
    second = make_client(directory=tmp_path / "cloud")
    second.now = first.now
    assert second.get("/identity/v3/auth/projects", token).status == 200


def test_an_application_credential_logs_in_with_its_roles_only(client):
    demo = client.login("demo", scope="demo")
    me = client.get(TOKENS, demo, headers={"x-subject-token": demo}).json()["token"]["user"]["id"]
    path = f"/identity/v3/users/{me}/application_credentials"
    given = {"application_credential": {"name": "robot", "roles": [{"name": "reader"}]}}
    made = client.post(path, given, demo).json()["application_credential"]
    secret = {"id": made["id"], "secret": made["secret"]}
    identity = {"methods": ["application_credential"], "application_credential": secret}
    answer = client.post(TOKENS, {"auth": {"identity": identity}})
    assert answer.status == 201
    assert [role["name"] for role in answer.json()["token"]["roles"]] == ["reader"]
    assert "secret" not in client.get(path, demo).json()["application_credentials"][0]
    identity["application_credential"] = {"id": made["id"], "secret": "guess"}
    assert client.post(TOKENS, {"auth": {"identity": identity}}).status == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"auth": 1},
        {"auth": {"identity": {"methods": []}}},
        {"auth": {"identity": {"methods": ["password"]}}},
        {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "x", "password": "y"}}}}},
        {"auth": {"identity": {"methods": ["token"], "token": {"id": "x"}}, "scope": {"project": {}, "domain": {}}}},
    ],
)
def test_malformed_requests(client, body):
    answer = client.post(TOKENS, body)
    assert answer.status == 400
    assert answer.json()["error"]["title"] == "Bad Request"
