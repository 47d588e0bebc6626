"""Request and Response: what a handler gets and gives. Plain values around ASGI's dictionaries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

import msgspec

from brume.cloud.cloud import Cloud
from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, TooLarge
from brume.cloud.store.session import Session

if TYPE_CHECKING:
    from brume.apis.rest.service import Service

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Request:
    """One HTTP request on its way through the machinery. `context` and `session` are set before the handler runs."""

    __slots__ = (
        "_json",
        "_receive",
        "body",
        "cloud",
        "context",
        "headers",
        "method",
        "mount",
        "parameters",
        "path",
        "query",
        "scheme",
        "service",
        "session",
        "store",
        "token",
        "version",
    )

    def __init__(self, scope: Scope, receive: Receive, service: Service, cloud: Cloud) -> None:
        self.method: str = scope["method"]
        self.mount: str = service.mount
        self.path: str = scope["path"][len(service.mount) :]
        """The path under the service: "/v3/projects"."""
        self.scheme: str = scope["scheme"]
        self.headers: dict[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        """By lower-case name; of a repeated header the last."""
        self.query: dict[str, list[str]] = parse_query(scope["query_string"])
        self.parameters: dict[str, str] = {}
        """What the route's path names: {project_id}."""
        self.body = b""
        self.service = service
        self.cloud = cloud
        """Everything that is not this request's: store, tokens, directory, what other rooms provided."""
        self.store = cloud.store
        self.version: tuple[int, int] | None = None
        """The microversion; None for services without."""
        self.token = self.headers.get("x-auth-token", "")
        self.context: RequestContext
        self.session: Session
        self._receive = receive
        self._json: Any = msgspec.UNSET

    @property
    def root(self) -> str:
        """The URL of the whole cloud, as the asker sees it: "http://127.0.0.1:5000"."""
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}"

    @property
    def base(self) -> str:
        """The URL of the service, as the asker sees it: "http://127.0.0.1:5000/identity"."""
        return self.root + self.mount

    def json(self) -> Any:
        """The body as JSON; raises BadRequest."""
        if self._json is msgspec.UNSET:
            try:
                self._json = msgspec.json.decode(self.body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                raise BadRequest(self.service.style.malformed_json) from None
            if b"\\u0000" in self.body and (text := find_zero_character(self._json)) is not None:
                self._json = msgspec.UNSET
                raise BadRequest(f"The text {text!r} has the character U+0000, which no name or value can have.")
        return self._json

    def object(self, name: str | None = None) -> dict[str, Any]:
        """The body's JSON object, or the object it has under `name`; raises BadRequest (MissingBody)."""
        from brume.cloud.errors import MissingBody

        found = self.json()
        if name is not None:
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise MissingBody(resource=name or "object")
        return found

    def first(self, name: str) -> str | None:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else None

    async def chunks(self, limit: int | None = None) -> AsyncIterator[bytes]:
        """The body as it comes in, for routes declared `stream`; raises TooLarge."""
        seen = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("The connection ended before the body did.")
            part = message.get("body", b"")
            seen += len(part)
            if limit is not None and seen > limit:
                raise TooLarge()
            if part:
                yield part
            if not message.get("more_body", False):
                return

    async def read_body(self, limit: int) -> None:
        """Take the whole body in; raises TooLarge."""
        length = self.headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            raise TooLarge()
        if length in ("", "0") and "transfer-encoding" not in self.headers:
            return
        self.body = b"".join([part async for part in self.chunks(limit)])


def find_zero_character(value: Any) -> str | None:
    """A text in a JSON value that has the character U+0000: no text of OVSDB can, nor of PostgreSQL."""
    if isinstance(value, str):
        return value if "\0" in value else None
    parts = (*value, *value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for part in parts if (found := find_zero_character(part)) is not None), None)


class Response:
    """A status, headers and a body: JSON of `value`, or `content` as it is, or `stream` piece by piece."""

    __slots__ = ("content", "headers", "status", "stream")

    def __init__(
        self,
        status: int = 200,
        value: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        content_type: str = "application/json",
        stream: AsyncIterator[bytes] | None = None,
    ) -> None:
        self.status = status
        self.headers: dict[str, str] = dict(headers) if headers else {}
        self.content = msgspec.json.encode(value) if value is not None else content or b""
        self.stream = stream
        if self.content or stream is not None:
            self.headers.setdefault("content-type", content_type)


def parse_query(text: bytes) -> dict[str, list[str]]:
    """A query string as lists of values by name, in order; a name without "=" has the value ""."""
    if not text:
        return {}
    from urllib.parse import parse_qsl

    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(text.decode("latin-1"), keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return query


async def send_response(response: Response, request_id: str, head: bool, send: Send) -> None:
    """Send a response as ASGI messages."""
    headers = [(b"x-openstack-request-id", request_id.encode())]
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.stream is None and response.status not in (204, 304):
        headers.append((b"content-length", str(len(response.content)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.stream is not None and not head:
        async for part in response.stream:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.body", "body": b"" if head else response.content})
