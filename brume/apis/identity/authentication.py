"""X-Auth-Token -> RequestContext: what keystonemiddleware does in front of the other services."""

from __future__ import annotations

from brume.apis.rest.messages import Request
from brume.cloud.context import RequestContext
from brume.cloud.errors import Unauthorized


def authenticate(request: Request, request_id: str, now: float) -> RequestContext:
    """Who holds the request's token; raises Unauthorized."""
    if not request.token:
        raise Unauthorized()
    with request.store.read() as session:
        return request.cloud.tokens.validate(session, request.token, request_id, now)
