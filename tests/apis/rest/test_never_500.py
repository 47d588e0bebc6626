"""Whatever is sent to any route, the answer is never a 5xx: random bodies, queries and parameters."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brume.apis.identity.service import SERVICE

ROUTES = sorted({(route.method, route.path) for route in SERVICE.router.routes})
NOUNS = sorted({path.split("/")[2].rstrip("s") for _, path in ROUTES if path.count("/") > 1})
NAMES = [
    *NOUNS,
    *("id", "name", "domain_id", "parent_id", "enabled", "options", "tags", "description", "is_domain"),
    *("auth", "identity", "methods", "password", "user", "scope", "domain", "system", "token", "extra", "type"),
    *("blob", "user_id", "project_id", "url", "interface", "service_id", "region_id", "parent_region_id", "roles"),
    *("original_password", "default_project_id", "expires_at", "secret", "unscoped", "application_credential"),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**62, max_value=2**70),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(["default", "password", "token", "admin", "2020-01-01", "public", "http://x", "\x00", "x" * 300]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)),
    max_leaves=12,
)
PLAUSIBLE = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(min_size=1, max_size=70),
        "type": st.text(max_size=5),
        "description": st.one_of(st.none(), st.text(max_size=5)),
        "enabled": st.booleans(),
        "options": st.dictionaries(st.sampled_from(["immutable", "x"]), LEAVES, max_size=2),
        "tags": st.lists(st.text(max_size=3), max_size=3),
        "id": LEAVES,
        "blob": st.text(max_size=3),
        "domain_id": st.sampled_from(["default", None, "x"]),
        "parent_id": st.sampled_from(["default", None, "x"]),
        "parent_region_id": LEAVES,
        "password": LEAVES,
        "default_project_id": LEAVES,
        "extra": VALUES,
        "url": st.sampled_from(["http://x/$(project_id)s", "http://[", "x"]),
    },
)


def bodies(path):
    """Bodies for a path: half of them nearly right."""
    noun = path.split("/")[2].rstrip("s") if path.count("/") > 1 else "x"
    return st.one_of(VALUES, VALUES.map(lambda v: {noun: v}), *[PLAUSIBLE.map(lambda v: {noun: v})] * 2)


REQUESTS = st.sampled_from([*ROUTES, *[r for r in ROUTES if r[0] in ("POST", "PATCH")] * 3]).flatmap(
    lambda route: st.tuples(st.just(route[0]), st.just(route[1]), bodies(route[1]))
)
SEGMENTS = st.sampled_from(["#", "#", "#", "#", "nothing", "%00", "%ff", "x%2Fy", "a" * 300])
""""#" stands for something that exists, of the kind the path wants."""
QUERIES = st.sampled_from(
    [
        "",
        "limit=1",
        "limit=-1",
        "limit=99999999999999999999",
        "limit=0",
        "marker=nothing",
        "marker=nothing&limit=2",
        "sort_key=name&sort_dir=desc",
        "sort_key=extra",
        "sort=name:desc,id",
        "enabled=maybe",
        "enabled=1",
        "name=%ff%00",
        "name",
        "fields=id",
        "page_reverse=True&limit=1",
        "effective&include_names",
        "include_subtree",
        "scope.project.id=default&include_subtree",
        "tags=a,b",
        "domain_id=",
    ]
)


KINDS = ("projects", "domains", "users", "groups", "roles", "services", "endpoints", "credentials", "regions")


@pytest.fixture
def existing(client, admin):
    """A function that makes one of a kind, or answers the one made before if it is still there."""
    values = {
        "services": {"type": "t"},
        "credentials": {"type": "cert", "blob": "b"},
        "regions": {},
        "endpoints": {"interface": "public", "url": "http://x"},
    }
    made: dict[str, str] = {}

    def find(kind):
        if kind not in KINDS:
            return "default"
        if kind not in made or client.get(f"/identity/v3/{kind}/{made[kind]}", admin).status != 200:
            given = {**values.get(kind, {"name": f"n{len(made)}{client.now}"})}
            if kind == "endpoints":
                given["service_id"] = find("services")
            answer = client.post(f"/identity/v3/{kind}", {kind[:-1]: given}, admin)
            made[kind] = answer.json()[kind[:-1]]["id"]
        return made[kind]

    return find


def fill(path, segments, existing):
    """The path with its parameters replaced."""
    parts = path.split("/")
    for index, part in enumerate(parts):
        if part.startswith("{"):
            wanted = segments[index % len(segments)]
            parts[index] = existing(parts[index - 1]) if wanted == "#" else wanted
    return "/".join(parts)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=REQUESTS, segments=st.lists(SEGMENTS, min_size=4, max_size=4), query=QUERIES)
def test_random_requests(client, admin, existing, request, segments, query):
    method, path, body = request
    path = fill(path, segments, existing)
    answer = client.request(method, f"/identity{path}?{query}", body, token=admin)
    assert answer.status < 500, (method, path, query, body, answer.body)
    if answer.status >= 400:
        error = answer.json()["error"]
        assert error["code"] == answer.status
        assert error["message"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=60))
def test_random_bytes(client, admin, raw):
    for path in ("/identity/v3/projects", "/identity/v3/auth/tokens"):
        answer = client.request("POST", path, raw=raw, token=admin)
        assert answer.status == 400, (raw, answer.body)


def test_deep_and_large_bodies(client, admin):
    path = "/identity/v3/projects"
    assert client.request("POST", path, raw=b"[" * 100_000, token=admin).status == 400
    assert client.request("POST", path, raw=b'{"a":' * 10_000, token=admin).status == 400
    assert client.request("POST", path, raw=b" " * (1 << 21), token=admin).status == 413
    headers = {"content-length": "4"}
    assert client.request("POST", path, raw=b'{"project"', token=admin, headers=headers).status in (400, 413)
    lone = b'{"project": {"name": "\\ud800"}}'
    assert client.request("POST", path, raw=lone, token=admin).status in (400, 201)
