"""The machinery by itself: routes, microversions, errors in five dialects, streams, lists."""

import json
from typing import Annotated

import pytest

from brume.apis.rest.collection import Collection
from brume.apis.rest.messages import Response
from brume.apis.rest.routes import Route, Router
from brume.apis.rest.service import Microversions, Service
from brume.apis.rest.styles import GlanceStyle, KeystoneStyle, NeutronStyle, NovaStyle, PlacementStyle
from brume.cloud.errors import Conflict, MethodNotAllowed, NotFound
from brume.cloud.identity.resources import Project
from brume.cloud.policy import Policy
from brume.cloud.resource import Attribute, Resource, resource


def answer(text):
    return lambda request: {"answer": text, **request.parameters}


ROUTER = Router(
    [
        Route("GET", "/", answer("root")),
        Route("GET", "/things", answer("list")),
        Route("POST", "/things", answer("make")),
        Route("GET", "/things/detail", answer("detail")),
        Route("GET", "/things/{id}", answer("show")),
        Route("GET", "/things/{id}/parts/{part}", answer("part")),
        Route("GET", "/new", answer("old"), until="2.4"),
        Route("GET", "/new", answer("new"), since="2.5"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "version", "found"),
    [
        ("GET", "", None, {"answer": "root"}),
        ("GET", "/things/", None, {"answer": "list"}),
        ("HEAD", "/things", None, {"answer": "list"}),
        ("GET", "/things/detail", None, {"answer": "detail"}),
        ("GET", "/things/a%2Fb", None, {"answer": "show", "id": "a/b"}),
        ("GET", "/things/detail/parts/p", None, {"answer": "part", "id": "detail", "part": "p"}),
        ("GET", "/new", (2, 1), {"answer": "old"}),
        ("GET", "/new", (2, 90), {"answer": "new"}),
        ("GET", "/thing", None, NotFound),
        ("GET", "/things/x/parts", None, NotFound),
        ("DELETE", "/things", None, MethodNotAllowed),
    ],
)
def test_routes(method, path, version, found):
    if isinstance(found, type):
        with pytest.raises(found):
            ROUTER.find(method, path, version)
        return
    route, parameters = ROUTER.find(method, path, version)
    assert route.handler(type("Request", (), {"parameters": parameters})) == found


def test_one_method_and_path_has_one_route():
    with pytest.raises(ValueError, match="two routes"):
        Router([Route("GET", "/a/{x}", answer("")), Route("GET", "/a/{y}", answer(""))])


class ThingInUse(Conflict):
    template = "Thing {thing} is in use."


def fail(request):
    raise ThingInUse(thing=request.parameters["id"])


def crash(request):
    request.session.insert(Project(id="half", name="half-written"))
    raise ZeroDivisionError


async def upload(request):
    size = 0
    async for part in request.chunks(limit=100):
        size += len(part)

    async def parts():
        yield b"%d" % size
        yield b" bytes"

    return Response(200, stream=parts(), content_type="application/octet-stream")


@resource("gizmo", "gizmos", stored=False)
class Gizmo(Resource, frozen=True, kw_only=True):
    id: Annotated[str, Attribute(create=False, update=False)] = ""
    size: Annotated[int, Attribute(required=True)]
    color: Annotated[str, Attribute(update=False)] = "red"
    late: Annotated[int, Attribute(since="2.5")] = 0


GIZMOS = Collection(
    kind=Gizmo,
    path="/gizmos",
    rules="{}_{}",
    load=lambda session, identity: Gizmo(id=identity, size=1),
    create=lambda context, session, values: Gizmo(id=context.new_id(), **values),
    update=lambda context, session, row, values: Gizmo(id=row.id, **{"size": row.size, **values}),
)
RULES = {"create_gizmo": "@", "create_gizmo:color": "role:admin", "get_gizmo": "@", "update_gizmo": "@"}
ROUTES = [
    Route("DELETE", "/things/{id}", fail),
    Route("POST", "/crash", crash),
    Route("PUT", "/upload", upload, writes=False, stream=True),
    Route("GET", "/denied", answer("no"), rule="nobody"),
    *GIZMOS.routes(),
]
VERSIONS = Microversions(
    service_type="compute",
    minimum=(2, 1),
    maximum=(2, 96),
    legacy_header="X-OpenStack-Nova-API-Version",
)


def service(style, microversions=None):
    return Service(
        name="toys",
        mount="/toys",
        title="Toys",
        style=style,
        policy=Policy(RULES),
        router=Router(ROUTES),
        microversions=microversions,
    )


@pytest.fixture
def toys(make_client):
    """A client of a cloud with a service of toys beside identity, in a given style; and two tokens."""
    from brume.apis.identity.service import SERVICE

    def make(style, microversions=None):
        client = make_client(SERVICE, service(style, microversions))
        return client, client.login("admin", scope="admin"), client.login("demo", scope="demo")

    return make


@pytest.mark.parametrize(
    ("style", "conflict", "unknown", "crashed"),
    [
        (
            KeystoneStyle(),
            {"error": {"code": 409, "title": "Conflict", "message": "Thing 7 is in use."}},
            lambda body: body["error"]["code"] == 404,
            lambda body: body["error"]["code"] == 500,
        ),
        (
            NeutronStyle(),
            {"NeutronError": {"type": "ThingInUse", "message": "Thing 7 is in use.", "detail": ""}},
            lambda body: body["NeutronError"]["type"] == "HTTPNotFound",
            lambda body: body["NeutronError"]["type"] == "HTTPInternalServerError",
        ),
        (
            NovaStyle(),
            {"conflictingRequest": {"code": 409, "message": "Thing 7 is in use."}},
            lambda body: body["itemNotFound"]["code"] == 404,
            lambda body: body["computeFault"]["code"] == 500,
        ),
        (
            GlanceStyle(),
            {"message": "Thing 7 is in use.", "code": "409 Conflict", "title": "Conflict"},
            lambda body: body["code"] == "404 Not Found",
            lambda body: body["title"] == "Internal Server Error",
        ),
    ],
    ids=["keystone", "neutron", "nova", "glance"],
)
def test_errors_in_each_dialect(toys, style, conflict, unknown, crashed, caplog):
    client, admin, _ = toys(style)
    accept = {"accept": "application/json"}
    told = client.delete("/toys/things/7", admin, headers=accept)
    assert (told.status, told.json()) == (409, conflict)
    assert unknown(client.get("/toys/nothing", admin, headers=accept).json())
    answer = client.post("/toys/crash", {}, admin, headers=accept)
    assert answer.status == 500
    assert crashed(answer.json())
    assert b"ZeroDivision" not in answer.body
    assert answer.headers["x-openstack-request-id"] in caplog.text
    assert admin not in caplog.text
    with client.cloud.store.read() as session:
        assert session.get(Project, "half") is None


def test_placements_dialect(toys):
    client, admin, _ = toys(PlacementStyle())
    answer = client.delete("/toys/things/7", admin)
    (error,) = answer.json()["errors"]
    assert error["status"] == 409
    assert error["request_id"] == answer.headers["x-openstack-request-id"]


def test_glances_page_is_safe(toys):
    client, admin, _ = toys(GlanceStyle())
    answer = client.delete("/toys/things/%3Cscript%3E", admin)
    assert answer.headers["content-type"].startswith("text/html")
    assert b"<script>" not in answer.body


def test_without_a_token_nothing_is_told(toys):
    client, admin, _ = toys(NeutronStyle())
    for path in ("/toys/things/7", "/toys/nothing"):
        answer = client.delete(path)
        assert answer.status == 401
        assert answer.json()["error"]["title"] == "Unauthorized"
    assert client.delete("/toys/things/7", "rubbish").status == 401
    assert client.delete("/toys/things/7", admin[:-2] + "AA").status == 401


def test_methods_rules_and_the_outside(toys):
    client, admin, _ = toys(NovaStyle())
    wrong = client.get("/toys/crash", admin)
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    denied = client.get("/toys/denied", admin)
    assert denied.json() == {"forbidden": {"code": 403, "message": "Policy doesn't allow nobody to be performed."}}
    assert client.get("/nowhere").status == 404
    assert b'href="/toys"' in client.get("/").body


@pytest.mark.parametrize(
    ("headers", "status", "version"),
    [
        ({}, 404, "2.1"),
        ({"openstack-api-version": "compute 2.53"}, 404, "2.53"),
        ({"openstack-api-version": "volume 3.1, compute latest"}, 404, "2.96"),
        ({"x-openstack-nova-api-version": "2.10"}, 404, "2.10"),
        ({"openstack-api-version": "compute 2.97"}, 406, "2.1"),
        ({"openstack-api-version": "compute two"}, 400, "2.1"),
    ],
)
def test_microversions(toys, headers, status, version):
    client, admin, _ = toys(NovaStyle(), VERSIONS)
    answer = client.get("/toys/nothing", admin, headers=headers)
    assert answer.status == status
    assert answer.headers["openstack-api-version"] == f"compute {version}"
    assert answer.headers["x-openstack-nova-api-version"] == version
    assert "OpenStack-API-Version" in answer.headers["vary"]


def test_streams_go_both_ways(toys):
    client, admin, _ = toys(GlanceStyle())
    answer = client.request("PUT", "/toys/upload", raw=b"x" * 99, token=admin)
    assert (answer.status, answer.body) == (200, b"99 bytes")
    assert client.request("PUT", "/toys/upload", raw=b"x" * 101, token=admin).status == 413


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"x": {}}, "Unable to find 'gizmo' in request body"),
        ({"gizmo": {}}, "Failed to parse request. Required attribute 'size' not specified"),
        ({"gizmo": {"size": 1, "bogus": 1}}, "Unrecognized attribute(s) 'bogus'"),
        ({"gizmo": {"size": 1, "id": "x"}}, "Attribute 'id' not allowed in POST"),
        ({"gizmo": {"size": "big"}}, "Invalid input for size. Reason: Expected `int`, got `str`."),
    ],
)
def test_validation_from_the_declaration(toys, body, message):
    client, admin, _ = toys(NeutronStyle())
    answer = client.post("/toys/gizmos", body, admin)
    assert answer.status == 400
    assert answer.json()["NeutronError"] == {"type": "HTTPBadRequest", "message": message, "detail": ""}


