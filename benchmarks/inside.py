"""A whole cloud inside the benchmark's own process, without sockets: for counting, and for processor time by stage."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from brume.service.cloud import EmbeddedCloud
from brume.service.settings import Secrets, Settings


class Inside:
    """An EmbeddedCloud, and requests to it as the administrator."""

    def __init__(self, directory: Path, nodes: int = 2) -> None:
        known = Secrets(admin_password="administrator", demo_password="demonstrator")
        self.cloud = EmbeddedCloud(Settings(data_directory=directory, nodes=nodes), known)
        self.cloud.start()
        self.loop = asyncio.new_event_loop()
        self.token = ""
        domain = {"name": "Default"}
        user = {"name": "admin", "password": known.admin_password, "domain": domain}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": "admin", "domain": domain}}
        self.request("POST", "/identity/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}})

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer; an error is raised."""
        content = b"" if body is None else json.dumps(body).encode()
        answer: list[Any] = []
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
                (b"x-auth-token", self.token.encode()),
            ],
            "scheme": "http",
            "server": ("127.0.0.1", 5000),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            answer.append(message)

        self.loop.run_until_complete(self.cloud.application(scope, receive, send))
        status, result = answer[0]["status"], b"".join(part.get("body", b"") for part in answer[1:])
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {result[:400]!r}")
        for name, value in answer[0]["headers"]:
            if name.lower() == b"x-subject-token":
                self.token = value.decode()
        return json.loads(result) if result else None

    def network(self, name: str, cidr: str) -> str:
        """A network with one subnet; its id."""
        network = self.request("POST", "/network/v2.0/networks", {"network": {"name": name}})["network"]["id"]
        subnet = {"network_id": network, "ip_version": 4, "cidr": cidr}
        self.request("POST", "/network/v2.0/subnets", {"subnet": subnet})
        return str(network)


@contextlib.contextmanager
def inside(nodes: int = 2) -> Iterator[Inside]:
    """A new cloud, gone with the block."""
    with TemporaryDirectory(prefix="brume-bench.") as directory:
        made = Inside(Path(directory), nodes)
        try:
            yield made
        finally:
            made.cloud.close()
            made.loop.close()
