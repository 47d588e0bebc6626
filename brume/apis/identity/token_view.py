"""A token as Keystone shows it."""

from __future__ import annotations

from typing import Any

from brume.apis.rest.messages import Request
from brume.cloud.context import RequestContext, iso_micros
from brume.cloud.identity.catalog import catalog as make_catalog
from brume.cloud.identity.resources import ApplicationCredential, Trust
from brume.cloud.identity.tokens import Token, token_roles
from brume.cloud.store.session import Session


def token_view(
    request: Request, session: Session, token: Token, context: RequestContext, *, catalog: bool = True
) -> dict[str, Any]:
    """{"token": {...}}: who, how, until when, on what, with which roles and services."""
    shown: dict[str, Any] = {
        "methods": list(token.methods),
        "user": {
            "domain": {"id": context.user_domain_id, "name": context.user_domain_name},
            "id": context.user_id,
            "name": context.user_name,
            "password_expires_at": None,
        },
        "audit_ids": list(token.audit_ids),
        "expires_at": iso_micros(token.expires),
        "issued_at": iso_micros(token.issued),
    }
    if token.scope:
        shown |= _scope(context)
        shown["roles"] = [{"id": role.id, "name": role.name} for role in token_roles(session, token)]
        if catalog:
            shown["catalog"] = make_catalog(session, context)
    if token.application_credential:
        row = session.get(ApplicationCredential, token.application_credential)
        if row is not None:
            restricted = not row.unrestricted
            shown["application_credential"] = {"id": row.id, "name": row.name, "restricted": restricted}
    if token.trust and (trust := session.get(Trust, token.trust)) is not None:
        shown["OS-TRUST:trust"] = {
            "id": trust.id,
            "trustor_user": {"id": trust.trustor_user_id},
            "trustee_user": {"id": trust.trustee_user_id},
            "impersonation": trust.impersonation,
        }
    return {"token": shown}


def _scope(context: RequestContext) -> dict[str, Any]:
    if context.project_id is not None:
        domain = {"id": context.project_domain_id, "name": context.project_domain_name}
        project = {"domain": domain, "id": context.project_id, "name": context.project_name}
        return {"project": project, "is_domain": False}
    if context.domain_id is not None:
        return {"domain": {"id": context.domain_id, "name": context.domain_name}}
    return {"system": {"all": True}}
