"""Who may do what: Nova's rules by Nova's names, so that an operator's policy file for Nova fits here.

Three kinds of asker by default: administrators, members of the project, readers of the project. That a server (or
anything else) is the asker's own project's is looked at where it is fetched.
"""

from __future__ import annotations

ROOT = "os_compute_api:"

ADMINISTRATOR = (
    *("os-admin-actions:reset_state", "os-aggregates:index", "os-availability-zone:detail", "os-flavor-access"),
    *("os-flavor-access:add_tenant_access", "os-flavor-access:remove_tenant_access", "os-flavor-extra-specs:create"),
    *("os-flavor-extra-specs:delete", "os-flavor-extra-specs:update", "os-flavor-manage:create"),
    *("os-flavor-manage:delete", "os-flavor-manage:update", "os-hosts:list", "os-hypervisors:list"),
    *("os-hypervisors:list-detail", "os-hypervisors:search", "os-hypervisors:servers", "os-hypervisors:show"),
    *("os-hypervisors:statistics", "os-hypervisors:uptime", "os-instance-usage-audit-log:list"),
    *("os-migrations:index", "os-quota-class-sets:show", "os-quota-class-sets:update", "os-quota-sets:delete"),
    *("os-quota-sets:update", "os-server-external-events:create", "os-services:delete", "os-services:list"),
    *("os-services:update", "servers:create:forced_host"),
)
MEMBER = (
    *("os-attach-interfaces:create", "os-attach-interfaces:delete", "os-console-output", "os-deferred-delete:force"),
    *("os-floating-ips:add", "os-floating-ips:remove", "os-lock-server:lock", "os-lock-server:unlock"),
    *("os-multinic:add", "os-multinic:remove", "os-security-groups:add", "os-security-groups:remove"),
    *("os-server-groups:create", "os-server-groups:delete", "os-server-tags:delete", "os-server-tags:delete_all"),
    *("os-server-tags:update", "os-server-tags:update_all", "server-metadata:create", "server-metadata:delete"),
    *("server-metadata:update", "server-metadata:update_all", "servers:create", "servers:delete", "servers:reboot"),
    *("servers:start", "servers:stop", "servers:update"),
)
READER = (
    *("ips:index", "ips:show", "os-attach-interfaces:list", "os-attach-interfaces:show"),
    *("os-flavor-extra-specs:index", "os-flavor-extra-specs:show", "os-instance-actions:list"),
    *("os-instance-actions:show", "os-quota-sets:detail", "os-quota-sets:show", "os-security-groups:list"),
    *("os-server-groups:index", "os-server-tags:index", "os-server-tags:show", "os-volumes-attachments:index"),
    *("server-metadata:index", "server-metadata:show", "servers:detail", "servers:index", "servers:show"),
)
ANYBODY = ("limits", "os-availability-zone:list", "os-quota-sets:defaults")

RULES: dict[str, str] = {
    "context_is_admin": "role:admin",
    "project_member_or_admin": "rule:context_is_admin or role:member",
    "project_reader_or_admin": "rule:context_is_admin or role:reader",
    **{ROOT + name: "rule:context_is_admin" for name in ADMINISTRATOR},
    "compute:servers:create:requested_destination": "rule:context_is_admin",
    **{ROOT + name: "rule:project_member_or_admin" for name in MEMBER},
    **{ROOT + name: "rule:project_reader_or_admin" for name in READER},
    **{ROOT + name: "@" for name in ANYBODY},
}
