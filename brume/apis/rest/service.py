"""Service: one OpenStack service as data, and its microversions.

SERVICE = Service(
    name="identity", mount="/identity", style=KeystoneStyle(), policy=Policy(RULES), router=Router(ROUTES))
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from brume.apis.rest.messages import Request
from brume.apis.rest.routes import Router
from brume.apis.rest.styles import Style
from brume.cloud.context import RequestContext
from brume.cloud.errors import BadRequest, NotAcceptable
from brume.cloud.policy import Policy
from brume.cloud.resource import parse_version

Authenticate = Callable[[Request, str, float], RequestContext]
"""(request, request id, now) -> who asks; raises Unauthorized."""

BODY_LIMIT = 1 << 20
"""Bytes of JSON taken at most; oslo.middleware's default is 114,688."""


class Microversions(msgspec.Struct, frozen=True, kw_only=True):
    """The range a service speaks, and how a request asks: `OpenStack-API-Version: compute 2.53`."""

    service_type: str
    minimum: tuple[int, int]
    maximum: tuple[int, int]
    legacy_header: str | None = None
    """"X-OpenStack-Nova-API-Version": asks with the bare number."""

    def asked(self, request: Request) -> tuple[int, int]:
        """The version a request asks for; raises BadRequest, NotAcceptable."""
        text = self._text(request)
        if text is None:
            return self.minimum
        if text == "latest":
            return self.maximum
        try:
            version = parse_version(text)
        except ValueError:
            raise BadRequest(
                f"API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum."
            ) from None
        if not self.minimum <= version <= self.maximum:
            low, high = (".".join(map(str, v)) for v in (self.minimum, self.maximum))
            raise NotAcceptable(f"Version {text} is not supported by the API. Minimum is {low} and maximum is {high}.")
        return version

    def _text(self, request: Request) -> str | None:
        for part in request.headers.get("openstack-api-version", "").split(","):
            words = part.split()
            if len(words) == 2 and words[0].lower() == self.service_type:
                return words[1].lower()
        if self.legacy_header is not None:
            return request.headers.get(self.legacy_header.lower())
        return None

    def headers(self, version: tuple[int, int] | None) -> dict[str, str]:
        """What an answer says about versions."""
        number = ".".join(map(str, version or self.minimum))
        names = ["OpenStack-API-Version"] + ([self.legacy_header] if self.legacy_header else [])
        result = {"OpenStack-API-Version": f"{self.service_type} {number}", "Vary": ", ".join(names)}
        if self.legacy_header:
            result[self.legacy_header] = number
        return result


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service: where it is mounted, what it answers, how it words errors, who may do what."""

    name: str
    mount: str
    title: str
    style: Style
    policy: Policy
    router: Router
    microversions: Microversions | None = None
    body_limit: int = BODY_LIMIT
