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
from brume.apis.compute.policy import ROOT, RULES
from brume.apis.compute.versions import MICROVERSIONS, list_versions, show_version
from brume.apis.rest.routes import Route, Router
from brume.apis.rest.service import Service
from brume.apis.rest.styles import NovaStyle
from brume.cloud.policy import Policy

FLAVOR = "/v2.1/flavors/{flavor_id}"
SERVER = "/v2.1/servers/{server_id}"
HYPERVISOR = "/v2.1/os-hypervisors/{hypervisor_id}"
QUOTA = "/v2.1/os-quota-sets/{project_id}"
QUOTA_CLASS = "/v2.1/os-quota-class-sets/{class_id}"

ROUTES = (
    Route("GET", "/", list_versions, public=True),
    Route("GET", "/v2.1", show_version, public=True),
    Route("GET", "/v2.1/flavors", flavors.list_flavors),
    Route("POST", "/v2.1/flavors", flavors.create, rule=f"{ROOT}os-flavor-manage:create"),
    Route("GET", "/v2.1/flavors/detail", flavors.list_details),
    Route("GET", FLAVOR, flavors.show),
    Route("PUT", FLAVOR, flavors.update, rule=f"{ROOT}os-flavor-manage:update", since="2.55"),
    Route("DELETE", FLAVOR, flavors.delete, rule=f"{ROOT}os-flavor-manage:delete"),
    Route("POST", f"{FLAVOR}/action", flavors.change_access),
    Route("GET", f"{FLAVOR}/os-flavor-access", flavors.list_access, rule=f"{ROOT}os-flavor-access"),
    Route("GET", f"{FLAVOR}/os-extra_specs", flavors.list_specs, rule=f"{ROOT}os-flavor-extra-specs:index"),
    Route("POST", f"{FLAVOR}/os-extra_specs", flavors.create_specs, rule=f"{ROOT}os-flavor-extra-specs:create"),
    Route("GET", f"{FLAVOR}/os-extra_specs/{{key}}", flavors.show_spec, rule=f"{ROOT}os-flavor-extra-specs:show"),
    Route("PUT", f"{FLAVOR}/os-extra_specs/{{key}}", flavors.update_spec, rule=f"{ROOT}os-flavor-extra-specs:update"),
    Route(
        "DELETE", f"{FLAVOR}/os-extra_specs/{{key}}", flavors.delete_spec, rule=f"{ROOT}os-flavor-extra-specs:delete"
    ),
    Route("GET", "/v2.1/os-keypairs", keypairs.list_keypairs),
    Route("POST", "/v2.1/os-keypairs", keypairs.create),
    Route("GET", "/v2.1/os-keypairs/{name}", keypairs.show),
    Route("DELETE", "/v2.1/os-keypairs/{name}", keypairs.delete),
    Route("GET", "/v2.1/os-services", nodes.list_services, rule=f"{ROOT}os-services:list"),
    Route("PUT", "/v2.1/os-services/{action}", nodes.change_service, rule=f"{ROOT}os-services:update", until="2.52"),
    Route(
        "PUT", "/v2.1/os-services/{service_id}", nodes.update_service, rule=f"{ROOT}os-services:update", since="2.53"
    ),
    Route("DELETE", "/v2.1/os-services/{service_id}", nodes.delete_service, rule=f"{ROOT}os-services:delete"),
    Route("GET", "/v2.1/os-hypervisors", hypervisors.list_hypervisors, rule=f"{ROOT}os-hypervisors:list"),
    Route("GET", "/v2.1/os-hypervisors/detail", hypervisors.list_details, rule=f"{ROOT}os-hypervisors:list-detail"),
    Route(
        "GET",
        "/v2.1/os-hypervisors/statistics",
        hypervisors.show_statistics,
        rule=f"{ROOT}os-hypervisors:statistics",
        until="2.87",
    ),
    Route("GET", HYPERVISOR, hypervisors.show, rule=f"{ROOT}os-hypervisors:show"),
    Route("GET", f"{HYPERVISOR}/uptime", hypervisors.show_uptime, rule=f"{ROOT}os-hypervisors:uptime", until="2.87"),
    Route("GET", f"{HYPERVISOR}/search", hypervisors.search, rule=f"{ROOT}os-hypervisors:search", until="2.52"),
    Route("GET", f"{HYPERVISOR}/servers", hypervisors.list_servers, rule=f"{ROOT}os-hypervisors:servers", until="2.52"),
    Route("GET", "/v2.1/os-availability-zone", nodes.list_zones, rule=f"{ROOT}os-availability-zone:list"),
    Route(
        "GET", "/v2.1/os-availability-zone/detail", nodes.list_zone_details, rule=f"{ROOT}os-availability-zone:detail"
    ),
    Route("GET", "/v2.1/limits", limits.show_limits, rule=f"{ROOT}limits"),
    Route("GET", QUOTA, limits.show, rule=f"{ROOT}os-quota-sets:show"),
    Route("PUT", QUOTA, limits.update, rule=f"{ROOT}os-quota-sets:update"),
    Route("DELETE", QUOTA, limits.delete, rule=f"{ROOT}os-quota-sets:delete"),
    Route("GET", f"{QUOTA}/detail", limits.show_details, rule=f"{ROOT}os-quota-sets:detail"),
    Route("GET", f"{QUOTA}/defaults", limits.show_defaults, rule=f"{ROOT}os-quota-sets:defaults"),
    Route("GET", QUOTA_CLASS, limits.show_class, rule=f"{ROOT}os-quota-class-sets:show"),
    Route("PUT", QUOTA_CLASS, limits.update_class, rule=f"{ROOT}os-quota-class-sets:update"),
    Route("GET", "/v2.1/servers", listing.list_servers, rule=f"{ROOT}servers:index"),
    Route("POST", "/v2.1/servers", creating.create, rule=f"{ROOT}servers:create"),
    Route("GET", "/v2.1/servers/detail", listing.list_details, rule=f"{ROOT}servers:detail"),
    Route("GET", SERVER, servers.show, rule=f"{ROOT}servers:show"),
    Route("PUT", SERVER, servers.update, rule=f"{ROOT}servers:update"),
    Route("DELETE", SERVER, servers.delete, rule=f"{ROOT}servers:delete"),
    Route("POST", f"{SERVER}/action", actions.perform),
    Route("GET", f"{SERVER}/metadata", metadata.list_metadata, rule=f"{ROOT}server-metadata:index"),
    Route("PUT", f"{SERVER}/metadata", metadata.replace_metadata, rule=f"{ROOT}server-metadata:update_all"),
    Route("POST", f"{SERVER}/metadata", metadata.add_metadata, rule=f"{ROOT}server-metadata:create"),
    Route("GET", f"{SERVER}/metadata/{{key}}", metadata.show_item, rule=f"{ROOT}server-metadata:show"),
    Route("PUT", f"{SERVER}/metadata/{{key}}", metadata.set_item, rule=f"{ROOT}server-metadata:update"),
    Route("DELETE", f"{SERVER}/metadata/{{key}}", metadata.delete_item, rule=f"{ROOT}server-metadata:delete"),
    Route("GET", f"{SERVER}/tags", metadata.list_tags, rule=f"{ROOT}os-server-tags:index", since="2.26"),
    Route("PUT", f"{SERVER}/tags", metadata.replace_tags, rule=f"{ROOT}os-server-tags:update_all", since="2.26"),
    Route("DELETE", f"{SERVER}/tags", metadata.delete_tags, rule=f"{ROOT}os-server-tags:delete_all", since="2.26"),
    Route("GET", f"{SERVER}/tags/{{tag}}", metadata.has_tag, rule=f"{ROOT}os-server-tags:show", since="2.26"),
    Route("PUT", f"{SERVER}/tags/{{tag}}", metadata.add_tag, rule=f"{ROOT}os-server-tags:update", since="2.26"),
    Route("DELETE", f"{SERVER}/tags/{{tag}}", metadata.delete_tag, rule=f"{ROOT}os-server-tags:delete", since="2.26"),
    Route("GET", f"{SERVER}/os-interface", interfaces.list_interfaces, rule=f"{ROOT}os-attach-interfaces:list"),
    Route("POST", f"{SERVER}/os-interface", interfaces.attach, rule=f"{ROOT}os-attach-interfaces:create"),
    Route(
        "GET", f"{SERVER}/os-interface/{{port_id}}", interfaces.show_interface, rule=f"{ROOT}os-attach-interfaces:show"
    ),
    Route("DELETE", f"{SERVER}/os-interface/{{port_id}}", interfaces.detach, rule=f"{ROOT}os-attach-interfaces:delete"),
    Route("GET", f"{SERVER}/ips", interfaces.list_addresses, rule=f"{ROOT}ips:index"),
    Route("GET", f"{SERVER}/ips/{{network}}", interfaces.show_addresses, rule=f"{ROOT}ips:show"),
    Route("GET", f"{SERVER}/os-security-groups", interfaces.list_groups, rule=f"{ROOT}os-security-groups:list"),
    Route("GET", f"{SERVER}/os-instance-actions", history.list_actions, rule=f"{ROOT}os-instance-actions:list"),
    Route(
        "GET",
        f"{SERVER}/os-instance-actions/{{request_id}}",
        history.show_action,
        rule=f"{ROOT}os-instance-actions:show",
    ),
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
