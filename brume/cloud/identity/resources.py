"""Every row of the identity room.

A domain is a project that acts as one, as in Keystone: one table, two faces (`Project`, `Domain`). What clients send
beyond the declared attributes of a project, user, group, ... is kept in `extra` and shown again, as Keystone does.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from brume.cloud.identity.checks import enabled, name64, name255, tag_list, url
from brume.cloud.identity.moments import check_moment
from brume.cloud.resource import Attribute, Resource, resource

Identity = Annotated[str, Attribute(create=False, update=False, length=64)]
Extra = dict[str, Any]


@resource(
    "project",
    "projects",
    unique=(("domain_id", "name"),),
    extra="extra",
)
class Project(Resource, frozen=True, kw_only=True):
    """A container of resources; with `is_domain`, a domain (its own domain_id is then None)."""

    id: Identity
    name: Annotated[str, Attribute(required=True, length=64, check=name64)]
    domain_id: Annotated[str | None, Attribute(length=64, references="projects.id", index=True)] = None
    parent_id: Annotated[str | None, Attribute(length=64, references="projects.id", index=True)] = None
    is_domain: Annotated[bool, Attribute(update=True)] = False
    enabled: Annotated[bool, Attribute(check=enabled)] = True
    description: Annotated[str | None, Attribute(length=65535)] = ""
    tags: Annotated[tuple[str, ...], Attribute(check=tag_list, filter=False, sort=False)] = ()
    options: Annotated[Extra, Attribute(filter=False, sort=False)] = msgspec.field(default_factory=dict)
    extra: Extra = msgspec.field(default_factory=dict)


@resource("domain", "domains", stored=False, extra="extra")
class Domain(Resource, frozen=True, kw_only=True):
    """A project that acts as a domain, as /v3/domains shows it."""

    id: Identity
    name: Annotated[str, Attribute(required=True, length=64, check=name64)]
    enabled: Annotated[bool, Attribute(check=enabled)] = True
    description: Annotated[str | None, Attribute(length=65535)] = ""
    tags: Annotated[tuple[str, ...], Attribute(check=tag_list, filter=False, sort=False)] = ()
    options: Annotated[Extra, Attribute(filter=False, sort=False)] = msgspec.field(default_factory=dict)
    explicit_domain_id: Annotated[str | None, Attribute(update=False, visible=False)] = None
    """An identifier the asker chose (32 hexadecimal digits)."""
    extra: Extra = msgspec.field(default_factory=dict)


@resource("user", "users", unique=(("domain_id", "name"),), extra="extra")
class User(Resource, frozen=True, kw_only=True):
    """Someone who can log in. The password itself is kept nowhere."""

    id: Identity
    name: Annotated[str, Attribute(required=True, length=255, check=name255)]
    domain_id: Annotated[str, Attribute(length=64, references="projects.id")] = ""
    enabled: Annotated[bool, Attribute(check=enabled)] = True
    default_project_id: Annotated[str | None, Attribute(length=64)] = None
    options: Annotated[Extra, Attribute(filter=False, sort=False)] = msgspec.field(default_factory=dict)
    password_expires_at: Annotated[str | None, Attribute(create=False, update=False)] = None
    password_hash: str | None = None
    valid_after: float = 0.0
    """Tokens issued up to this moment are not valid (set when the password changes or the user is disabled)."""
    extra: Extra = msgspec.field(default_factory=dict)


@resource("group", "groups", table="user_groups", unique=(("domain_id", "name"),), extra="extra")
class Group(Resource, frozen=True, kw_only=True):
    """Users that get roles together."""

    id: Identity
    name: Annotated[str, Attribute(required=True, length=64, check=name64)]
    domain_id: Annotated[str, Attribute(length=64, references="projects.id")] = ""
    description: Annotated[str | None, Attribute(length=65535)] = ""
    extra: Extra = msgspec.field(default_factory=dict)


@resource("membership", "memberships", key=("group_id", "user_id"), indexes=(("user_id",),))
class Membership(Resource, frozen=True, kw_only=True):
    """A user is in a group."""

    group_id: Annotated[str, Attribute(length=64, references="user_groups.id")]
    user_id: Annotated[str, Attribute(length=64, references="users.id")]


@resource("role", "roles", unique=(("domain_id", "name"),), extra="extra")
class Role(Resource, frozen=True, kw_only=True):
    """What one may be. With a domain_id, a role for use in that domain only."""

    id: Identity
    name: Annotated[str, Attribute(required=True, length=255, check=name255)]
    domain_id: Annotated[str | None, Attribute(length=64)] = None
    description: Annotated[str | None, Attribute(length=65535)] = None
    options: Annotated[Extra, Attribute(filter=False, sort=False)] = msgspec.field(default_factory=dict)
    extra: Extra = msgspec.field(default_factory=dict)


@resource("implied_role", "implied_roles", key=("prior_role_id", "implied_role_id"))
class ImpliedRole(Resource, frozen=True, kw_only=True):
    """Who has the prior role has the implied one."""

    prior_role_id: Annotated[str, Attribute(length=64, references="roles.id")]
    implied_role_id: Annotated[str, Attribute(length=64, references="roles.id")]


@resource(
    "role_assignment",
    "role_assignments",
    key=("actor_kind", "actor_id", "target_kind", "target_id", "role_id", "inherited"),
    indexes=(("target_id",), ("role_id",)),
)
class Assignment(Resource, frozen=True, kw_only=True):
    """An actor has a role on a target; inherited: not there, but on the projects below."""

    actor_kind: Annotated[str, Attribute(length=8)]
    """"user" or "group"."""
    actor_id: Annotated[str, Attribute(length=64)]
    target_kind: Annotated[str, Attribute(length=8)]
    """"project", "domain" or "system"."""
    target_id: Annotated[str, Attribute(length=64)]
    """For the system: "system"."""
    role_id: Annotated[str, Attribute(length=64, references="roles.id")]
    inherited: Annotated[bool, Attribute()] = False


@resource("region", "regions", extra="extra")
class Region(Resource, frozen=True, kw_only=True):
    """A part of the cloud with its own endpoints."""

    id: Annotated[str, Attribute(update=True, length=255)] = ""
    description: Annotated[str | None, Attribute(length=65535)] = ""
    parent_region_id: Annotated[str | None, Attribute(length=255, references="regions.id")] = None
    extra: Extra = msgspec.field(default_factory=dict)


@resource("service", "services", extra="extra")
class CatalogService(Resource, frozen=True, kw_only=True):
    """A service in the catalog."""

    id: Identity
    type: Annotated[str, Attribute(required=True, length=255, check=name255)]
    name: Annotated[str, Attribute()] = ""
    description: Annotated[str | None, Attribute(length=65535)] = None
    enabled: Annotated[bool, Attribute(check=enabled)] = True
    extra: Extra = msgspec.field(default_factory=dict)


@resource("endpoint", "endpoints", extra="extra")
class Endpoint(Resource, frozen=True, kw_only=True):
    """Where a service is reached. `url` may name $(project_id)s, $(tenant_id)s and $(user_id)s."""

    id: Identity
    service_id: Annotated[str, Attribute(required=True, length=64, references="services.id")]
    interface: Annotated[str, Attribute(required=True, length=8)]
    """"public", "internal" or "admin"."""
    url: Annotated[str, Attribute(required=True, length=65535, check=url)]
    region_id: Annotated[str | None, Attribute(length=255, references="regions.id")] = None
    enabled: Annotated[bool, Attribute(check=enabled)] = True
    extra: Extra = msgspec.field(default_factory=dict)


@resource("credential", "credentials", extra="extra", indexes=(("user_id",),))
class Credential(Resource, frozen=True, kw_only=True):
    """Something a user keeps here: an EC2 key pair, a TOTP seed."""

    id: Identity
    type: Annotated[str, Attribute(required=True, length=255)]
    blob: Annotated[str, Attribute(required=True, length=65535, filter=False)]
    user_id: Annotated[str | None, Attribute(length=64)] = None
    project_id: Annotated[str | None, Attribute(length=64)] = None
    extra: Extra = msgspec.field(default_factory=dict)


@resource("application_credential", "application_credentials", unique=(("user_id", "name"),))
class ApplicationCredential(Resource, frozen=True, kw_only=True):
    """A way for a program to log in as a user, on one project, with some of the user's roles."""

    id: Annotated[str, Attribute(update=False, length=64)] = ""
    name: Annotated[str, Attribute(required=True, length=255, check=name255)]
    description: Annotated[str | None, Attribute(length=65535)] = None
    unrestricted: Annotated[bool, Attribute()] = False
    expires_at: Annotated[str | None, Attribute(filter=False, check=check_moment)] = None
    project_id: Annotated[str, Attribute(create=False, length=64)] = ""
    user_id: Annotated[str, Attribute(create=False, visible=False, length=64)] = ""
    role_ids: tuple[str, ...] = ()
    access_rule_ids: tuple[str, ...] | None = None
    """None: every request is allowed; else those that one of the access rules allows."""
    secret_hash: str = ""


