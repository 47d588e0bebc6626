"""How each service words and shapes an error: the one place where the five dialects of OpenStack errors live.

    Keystone   {"error": {"code": 404, "title": "Not Found", "message": "..."}}
    Neutron    {"NeutronError": {"type": "NetworkNotFound", "message": "...", "detail": ""}}
    Nova       {"itemNotFound": {"code": 404, "message": "..."}}
    Glance     HTML, or {"message": "...", "code": "404 Not Found", "title": "Not Found"} when JSON is accepted
    Placement  {"errors": [{"status": 404, "title": "Not Found", "detail": "...", "code": "..."}]}

A 401 is keystonemiddleware's in all of them but Keystone itself; it has the same shape everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from http import HTTPStatus
from typing import Any

from brume.apis.rest.messages import Request, Response
from brume.cloud import errors
from brume.cloud.errors import CloudError


class Style:
    """Base: Keystone's way. A service's style overrides what differs."""

    malformed_json = "The request body is not valid JSON."
    strict_filters = False
    """Whether an unknown query parameter is an error (Neutron) or ignored (Keystone)."""
    message_of: dict[type[CloudError], Callable[[dict[str, Any]], str]] = {}  # noqa: RUF012 - a table, never changed
    """Words for what validation finds, by type of error, made from the error's values."""

    def response(self, error: CloudError, request: Request, request_id: str) -> Response:
        """The error as this service answers it."""
        headers = {"vary": "X-Auth-Token"}
        if isinstance(error, errors.Unauthorized):
            return unauthorized(error, request)
        if isinstance(error, errors.MethodNotAllowed):
            headers["allow"] = ", ".join(error.values.get("allowed", ()))  # type: ignore[arg-type]
        return self.body(error, self.message(error), request, request_id, headers)

    def message(self, error: CloudError) -> str:
        """The error's message in this service's words."""
        words = self.message_of.get(type(error))
        return error.message if words is None or not error.values else words(error.values)

    def body(
        self, error: CloudError, message: str, request: Request, request_id: str, headers: dict[str, str]
    ) -> Response:
        """The whole answer."""
        title = HTTPStatus(error.status).phrase
        value = {"error": {"code": error.status, "message": message, "title": title}}
        return Response(error.status, value, headers=headers)


def unauthorized(error: CloudError, request: Request) -> Response:
    """401, as Keystone and keystonemiddleware answer it."""
    value = {"error": {"code": 401, "message": error.message, "title": "Unauthorized"}}
    uri = f"{request.root}/identity"
    return Response(401, value, headers={"www-authenticate": f'Keystone uri="{uri}"', "vary": "X-Auth-Token"})


class KeystoneStyle(Style):
    """Keystone: words of its JSON Schema validation."""

    malformed_json = (
        "Expecting to find valid JSON in request body. The server could not comply with the request since it is "
        "either malformed or otherwise incorrect. The client is assumed to be in error."
    )
    message_of = {  # noqa: RUF012 - a table, never changed
        errors.InvalidAttribute: lambda v: f"Invalid input for field '{v['attribute']}': {v['reason']}",
        errors.MissingAttribute: lambda v: f"'{v['attribute']}' is a required property",
        errors.MissingBody: lambda v: f"'{v['resource']}' is a required property",
        errors.UnknownAttribute: lambda v: (
            f"Additional properties are not allowed ('{v['attributes']}' was unexpected)"
        ),
        errors.ReadOnlyAttribute: lambda v: f"Cannot change {v['attribute']}",
    }


