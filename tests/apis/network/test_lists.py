"""Lists: filters, fields, order, pages, tags."""

import pytest


@pytest.fixture
def ports(neutron):
    network = neutron.post("network", name="net")
    pool = [{"start": "10.0.0.100", "end": "10.0.0.199"}]
    subnet = neutron.post("subnet", network_id=network["id"], ip_version=4, cidr="10.0.0.0/24", allocation_pools=pool)
    group = neutron.post("security_group", name="web")
    made = [
        neutron.post(
            "port",
            network_id=network["id"],
            name=f"p{number}",
            fixed_ips=[{"subnet_id": subnet["id"], "ip_address": f"10.0.0.{10 + number}"}],
            security_groups=[group["id"]] if number == 0 else [],
        )
        for number in range(5)
    ]
    return {"network": network, "subnet": subnet, "group": group, "ports": made}


def found(neutron, query):
    return [row["name"] for row in neutron.get(f"/ports?{query}")["ports"]]


def test_filters(neutron, ports):
    assert found(neutron, "name=p1&name=p2&sort_key=name") == ["p1", "p2"]
    assert found(neutron, "fixed_ips=ip_address%3D10.0.0.13") == ["p3"]
    assert found(neutron, "fixed_ips=ip_address_substr%3D0.0.1&name=p0&name=p1&sort_key=name&limit=2") == ["p0", "p1"]
    assert found(neutron, f"security_groups={ports['group']['id']}") == ["p0"]
    subnet = f"fixed_ips=subnet_id%3D{ports['subnet']['id']}"
    assert len(found(neutron, f"{subnet}&network_id={ports['network']['id']}")) == 6
    assert found(neutron, f"{subnet}&fixed_ips=ip_address%3D10.0.0.14") == ["p4"]
    assert found(neutron, "device_owner=network:distributed") == [""]
    assert found(neutron, "admin_state_up=False") == []
    assert found(neutron, f"tenant_id={ports['network']['project_id']}&name=p1") == ["p1"]


def test_fields(neutron, ports):
    rows = neutron.get("/ports?fields=id&fields=name&name=p1")["ports"]
    assert rows == [{"id": ports["ports"][1]["id"], "name": "p1"}]


def test_pages_there_and_back(neutron, ports):
    query = f"network_id={ports['network']['id']}&sort_key=name&sort_dir=desc&limit=2"
    first = neutron.get(f"/ports?{query}")
    assert [row["name"] for row in first["ports"]] == ["p4", "p3"]
    links = {link["rel"]: link["href"] for link in first["ports_links"]}
    second = neutron.get(links["next"].partition("/v2.0")[2])
    assert [row["name"] for row in second["ports"]] == ["p2", "p1"]
    links = {link["rel"]: link["href"] for link in second["ports_links"]}
    back = neutron.get(links["previous"].partition("/v2.0")[2])
    assert [row["name"] for row in back["ports"]] == ["p4", "p3"]


def test_what_is_no_filter(neutron):
    assert neutron.error("GET", "/ports?bogus=1&more=2")[2] == "['bogus', 'more'] is invalid attribute for filtering"
    assert neutron.error("GET", "/ports?sort_key=bogus")[0] == 400
    assert neutron.error("GET", "/ports?limit=x")[0] == 400
    assert neutron.error("GET", "/ports?marker=x&limit=1")[0] == 400


def test_tags(neutron, ports):
    network = ports["network"]["id"]
    neutron.post("network", name="plain", tags=["x"])
    path = f"/networks/{network}/tags"
    assert neutron.act(path, tags=["red", "blue"]) == {"tags": ["blue", "red"]}
    assert neutron.ask("PUT", f"{path}/green").status == 201

    def tagged(query):
        return [row["name"] for row in neutron.get(f"/networks?{query}")["networks"]]

    assert tagged("tags=red,blue") == ["net"]
    assert tagged("tags-any=red,x&sort_key=name") == ["net", "plain"]
    assert tagged("not-tags=red") == ["plain"]
    assert tagged("not-tags-any=red,x") == []
    assert neutron.error("DELETE", f"{path}/none") == (404, "TagNotFound", "Tag none could not be found.")


def test_a_network_shows_its_subnets(neutron, ports):
    shown = neutron.get(f"/networks/{ports['network']['id']}")["network"]
    assert shown["subnets"] == [ports["subnet"]["id"]]


def test_addresses_in_use(neutron, ports):
    path = f"/network-ip-availabilities/{ports['network']['id']}"
    shown = neutron.get(path)["network_ip_availability"]
    assert (shown["used_ips"], shown["total_ips"]) == (6, 100)
