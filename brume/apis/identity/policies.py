"""Who may do what in Keystone: its default rules (the secure personas of admin, manager and reader by scope).

Three kinds of asker besides the administrator: a reader of the system sees everything; a reader (manager) of a domain
sees (changes) what is in it; a user sees itself and its projects. Names and meaning are Keystone's, so an operator's
policy.yaml for Keystone works here.
"""

from __future__ import annotations

ADMIN = "rule:admin_required"
SYSTEM_READER = "(role:reader and system_scope:all)"
ADMIN_OR_SYSTEM_READER = f"{ADMIN} or {SYSTEM_READER}"
OWNER = "user_id:%(target.user.id)s"


def _reader(place: str) -> str:
    """Admin, system reader, or reader of the domain that `place` names."""
    return f"{ADMIN_OR_SYSTEM_READER} or (role:reader and domain_id:%({place})s and not None:%({place})s)"


def _manager(place: str) -> str:
    """Admin, or manager of the domain that `place` names."""
    return f"{ADMIN} or (role:manager and domain_id:%({place})s and not None:%({place})s)"


def _grant(role: str) -> str:
    """`role` in the domain of both the actor and the target."""
    places = (("user", "project"), ("user", "domain"), ("group", "project"), ("group", "domain"))
    return " or ".join(
        f"(role:{role} and domain_id:%(target.{actor}.domain_id)s and "
        f"domain_id:%({'target.project.domain_id' if target == 'project' else 'target.domain.id'})s)"
        for actor, target in places
    )


ROLE_IN_DOMAIN = "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)"
GRANT_READ = f"{ADMIN_OR_SYSTEM_READER} or {_grant('reader')}"
GRANT_WRITE = (
    f"{ADMIN} or (({_grant('admin')}) and {ROLE_IN_DOMAIN}) or "
    f"(({_grant('manager')}) and rule:domain_managed_target_role)"
)
PROJECT_READ = f"{_reader('target.project.domain_id')} or project_id:%(target.project.id)s"
CREDENTIAL_OWNER = "user_id:%(target.credential.user_id)s"

TRUSTOR = "user_id:%(target.trust.trustor_user_id)s"
TRUSTEE = "user_id:%(target.trust.trustee_user_id)s"


def _crud(noun: str, plural: str, read: str, write: str) -> dict[str, str]:
    """The five rules of a resource that is read by some and changed by others."""
    return {
        f"identity:get_{noun}": read,
        f"identity:list_{plural}": read,
        f"identity:create_{noun}": write,
        f"identity:update_{noun}": write,
        f"identity:delete_{noun}": write,
    }