class NeutronStyle(Style):
    """Neutron: a type, a message, an empty detail. Errors of the web framework have webob's names."""

    malformed_json = "Malformed request body: the request body is not valid JSON."
    strict_filters = True

    PLAIN = {  # noqa: RUF012 - a table, never changed
        errors.BadRequest: "HTTPBadRequest",
        errors.MissingBody: "HTTPBadRequest",
        errors.MissingAttribute: "HTTPBadRequest",
        errors.InvalidAttribute: "HTTPBadRequest",
        errors.UnknownAttribute: "HTTPBadRequest",
        errors.ReadOnlyAttribute: "HTTPBadRequest",
        errors.InvalidFilter: "HTTPBadRequest",
        errors.InvalidSort: "HTTPBadRequest",
        errors.InvalidLimit: "BadRequest",
        errors.MarkerNotFound: "HTTPBadRequest",
        errors.NotFound: "HTTPNotFound",
        errors.MethodNotAllowed: "HTTPMethodNotAllowed",
        errors.Forbidden: "HTTPForbidden",
        errors.PolicyForbidden: "PolicyNotAuthorized",
        errors.Conflict: "HTTPConflict",
        errors.PreconditionFailed: "HTTPPreconditionFailed",
        errors.NotImplementedHere: "HTTPNotImplemented",
        errors.TooLarge: "HTTPRequestEntityTooLarge",
        CloudError: "HTTPInternalServerError",
    }
    message_of = {  # noqa: RUF012 - a table, never changed
        errors.PolicyForbidden: lambda v: f"{v['action']} is disallowed by policy",
        errors.MethodNotAllowed: lambda v: errors.BadRequest.template,
    }

    def body(
        self, error: CloudError, message: str, request: Request, request_id: str, headers: dict[str, str]
    ) -> Response:
        name = self.PLAIN.get(type(error), error.type)
        value = {"NeutronError": {"type": name, "message": message, "detail": ""}}
        return Response(error.status, value, headers=headers)


class NovaStyle(Style):
    """Nova: the status by its old Rackspace name."""

    malformed_json = "cannot understand JSON"
    NAMES = {  # noqa: RUF012 - a table, never changed
        400: "badRequest",
        403: "forbidden",
        404: "itemNotFound",
        405: "badMethod",
        409: "conflictingRequest",
        413: "overLimit",
        415: "badMediaType",
        429: "overLimit",
        501: "notImplemented",
        503: "serviceUnavailable",
    }
    message_of = {  # noqa: RUF012 - a table, never changed
        errors.InvalidAttribute: lambda v: f"Invalid input for field/attribute {v['attribute']}. {v['reason']}",
        errors.MissingAttribute: lambda v: (
            f"Invalid input for field/attribute {v['resource']}. '{v['attribute']}' is a required property"
        ),
        errors.MissingBody: lambda v: f"'{v['resource']}' is a required property",
        errors.UnknownAttribute: lambda v: (
            f"Invalid input for field/attribute {v['resource']}. Additional properties are not allowed "
            f"('{v['attributes']}' was unexpected)"
        ),
        errors.PolicyForbidden: lambda v: f"Policy doesn't allow {v['action']} to be performed.",
    }

    def body(
        self, error: CloudError, message: str, request: Request, request_id: str, headers: dict[str, str]
    ) -> Response:
        name = self.NAMES.get(error.status, "computeFault")
        return Response(error.status, {name: {"code": error.status, "message": message}}, headers=headers)


class GlanceStyle(Style):
    """Glance: webob's own page, or its JSON where the asker accepts JSON."""

    malformed_json = "Malformed JSON in request body."
    message_of = {  # noqa: RUF012 - a table, never changed
        errors.InvalidAttribute: lambda v: f"Provided object does not match schema 'image': {v['reason']}",
    }

    def body(
        self, error: CloudError, message: str, request: Request, request_id: str, headers: dict[str, str]
    ) -> Response:
        phrase = HTTPStatus(error.status).phrase
        title = f"{error.status} {phrase}"
        if "application/json" in request.headers.get("accept", ""):
            return Response(error.status, {"message": message, "code": title, "title": phrase}, headers=headers)
        page = (
            f"<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n"
            f"  {escape(message)}<br /><br />\n\n\n </body>\n</html>"
        )
        return Response(error.status, headers=headers, content=page.encode(), content_type="text/html; charset=UTF-8")


class PlacementStyle(Style):
    """Placement: the API working group's form, with a code word that an error may bring in its values."""

    malformed_json = "Malformed JSON: the request body cannot be read."

    def body(
        self, error: CloudError, message: str, request: Request, request_id: str, headers: dict[str, str]
    ) -> Response:
        entry = {
            "status": error.status,
            "title": HTTPStatus(error.status).phrase,
            "detail": f"{message}\n\n   ",
            "code": error.values.get("code", "placement.undefined_code"),
            "request_id": request_id,
        }
        return Response(error.status, {"errors": [entry]}, headers=headers)
