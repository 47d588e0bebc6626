"""The REST API as a user of a project sees it: requests, tokens, refusals. No sockets: ASGI calls."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from brume.service.settings import Secrets


class Refused(Exception):
    """The answer was an error."""

    def __init__(self, request: str, status: int, message: str) -> None:
        super().__init__(f"{request} was refused: {status} {message}")
        self.status = status
        self.message = message


class Api:
    """One client; `project` is whose member it speaks as (`admin`: the administrator)."""

    def __init__(self, call: Callable[..., Awaitable[None]], known: Secrets) -> None:
        self._call = call
        self._loop = asyncio.new_event_loop()
        self._passwords = {"admin": known.admin_password, "demo": known.demo_password}
        self._tokens: dict[tuple[str, str], str] = {}
        self._operated = {"admin"}
        self.projects = {"admin": "", "demo": ""}
        self.project = "demo"

    def close(self) -> None:
        """Close the event loop that drives requests."""
        self._loop.close()

    def speak_as(self, project: str) -> None:
        """From now on requests come from a member of this project, which is made if it is new."""
        if project not in self.projects:
            made = self._as_admin("POST", "/identity/v3/projects", {"project": {"name": project}})["project"]["id"]
            self._passwords[project] = f"a-word-for-{project}"
            user = {"name": project, "password": self._passwords[project], "default_project_id": made}
            member = self._as_admin("POST", "/identity/v3/users", {"user": user})["user"]["id"]
            self._grant(made, member, "member")
            self.projects[project] = made
        self.project = project

    def project_id(self) -> str:
        """The present project."""
        if not self.projects[self.project]:
            found = self._as_admin("GET", f"/identity/v3/projects?name={self.project}")["projects"]
            self.projects[self.project] = found[0]["id"]
        return self.projects[self.project]

    def ask(self, method: str, path: str, body: Any = None, *, operator: bool = False) -> Any:
        """The answer's JSON; Refused for an error. The operator is the admin, with a role in the present project."""
        return self._send(method, path, body, self._token("admin" if operator else self.project, self.project))

    def _as_admin(self, method: str, path: str, body: Any = None) -> Any:
        return self._send(method, path, body, self._token("admin", "admin"))

    def _grant(self, project: str, user: str, role: str) -> None:
        role_id = self._as_admin("GET", f"/identity/v3/roles?name={role}")["roles"][0]["id"]
        self._as_admin("PUT", f"/identity/v3/projects/{project}/users/{user}/roles/{role_id}")

    def _token(self, user: str, project: str) -> str:
        if (user, project) not in self._tokens:
            if user == "admin" and project not in self._operated:
                admin = self._as_admin("GET", "/identity/v3/users?name=admin")["users"][0]["id"]
                self._grant(self.project_id(), admin, "admin")
                self._operated.add(project)
            self._tokens[user, project] = self._log_in(user, project)
        return self._tokens[user, project]

    def _log_in(self, user: str, project: str) -> str:
        domain = {"id": "default"}
        who = {"user": {"name": user, "password": self._passwords[user], "domain": domain}}
        scope = {"project": {"name": project, "domain": domain}}
        auth = {"identity": {"methods": ["password"], "password": who}, "scope": scope}
        status, headers, content = self.exchange("POST", "/identity/v3/auth/tokens", {"auth": auth}, "")
        assert status == 201, content
        return headers["x-subject-token"]

    def _send(self, method: str, path: str, body: Any, token: str) -> Any:
        status, _, content = self.exchange(method, path, body, token)
        if status == 401 and token in self._tokens.values():  # expired: much time passed
            who = next(who for who, held in self._tokens.items() if held == token)
            self._tokens[who] = self._log_in(*who)
            status, _, content = self.exchange(method, path, body, self._tokens[who])
        if status >= 400:
            raise Refused(f"{method} {path}", status, _message(content))
        return json.loads(content) if content else None

    def exchange(self, method: str, path: str, body: Any, token: str) -> tuple[int, dict[str, str], bytes]:
        """One request: status, headers, body."""
        octets = b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        fields = {"host": "cloud.test", "content-length": str(len(octets)), "x-auth-token": token}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(name.encode(), text.encode()) for name, text in fields.items() if text],
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": octets, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        self._loop.run_until_complete(self._call(scope, receive, send))
        headers = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
        return sent[0]["status"], headers, b"".join(part.get("body", b"") for part in sent[1:])


def _message(content: bytes) -> str:
    """The text of an error body, whichever service's."""
    found = re.search(rb'"message": ?("(?:[^"\\]|\\.)*")', content)
    return json.loads(found[1]) if found else content.decode(errors="replace")
