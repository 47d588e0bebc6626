"""Stories of flavors, keypairs, and what an administrator sees of nodes."""

import base64

PUBLIC_KEY = "ssh-ed25519 " + base64.b64encode(b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + bytes(32)).decode()


def test_a_flavor_is_made_found_and_deleted(admin_nova, nova):
    body = {"flavor": {"name": "tiny", "ram": 64, "vcpus": 1, "disk": 0, "id": "auto"}}
    made = admin_nova.ask("POST", "/flavors", body).json()["flavor"]
    assert nova.ask("GET", f"/flavors/{made['id']}").json()["flavor"]["ram"] == 64
    assert admin_nova.ask("POST", "/flavors", body).status == 409
    assert nova.ask("POST", "/flavors", body).status == 403
    assert admin_nova.ask("DELETE", f"/flavors/{made['id']}").status == 202
    assert nova.ask("GET", f"/flavors/{made['id']}").status == 404


def test_extra_specs_and_private_flavors(admin_nova, nova, compute_client):
    body = {
        "flavor": {"name": "own", "ram": 64, "vcpus": 1, "disk": 0, "id": "own", "os-flavor-access:is_public": False}
    }
    assert admin_nova.ask("POST", "/flavors", body).status == 200
    assert nova.ask("GET", "/flavors/own").status == 404
    token = compute_client.login("admin", scope="admin")
    project = compute_client.get("/identity/v3/projects?name=demo", token).json()["projects"][0]["id"]
    access = {"addTenantAccess": {"tenant": project}}
    assert admin_nova.ask("POST", "/flavors/own/action", access).json()["flavor_access"][0]["tenant_id"] == project
    assert nova.ask("GET", "/flavors/own").status == 200
    assert admin_nova.ask("POST", "/flavors/own/os-extra_specs", {"extra_specs": {"hw:x": "1"}}).status == 200
    assert nova.ask("GET", "/flavors/own/os-extra_specs").json() == {"extra_specs": {"hw:x": "1"}}


def test_what_is_wrong_with_a_flavor_is_said(admin_nova):
    answer = admin_nova.ask("POST", "/flavors", {"flavor": {"name": "x", "ram": 0, "vcpus": 1, "disk": 1}})
    assert answer.status == 400
    assert "ram" in answer.json()["badRequest"]["message"]


def test_a_public_key_is_kept_and_its_fingerprint_told(nova):
    answer = nova.ask("POST", "/os-keypairs", {"keypair": {"name": "mine", "public_key": PUBLIC_KEY}})
    assert answer.status == 201
    assert len(answer.json()["keypair"]["fingerprint"].split(":")) == 16
    assert nova.ask("POST", "/os-keypairs", {"keypair": {"name": "mine", "public_key": PUBLIC_KEY}}).status == 409
    assert nova.ask("GET", "/os-keypairs/mine").json()["keypair"]["public_key"] == PUBLIC_KEY
    assert nova.ask("DELETE", "/os-keypairs/mine").status == 204
    assert nova.ask("GET", "/os-keypairs").json() == {"keypairs": []}


def test_a_key_is_made_here_until_2_91(nova):
    made = nova.ask("POST", "/os-keypairs", {"keypair": {"name": "made"}}, version="2.2").json()["keypair"]
    assert made["private_key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert nova.ask("POST", "/os-keypairs", {"keypair": {"name": "other"}}, version="2.92").status == 400
    assert nova.ask("POST", "/os-keypairs", {"keypair": {"name": "bad", "public_key": "ssh-rsa !"}}).status == 400


def test_nodes_are_services_hypervisors_zones_and_providers(admin_nova, nova, compute_client):
    services = admin_nova.ask("GET", "/os-services").json()["services"]
    assert [(service["host"], service["state"]) for service in services] == [("compute1", "up"), ("compute2", "up")]
    hypervisors = admin_nova.ask("GET", "/os-hypervisors/detail").json()["hypervisors"]
    assert [one["hypervisor_hostname"] for one in hypervisors] == ["compute1", "compute2"]
    assert nova.ask("GET", "/os-hypervisors").status == 403
    zones = nova.ask("GET", "/os-availability-zone").json()["availabilityZoneInfo"]
    assert [zone["zoneName"] for zone in zones] == ["nova"]
    token = compute_client.login("admin", scope="admin")
    providers = compute_client.get("/placement/resource_providers", token).json()["resource_providers"]
    assert [provider["name"] for provider in providers] == ["compute1", "compute2"]
    inventories = compute_client.get(f"/placement/resource_providers/{providers[0]['uuid']}/inventories", token).json()
    assert inventories["inventories"]["VCPU"]["total"] == 64
    compute_client.now += 3600
    token = compute_client.login("admin", scope="admin")
    late = type(admin_nova)(compute_client, token).ask("GET", "/os-services").json()["services"]
    assert {service["state"] for service in late} == {"down"}


def test_limits_and_quotas(nova, admin_nova):
    nova.make_network()
    nova.make_server()
    absolute = nova.ask("GET", "/limits").json()["limits"]["absolute"]
    assert absolute["totalInstancesUsed"] == 1
    project = nova.ask("GET", "/servers/detail").json()["servers"][0]["tenant_id"]
    assert admin_nova.ask("PUT", f"/os-quota-sets/{project}", {"quota_set": {"instances": 1}}).status == 200
    answer = nova.make_server()
    assert answer.status == 403
    assert "Quota exceeded for instances" in answer.json()["forbidden"]["message"]