RULES: dict[str, str] = {
    "admin_required": "role:admin or is_admin:1",
    "service_role": "role:service",
    "service_or_admin": "rule:admin_required or rule:service_role",
    "owner": "user_id:%(user_id)s",
    "token_subject": "user_id:%(target.token.user_id)s",
    "domain_managed_target_role": (
        "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s"
    ),
    # tokens
    "identity:check_token": f"{ADMIN_OR_SYSTEM_READER} or rule:token_subject",
    "identity:validate_token": f"{ADMIN_OR_SYSTEM_READER} or rule:service_role or rule:token_subject",
    "identity:revoke_token": f"{ADMIN} or rule:token_subject",
    # projects
    "identity:get_project": PROJECT_READ,
    "identity:list_projects": _reader("target.domain_id"),
    "identity:list_user_projects": f"{_reader('target.user.domain_id')} or {OWNER}",
    "identity:create_project": _manager("target.project.domain_id"),
    "identity:update_project": _manager("target.project.domain_id"),
    "identity:delete_project": _manager("target.project.domain_id"),
    "identity:list_project_tags": PROJECT_READ,
    "identity:get_project_tag": PROJECT_READ,
    "identity:update_project_tags": _manager("target.project.domain_id"),
    "identity:create_project_tag": _manager("target.project.domain_id"),
    "identity:delete_project_tags": _manager("target.project.domain_id"),
    "identity:delete_project_tag": _manager("target.project.domain_id"),
    # domains
    "identity:get_domain": (
        f"{ADMIN_OR_SYSTEM_READER} or domain_id:%(target.domain.id)s or project_domain_id:%(target.domain.id)s"
    ),
    "identity:list_domains": f"{ADMIN_OR_SYSTEM_READER} or (role:reader and not domain_id:None)",
    "identity:create_domain": ADMIN,
    "identity:update_domain": ADMIN,
    "identity:delete_domain": ADMIN,
    # users and groups
    "identity:get_user": f"{_reader('target.user.domain_id')} or {OWNER}",
    "identity:list_users": _reader("target.domain_id"),
    "identity:create_user": _manager("target.user.domain_id"),
    "identity:update_user": _manager("target.user.domain_id"),
    "identity:delete_user": _manager("target.user.domain_id"),
    "identity:get_group": _reader("target.group.domain_id"),
    "identity:list_groups": _reader("target.domain_id"),
    "identity:list_groups_for_user": f"{_reader('target.user.domain_id')} or {OWNER}",
    "identity:create_group": _manager("target.group.domain_id"),
    "identity:update_group": _manager("target.group.domain_id"),
    "identity:delete_group": _manager("target.group.domain_id"),
    "identity:list_users_in_group": _reader("target.group.domain_id"),
    "identity:check_user_in_group": _reader("target.group.domain_id"),
    "identity:add_user_to_group": _manager("target.group.domain_id"),
    "identity:remove_user_from_group": _manager("target.group.domain_id"),
    # roles
    "identity:get_role": f"{ADMIN_OR_SYSTEM_READER} or (role:manager and rule:domain_managed_target_role)",
    "identity:list_roles": f"{ADMIN_OR_SYSTEM_READER} or (role:manager and not domain_id:None)",
    "identity:create_role": ADMIN,
    "identity:update_role": ADMIN,
    "identity:delete_role": ADMIN,
    "identity:get_implied_role": ADMIN_OR_SYSTEM_READER,
    "identity:list_implied_roles": ADMIN_OR_SYSTEM_READER,
    "identity:create_implied_role": ADMIN,
    "identity:delete_implied_role": ADMIN,
    "identity:list_role_inference_rules": ADMIN_OR_SYSTEM_READER,
    # grants
    "identity:check_grant": GRANT_READ,
    "identity:list_grants": GRANT_READ,
    "identity:create_grant": GRANT_WRITE,
    "identity:revoke_grant": GRANT_WRITE,
    "identity:check_system_grant": ADMIN_OR_SYSTEM_READER,
    "identity:list_system_grants": ADMIN_OR_SYSTEM_READER,
    "identity:create_system_grant": ADMIN,
    "identity:revoke_system_grant": ADMIN,
    "identity:list_role_assignments": _reader("target.domain_id"),
    "identity:list_role_assignments_for_tree": (
        f"{_reader('target.project.domain_id')} or (role:admin and project_id:%(target.project.id)s)"
    ),
    # catalog: services and endpoints are administrators' business, regions are everybody's to see
    **_crud("service", "services", ADMIN_OR_SYSTEM_READER, ADMIN),
    **_crud("endpoint", "endpoints", ADMIN_OR_SYSTEM_READER, ADMIN),
    **_crud("region", "regions", "", ADMIN),
    # credentials
    "identity:get_credential": f"{ADMIN_OR_SYSTEM_READER} or {CREDENTIAL_OWNER}",
    "identity:list_credentials": f"{ADMIN_OR_SYSTEM_READER} or {CREDENTIAL_OWNER}",
    "identity:create_credential": f"{ADMIN} or {CREDENTIAL_OWNER}",
    "identity:update_credential": f"{ADMIN} or {CREDENTIAL_OWNER}",
    "identity:delete_credential": f"{ADMIN} or {CREDENTIAL_OWNER}",
    "identity:get_application_credential": f"{ADMIN_OR_SYSTEM_READER} or {OWNER}",
    "identity:list_application_credentials": f"{ADMIN_OR_SYSTEM_READER} or {OWNER}",
    "identity:create_application_credential": f"(role:member and {OWNER}) or {OWNER}",
    "identity:delete_application_credential": f"{ADMIN} or {OWNER}",
    "identity:list_access_rules": f"{ADMIN_OR_SYSTEM_READER} or {OWNER}",
    "identity:get_access_rule": f"{ADMIN_OR_SYSTEM_READER} or {OWNER}",
    "identity:delete_access_rule": f"{ADMIN} or {OWNER}",
    "identity:list_ec2_credentials": f"{ADMIN_OR_SYSTEM_READER} or {OWNER}",
    "identity:get_ec2_credential": f"{ADMIN_OR_SYSTEM_READER} or {OWNER}",
    "identity:create_ec2_credential": f"{ADMIN} or {OWNER}",
    "identity:delete_ec2_credential": f"{ADMIN} or {OWNER}",
    # trusts
    "identity:create_trust": TRUSTOR,
    "identity:list_trusts": ADMIN_OR_SYSTEM_READER,
    "identity:list_trusts_for_trustor": f"{ADMIN_OR_SYSTEM_READER} or {TRUSTOR}",
    "identity:list_trusts_for_trustee": f"{ADMIN_OR_SYSTEM_READER} or {TRUSTEE}",
    "identity:get_trust": f"{ADMIN_OR_SYSTEM_READER} or {TRUSTOR} or {TRUSTEE}",
    "identity:delete_trust": f"{ADMIN} or {TRUSTOR}",
    "identity:list_roles_for_trust": f"{ADMIN_OR_SYSTEM_READER} or {TRUSTOR} or {TRUSTEE}",
    "identity:get_role_for_trust": f"{ADMIN_OR_SYSTEM_READER} or {TRUSTOR} or {TRUSTEE}",
    **_crud("policy", "policies", ADMIN_OR_SYSTEM_READER, ADMIN),
}
