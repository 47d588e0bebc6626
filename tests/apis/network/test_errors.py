"""Refusals: the status, the type and the words of the real service."""

import pytest


@pytest.fixture
def net(neutron):
    return neutron.post("network", name="net")


@pytest.fixture
def subnet(neutron, net):
    return neutron.post("subnet", network_id=net["id"], ip_version=4, cidr="10.0.0.0/24")


NETWORKS = [
    ({"bogus": 1}, "HTTPBadRequest", "Unrecognized attribute(s) 'bogus'"),
    (
        {"admin_state_up": "maybe"},
        "InvalidInput",
        "Invalid input for operation: 'maybe' cannot be converted to boolean.",
    ),
    (
        {"name": "n" * 256},
        "HTTPBadRequest",
        f"Invalid input for name. Reason: '{'n' * 256}' exceeds maximum length of 255.",
    ),
    ({"name": 7}, "HTTPBadRequest", "Invalid input for name. Reason: '7' is not a valid string."),
    ({"id": "x"}, "HTTPBadRequest", "Attribute 'id' not allowed in POST"),
    (
        {"provider:physical_network": "physnet1"},
        "InvalidInput",
        "Invalid input for operation: network_type required.",
    ),
    (
        {"provider:network_type": "gre"},
        "InvalidInput",
        "Invalid input for operation: network_type value 'gre' not supported.",
    ),
    (
        {"provider:network_type": "flat"},
        "InvalidInput",
        "Invalid input for operation: physical_network required for flat provider network.",
    ),
    (
        {"qos_policy_id": "x"},
        "InvalidInput",
        "Invalid input for operation: qos_policy_id is not supported by this cloud.",
    ),
    (
        {"tenant_id": "a", "project_id": "b"},
        "HTTPBadRequest",
        "'project_id' and 'tenant_id' do not match",
    ),
]


@pytest.mark.parametrize(("wish", "kind", "message"), NETWORKS, ids=[str(list(w)) for w, _, _ in NETWORKS])
def test_networks(neutron, wish, kind, message):
    assert neutron.error("POST", "/networks", {"network": wish}) == (400, kind, message)


SUBNETS = [
    ({"cidr": "10.0.0.0/33"}, 400, "Invalid input for operation: 10.0.0.0/33 is not in a CIDR format."),
    ({"cidr": "fd00::/64"}, 400, "Invalid input for operation: cidr 'fd00::/64' does not match the ip_version '4'."),
    (
        {"cidr": "10.1.0.0/31"},
        400,
        "Invalid input for operation: Subnet has a prefix length that is incompatible with DHCP service enabled.",
    ),
    (
        {"cidr": "224.0.0.0/16"},
        400,
        "Invalid input for operation: Multicast IP subnet is not supported if enable_dhcp is True.",
    ),
    (
        {"cidr": "10.1.0.0/24", "gateway_ip": "10.1.0.255"},
        400,
        "Invalid input for operation: Gateway is not valid on subnet.",
    ),
    (
        {"cidr": "10.1.0.0/24", "ipv6_ra_mode": "slaac"},
        400,
        "Invalid input for operation: ipv6_ra_mode is not valid when ip_version is 4.",
    ),
    (
        {"cidr": "10.1.0.0/24", "allocation_pools": [{"start": "10.2.0.1", "end": "10.2.0.9"}]},
        400,
        "The allocation pool 10.2.0.1-10.2.0.9 spans beyond the subnet cidr 10.1.0.0/24.",
    ),
    (
        {
            "cidr": "10.1.0.0/24",
            "allocation_pools": [
                {"start": "10.1.0.2", "end": "10.1.0.9"},
                {"start": "10.1.0.9", "end": "10.1.0.20"},
            ],
        },
        409,
        "Found overlapping allocation pools: 10.1.0.2-10.1.0.9 10.1.0.9-10.1.0.20 for subnet 10.1.0.0/24.",
    ),
    (
        {"cidr": "10.1.0.0/24", "allocation_pools": [{"start": "10.1.0.1", "end": "10.1.0.9"}]},
        409,
        "Gateway ip 10.1.0.1 conflicts with allocation pool 10.1.0.1-10.1.0.9.",
    ),
    ({}, 400, "Bad subnets request: a subnetpool must be specified in the absence of a cidr."),
    (
        {"cidr": "10.1.0.0/24", "dns_nameservers": ["x"]},
        400,
        "Invalid input for dns_nameservers. Reason: 'x' is not a valid nameserver. 'x' is not a valid IP address.",
    ),
]


