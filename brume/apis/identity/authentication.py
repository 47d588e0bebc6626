"""X-Auth-Token -> RequestContext: what keystonemiddleware does in front of the other services."""

from __future__ import annotations

from brume.apis.rest.messages import Request
from brume.cloud.context import RequestContext
from brume.cloud.errors import Unauthorized
from brume.cloud.identity import access_rules


def authenticate(request: Request, request_id: str, now: float) -> RequestContext:
    """Who holds the request's token; raises Unauthorized."""
    if not request.token:
        raise Unauthorized()
    with request.store.read() as session:
        context = request.cloud.tokens.validate(session, request.token, request_id, now)
    rules = context.access_rules
    if rules is not None and not access_rules.allows(rules, request.service.name, request.method, request.path):
        raise Unauthorized()
    return context
