"""Subnet -> DHCP_Options, and a row of its own for a port with extra options: what OVN's DHCP server answers."""

from __future__ import annotations

from collections.abc import Iterator

from brume.cloud.network.resources import Port, Subnet
from brume.derive.rules import derived, rule
from brume.derive.view import View
from brume.northbound.from_cloud import names
from brume.northbound.from_cloud.dhcp_names import DISABLED, MAPS, OPTIONS
from brume.northbound.from_cloud.dhcp_values import in_ovn
from brume.northbound.from_cloud.facts import metadata_address, network_facts, settings, subnet_facts
from brume.northbound.schema import DHCPOptions
from brume.tables.map import EMPTY_MAP, Map

METADATA = "169.254.169.254/32"
"""Where instances look for their metadata (an address of AWS EC2)."""

DEFAULT_DOMAIN = "openstacklocal"
"""Neutron tells nobody its default domain."""


@derived
def served(view: View, subnet_id: str) -> Map[str, str]:
    """The options of a subnet; empty when DHCP is off or nobody could be the server."""
    subnet = view.get(Subnet, subnet_id)
    if subnet is None or not subnet.enable_dhcp:
        return EMPTY_MAP
    return _options4(view, subnet) if subnet.ip_version == 4 else _options6(subnet)


def _options4(view: View, subnet: Subnet) -> Map[str, str]:
    metadata = metadata_address(view, subnet.network_id, subnet.id)
    network = network_facts(view, subnet.network_id)
    server = subnet.gateway_ip or metadata
    if server is None or network is None:
        return EMPTY_MAP
    own = settings(view)
    options = {
        "server_id": server,
        "server_mac": names.server_mac(subnet.id),
        "lease_time": str(own.dhcp_lease_seconds),
        "mtu": str(network.mtu),
    }
    if own.dns_domain and own.dns_domain != DEFAULT_DOMAIN:
        options["domain_name"] = f'"{own.dns_domain}"'
    if subnet.gateway_ip:
        options["router"] = subnet.gateway_ip
    servers = _servers(subnet, "0.0.0.0")
    if servers:
        options["dns_server"] = servers
    routes = [f"{METADATA},{metadata}"] if metadata else []
    routes += [f"{route.destination},{route.nexthop}" for route in subnet.host_routes]
    if routes:  # RFC 3442: with option 121 a client ignores the router option, so the default route goes in too
        routes += [f"0.0.0.0/0,{subnet.gateway_ip}"] if subnet.gateway_ip else []
        options["classless_static_route"] = f"{{{', '.join(routes)}}}"
    return Map(options)


def _options6(subnet: Subnet) -> Map[str, str]:
    options = {"server_id": names.server_mac(subnet.id)}
    servers = _servers(subnet, "::")
    if servers:
        options["dns_server"] = servers
    if subnet.ipv6_address_mode == "dhcpv6-stateless":
        options["dhcpv6_stateless"] = "true"
    return Map(options)


def _servers(subnet: Subnet, nobody: str) -> str:
    """DNS servers as OVN writes a set; the unspecified address among them means: tell none."""
    servers = subnet.dns_nameservers
    return "" if not servers or nobody in servers else f"{{{', '.join(servers)}}}"


@rule(Subnet)
def subnet_options(subnet: Subnet, view: View) -> Iterator[DHCPOptions]:
    """The row that the subnet's ports refer to."""
    facts = subnet_facts(view, subnet.id)
    if facts is None or not facts.serves_dhcp:
        return
    yield DHCPOptions(
        uuid=names.dhcp_uuid(subnet.id),
        cidr=subnet.cidr,
        options=served(view, subnet.id),
        external_ids=Map(
            {
                "subnet_id": subnet.id,
                "neutron:network_id": subnet.network_id,
                "neutron:revision_number": str(subnet.revision_number),
            }
        ),
    )


@derived
def row_of(view: View, subnet_id: str) -> tuple[str, bool] | None:
    """The subnet's DHCP_Options row, and whether it gives no addresses; None without one."""
    facts = subnet_facts(view, subnet_id)
    if facts is None or not facts.serves_dhcp:
        return None
    return names.dhcp_uuid(subnet_id), facts.is_stateless


def subnet_of(view: View, port: Port, version: int) -> str | None:
    """The subnet whose options a port gets: the first with DHCP; in IPv6 rather one that gives addresses."""
    found: list[tuple[bool, str]] = []
    for fixed in port.fixed_ips:
        if (":" in fixed.ip_address) == (version == 6):
            row = row_of(view, fixed.subnet_id)
            if row is not None:
                found.append((row[1], fixed.subnet_id))
    return min(found, key=lambda one: one[0])[1] if found else None


def is_served(port: Port, version: int) -> bool:
    """Not ports of the cloud itself, and not those that say so."""
    if port.device_owner.startswith(("network:", "neutron:")):
        return False
    return not any(
        option.opt_name == DISABLED and option.ip_version == version and (option.opt_value or "").lower() == "true"
        for option in port.extra_dhcp_opts
    )


def extra(port: Port, version: int) -> dict[str, str]:
    """The port's own options in OVN's names and notation; those OVN does not know, or could not take, are left out."""
    result = {}
    for option in port.extra_dhcp_opts:
        name = OPTIONS[version].get(option.opt_name)
        if option.ip_version != version or name is None or option.opt_value is None:
            continue
        value = in_ovn(version, name, option.opt_value)
        if value is not None:
            result[name] = value
    return result


def options_of(view: View, port: Port) -> tuple[str | None, str | None]:
    """The DHCPv4 and DHCPv6 rows of a port."""
    rows: list[str | None] = []
    for version in (4, 6):
        subnet_id = subnet_of(view, port, version) if is_served(port, version) else None
        own = port.id if port.extra_dhcp_opts and extra(port, version) else ""
        rows.append(None if subnet_id is None else names.dhcp_uuid(subnet_id, own))
    return rows[0], rows[1]


@rule(Port)
def port_options(port: Port, view: View) -> Iterator[DHCPOptions]:
    """A row of its own for a port with extra options: the subnet's options, and over them the port's."""
    if not port.extra_dhcp_opts:
        return
    for version in (4, 6):
        own = extra(port, version)
        subnet_id = subnet_of(view, port, version) if own and is_served(port, version) else None
        facts = subnet_facts(view, subnet_id) if subnet_id is not None else None
        if subnet_id is None or facts is None:
            continue
        common = served(view, subnet_id)
        for name in MAPS & own.keys() & common.keys():
            own[name] = f"{{{common[name][1:-1]}, {own[name][1:-1]}}}"
        yield DHCPOptions(
            uuid=names.dhcp_uuid(subnet_id, port.id),
            cidr=facts.cidr,
            options=Map({**common, **own}),
            external_ids=Map({"subnet_id": subnet_id, "neutron:network_id": port.network_id, "port_id": port.id}),
        )
