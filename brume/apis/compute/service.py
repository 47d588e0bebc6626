"""The compute service as data: routes, policy, microversions."""

from __future__ import annotations

from brume.apis.compute import (
    actions,
    creating,
    flavors,
    history,
    hypervisors,
    interfaces,
    keypairs,
    left_out,
    limits,
    listing,
    metadata,
    nodes,
    servers,
)
from brume.apis.compute.versions import MICROVERSIONS, list_versions, show_version
from brume.apis.rest.routes import Route, Router
from brume.apis.rest.service import Service
from brume.apis.rest.styles import NovaStyle
from brume.cloud.policy import Policy

RULES = {
    "context_is_admin": "role:admin",
    "admin": "rule:context_is_admin",
    "project_member": "role:admin or role:member",
}

FLAVOR = "/v2.1/flavors/{flavor_id}"
SERVER = "/v2.1/servers/{server_id}"
HYPERVISOR = "/v2.1/os-hypervisors/{hypervisor_id}"
QUOTA = "/v2.1/os-quota-sets/{project_id}"
QUOTA_CLASS = "/v2.1/os-quota-class-sets/{class_id}"

ROUTES = (
    Route("GET", "/", list_versions, public=True),
    Route("GET", "/v2.1", show_version, public=True),
    Route("GET", "/v2.1/flavors", flavors.list_flavors),
    Route("POST", "/v2.1/flavors", flavors.create, rule="admin"),
    Route("GET", "/v2.1/flavors/detail", flavors.list_details),
    Route("GET", FLAVOR, flavors.show),
    Route("PUT", FLAVOR, flavors.update, rule="admin", since="2.55"),
    Route("DELETE", FLAVOR, flavors.delete, rule="admin"),
    Route("POST", f"{FLAVOR}/action", flavors.change_access, rule="admin"),
    Route("GET", f"{FLAVOR}/os-flavor-access", flavors.list_access, rule="admin"),
    Route("GET", f"{FLAVOR}/os-extra_specs", flavors.list_specs),
    Route("POST", f"{FLAVOR}/os-extra_specs", flavors.create_specs, rule="admin"),
    Route("GET", f"{FLAVOR}/os-extra_specs/{{key}}", flavors.show_spec),
    Route("PUT", f"{FLAVOR}/os-extra_specs/{{key}}", flavors.update_spec, rule="admin"),
    Route("DELETE", f"{FLAVOR}/os-extra_specs/{{key}}", flavors.delete_spec, rule="admin"),
    Route("GET", "/v2.1/os-keypairs", keypairs.list_keypairs),
    Route("POST", "/v2.1/os-keypairs", keypairs.create),
    Route("GET", "/v2.1/os-keypairs/{name}", keypairs.show),
    Route("DELETE", "/v2.1/os-keypairs/{name}", keypairs.delete),
    Route("GET", "/v2.1/os-services", nodes.list_services, rule="admin"),
    Route("PUT", "/v2.1/os-services/{action}", nodes.change_service, rule="admin", until="2.52"),
    Route("PUT", "/v2.1/os-services/{service_id}", nodes.update_service, rule="admin", since="2.53"),
    Route("DELETE", "/v2.1/os-services/{service_id}", nodes.delete_service, rule="admin"),
    Route("GET", "/v2.1/os-hypervisors", hypervisors.list_hypervisors, rule="admin"),
    Route("GET", "/v2.1/os-hypervisors/detail", hypervisors.list_details, rule="admin"),
    Route("GET", "/v2.1/os-hypervisors/statistics", hypervisors.show_statistics, rule="admin", until="2.87"),
    Route("GET", HYPERVISOR, hypervisors.show, rule="admin"),
    Route("GET", f"{HYPERVISOR}/uptime", hypervisors.show_uptime, rule="admin", until="2.87"),
    Route("GET", f"{HYPERVISOR}/search", hypervisors.search, rule="admin", until="2.52"),
    Route("GET", f"{HYPERVISOR}/servers", hypervisors.list_servers, rule="admin", until="2.52"),
    Route("GET", "/v2.1/os-availability-zone", nodes.list_zones),
    Route("GET", "/v2.1/os-availability-zone/detail", nodes.list_zone_details, rule="admin"),
    Route("GET", "/v2.1/limits", limits.show_limits),
    Route("GET", QUOTA, limits.show),
    Route("PUT", QUOTA, limits.update, rule="admin"),
    Route("DELETE", QUOTA, limits.delete, rule="admin"),
    Route("GET", f"{QUOTA}/detail", limits.show_details),
    Route("GET", f"{QUOTA}/defaults", limits.show_defaults),
    Route("GET", QUOTA_CLASS, limits.show_class, rule="admin"),
    Route("PUT", QUOTA_CLASS, limits.update_class, rule="admin"),
    Route("GET", "/v2.1/servers", listing.list_servers),
    Route("POST", "/v2.1/servers", creating.create, rule="project_member"),
    Route("GET", "/v2.1/servers/detail", listing.list_details),
    Route("GET", SERVER, servers.show),
    Route("PUT", SERVER, servers.update, rule="project_member"),
    Route("DELETE", SERVER, servers.delete, rule="project_member"),
    Route("POST", f"{SERVER}/action", actions.perform, rule="project_member"),
    Route("GET", f"{SERVER}/metadata", metadata.list_metadata),
    Route("PUT", f"{SERVER}/metadata", metadata.replace_metadata, rule="project_member"),
    Route("POST", f"{SERVER}/metadata", metadata.add_metadata, rule="project_member"),
    Route("GET", f"{SERVER}/metadata/{{key}}", metadata.show_item),
    Route("PUT", f"{SERVER}/metadata/{{key}}", metadata.set_item, rule="project_member"),
    Route("DELETE", f"{SERVER}/metadata/{{key}}", metadata.delete_item, rule="project_member"),
    Route("GET", f"{SERVER}/tags", metadata.list_tags, since="2.26"),
    Route("PUT", f"{SERVER}/tags", metadata.replace_tags, rule="project_member", since="2.26"),
    Route("DELETE", f"{SERVER}/tags", metadata.delete_tags, rule="project_member", since="2.26"),
    Route("GET", f"{SERVER}/tags/{{tag}}", metadata.has_tag, since="2.26"),
    Route("PUT", f"{SERVER}/tags/{{tag}}", metadata.add_tag, rule="project_member", since="2.26"),
    Route("DELETE", f"{SERVER}/tags/{{tag}}", metadata.delete_tag, rule="project_member", since="2.26"),
    Route("GET", f"{SERVER}/os-interface", interfaces.list_interfaces),
    Route("POST", f"{SERVER}/os-interface", interfaces.attach, rule="project_member"),
    Route("GET", f"{SERVER}/os-interface/{{port_id}}", interfaces.show_interface),
    Route("DELETE", f"{SERVER}/os-interface/{{port_id}}", interfaces.detach, rule="project_member"),
    Route("GET", f"{SERVER}/ips", interfaces.list_addresses),
    Route("GET", f"{SERVER}/ips/{{network}}", interfaces.show_addresses),
    Route("GET", f"{SERVER}/os-security-groups", interfaces.list_groups),
    Route("GET", f"{SERVER}/os-instance-actions", history.list_actions),
    Route("GET", f"{SERVER}/os-instance-actions/{{request_id}}", history.show_action),
)

SERVICE = Service(
    name="compute",
    mount="/compute",
    title="Compute (Nova 2.1)",
    style=NovaStyle(),
    policy=Policy(RULES),
    router=Router((*ROUTES, *left_out.routes())),
    microversions=MICROVERSIONS,
)
