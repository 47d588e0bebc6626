"""The cloud that `docs/journey.md` tells of: `brume up`'s, without sockets, in virtual time, the same on every run.

Identifiers are made of what is asked for instead of from chance, and with them the addresses and MACs that are drawn.
Passwords and tokens are random; no page shows one.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from brume.cloud.store.journal import Commit
from brume.service.cloud import EmbeddedCloud
from brume.service.settings import Secrets, Settings
from brume.tables.changes import ChangeSet
from brume.values import derive_uuid

START = 1_800_000_000.0
SECRETS = Secrets(admin_password="an-admin's-secret", demo_password="a-player's-secret")
NETWORK, COMPUTE = "/network/v2.0", "/compute/v2.1"


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: Any


class Names:
    """Identifiers: the first, second, ... of each request, so that more of them elsewhere change none here."""

    def __init__(self) -> None:
        self.begin("start")

    def begin(self, request: str) -> None:
        """What is asked for now."""
        self._request, self._numbers = request, itertools.count(1)

    def following(self) -> UUID:
        """The next identifier."""
        return UUID(derive_uuid("journey", self._request, next(self._numbers)))


class JourneyCloud:
    """An embedded cloud, a client of it, and what changed where since `forget()`."""

    def __init__(self, directory: Path, names: Names) -> None:
        self.cloud = EmbeddedCloud(Settings(data_directory=directory), SECRETS, clock=self.now)
        self.cloud.scheduler.run_until(START)
        self.cloud.start()
        self.token = ""
        self.names = names
        self.commits: list[Commit] = []
        self.northbound: list[ChangeSet] = []
        self.southbound: list[ChangeSet] = []
        self.cloud.cloud.store.listen(self.commits.append)
        self.cloud.northbound.northbound.subscribe(self._remember)
        self.cloud.southbound.southbound.subscribe(self.southbound.append)
        self._login()

    def now(self) -> float:
        """The simulated time; the cloud asks before there is a scheduler."""
        return self.cloud.scheduler.now() if hasattr(self, "cloud") else START

    def _remember(self, changes: ChangeSet) -> None:
        network = self.cloud.network
        if network.northbound.author is not network.reports:  # the way back: ports that are down, or up
            self.northbound.append(changes)

    def forget(self) -> None:
        """Forget what has changed so far."""
        for changes in (self.commits, self.northbound, self.southbound):
            changes.clear()

    def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Send one request; the cloud takes in what it did before this returns."""
        self.names.begin(f"{method} {path} {json.dumps(body)}" if self.token else "login")
        answer = asyncio.run(self._request(method, path, body))
        assert answer.status < 400, answer.body
        self.cloud.settle()
        return answer

    def create(self, path: str, noun: str, **values: Any) -> dict[str, Any]:
        """Create a resource; returns it."""
        made: dict[str, Any] = self.request("POST", path, {noun: values}).body[noun]
        return made

    def pass_time(self, seconds: float) -> None:
        """Let simulated time go by."""
        self.cloud.settle()
        self.cloud.scheduler.run_for(seconds)
        self.cloud.settle()

    def _login(self) -> None:
        domain = {"id": "default"}
        user = {"name": "admin", "domain": domain, "password": SECRETS.admin_password}
        identity = {"methods": ["password"], "password": {"user": user}}
        auth = {"identity": identity, "scope": {"project": {"name": "admin", "domain": domain}}}
        self.token = self.request("POST", "/identity/v3/auth/tokens", {"auth": auth}).headers["x-subject-token"]

    async def _request(self, method: str, path: str, body: Any) -> Answer:
        octets = b"" if body is None else json.dumps(body).encode()
        fields = {"host": "127.0.0.1:5000", "content-length": str(len(octets)), "x-auth-token": self.token}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "scheme": "http",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in fields.items() if value],
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": octets, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.cloud.application(scope, receive, send)  # type: ignore[arg-type]
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        text = b"".join(part.get("body", b"") for part in sent[1:])
        return Answer(sent[0]["status"], headers, json.loads(text) if text else None)


@contextmanager
def journey_cloud() -> Iterator[JourneyCloud]:
    """A new cloud, gone with the block."""
    names = Names()
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="brume-docs.") as directory:
        patch.setattr("brume.cloud.context.uuid4", names.following)
        patch.setattr("brume.apis.rest.application.uuid4", names.following)
        made = JourneyCloud(Path(directory), names)
        try:
            yield made
        finally:
            made.cloud.close()
