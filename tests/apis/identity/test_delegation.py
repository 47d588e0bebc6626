"""Stories of acting for another: trusts, application credentials with access rules, EC2 key pairs."""

import pytest

V3 = "/identity/v3"
TOKENS = f"{V3}/auth/tokens"


@pytest.fixture
def people(client, admin):
    """Identifiers of the demo user (who trusts), of tess (who is trusted) and of the demo project."""
    tess = client.post(f"{V3}/users", {"user": {"name": "tess", "password": "x"}}, admin).json()["user"]["id"]
    demo = client.get(f"{V3}/users?name=demo", admin).json()["users"][0]["id"]
    project = client.get(f"{V3}/projects?name=demo", admin).json()["projects"][0]["id"]
    return demo, tess, project


def trust(client, people, token, **more):
    demo, tess, project = people
    values = {"trustor_user_id": demo, "trustee_user_id": tess, "project_id": project, "impersonation": True}
    given = {**values, "roles": [{"name": "reader"}], **more}
    return client.post(f"{V3}/OS-TRUST/trusts", {"trust": given}, token)


def by_trust(client, identity, **user):
    auth = {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"OS-TRUST:trust": {"id": identity}},
    }
    return client.post(TOKENS, {"auth": auth})


TESS = {"name": "tess", "domain": {"id": "default"}, "password": "x"}


def test_a_trustee_acts_as_the_trustor_with_the_roles_of_the_trust_alone(client, people, admin):
    demo = client.login("demo", scope="demo")
    made = trust(client, people, demo)
    assert made.status == 201, made.body
    identity = made.json()["trust"]["id"]
    assert [role["name"] for role in made.json()["trust"]["roles"]] == ["reader"]
    answer = by_trust(client, identity, **TESS)
    token = answer.json()["token"]
    assert token["user"]["name"] == "demo"
    assert token["project"]["name"] == "demo"
    assert [role["name"] for role in token["roles"]] == ["reader"]
    assert token["OS-TRUST:trust"]["trustee_user"] == {"id": people[1]}
    text = answer.headers["x-subject-token"]
    assert client.get(f"{V3}/auth/catalog", text).status == 200
    again = {"identity": {"methods": ["token"], "token": {"id": text}}}
    assert client.post(TOKENS, {"auth": again}).status == 403
    assert client.delete(f"{V3}/OS-TRUST/trusts/{identity}", demo).status == 204
    assert client.get(f"{V3}/auth/catalog", text).status == 401


def test_without_impersonation_the_trustee_stays_itself(client, people):
    demo = client.login("demo", scope="demo")
    identity = trust(client, people, demo, impersonation=False).json()["trust"]["id"]
    assert by_trust(client, identity, **TESS).json()["token"]["user"]["name"] == "tess"


def test_a_trust_is_used_up_and_ends(client, people):
    demo = client.login("demo", scope="demo")
    once = trust(client, people, demo, remaining_uses=1).json()["trust"]["id"]
    first = by_trust(client, once, **TESS)
    assert first.status == 201
    assert by_trust(client, once, **TESS).status == 401
    assert client.get(f"{V3}/auth/catalog", first.headers["x-subject-token"]).status == 200
    assert client.get(f"{V3}/OS-TRUST/trusts/{once}", demo).status == 404
    short = trust(client, people, demo, expires_at="2027-01-15T08:10:00Z").json()["trust"]["id"]
    assert by_trust(client, short, **TESS).status == 201
    client.now += 3000
    assert by_trust(client, short, **TESS).status == 401


def test_who_may_see_and_make_trusts(client, people, admin):
    demo = client.login("demo", scope="demo")
    identity = trust(client, people, demo).json()["trust"]["id"]
    assert trust(client, people, admin).status == 403
    assert trust(client, people, demo, roles=[{"name": "admin"}]).status == 404
    assert trust(client, people, demo, roles=[]).status == 403
    assert trust(client, people, demo, expires_at="soon").status == 400
    assert trust(client, people, demo, allow_redelegation=True).status == 501
    tess = client.login("tess", "x")
    assert client.get(f"{V3}/OS-TRUST/trusts/{identity}", tess).status == 200
    assert client.delete(f"{V3}/OS-TRUST/trusts/{identity}", tess).status == 403
    assert client.get(f"{V3}/OS-TRUST/trusts", tess).status == 403
    assert len(client.get(f"{V3}/OS-TRUST/trusts?trustee_user_id={people[1]}", tess).json()["trusts"]) == 1
    assert by_trust(client, identity, name="demo", domain={"id": "default"}, password="a-player's-secret").status == 403


def test_access_rules_confine_an_application_credential(client, people):
    demo = client.login("demo", scope="demo")
    path = f"{V3}/users/{people[0]}/application_credentials"
    rules = [
        {"service": "identity", "method": "GET", "path": "/v3/auth/*"},
        {"service": "compute", "method": "GET", "path": "/v2.1/servers/{id}/ips"},
    ]
    given = {"application_credential": {"name": "robot", "access_rules": rules}}
    made = client.post(path, given, demo).json()["application_credential"]
    assert [{**rule, "id": None} for rule in made["access_rules"]] == [{**rule, "id": None} for rule in rules]
    secret = {"id": made["id"], "secret": made["secret"]}
    identity = {"methods": ["application_credential"], "application_credential": secret}
    token = client.post(TOKENS, {"auth": {"identity": identity}}).headers["x-subject-token"]
    assert client.get(f"{V3}/auth/projects", token).status == 200
    assert client.get(f"{V3}/users/{people[0]}", token).status == 401
    assert client.request("POST", f"{V3}/projects", {"project": {"name": "x"}}, token=token).status == 401
    rule = f"{V3}/users/{people[0]}/access_rules/{made['access_rules'][0]['id']}"
    assert client.delete(rule, demo).status == 403
    assert client.delete(f"{path}/{made['id']}", demo).status == 204
    assert client.get(f"{V3}/auth/projects", token).status == 401
    assert client.get(rule, demo).status == 200
    assert client.delete(rule, demo).status == 204
    assert client.get(rule, demo).status == 404


def test_ec2_key_pairs(client, people):
    demo = client.login("demo", scope="demo")
    path = f"{V3}/users/{people[0]}/credentials/OS-EC2"
    made = client.post(path, {"tenant_id": people[2]}, demo).json()["credential"]
    assert (made["user_id"], made["tenant_id"]) == (people[0], people[2])
    assert client.get(f"{path}/{made['access']}", demo).json()["credential"] == made
    assert client.get(path, demo).json()["credentials"] == [made]
    stranger = client.login("tess", "x")
    assert client.get(f"{path}/{made['access']}", stranger).status == 403
    assert client.delete(f"{path}/{made['access']}", demo).status == 204
    assert client.get(f"{path}/{made['access']}", demo).status == 404
