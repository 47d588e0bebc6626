"""Every request that makes or changes something, valid but for one odd value: refused or taken, never a 5xx."""

import copy

import pytest

ODD = [None, True, -1, 0, 2**70, 1.5, "", " ", "x", "\x00", "é" * 300, [], [None], ["x"], {}, {"a": None}, {"": ""}]
UUID = "6c7f6bf6-5f0d-4d3e-8d8e-1f6a0c1f1d11"


def leaves(value, path=()):
    """The path of every value in a JSON document, itself included."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from leaves(inner, (*path, key))


def with_value(document, path, value):
    """The document with the value at a path exchanged."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


SERVER = {
    "name": "vm",
    "flavorRef": "1",
    "imageRef": UUID,
    "networks": [{"uuid": UUID, "fixed_ip": "10.0.1.9", "tag": "nic"}, {"port": UUID}],
    "metadata": {"a": "b"},
    "tags": ["blue"],
    "description": "words",
    "hostname": "vm.example",
    "user_data": "aGVsbG8=",
    "config_drive": True,
    "accessIPv4": "192.0.2.1",
    "accessIPv6": "2001:db8::1",
    "availability_zone": "nova",
    "host": "compute1",
    "hypervisor_hostname": "compute1",
    "key_name": "mine",
    "security_groups": [{"name": "default"}],
    "min_count": 1,
    "max_count": "1",
    "OS-DCF:diskConfig": "AUTO",
    "adminPass": "secret",
    "return_reservation_id": False,
    "trusted_image_certificates": None,
    "block_device_mapping_v2": [{"source_type": "image", "destination_type": "local", "boot_index": 0, "uuid": UUID}],
}
FLAVOR = {
    "name": "f",
    "id": "f1",
    "ram": 64,
    "vcpus": 1,
    "disk": 1,
    "swap": 1,
    "OS-FLV-EXT-DATA:ephemeral": 1,
    "rxtx_factor": 1.0,
    "os-flavor-access:is_public": True,
    "description": "words",
}
ACTIONS = {
    "os-start": None,
    "os-stop": None,
    "reboot": {"type": "SOFT"},
    "lock": {"locked_reason": "why"},
    "unlock": None,
    "os-resetState": {"state": "active"},
    "addFloatingIp": {"address": "203.0.113.9", "fixed_address": "10.0.1.5"},
    "removeFloatingIp": {"address": "203.0.113.9"},
    "addFixedIp": {"networkId": UUID},
    "removeFixedIp": {"address": "10.0.1.5"},
    "addSecurityGroup": {"name": "default"},
    "removeSecurityGroup": {"name": "default"},
    "os-getConsoleOutput": {"length": 5},
    "pause": None,
    "resize": {"flavorRef": "2"},
}
REQUESTS = [
    (
        "POST",
        "/servers",
        {"server": SERVER, "os:scheduler_hints": {"same_host": [UUID], "different_host": UUID}},
        "2.96",
    ),
    ("POST", "/servers", {"server": {"name": "vm", "flavorRef": "1", "imageRef": UUID, "networks": []}}, "2.1"),
    ("PUT", "/servers/{server}", {"server": {k: SERVER[k] for k in ("name", "accessIPv4", "hostname")}}, "2.96"),
    *(("POST", "/servers/{server}/action", {name: given}, "2.43") for name, given in ACTIONS.items()),
    ("POST", "/servers/{server}/metadata", {"metadata": {"a": "b"}}, "2.96"),
    ("PUT", "/servers/{server}/metadata", {"metadata": {"a": "b"}}, "2.96"),
    ("PUT", "/servers/{server}/metadata/a", {"meta": {"a": "b"}}, "2.96"),
    ("PUT", "/servers/{server}/tags", {"tags": ["a", "b"]}, "2.96"),
    (
        "POST",
        "/servers/{server}/os-interface",
        {"interfaceAttachment": {"net_id": UUID, "fixed_ips": [{"ip_address": "10.0.1.7"}], "tag": "x"}},
        "2.96",
    ),
    ("POST", "/flavors", {"flavor": FLAVOR}, "2.96"),
    ("PUT", "/flavors/2", {"flavor": {"description": "words"}}, "2.96"),
    ("POST", "/flavors/2/action", {"addTenantAccess": {"tenant": "p"}}, "2.96"),
    ("POST", "/flavors/2/os-extra_specs", {"extra_specs": {"a": "b"}}, "2.96"),
    ("PUT", "/flavors/2/os-extra_specs/a", {"a": "b"}, "2.96"),
    (
        "POST",
        "/os-keypairs",
        {"keypair": {"name": "k", "type": "ssh", "user_id": "u", "public_key": "ssh-rsa A"}},
        "2.92",
    ),
    ("POST", "/os-keypairs", {"keypair": {"name": "k"}}, "2.1"),
    ("PUT", "/os-services/{node}", {"status": "disabled", "disabled_reason": "why", "forced_down": False}, "2.96"),
    ("PUT", "/os-services/disable-log-reason", {"host": "h", "binary": "nova-compute", "disabled_reason": "y"}, "2.1"),
    ("PUT", "/os-services/force-down", {"host": "h", "binary": "nova-compute", "forced_down": True}, "2.11"),
    ("PUT", "/os-quota-sets/{project}", {"quota_set": {"cores": 9, "ram": "9", "force": True}}, "2.96"),
    ("PUT", "/os-quota-class-sets/default", {"quota_class_set": {"cores": 9}}, "2.96"),
]


@pytest.mark.parametrize(("method", "path", "body", "version"), REQUESTS, ids=lambda value: str(value)[:40])
def test_one_odd_value(admin_nova, method, path, body, version):
    admin_nova.make_network()
    server = admin_nova.make_server().json()["server"]["id"]
    admin_nova.report_started(server)
    image = admin_nova.show(server)["image"]["id"]
    node = admin_nova.ask("GET", "/os-services").json()["services"][0]["id"]
    project = admin_nova.show(server)["tenant_id"]
    path = path.format(server=server, node=node, project=project)
    if "server" in body and "imageRef" in body["server"]:
        body = with_value(body, ("server", "imageRef"), image)
    for place in leaves(body):
        for odd in ODD:
            answer = admin_nova.ask(method, path, with_value(body, place, odd), version=version)
            assert answer.status < 500 or answer.status == 501, (place, odd, answer.json())
            if answer.status >= 400:
                (error,) = answer.json().values()
                assert error["message"]


FILTERS = ["name", "status", "ip", "ip6", "changes-since", "changes-before", "locked", "limit", "marker", "sort_key"]
FILTERS += ["sort_dir", "tags", "not-tags-any", "flavor", "image", "all_tenants", "deleted", "power_state", "host"]
ODD_TEXTS = [
    "",
    "x",
    "-1",
    "0",
    "9" * 30,
    "(",
    "[a-",
    "%00",
    "2020",
    "2020-01-01T00:00:00Z",
    "_x",
    "%C3%A9",
    "a,b",
    "null",
]
LISTS = ["/servers/detail", "/flavors/detail", "/os-keypairs", "/os-hypervisors/detail", "/os-services", "/limits"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("version", ["2.1", "2.74", "2.96"])
def test_odd_filters(admin_nova, path, version):
    for name in (*FILTERS, "hypervisor_hostname_pattern", "with_servers", "is_public", "minRam", "user_id", "_x"):
        for text in ODD_TEXTS:
            answer = admin_nova.ask("GET", f"{path}?{name}={text}", version=version)
            assert answer.status < 500, (name, text, answer.json())