@pytest.mark.parametrize(("wish", "status", "message"), SUBNETS, ids=[m[:60] for _, _, m in SUBNETS])
def test_subnets(neutron, net, wish, status, message):
    body = {"subnet": {"network_id": net["id"], "ip_version": 4, **wish}}
    found, _, words = neutron.error("POST", "/subnets", body)
    assert (found, words) == (status, message)


def test_slaac_needs_64_bits(neutron, net):
    body = {"network_id": net["id"], "ip_version": 6, "cidr": "fd00::/72", "ipv6_address_mode": "slaac"}
    status, _, words = neutron.error("POST", "/subnets", {"subnet": body})
    assert status == 400
    assert "requires the prefix to be /64" in words


def test_a_subnet_pool_that_is_not_there(neutron, net):
    identity = "5e8a2d5a-3a8b-4d4c-9a63-6a41d4d9e001"
    body = {"network_id": net["id"], "ip_version": 4, "subnetpool_id": identity}
    assert neutron.error("POST", "/subnets", {"subnet": body}) == (
        404,
        "SubnetPoolNotFound",
        f"Subnet pool {identity} could not be found.",
    )


def test_a_subnet_in_use_stays(neutron, net, subnet):
    neutron.post("port", network_id=net["id"])
    assert neutron.error("DELETE", f"/subnets/{subnet['id']}") == (
        409,
        "SubnetInUse",
        f"Unable to complete operation on subnet {subnet['id']}: One or more ports have an IP allocation from this "
        "subnet.",
    )


def test_a_mac_address_is_there_once_in_a_network(neutron, net):
    neutron.post("port", network_id=net["id"], mac_address="fa:16:3e:00:00:01")
    body = {"port": {"network_id": net["id"], "mac_address": "FA:16:3E:00:00:01"}}
    assert neutron.error("POST", "/ports", body) == (
        409,
        "MacAddressInUse",
        f"Unable to complete operation for network {net['id']}. The mac address fa:16:3e:00:00:01 is in use.",
    )


def test_a_full_subnet_has_no_more_addresses(neutron, net):
    pool = [{"start": "10.3.0.10", "end": "10.3.0.12"}]
    neutron.post("subnet", network_id=net["id"], ip_version=4, cidr="10.3.0.0/24", allocation_pools=pool)
    found = {neutron.post("port", network_id=net["id"])["fixed_ips"][0]["ip_address"] for _ in range(2)}
    assert found < {"10.3.0.10", "10.3.0.11", "10.3.0.12"}
    assert neutron.error("POST", "/ports", {"port": {"network_id": net["id"]}}) == (
        409,
        "IpAddressGenerationFailure",
        f"No more IP addresses available on network {net['id']}.",
    )


def test_a_port_with_groups_keeps_port_security(neutron, net):
    port = neutron.post("port", network_id=net["id"])
    status, kind, _ = neutron.error("PUT", f"/ports/{port['id']}", {"port": {"port_security_enabled": False}})
    assert (status, kind) == (409, "PortSecurityPortHasSecurityGroup")
    done = neutron.put("port", port["id"], port_security_enabled=False, security_groups=[])
    assert (done["port_security_enabled"], done["security_groups"]) == (False, [])


def test_a_router_port_is_not_deleted_as_a_port(neutron, net, subnet):
    router = neutron.post("router", name="r")
    port = neutron.act(f"/routers/{router['id']}/add_router_interface", subnet_id=subnet["id"])["port_id"]
    assert neutron.error("DELETE", f"/ports/{port}") == (
        409,
        "ServicePortInUse",
        f"Port {port} cannot be deleted directly via the port API: has device owner network:router_interface.",
    )
    assert neutron.error("PUT", f"/routers/{router['id']}/add_router_interface", {"subnet_id": subnet["id"]}) == (
        400,
        "BadRequest",
        f"Bad router request: Router already has a port on subnet {subnet['id']}.",
    )
    assert neutron.error("PUT", f"/routers/{router['id']}/add_router_interface", {}) == (
        400,
        "BadRequest",
        "Bad router request: Either subnet_id or port_id must be specified.",
    )


