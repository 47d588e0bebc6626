"""Projects apart, against somebody who knows identities of another project and tries everything with them."""

import pytest

from tests.apis.network.conftest import Neutron


@pytest.fixture
def foreign(neutron):
    """What the administrator's project has, by its identities."""
    network = neutron.post("network", name="theirs")
    subnet = neutron.post("subnet", network_id=network["id"], ip_version=4, cidr="10.0.0.0/24")
    return {
        "network": network["id"],
        "subnet": subnet["id"],
        "port": neutron.post("port", network_id=network["id"], name="m")["id"],
        "router": neutron.post("router", name="theirs")["id"],
    }


@pytest.fixture
def own(tenant):
    """A network of the tenant."""
    network = tenant.post("network", name="mine")
    tenant.post("subnet", network_id=network["id"], ip_version=4, cidr="10.0.0.0/24")
    return network["id"]


@pytest.fixture
def outside(neutron):
    """An external network."""
    network = neutron.post("network", name="outside", **{"router:external": True})
    neutron.post("subnet", network_id=network["id"], ip_version=4, cidr="203.0.113.0/24")
    return network["id"]


ROUTER_PORT = "network:router_interface"


def test_no_port_is_given_to_another_projects_router(tenant, foreign, own):
    stolen = {"network_id": own, "device_owner": ROUTER_PORT, "device_id": foreign["router"]}
    assert tenant.error("POST", "/ports", {"port": stolen})[:2] == (409, "DeviceIDNotOwnedByTenant")
    port = tenant.post("port", network_id=own, device_owner=ROUTER_PORT)["id"]
    change = {"port": {"device_id": foreign["router"]}}
    assert tenant.error("PUT", f"/ports/{port}", change)[:2] == (409, "DeviceIDNotOwnedByTenant")


def test_a_port_that_claims_to_be_a_networks_metadata_port_gets_no_address_there(tenant, neutron, own, foreign):
    lure = neutron.post("network", name="later")["id"]
    claim = {"device_owner": "network:distributed", "device_id": f"ovnmeta-{lure}"}
    for _ in range(5):
        tenant.post("port", network_id=own, fixed_ips=[], **claim)
    subnet = neutron.post("subnet", network_id=lure, ip_version=4, cidr="10.9.0.0/24")["id"]
    holders = neutron.get(f"/ports?fixed_ips=subnet_id%3D{subnet}")["ports"]
    assert [port["network_id"] for port in holders] == [lure]


def test_whoever_is_in_no_project_sees_nothing_of_the_clouds_own(cloud, neutron, outside):
    neutron.post("floatingip", floating_network_id=outside)
    unscoped = Neutron(cloud, cloud.login("demo", scope={"unscoped": {}}))
    assert unscoped.get("/ports")["ports"] == []
    assert [network["name"] for network in unscoped.get("/networks")["networks"]] == ["outside"]


def test_the_place_of_another_projects_row_in_an_order_is_not_told(tenant, foreign, own):
    tenant.post("port", network_id=own, name="a")
    tenant.post("port", network_id=own, name="z")
    for noun in ("network", "subnet", "port", "router"):
        path = f"/{noun}s?sort_key=name&marker={foreign[noun]}"
        assert tenant.error("GET", path)[0] == 400


def test_what_is_not_seen_does_not_exist_for_a_floating_ip_or_a_gateway(tenant, foreign, outside):
    wish = {"floating_network_id": outside, "port_id": foreign["port"]}
    assert tenant.error("POST", "/floatingips", {"floatingip": wish})[:2] == (404, "PortNotFound")
    router = {"external_gateway_info": {"network_id": foreign["network"]}}
    assert tenant.error("POST", "/routers", {"router": router})[:2] == (404, "NetworkNotFound")


def test_a_key_that_is_named_a_thousand_times_orders_once(tenant, own):
    assert len(tenant.get("/networks?" + "&".join(["sort_key=name"] * 3000))["networks"]) == 1


def test_a_body_that_is_no_text_is_refused(tenant):
    assert tenant.error("POST", "/networks", raw=b'{"network": {"name": "\xff\xfe"}}')[0] == 400
