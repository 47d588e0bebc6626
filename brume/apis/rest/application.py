"""The ASGI application: every request of every service goes through `Application._answer`, once, in this order.

    mount -> route -> microversion -> token -> body -> policy rule -> transaction { handler } -> answer

Plain ASGI, no middleware stack. Handlers run inline on the event loop's thread: a request is one SQL transaction that
nothing interleaves with. A CloudError is rendered in the service's style; anything else is logged with the request
id and answered 500 in that style, and its transaction is undone. Tokens and passwords are never logged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from inspect import isawaitable
from typing import Any
from uuid import uuid4

from brume.apis.rest.messages import Receive, Request, Response, Scope, Send, send_response
from brume.apis.rest.routes import Route
from brume.apis.rest.service import Authenticate, Service
from brume.cloud.cloud import Cloud
from brume.cloud.context import RequestContext
from brume.cloud.errors import CloudError, MethodNotAllowed, NotFound

LOG = logging.getLogger("brume.apis")


class Application:
    """All services behind one port. `clock` gives the time (seconds since 1970)."""

    def __init__(
        self,
        cloud: Cloud,
        services: Iterable[Service],
        authenticate: Authenticate,
        *,
        clock: Callable[[], float] = time.time,
        on_start: Callable[[], Awaitable[None]] | None = None,
        on_stop: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.cloud = cloud
        self._store = cloud.store
        self.services = {service.mount.strip("/"): service for service in services}
        self._authenticate = authenticate
        self._clock = clock
        self._on_start = on_start
        self._on_stop = on_stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            raise RuntimeError(f"no {scope['type']} here")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._on_start is not None:
            await self._on_start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._on_stop is not None:
            await self._on_stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = f"req-{uuid4()}"
        head = scope["method"] == "HEAD"
        service = self.services.get(scope["path"].split("/", 2)[1] if "/" in scope["path"] else "")
        if service is None:
            await send_response(self._outside(scope), request_id, head, send)
            return
        request = Request(scope, receive, service, self.cloud)
        try:
            response = await self._answer(request, request_id)
        except CloudError as error:
            response = service.style.response(error, request, request_id)
        except Exception:
            LOG.exception("%s %s %r failed", request_id, request.method, scope["path"])
            response = service.style.response(CloudError(), request, request_id)
        if service.microversions is not None:
            response.headers |= service.microversions.headers(request.version)
        if service.name == "compute":
            response.headers["x-compute-request-id"] = request_id
        await send_response(response, request_id, head, send)

    async def _answer(self, request: Request, request_id: str) -> Response:
        service = request.service
        now = self._clock()
        if service.microversions is not None:
            request.version = service.microversions.asked(request)
        try:
            route, request.parameters = service.router.find(request.method, request.path, request.version)
        except (NotFound, MethodNotAllowed):
            if service.name != "identity":  # keystonemiddleware stands before the router
                self._authenticate(request, request_id, now)
            raise
        if route.public and not request.token:
            request.context = RequestContext(request_id=request_id, now=now)
        else:
            request.context = self._context(route, request, request_id, now)
        if not route.stream:
            await request.read_body(service.body_limit)
        if route.rule is not None:
            service.policy.enforce(route.rule, request.context, {})
        return await self._run(route, request)

    def _context(self, route: Route, request: Request, request_id: str, now: float) -> RequestContext:
        try:
            return self._authenticate(request, request_id, now)
        except CloudError:
            if route.public:  # a stale token does not close an open door
                return RequestContext(request_id=request_id, now=now)
            raise

    async def _run(self, route: Route, request: Request) -> Response:
        if route.in_transaction:
            with self._store.write(request.context) as request.session:
                answer = route.handler(request)
                if isawaitable(answer):
                    raise TypeError(f"{route.path}: a handler in a transaction must not wait")
            return _response(route, answer)
        with self._store.read() as request.session:
            answer = route.handler(request)
        if isawaitable(answer):
            answer = await answer
        return _response(route, answer)

    def _outside(self, scope: Scope) -> Response:
        """What lies under no service: the page of links, and 404."""
        if scope["path"] not in ("", "/"):
            return Response(404, {"error": {"code": 404, "title": "Not Found", "message": NotFound.template}})
        links = "".join(f'<li><a href="{s.mount}">{s.title}</a></li>' for s in self.services.values())
        page = f"<!doctype html><title>Brume</title><h1>Brume</h1><ul>{links}</ul>"
        return Response(200, content=page.encode(), content_type="text/html; charset=UTF-8")


def _response(route: Route, answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response(204)
    return Response(route.status, answer)
