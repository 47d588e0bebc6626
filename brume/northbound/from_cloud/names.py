"""How Neutron names OVN's rows. Uuids are made of the same names, so that deriving again gives the same rows."""

from __future__ import annotations

from functools import lru_cache

from brume.values import derive_uuid

DROP_GROUP = "neutron_pg_drop"
REMEMBERED = 4096
"""Uuids of networks, groups and subnets are asked for by each of their ports."""


def switch_name(network_id: str) -> str:
    """The logical switch of a network."""
    return f"neutron-{network_id}"


def router_name(router_id: str) -> str:
    """The logical router of a router: named as a switch is."""
    return f"neutron-{router_id}"


def router_port_name(port_id: str) -> str:
    """The router's side of a port; the switch's side has the port's own identity as its name."""
    return f"lrp-{port_id}"


def provider_port_name(segment_id: str) -> str:
    """The localnet port of a provider network."""
    return f"provnet-{segment_id}"


@lru_cache(REMEMBERED)
def group_name(group_id: str) -> str:
    """The port group of a security group; OVN's names have no dashes."""
    return f"pg_{group_id.replace('-', '_')}"


def address_set_name(group_id: str, family: str) -> str:
    """The address set that northd makes of a port group; `family` is ip4 or ip6."""
    return f"{group_name(group_id)}_{family}"


@lru_cache(REMEMBERED)
def switch_uuid(network_id: str) -> str:
    """Logical_Switch."""
    return derive_uuid("Logical_Switch", network_id)


def switch_port_uuid(name: str) -> str:
    """Logical_Switch_Port, by its name."""
    return derive_uuid("Logical_Switch_Port", name)


@lru_cache(REMEMBERED)
def router_uuid(router_id: str) -> str:
    """Logical_Router."""
    return derive_uuid("Logical_Router", router_id)


def router_port_uuid(port_id: str) -> str:
    """Logical_Router_Port."""
    return derive_uuid("Logical_Router_Port", port_id)


@lru_cache(REMEMBERED)
def group_uuid(name: str) -> str:
    """Port_Group, by its name."""
    return derive_uuid("Port_Group", name)


@lru_cache(REMEMBERED)
def dhcp_uuid(subnet_id: str, port_id: str = "") -> str:
    """DHCP_Options of a subnet, or of one port in it."""
    return derive_uuid("DHCP_Options", subnet_id, port_id)


def server_mac(subnet_id: str) -> str:
    """The MAC of a subnet's DHCP server: Neutron takes a random one of its range."""
    digits = derive_uuid("DHCP server", subnet_id)
    return f"fa:16:3e:{digits[0:2]}:{digits[2:4]}:{digits[4:6]}"
