"""Keystone's own errors, in Keystone's words."""

from __future__ import annotations

from brume.cloud.errors import BadRequest, Conflict, Forbidden, NotFound


class ValidationError(BadRequest):
    """Something is missing from a request."""

    template = (
        "Expecting to find {attribute} in {target}. The server could not comply with the request since it is either "
        "malformed or otherwise incorrect. The client is assumed to be in error."
    )


class StoreConflict(Conflict):
    """A name is taken."""

    template = "Conflict occurred attempting to store {type} - {details}."


class ProjectNotFound(NotFound):
    template = "Could not find project: {project_id}."


class TagNotFound(NotFound):
    template = "Could not find project tag: {project_tag}."


class DomainNotFound(NotFound):
    template = "Could not find domain: {domain_id}."


class UserNotFound(NotFound):
    template = "Could not find user: {user_id}."


class GroupNotFound(NotFound):
    template = "Could not find group: {group_id}."


class RoleNotFound(NotFound):
    template = "Could not find role: {role_id}."


class ImpliedRoleNotFound(NotFound):
    template = "{prior_role_id} does not imply {implied_role_id}."


class InvalidImpliedRole(Forbidden):
    template = "{role_id} cannot be an implied roles."


class AssignmentNotFound(NotFound):
    template = (
        "Could not find role assignment with role: {role_id}, user or group: {actor_id}, "
        "project, domain, or system: {target_id}."
    )


class RegionNotFound(NotFound):
    template = "Could not find region: {region_id}."


class RegionInUse(Forbidden):
    template = "Unable to delete region {region_id} because it or its child regions have associated endpoints."


class ServiceNotFound(NotFound):
    template = "Could not find service: {service_id}."


class EndpointNotFound(NotFound):
    template = "Could not find endpoint: {endpoint_id}."


class CredentialNotFound(NotFound):
    template = "Could not find credential: {credential_id}."


class ApplicationCredentialNotFound(NotFound):
    template = "Could not find Application Credential: {application_credential_id}."


class AccessRuleNotFound(NotFound):
    template = "Could not find Access Rule: {access_rule_id}."


class TrustNotFound(NotFound):
    template = "Could not find trust: {trust_id}."


class TrustUsedUp(Forbidden):
    template = "No remaining uses for trust: {trust_id}."


class PolicyNotFound(NotFound):
    template = "Could not find policy: {policy_id}."


class TokenNotFound(NotFound):
    template = "Could not find token: {token_id}."


class Immutable(Forbidden):
    """The resource option `immutable` is set."""

    template = "Cannot {operation} immutable {type}: {resource_id}. Set resource option 'immutable' to false first."
