"""Errors of the cloud: what a rule raises when it says no.

An error carries what an edge needs (HTTP status, the service's type name, the message) and nothing of HTTP itself.
A service's own error is a subclass with the service's name and a `template`; its class name is the type the
service reports ("NetworkInUse" in a NeutronError). The edge renders; the middle never logs and goes on.

    class NetworkNotFound(NotFound):
        template = "Network {network_id} could not be found."

    raise NetworkNotFound(network_id=network_id)
    raise Conflict("Something of the kind is there already.")
"""

from __future__ import annotations

from typing import ClassVar


class CloudError(Exception):
    """Base of all errors a tenant may see. `values` are the template's values, for edges that show them."""

    status: ClassVar[int] = 500
    template: ClassVar[str] = "An unexpected error prevented the server from fulfilling your request."

    def __init__(self, message: str | None = None, /, **values: object) -> None:
        self.values = values
        self.message = self.template.format(**values) if message is None else message
        super().__init__(self.message)

    @property
    def type(self) -> str:
        """The type name the service reports."""
        return type(self).__name__


class BadRequest(CloudError):
    """The request cannot be understood, or asks for what cannot be."""

    status = 400
    template = "The server could not comply with the request since it is either malformed or otherwise incorrect."


class Unauthorized(CloudError):
    """No token, or one that is not (or no longer) valid."""

    status = 401
    template = "The request you have made requires authentication."


class Forbidden(CloudError):
    """The policy says no. `action` is the policy rule."""

    status = 403
    template = "You are not authorized to perform the requested action."


class PolicyForbidden(Forbidden):
    """A policy rule was not fulfilled."""

    template = "You are not authorized to perform the requested action: {action}."


class NotFound(CloudError):
    """There is no such thing, or the asker may not know that there is."""

    status = 404
    template = "The resource could not be found."


class MethodNotAllowed(CloudError):
    """The path exists, the method does not."""

    status = 405
    template = "The method is not allowed for the requested URL."


class NotAcceptable(CloudError):
    """An unknown microversion or representation was asked for."""

    status = 406
    template = "The requested representation is not available."


class Conflict(CloudError):
    """The request does not fit the present state."""

    status = 409
    template = "Conflict occurred attempting to store the resource."


class Duplicate(Conflict):
    """A uniqueness constraint of the store says no: two requests raced, or a rule forgot to look."""

    template = "A {resource} with these values exists already."


class Referenced(Conflict):
    """A reference constraint of the store says no."""

    template = "The {resource} refers to, or is referred to by, something that does not allow this."


class Gone(CloudError):
    """It was here, it will not come back."""

    status = 410
    template = "The resource is gone."


class PreconditionFailed(CloudError):
    """An If-Match or revision precondition does not hold."""

    status = 412
    template = "The precondition failed."


class TooLarge(CloudError):
    """The body is larger than this service takes."""

    status = 413
    template = "Request is too large."


class UnsupportedMediaType(CloudError):
    """The body is of a kind this service does not take."""

    status = 415
    template = "The content type {content_type} is not supported."


class OverQuota(CloudError):
    """A quota is used up. Neutron's 409; services that answer otherwise subclass it."""

    status = 409
    template = "Quota exceeded for resources: {resources}."


class NotImplementedHere(CloudError):
    """What is left out, is left out whole, and says so."""

    status = 501
    template = "Not implemented: {what}."


class Unavailable(CloudError):
    """Something needed is not there now; trying again may help."""

    status = 503
    template = "The service is unavailable. Please try again at a later time."


# What validation of a request finds. Each service words these its own way, so the edge gets the parts.


class MissingBody(BadRequest):
    """The body has no object under the name of the resource."""

    template = "Unable to find '{resource}' in request body"


class InvalidAttribute(BadRequest):
    """A value of the wrong type or form. `expected` is the JSON Schema word for the type, where there is one."""

    template = "Invalid input for {attribute}. Reason: {reason}."


class MissingAttribute(BadRequest):
    """A required attribute was not given."""

    template = "Failed to parse request. Required attribute '{attribute}' not specified"


class UnknownAttribute(BadRequest):
    """Attributes that the resource does not have."""

    template = "Unrecognized attribute(s) '{attributes}'"


class ReadOnlyAttribute(BadRequest):
    """An attribute that may not be set by this kind of request. `operation` is POST or PUT."""

    template = "Attribute '{attribute}' not allowed in {operation}"


class InvalidFilter(BadRequest):
    """A query parameter that is no filter of this resource."""

    template = "{attributes} is invalid attribute for filtering"


class InvalidSort(BadRequest):
    """A sort key that is none."""

    template = "'{attribute}' is an invalid attribute for sort key"


class InvalidLimit(BadRequest):
    """A page size that is not a number."""

    template = "Invalid value for limit: '{value}'."


class MarkerNotFound(BadRequest):
    """The page marker names nothing."""

    template = "Marker {marker} could not be found."
