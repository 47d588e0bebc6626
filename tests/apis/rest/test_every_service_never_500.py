"""Every route of every service, with random bodies: never a 5xx but a 501 or 503 that says why."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brume.apis.compute.actions import Consoles
from brume.apis.rest.application import Application
from brume.apis.services import services
from brume.cloud.image.files import ImageFiles
from brume.cloud.network.settings import NetworkSettings

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-5, max_value=5),
    st.integers(min_value=2**62, max_value=2**70),
    st.floats(allow_nan=False),
    st.text(max_size=6),
    st.sampled_from(["10.0.0.0/24", "10.0.0.5", "fd00::/64", "fa:16:3e:00:00:01", "tcp", "public", "\x00", "x" * 300]),
)


def values(names):
    return st.recursive(
        LEAVES,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(names), inner, max_size=4)
        ),
        max_leaves=8,
    )


@pytest.fixture
def everything(make_client):
    """A client of a cloud with every service, an administrator's token, and the services."""
    client = make_client()
    client.cloud.provide(NetworkSettings())
    client.cloud.provide(ImageFiles(client.cloud.directory / "images"))
    client.cloud.provide(Consoles(lambda server_id: []))
    found = services(client.cloud)
    client.app = Application(client.cloud, found, client.app._authenticate, clock=client.clock)
    return client, client.login("admin", scope="admin"), found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_requests_to_every_service(everything, data):
    client, admin, found = everything
    service = data.draw(st.sampled_from(found))
    route = data.draw(st.sampled_from(service.router.routes))
    nouns = sorted({part for part in route.path.split("/") if part and "{" not in part})
    nouns += [noun.rstrip("s").replace("-", "_") for noun in nouns]
    names = sorted({*nouns, *_attributes(nouns), "name", "id"})
    body = data.draw(values(names))
    if data.draw(st.booleans()):
        singular = data.draw(st.sampled_from([*nouns, "x"]))
        body = {singular: data.draw(st.dictionaries(st.sampled_from(names), values(names), max_size=5))}
    segments = st.sampled_from(["nothing", "8a2d8f6e-7a4c-4d65-8c3f-3f1e6d3a2b1c", "%00", "x" * 300, "default"])
    path = "/".join(data.draw(segments) if part.startswith("{") else part for part in route.path.split("/"))
    query = data.draw(st.sampled_from(["", "?limit=1", "?name=x&fields=id", "?limit=x", "?marker=x", "?sort_key=id"]))
    answer = client.request(route.method, f"{service.mount}{path}{query}", body, token=admin)
    assert answer.status < 500 or answer.status in (501, 503), (service.name, route.method, path, body, answer.body)


def _attributes(nouns):
    """The attributes of what the path names."""
    from brume.cloud.resource import REGISTRY

    for declaration in REGISTRY.values():
        if {declaration.name, declaration.collection} & set(nouns):
            yield from declaration.by_wire