@resource("access_rule", "access_rules", unique=(("user_id", "service", "method", "path"),))
class AccessRule(Resource, frozen=True, kw_only=True):
    """Requests that an application credential may make: a method and a path pattern of a service."""

    id: Identity
    path: Annotated[str, Attribute(required=True, length=128)]
    method: Annotated[str, Attribute(required=True, length=16)]
    service: Annotated[str, Attribute(required=True, length=64)]
    user_id: Annotated[str, Attribute(create=False, visible=False, length=64)] = ""


@resource("trust", "trusts", indexes=(("trustor_user_id",), ("trustee_user_id",)))
class Trust(Resource, frozen=True, kw_only=True):
    """A user (trustor) lets another (trustee) use some of its roles on a project."""

    id: Identity
    trustor_user_id: Annotated[str, Attribute(required=True, length=64)]
    trustee_user_id: Annotated[str, Attribute(required=True, length=64)]
    impersonation: Annotated[bool, Attribute(required=True, check=enabled)]
    """Tokens of the trust show the trustor as their user."""
    project_id: Annotated[str | None, Attribute(length=64)] = None
    expires_at: Annotated[str | None, Attribute(check=check_moment)] = None
    remaining_uses: Annotated[int | None, Attribute()] = None
    """How many tokens may still be got; None: any number."""
    redelegation_count: Annotated[int, Attribute(create=False)] = 0
    deleted_at: Annotated[str | None, Attribute(create=False)] = None
    role_ids: tuple[str, ...] = ()


@resource("policy", "policies", table="policy_blobs", extra="extra")
class PolicyBlob(Resource, frozen=True, kw_only=True):
    """A policy document kept here for some service to fetch. Nothing in this cloud reads it."""

    id: Identity
    type: Annotated[str, Attribute(required=True, length=255)]
    blob: Annotated[str, Attribute(required=True, length=65535, filter=False)]
    extra: Extra = msgspec.field(default_factory=dict)


@resource("revocation", "revocations", key=("audit_id",))
class Revocation(Resource, frozen=True, kw_only=True):
    """One token that was given back before its time."""

    audit_id: Annotated[str, Attribute(length=64)]
    expires: float
    """When the token would have ended, and this row may go."""