def test_a_text_with_the_character_zero_is_refused(toys):
    client, admin, _ = toys(NeutronStyle())
    for body in ({"gizmo": {"size": 1, "name": "a\0b"}}, {"gizmo": {"a\0b": [1]}}, {"gizmo": [[{"x": "a\0b"}]]}):
        answer = client.post("/toys/gizmos", body, admin)
        assert answer.status == 400
        assert "'a\\x00b' has the character U+0000" in answer.json()["NeutronError"]["message"]
    written = client.post("/toys/gizmos", {"gizmo": {"size": "\\u0000"}}, admin)
    assert "Invalid input for size" in written.json()["NeutronError"]["message"]  # a backslash, a u and four zeros


def test_attributes_have_their_own_policy_and_microversion(toys):
    client, admin, demo = toys(NeutronStyle(), VERSIONS)
    assert client.post("/toys/gizmos", {"gizmo": {"size": 1}}, demo).status == 201
    colored = {"gizmo": {"size": 1, "color": "blue"}}
    assert client.post("/toys/gizmos", colored, demo).status == 403
    assert client.post("/toys/gizmos", colored, admin).json()["gizmo"]["color"] == "blue"
    late = {"gizmo": {"size": 1, "late": 2}}
    assert client.post("/toys/gizmos", late, admin).status == 400
    new = {"openstack-api-version": "compute 2.5"}
    assert client.post("/toys/gizmos", late, admin, headers=new).json()["gizmo"]["late"] == 2
    assert "late" not in client.get("/toys/gizmos/g", admin).json()["gizmo"]
    assert client.get("/toys/gizmos/g?fields=size", admin).json() == {"gizmo": {"size": 1}}
    assert client.put("/toys/gizmos/g", {"gizmo": {"color": "x"}}, admin).status == 400


def test_answers_are_json_with_a_length(toys):
    client, admin, _ = toys(NeutronStyle())
    answer = client.get("/toys/gizmos/g", admin)
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.body) == len(json.dumps(answer.json()).replace(" ", ""))
    head = client.request("HEAD", "/toys/gizmos/g", token=admin)
    assert (head.body, head.headers["content-length"]) == (b"", answer.headers["content-length"])
