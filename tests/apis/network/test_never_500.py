"""Whatever is sent, the answer is a Neutron answer: never 500, and a refused request leaves nothing behind."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brume.cloud.network.resources import (
    FloatingIp,
    IpAllocation,
    Network,
    Port,
    PortSecurityGroup,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    SegmentAllocation,
    Subnet,
)

KINDS = (Network, Subnet, Port, Router, SecurityGroup, SecurityGroupRule, FloatingIp)
TABLES = (*KINDS, IpAllocation, PortSecurityGroup, SegmentAllocation)
UUID = "5e8a2d5a-3a8b-4d4c-9a63-6a41d4d9e001"

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 70000),
    st.sampled_from(
        [
            "",
            "x",
            "10.0.0.0/24",
            "10.0.0.5",
            "fd00::/64",
            "fd00::5",
            "::",
            "0.0.0.0/0",
            "fa:16:3e:00:00:01",
            UUID,
            "tcp",
            "ingress",
            "IPv6",
            "slaac",
            "flat",
            "vlan",
            "physnet1",
            "a" * 300,
            "\x00",
            "ü",
        ]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "subnet_id",
                    "ip_address",
                    "mac_address",
                    "start",
                    "end",
                    "destination",
                    "nexthop",
                    "network_id",
                    "opt_name",
                    "opt_value",
                    "enable_snat",
                    "external_fixed_ips",
                    "x",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


def bodies(kind):
    wires = [field.wire for field in kind.DECLARATION.fields if field.attribute is not None]
    return st.dictionaries(st.sampled_from([*wires, "tenant_id", "bogus"]), values, max_size=4)


requests = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), bodies(kind)))


def contents(cloud):
    with cloud.cloud.store.read() as session:
        return {kind: set(map(repr, session.find(kind))) for kind in TABLES}


def prepared(neutron):
    """A little world in which most names mean something."""
    network = neutron.post("network", name="net")
    subnet = neutron.post("subnet", network_id=network["id"], ip_version=4, cidr="10.0.0.0/24")
    group = neutron.post("security_group", name="web")
    rule = neutron.post("security_group_rule", security_group_id=group["id"], direction="ingress")
    port = neutron.post("port", network_id=network["id"])
    router = neutron.post("router", name="r")
    outside = neutron.post("network", **{"name": "out", "router:external": True})
    neutron.post("subnet", network_id=outside["id"], ip_version=4, cidr="203.0.113.0/24")
    floating = neutron.post("floatingip", floating_network_id=outside["id"])
    rows = {
        Network: network,
        Subnet: subnet,
        Port: port,
        Router: router,
        SecurityGroup: group,
        SecurityGroupRule: rule,
        FloatingIp: floating,
    }
    required = {
        Network: {},
        Router: {},
        SecurityGroup: {},
        Subnet: {"network_id": network["id"], "ip_version": 4, "cidr": "10.9.0.0/24"},
        Port: {"network_id": network["id"]},
        SecurityGroupRule: {"security_group_id": group["id"], "direction": "ingress"},
        FloatingIp: {"floating_network_id": outside["id"]},
    }
    return rows, required


def path_of(kind):
    return "/" + {"SecurityGroup": "security-groups", "SecurityGroupRule": "security-group-rules"}.get(
        kind.__name__, kind.DECLARATION.collection
    )


CHECKED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_no_request_makes_the_service_fail(cloud, neutron):
    rows, required = prepared(neutron)

    @CHECKED
    @given(requests, st.booleans())
    def attempt(wish, complete):
        kind, body = wish
        name = kind.DECLARATION.name
        before = contents(cloud)
        given_body = {**body, **(required[kind] if complete else {})}
        answer = neutron.ask("POST", path_of(kind), {name: given_body})
        assert answer.status in (201, 400, 403, 404, 409, 501, 503), (answer.status, given_body)
        if answer.status != 201:
            assert contents(cloud) == before
            assert answer.json()["NeutronError"]["message"]
        answer = neutron.ask("PUT", f"{path_of(kind)}/{rows[kind]['id']}", {name: body})
        assert answer.status in (200, 400, 403, 404, 409), (answer.status, body)

    attempt()


def test_no_query_makes_the_service_fail(neutron):
    prepared(neutron)
    names = st.sampled_from(
        [
            "id",
            "name",
            "limit",
            "marker",
            "sort_key",
            "sort_dir",
            "page_reverse",
            "fields",
            "tags",
            "not-tags-any",
            "fixed_ips",
            "admin_state_up",
            "revision_number",
            "mtu",
            "shared",
            "security_groups",
            "bogus",
            "sort",
        ]
    )
    texts = st.sampled_from(["", "1", "0", "-1", "id", "name", "x", "true", UUID, "ip_address=10.0.0.1", "name:desc"])

    @CHECKED
    @given(st.sampled_from(KINDS), st.lists(st.tuples(names, texts), max_size=3))
    def attempt(kind, query):
        text = "&".join(f"{name}={value}" for name, value in query)
        assert neutron.ask("GET", f"{path_of(kind)}?{text}").status in (200, 400)

    attempt()


ODD = [
    ("GET", "/agents?alive=x", None),
    ("GET", "/networks?mtu=99999999999999999999999", None),
    ("GET", "/networks?limit=99999999999999999999999", None),
    ("PUT", "/networks/{network}/tags", []),
    ("PUT", "/networks/{network}/tags", {"tags": "x"}),
    ("PUT", "/networks/{network}/tags", {"tags": [1]}),
    ("PUT", "/quotas/x", {"quota": {"port": None}}),
    ("PUT", "/quotas/x", {"quota": {"port": 1 << 80}}),
    ("PUT", "/quotas/x", []),
    ("PUT", "/routers/{router}/add_router_interface", []),
    ("PUT", "/routers/{router}/add_router_interface", {"subnet_id": 5}),
    ("PUT", "/routers/{router}/remove_router_interface", {"port_id": UUID}),
    ("PUT", "/routers/{router}/add_extraroutes", {"router": {"routes": "x"}}),
    ("PUT", "/routers/{router}/add_extraroutes", {"router": 5}),
    ("POST", "/networks", []),
    ("POST", "/networks", {"networks": []}),
    ("POST", "/networks", {"networks": [1]}),
    ("POST", "/networks", {"network": {"provider:network_type": "vlan", "provider:segmentation_id": 1 << 80}}),
    ("PUT", "/agents/none", {"agent": {"admin_state_up": False}}),
    ("GET", "/quotas/x/nothing", None),
]


def test_odd_requests_are_refused(neutron):
    rows, _ = prepared(neutron)
    for method, path, body in ODD:
        path = path.format(network=rows[Network]["id"], router=rows[Router]["id"])
        assert neutron.ask(method, path, body).status in (400, 404), (method, path, body)
    for text in (b"", b"{", b"null", b"\xff", b'{"network": {"name": "\\ud800"}}'):
        assert neutron.ask("POST", "/networks", raw=text).status == 400, text
