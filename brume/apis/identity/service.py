"""Keystone as a service: all its routes, its rules and its words, in one value."""

from __future__ import annotations

from brume.apis.identity import (
    assignments,
    auth,
    catalog,
    credentials,
    discovery,
    grants,
    projects,
    roles,
    trusts,
    users,
)
from brume.apis.identity.policies import RULES
from brume.apis.rest.routes import Router
from brume.apis.rest.service import Service
from brume.apis.rest.styles import KeystoneStyle
from brume.cloud.policy import Policy

PARTS = (discovery, auth, projects, users, roles, grants, assignments, catalog, credentials, trusts)

SERVICE = Service(
    name="identity",
    mount="/identity",
    title="Identity (Keystone)",
    style=KeystoneStyle(),
    policy=Policy(RULES),
    router=Router(route for part in PARTS for route in part.ROUTES),
)