@pytest.fixture
def parts(everything):
    """Things that exist, by noun, and nearly right requests to make more of them."""
    client, admin, _ = everything

    def make(path, noun, **given):
        return client.post(path, {noun: given}, admin).json()[noun]["id"]

    v2 = "/network/v2.0"
    network = make(f"{v2}/networks", "network", name="n")
    subnet = make(f"{v2}/subnets", "subnet", network_id=network, cidr="10.0.0.0/24", ip_version=4)
    router = make(f"{v2}/routers", "router", name="r")
    group = make(f"{v2}/security-groups", "security_group", name="g")
    port = make(f"{v2}/ports", "port", network_id=network)
    flavor = client.post("/compute/v2.1/flavors", {"flavor": {"name": "f", "vcpus": 1, "ram": 64, "disk": 1}}, admin)
    ids = [network, subnet, router, group, port, flavor.json()["flavor"]["id"]]
    requests = [
        (f"{v2}/networks", "network", {"name": "a"}),
        (f"{v2}/subnets", "subnet", {"network_id": network, "cidr": "10.1.0.0/24", "ip_version": 4}),
        (f"{v2}/ports", "port", {"network_id": network, "fixed_ips": [{"subnet_id": subnet}]}),
        (f"{v2}/routers", "router", {"name": "a", "external_gateway_info": {"network_id": network}}),
        (f"{v2}/security-groups", "security_group", {"name": "a"}),
        (
            f"{v2}/security-group-rules",
            "security_group_rule",
            {"security_group_id": group, "direction": "ingress", "protocol": "tcp", "port_range_min": 1},
        ),
        (f"{v2}/floatingips", "floatingip", {"floating_network_id": network, "port_id": port}),
        ("/compute/v2.1/flavors", "flavor", {"name": "b", "vcpus": 1, "ram": 64, "disk": 1}),
        ("/compute/v2.1/os-keypairs", "keypair", {"name": "k"}),
        (
            "/compute/v2.1/servers",
            "server",
            {"name": "s", "flavorRef": ids[5], "imageRef": "", "networks": [{"uuid": network}]},
        ),
        ("/image/v2/images", None, {"name": "i", "disk_format": "raw", "container_format": "bare"}),
        (f"{v2}/routers/{router}/add_router_interface", None, {"subnet_id": subnet}),
        (f"{v2}/routers/{router}/remove_router_interface", None, {"subnet_id": subnet}),
    ]
    return ids, requests


TEXTS = ["", "a", "10.0.0.9", "10.0.0.0/24", "fd00::9", "fa:16:3e:00:00:07", "tcp", "IPv4", "egress", "slaac", "0"]
LISTS = [
    [],
    ["10.0.0.9"],
    [{"ip_address": "10.0.0.9"}],
    [{"ip_address": "fd00::9", "mac_address": "fa:16:3e:00:00:07"}],
    [{"opt_name": "mtu", "opt_value": "9000"}],
    [{"destination": "10.9.0.0/24", "nexthop": "10.0.0.9"}],
    [{"start": "10.0.0.9", "end": "10.0.0.3"}],
    [{}],
]


def plausible(field, ids, names):
    """Values of the kind the attribute takes, mostly."""
    anything = values(names)
    if field is None:
        return st.one_of(st.sampled_from([*ids, *TEXTS]), anything)
    if field.type is bool:
        return st.one_of(st.booleans(), st.sampled_from(["true", "no", None]))
    if field.type is int:
        return st.one_of(st.integers(-1, 70000), st.sampled_from(["7", None, 2**63]))
    if field.type is str:
        return st.one_of(st.sampled_from([*ids, *TEXTS]), st.text(max_size=5), st.none())
    lists = [*LISTS, *([identity] for identity in ids), *([{"subnet_id": identity}] for identity in ids)]
    return st.one_of(st.sampled_from([*lists, {}, {"network_id": ids[0]}]), anything)


def _writable(path, noun):
    """The fields of a noun that a request may set."""
    from brume.cloud.resource import REGISTRY

    collection = path.rsplit("/", 1)[-1].replace("-", "_")
    for declaration in REGISTRY.values():
        if declaration.name == noun or declaration.collection == collection:
            yield from (f for f in declaration.fields if f.attribute is not None and f.attribute.create)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nearly_right_requests(everything, parts, data):
    client, admin, _ = everything
    ids, requests = parts
    path, noun, base = data.draw(st.sampled_from(requests))
    fields = {field.wire: field for field in _writable(path, noun)}
    names = sorted({*base, *fields})
    changes = {}
    for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3)):
        changes[name] = data.draw(plausible(fields.get(name), ids, names))
    body = {**base, **changes}
    if data.draw(st.integers(0, 5)) == 0:
        body.pop(data.draw(st.sampled_from(sorted(base))), None)
    method = "PUT" if "router_interface" in path else "POST"
    answer = client.request(method, path, {noun: body} if noun else body, token=admin)
    assert answer.status < 500 or answer.status in (501, 503), (method, path, body, answer.body)
    if answer.status == 201 and noun and "id" in (made := answer.json()[noun]):
        again = client.put(f"{path}/{made['id']}", {noun: changes}, admin)
        assert again.status < 500 or again.status in (501, 503), (path, changes, again.body)
