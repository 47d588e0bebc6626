"""Servers of projects apart, and filters that nobody has to wait for."""

import pytest

from brume.apis.compute.patterns import TooCostly, compile_pattern
from tests.apis.compute.conftest import Nova


@pytest.fixture
def stranger(compute_client):
    """An administrator makes a second project; its member."""
    client = compute_client
    admin = client.login("admin", scope="admin")
    body = {"project": {"name": "second"}}
    project = client.post("/identity/v3/projects", body, admin).json()["project"]["id"]
    body = {"user": {"name": "eve", "password": "a-strangers-secret"}}
    user = client.post("/identity/v3/users", body, admin).json()["user"]["id"]
    roles = client.get("/identity/v3/roles?name=member", admin).json()["roles"]
    path = f"/identity/v3/projects/{project}/users/{user}/roles/{roles[0]['id']}"
    assert client.put(path, token=admin).status == 204
    return Nova(client, client.login("eve", "a-strangers-secret", scope="second"))


def test_a_port_of_another_project_that_names_a_server_is_not_the_servers(nova, stranger):
    nova.make_network()
    server = nova.make_server().json()["server"]["id"]
    trap = {"network_id": stranger.make_network("trap", "10.66.0.0/24"), "device_id": server}
    claim = {"port": {**trap, "device_owner": "compute:nova"}}
    port = stranger.network("POST", "/ports", claim).json()["port"]["id"]
    assert list(nova.show(server)["addresses"]) == ["net1"]
    interfaces = nova.ask("GET", f"/servers/{server}/os-interface").json()["interfaceAttachments"]
    assert len(interfaces) == 1
    assert nova.ask("GET", f"/servers/{server}/os-interface/{port}").status == 404
    assert nova.ask("DELETE", f"/servers/{server}").status == 204
    assert stranger.network("GET", f"/ports/{port}").status == 200


def test_another_projects_server_is_no_marker(nova, stranger):
    nova.make_network()
    server = nova.make_server().json()["server"]["id"]
    assert nova.ask("GET", f"/servers?marker={server}").status == 200
    assert stranger.ask("GET", f"/servers?marker={server}").status == 400


@pytest.mark.parametrize(
    "pattern", ["^vm", "web-[0-9]+$", ".*db.*", "a|b", "(one|two)-x", r"vm\d{2}", "(ab){3}", "10.0.1"]
)
def test_patterns_that_people_use(pattern):
    assert compile_pattern(pattern).pattern == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)*$",
        "(.*)*",
        "a?" * 30 + "a" * 30,
        "a*a*a*a*b",
        r"(a+)\1",
        "((a?)){40}",
        "(?=(a+)+$)",
        "x" * 256,
    ],
)
def test_patterns_that_cost_too_much(nova, pattern):
    with pytest.raises(TooCostly):
        compile_pattern(pattern)
    answer = nova.client.request("GET", f"/compute/v2.1/servers?name={pattern.replace('+', '%2B')}", token=nova.token)
    assert answer.status == 400
