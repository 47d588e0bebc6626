"""Stories of servers: made with ports, placed on nodes, started and stopped, and taken away with what was theirs."""

import pytest


@pytest.fixture
def server(nova):
    nova.make_network()
    server_id = nova.make_server().json()["server"]["id"]
    nova.report_started(server_id)
    return server_id


def test_a_server_gets_a_port_on_the_only_network_and_becomes_active_when_its_node_says_so(nova):
    nova.make_network()
    answer = nova.make_server()
    assert answer.status == 202
    server_id = answer.json()["server"]["id"]
    assert nova.show(server_id)["status"] == "BUILD"
    nova.report_started(server_id)
    shown = nova.show(server_id)
    assert shown["status"] == "ACTIVE"
    assert shown["OS-EXT-STS:power_state"] == 1
    (address,) = shown["addresses"]["net1"]
    assert address["addr"].startswith("10.0.1.")
    assert address["OS-EXT-IPS:type"] == "fixed"
    (port,) = nova.network("GET", f"/ports?device_id={server_id}").json()["ports"]
    assert port["device_owner"] == "compute:nova"


def test_two_networks_and_no_choice_is_a_conflict(nova):
    nova.make_network("one")
    nova.make_network("two", "10.0.2.0/24")
    answer = nova.make_server()
    assert answer.status == 409
    assert "Multiple possible networks found" in answer.json()["conflictingRequest"]["message"]
    assert nova.ask("GET", "/servers").json()["servers"] == []


def test_none_means_no_network(nova):
    nova.make_network()
    server_id = nova.make_server("none").json()["server"]["id"]
    assert nova.show(server_id)["addresses"] == {}


def test_a_fixed_address_that_is_taken_makes_nothing(nova):
    network = nova.make_network(allocation_pools=[{"start": "10.0.1.100", "end": "10.0.1.199"}])
    wish = [{"uuid": network, "fixed_ip": "10.0.1.77"}]
    assert nova.make_server(wish).status == 202
    assert nova.make_server(wish).status == 400
    assert len(nova.ask("GET", "/servers").json()["servers"]) == 1


def test_an_administrator_chooses_the_node_a_member_may_not(nova, admin_nova):
    nova.make_network()
    assert nova.make_server(availability_zone="nova:compute2").status == 403
    admin_nova.make_network()
    made = admin_nova.make_server(availability_zone="nova:compute2").json()["server"]["id"]
    assert admin_nova.show(made)["OS-EXT-SRV-ATTR:host"] == "compute2"
    assert "OS-EXT-SRV-ATTR:host" not in nova.make_server().json()["server"]
    made = admin_nova.make_server(host="compute1", name="x").json()["server"]["id"]
    assert admin_nova.show(made)["OS-EXT-SRV-ATTR:host"] == "compute1"


@pytest.mark.parametrize("zone", ["nova:nowhere", "mars"])
def test_a_place_that_is_not_there_is_a_bad_request(admin_nova, zone):
    admin_nova.make_network()
    assert admin_nova.make_server(availability_zone=zone).status == 400


def test_servers_spread_over_nodes(admin_nova):
    admin_nova.make_network()
    hosts = [admin_nova.show(admin_nova.make_server().json()["server"]["id"]) for _ in range(4)]
    assert sorted(server["OS-EXT-SRV-ATTR:host"] for server in hosts) == [
        "compute1",
        "compute1",
        "compute2",
        "compute2",
    ]


def test_a_disabled_node_gets_nothing_and_nowhere_to_go_is_the_servers_fault(admin_nova):
    admin_nova.make_network()
    for service in admin_nova.ask("GET", "/os-services").json()["services"]:
        body = {"status": "disabled", "disabled_reason": "cleaning"}
        assert admin_nova.ask("PUT", f"/os-services/{service['id']}", body).status == 200
    shown = admin_nova.show(admin_nova.make_server().json()["server"]["id"])
    assert shown["status"] == "ERROR"
    assert shown["fault"]["message"].startswith("No valid host was found")


def test_stop_start_and_reboot(nova, server):
    assert nova.act(server, "os-stop").status == 202
    assert nova.show(server)["OS-EXT-STS:task_state"] == "powering-off"
    nova.report_stopped(server)
    assert nova.show(server)["status"] == "SHUTOFF"
    answer = nova.act(server, "os-stop")
    assert answer.status == 409
    assert "while it is in vm_state stopped" in answer.json()["conflictingRequest"]["message"]
    assert nova.act(server, "os-start").status == 202
    nova.report_started(server)
    assert nova.show(server)["status"] == "ACTIVE"
    assert nova.act(server, "reboot", {"type": "SOFT"}).status == 202
    assert nova.show(server)["status"] == "REBOOT"
    nova.report_started(server)
    assert nova.show(server)["status"] == "ACTIVE"


def test_deleting_a_server_takes_its_own_port_along_and_sets_a_lent_one_free(nova):
    network = nova.make_network()
    lent = nova.network("POST", "/ports", {"port": {"network_id": network}}).json()["port"]["id"]
    server_id = nova.make_server([{"port": lent}, {"uuid": network}]).json()["server"]["id"]
    assert nova.make_server([{"port": lent}]).status == 409
    assert nova.ask("DELETE", f"/servers/{server_id}").status == 204
    assert nova.ask("GET", f"/servers/{server_id}").status == 404
    ports = nova.network("GET", "/ports?device_owner=compute:nova").json()["ports"]
    assert ports == []
    port = nova.network("GET", f"/ports/{lent}").json()["port"]
    assert (port["device_id"], port["device_owner"]) == ("", "")


