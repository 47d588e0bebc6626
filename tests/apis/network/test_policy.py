"""Who sees and does what: projects apart, shared and external networks open, provider attributes for administrators."""

import pytest


@pytest.fixture
def foreign(neutron):
    """A network of the administrator's project."""
    network = neutron.post("network", name="foreign")
    neutron.post("subnet", network_id=network["id"], ip_version=4, cidr="10.0.0.0/24")
    return network


def names(listed):
    return {row["name"] for row in listed}


def test_another_projects_network_does_not_exist(tenant, foreign):
    assert tenant.get("/networks")["networks"] == []
    wanted = (404, "NetworkNotFound", f"Network {foreign['id']} could not be found.")
    assert tenant.error("GET", f"/networks/{foreign['id']}") == wanted
    assert tenant.error("DELETE", f"/networks/{foreign['id']}") == wanted
    assert tenant.error("PUT", f"/networks/{foreign['id']}", {"network": {"name": "x"}}) == wanted


def test_a_shared_network_is_seen_and_used_but_not_changed(tenant, neutron, foreign):
    neutron.put("network", foreign["id"], shared=True)
    assert names(tenant.get("/networks")["networks"]) == {"foreign"}
    assert len(tenant.get("/subnets")["subnets"]) == 1
    port = tenant.post("port", network_id=foreign["id"])
    assert port["fixed_ips"]
    status, kind, words = tenant.error("PUT", f"/networks/{foreign['id']}", {"network": {"name": "x"}})
    assert (status, kind, words) == (
        403,
        "PolicyNotAuthorized",
        "rule:update_network is disallowed by policy",
    )
    body = {"port": {"network_id": foreign["id"], "fixed_ips": [{"ip_address": "10.0.0.99"}]}}
    assert tenant.error("POST", "/ports", body)[0] == 403
    assert neutron.error("PUT", f"/networks/{foreign['id']}", {"network": {"shared": False}})[:2] == (
        409,
        "InvalidSharedSetting",
    )


def test_an_external_network_is_seen(tenant, neutron, foreign):
    neutron.put("network", foreign["id"], **{"router:external": True})
    assert names(tenant.get("/networks")["networks"]) == {"foreign"}
    assert tenant.error("POST", "/ports", {"port": {"network_id": foreign["id"]}})[0] == 403


def test_provider_attributes_are_for_administrators(tenant):
    network = tenant.post("network", name="mine")
    assert not [name for name in network if name.startswith("provider:")]
    body = {"network": {"name": "x", "provider:network_type": "vlan"}}
    assert tenant.error("POST", "/networks", body) == (
        403,
        "PolicyNotAuthorized",
        "(rule:create_network and rule:create_network:provider:network_type) is disallowed by policy",
    )
    assert tenant.error("POST", "/networks", {"network": {"shared": True}})[0] == 403
    assert tenant.post("network", name="y", shared=False)["shared"] is False


def test_where_a_port_is_bound_is_for_administrators(tenant):
    network = tenant.post("network", name="mine")
    port = tenant.post("port", network_id=network["id"])
    assert [name for name in port if name.startswith("binding:")] == ["binding:vnic_type"]
    body = {"port": {"network_id": network["id"], "binding:host_id": "cmp1"}}
    assert tenant.error("POST", "/ports", body)[0] == 403


def test_a_port_is_bound_where_a_chassis_is(neutron, foreign):
    bound = neutron.post("port", network_id=foreign["id"], **{"binding:host_id": "cmp1"})
    assert bound["binding:vif_type"] == "ovs"
    assert bound["binding:vif_details"]["bound_drivers"] == {"0": "ovn"}
    failed = neutron.post("port", network_id=foreign["id"], **{"binding:host_id": "nowhere"})
    assert failed["binding:vif_type"] == "binding_failed"
    free = neutron.put("port", bound["id"], **{"binding:host_id": None})
    assert free["binding:vif_type"] == "unbound"


def test_a_tenant_makes_nothing_for_others(tenant, foreign):
    body = {"network": {"name": "x", "project_id": foreign["project_id"]}}
    status, kind, words = tenant.error("POST", "/networks", body)
    assert (status, kind) == (400, "HTTPBadRequest")
    assert "requires admin privileges" in words


def test_a_tenant_has_his_own_default_group(tenant, neutron):
    mine = tenant.get("/security-groups")["security_groups"]
    assert names(mine) == {"default"}
    kinds = {(r["direction"], r["ethertype"], r["remote_group_id"]) for r in mine[0]["security_group_rules"]}
    assert kinds == {
        ("egress", "IPv4", None),
        ("egress", "IPv6", None),
        ("ingress", "IPv4", mine[0]["id"]),
        ("ingress", "IPv6", mine[0]["id"]),
    }
    assert tenant.error("DELETE", f"/security-groups/{mine[0]['id']}")[:2] == (
        409,
        "SecurityGroupCannotRemoveDefault",
    )
    assert tenant.error("POST", "/security-groups", {"security_group": {"name": "default"}})[:2] == (
        409,
        "SecurityGroupDefaultAlreadyExists",
    )
    theirs = neutron.post("security_group", name="theirs")
    body = {"security_group_rule": {"security_group_id": theirs["id"], "direction": "ingress"}}
    assert tenant.error("POST", "/security-group-rules", body)[0] in (403, 404)


def test_agents_are_for_administrators(tenant, neutron):
    assert tenant.error("GET", "/agents")[0] == 403
    agents = neutron.get("/agents")["agents"]
    assert [(a["host"], a["agent_type"], a["alive"]) for a in agents] == [
        ("cmp1", "OVN Controller agent", True),
        ("gw1", "OVN Controller Gateway agent", True),
    ]


def test_without_a_token_nothing_is_told(cloud):
    assert cloud.get("/network/v2.0/networks").status == 401
    assert cloud.get("/network/").json()["versions"][0]["id"] == "v2.0"


def test_a_port_that_only_says_so_is_no_router_port(tenant):
    router = tenant.post("router", name="r")
    mine = tenant.post("network", name="mine")
    tenant.post("subnet", network_id=mine["id"], ip_version=4, cidr="10.5.0.0/24")
    claims = {"device_owner": "network:router_interface", "device_id": router["id"]}
    tenant.post("port", network_id=mine["id"], **claims)
    tenant.delete(f"/routers/{router['id']}")


def test_a_routers_port_stays_the_routers(neutron, foreign):
    router = neutron.post("router", name="r")
    subnet = neutron.get(f"/networks/{foreign['id']}")["network"]["subnets"][0]
    port = neutron.act(f"/routers/{router['id']}/add_router_interface", subnet_id=subnet)["port_id"]
    assert neutron.error("PUT", f"/ports/{port}", {"port": {"device_owner": "compute:nova"}})[:2] == (
        409,
        "UnsupportedPortDeviceOwner",
    )
    assert neutron.put("port", port, name="gateway of net")["status"] == "ACTIVE"
