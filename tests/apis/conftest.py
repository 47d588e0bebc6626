"""A cloud in a temporary directory, and a client that speaks ASGI to it without a socket."""

import asyncio
import json
from typing import Any, NamedTuple

import pytest

from brume.apis.identity.authentication import authenticate
from brume.apis.identity.service import SERVICE
from brume.apis.rest.application import Application
from brume.cloud.cloud import open_cloud
from brume.cloud.identity.bootstrap import bootstrap

PASSWORDS = {"admin": "an-admin's-secret", "demo": "a-player's-secret"}
START = 1_800_000_000.0


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Talks to an ASGI application; `now` is the application's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = START
        self.app: Any = None
        self.cloud: Any = None

    def clock(self) -> float:
        self.now += 0.001
        return self.now

    def request(self, method, path, body=None, *, token=None, headers=None, raw=None) -> Answer:
        octets = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        fields = {"host": "cloud.test", "content-length": str(len(octets)), **(headers or {})}
        if token:
            fields["x-auth-token"] = token
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        }
        sent = []

        async def receive():
            return {"type": "http.request", "body": octets, "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], names, b"".join(part.get("body", b"") for part in sent[1:]))

    def get(self, path, token=None, **more) -> Answer:
        return self.request("GET", path, token=token, **more)

    def post(self, path, body, token=None, **more) -> Answer:
        return self.request("POST", path, body, token=token, **more)

    def patch(self, path, body, token=None, **more) -> Answer:
        return self.request("PATCH", path, body, token=token, **more)

    def put(self, path, body=None, token=None, **more) -> Answer:
        return self.request("PUT", path, body, token=token, **more)

    def delete(self, path, token=None, **more) -> Answer:
        return self.request("DELETE", path, token=token, **more)

    def login(self, name, password=None, scope=None, domain="default") -> str:
        """A token; scope as in the request, or the name of a project of the default domain."""
        answer = self.try_login(name, password, scope, domain)
        assert answer.status == 201, answer.body
        return answer.headers["x-subject-token"]

    def try_login(self, name, password=None, scope=None, domain="default") -> Answer:
        user = {"name": name, "domain": {"id": domain}, "password": password or PASSWORDS[name]}
        auth = {"identity": {"methods": ["password"], "password": {"user": user}}}
        if isinstance(scope, str):
            scope = {"project": {"name": scope, "domain": {"id": "default"}}}
        if scope is not None:
            auth["scope"] = scope
        return self.post("/identity/v3/auth/tokens", {"auth": auth})


@pytest.fixture
def make_client(tmp_path):
    """A function that opens a cloud with these services and gives a client of it."""
    opened = []

    def make(*services, directory=None):
        client = Client()
        client.cloud = open_cloud(directory or tmp_path / "cloud")
        opened.append(client.cloud)
        bootstrap(client.cloud.store, PASSWORDS, region="RegionOne", base_url="http://cloud.test", now=client.clock())
        client.app = Application(client.cloud, services or (SERVICE,), authenticate, clock=client.clock)
        return client

    yield make
    for cloud in opened:
        cloud.close()


@pytest.fixture
def client(make_client):
    """A client of a cloud that has the identity service."""
    return make_client()


@pytest.fixture
def admin(client):
    """An administrator's token."""
    return client.login("admin", scope="admin")