def test_another_projects_server_is_not_there(nova, admin_nova, server, compute_client):
    token = compute_client.login("admin", scope="admin")
    user = {"user": {"name": "eve", "password": "eves-secret", "domain_id": "default"}}
    eve = compute_client.post("/identity/v3/users", user, token).json()["user"]["id"]
    project = compute_client.post("/identity/v3/projects", {"project": {"name": "other"}}, token).json()["project"][
        "id"
    ]
    roles = compute_client.get("/identity/v3/roles?name=member", token).json()["roles"]
    path = f"/identity/v3/projects/{project}/users/{eve}/roles/{roles[0]['id']}"
    assert compute_client.put(path, token=token).status == 204
    stranger = type(nova)(compute_client, compute_client.login("eve", "eves-secret", "other"))
    assert stranger.ask("GET", f"/servers/{server}").status == 404
    assert stranger.ask("GET", "/servers").json()["servers"] == []
    assert stranger.ask("GET", "/servers?all_tenants=1").status == 403
    assert len(admin_nova.ask("GET", "/servers?all_tenants=1").json()["servers"]) == 1


def test_interfaces_come_and_go(nova, server):
    other = nova.make_network("net2", "10.0.2.0/24")
    body = {"interfaceAttachment": {"net_id": other}}
    attached = nova.ask("POST", f"/servers/{server}/os-interface", body).json()["interfaceAttachment"]
    assert set(nova.show(server)["addresses"]) == {"net1", "net2"}
    assert nova.ask("DELETE", f"/servers/{server}/os-interface/{attached['port_id']}").status == 202
    assert set(nova.show(server)["addresses"]) == {"net1"}


def test_a_security_group_is_put_on_every_port(nova, server):
    nova.network("POST", "/security-groups", {"security_group": {"name": "web"}})
    assert nova.act(server, "addSecurityGroup", {"name": "web"}).status == 202
    assert [group["name"] for group in nova.show(server)["security_groups"]] == ["default", "web"]
    assert nova.act(server, "removeSecurityGroup", {"name": "web"}).status == 202
    assert nova.act(server, "removeSecurityGroup", {"name": "web"}).status == 404


def test_what_a_microversion_shows(nova, server):
    oldest = nova.show(server, version="2.1")
    assert "id" in oldest["flavor"]
    assert "tags" not in oldest
    newest = nova.show(server, version="2.96")
    assert newest["flavor"]["original_name"] == "m1.tiny"
    assert newest["tags"] == []
    assert nova.ask("GET", "/servers", version="2.999").status == 406


def test_lists_have_pages_filters_and_an_order(nova):
    nova.make_network()
    for name in ("a", "b", "c"):
        assert nova.make_server(name=name).status == 202
    page = nova.ask("GET", "/servers?limit=2&sort_key=display_name&sort_dir=asc").json()
    assert [server["name"] for server in page["servers"]] == ["a", "b"]
    following = page["servers_links"][0]["href"].split("/compute/v2.1", 1)[1]
    assert [server["name"] for server in nova.ask("GET", following).json()["servers"]] == ["c"]
    assert [server["name"] for server in nova.ask("GET", "/servers?name=^b").json()["servers"]] == ["b"]
    assert nova.ask("GET", "/servers?status=ACTIVE").json()["servers"] == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"flavorRef": "99"}, "Flavor 99"),
        ({"imageRef": "nothing"}, "'nothing' is not a 'uuid'"),
        ({"imageRef": "6c7f6bf6-5f0d-4d3e-8d8e-1f6a0c1f1d11"}, "Can not find requested image"),
        ({"key_name": "mine"}, "Invalid key_name"),
        ({"name": " "}, "Can not start or end with whitespace"),
        ({"colour": "red"}, "colour"),
        ({"networks": [{}]}, "missing 'uuid'"),
        ({"networks": 7}, "not of type"),
        ({"min_count": 0, "max_count": 0}, "min_count"),
        ({"metadata": {"a": 1}}, "1 is not of type 'string'"),
    ],
)
def test_bad_requests_say_what_is_wrong_and_make_nothing(nova, change, word):
    nova.make_network()
    answer = nova.make_server(**change)
    assert answer.status == 400
    assert word in answer.json()["badRequest"]["message"]
    assert nova.ask("GET", "/servers").json()["servers"] == []


def test_metadata_tags_lock_and_name(nova, server, admin_nova):
    assert nova.ask("POST", f"/servers/{server}/metadata", {"metadata": {"a": "b"}}).json() == {"metadata": {"a": "b"}}
    assert nova.ask("PUT", f"/servers/{server}/tags/blue").status == 201
    assert nova.ask("PUT", f"/servers/{server}", {"server": {"name": "renamed"}}).json()["server"]["name"] == "renamed"
    assert nova.show(server)["tags"] == ["blue"]
    assert admin_nova.act(server, "lock").status == 202
    assert nova.act(server, "os-stop").status == 409
    actions = nova.ask("GET", f"/servers/{server}/os-instance-actions").json()["instanceActions"]
    assert sorted(action["action"] for action in actions) == ["create", "lock"]


def test_several_at_once(nova):
    nova.make_network()
    assert nova.make_server(name="web", min_count=3, max_count=3).status == 202
    names = sorted(server["name"] for server in nova.ask("GET", "/servers").json()["servers"])
    assert names == ["web-1", "web-2", "web-3"]