def test_subnets_that_overlap_do_not_meet_at_a_router(neutron, subnet):
    other = neutron.post("network", name="other")
    twin = neutron.post("subnet", network_id=other["id"], ip_version=4, cidr="10.0.0.0/25")
    router = neutron.post("router", name="r")
    neutron.act(f"/routers/{router['id']}/add_router_interface", subnet_id=subnet["id"])
    status, _, words = neutron.error("PUT", f"/routers/{router['id']}/add_router_interface", {"subnet_id": twin["id"]})
    assert status == 400
    assert words == (
        f"Bad router request: Cidr 10.0.0.0/25 of subnet {twin['id']} overlaps with cidr 10.0.0.0/24 "
        f"of subnet {subnet['id']}."
    )


def test_routes_lead_to_a_neighbour(neutron, subnet):
    router = neutron.post("router", name="r")
    neutron.act(f"/routers/{router['id']}/add_router_interface", subnet_id=subnet["id"])

    def wrong(hop):
        routes = [{"destination": "10.9.0.0/24", "nexthop": hop}]
        return neutron.error("PUT", f"/routers/{router['id']}", {"router": {"routes": routes}})

    assert wrong("192.0.2.1")[2].endswith("the nexthop is not connected with router")
    assert wrong("10.0.0.1")[2].endswith("the nexthop is used by router")


def test_a_floating_ip_needs_a_router_between(neutron, net, subnet):
    port = neutron.post("port", network_id=net["id"])
    outside = neutron.post("network", **{"name": "out", "router:external": True})
    neutron.post("subnet", network_id=outside["id"], ip_version=4, cidr="203.0.113.0/24")
    body = {"floatingip": {"floating_network_id": outside["id"], "port_id": port["id"]}}
    assert neutron.error("POST", "/floatingips", body) == (
        404,
        "ExternalGatewayForFloatingIPNotFound",
        f"External network {outside['id']} is not reachable from subnet {subnet['id']}.  Therefore, cannot associate "
        f"Port {port['id']} with a Floating IP.",
    )
    body = {"floatingip": {"floating_network_id": net["id"]}}
    assert neutron.error("POST", "/floatingips", body) == (
        400,
        "BadRequest",
        f"Bad floatingip request: Network {net['id']} is not a valid external network.",
    )


def test_quota(neutron, net):
    project = net["project_id"]
    neutron.act(f"/quotas/{project}", quota={"port": 2, "force": True})
    neutron.post("port", network_id=net["id"])
    assert neutron.error("POST", "/ports", {"port": {"network_id": net["id"]}}) == (
        409,
        "OverQuota",
        "Quota exceeded for resources: ['port'].",
    )
    status, _, words = neutron.error("PUT", f"/quotas/{project}", {"quota": {"port": 1}})
    assert (status, words) == (400, "Quota limit 1 for port must be greater than or equal to already used 2")


def test_bulk_is_all_or_nothing(neutron, net):
    before = len(neutron.get("/ports")["ports"])
    wishes = [{"network_id": net["id"]}, {"network_id": net["id"], "fixed_ips": [{"ip_address": "192.0.2.1"}]}]
    assert neutron.error("POST", "/ports", {"ports": wishes})[0] == 400
    assert len(neutron.get("/ports")["ports"]) == before


def test_only_if_nobody_else_changed_it(neutron, net):
    body = {"network": {"name": "a"}}
    headers = {"if-match": f"revision_number={net['revision_number']}"}
    path = f"/networks/{net['id']}"
    assert neutron.ask("PUT", path, body, headers=headers).status == 200
    assert neutron.ask("PUT", path, {"network": {"name": "b"}}, headers=headers).status == 412
