"""What rules read of other rows: the parts that matter, compared by value.

A rule that reads a whole Network row would run again for every revision; one that reads `network_facts` only when
the facts differ. Nothing here grows with the number of ports.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from brume.cloud.network.addresses import DISTRIBUTED, ROUTER_GATEWAY
from brume.cloud.network.gateway_scheduling import candidates
from brume.cloud.network.resources import Chassis, Network, Port, Router, SecurityGroup, Subnet
from brume.cloud.network.settings import NetworkSettings
from brume.derive.rules import derived
from brume.derive.view import View
from brume.tables.row import Index, Row

PROVIDER = ("flat", "vlan")


class Cloud(Row, frozen=True, kw_only=True):
    """The one row of settings, a source as any other: a changed setting runs the rules that read it."""

    settings: NetworkSettings = msgspec.field(default_factory=NetworkSettings)

    def key(self) -> str:
        return "cloud"


metadata_port_by_network = Index(
    Port, "metadata", lambda port: port.network_id if port.device_owner == DISTRIBUTED else None
)
ports_by_router = Index(Port, "router", lambda port: port.router_id)


class NetworkFacts(NamedTuple):
    """What others need of a network."""

    mtu: int
    type: str
    physical_network: str | None
    external: bool

    @property
    def is_provider(self) -> bool:
        """On a physical network, by a localnet port."""
        return self.type in PROVIDER


class SubnetFacts(NamedTuple):
    """What others need of a subnet."""

    network_id: str
    cidr: str
    version: int
    gateway: str | None
    has_dhcp: bool
    ra_mode: str | None
    address_mode: str | None

    @property
    def length(self) -> int:
        """The prefix length."""
        return int(self.cidr.rpartition("/")[2])

    @property
    def serves_dhcp(self) -> bool:
        """Whether OVN has a DHCP_Options row for it: not where hosts make their addresses by themselves."""
        return self.has_dhcp and not (self.version == 6 and self.address_mode == "slaac")

    @property
    def is_stateless(self) -> bool:
        """DHCPv6 that gives no addresses."""
        return self.address_mode == "dhcpv6-stateless"


class GatewayFacts(NamedTuple):
    """What others need of a router's way out."""

    port_id: str
    network_id: str
    addresses: tuple[str, ...]
    translates: bool


def settings(view: View) -> NetworkSettings:
    """The cloud's settings."""
    row = view.get(Cloud, "cloud")
    return row.settings if row is not None else NetworkSettings()


@derived
def distributes_floating_ips(view: View) -> bool:
    """Whether floating IPs leave on the compute node."""
    return settings(view).distributed_floating_ip


@derived
def network_facts(view: View, network_id: str) -> NetworkFacts | None:
    """The facts of a network; None when there is none."""
    row = view.get(Network, network_id)
    if row is None:
        return None
    return NetworkFacts(row.mtu, row.provider_network_type, row.provider_physical_network, row.router_external)


@derived
def subnet_facts(view: View, subnet_id: str) -> SubnetFacts | None:
    """The facts of a subnet; None when there is none."""
    row = view.get(Subnet, subnet_id)
    if row is None:
        return None
    return SubnetFacts(
        row.network_id,
        row.cidr,
        row.ip_version,
        row.gateway_ip,
        row.enable_dhcp,
        row.ipv6_ra_mode,
        row.ipv6_address_mode,
    )


@derived
def gateway_facts(view: View, router_id: str) -> GatewayFacts | None:
    """The router's way out; None without one."""
    router = view.get(Router, router_id)
    if router is None or router.gateway_port_id is None:
        return None
    port = view.get(Port, router.gateway_port_id)
    if port is None or port.device_owner != ROUTER_GATEWAY:
        return None
    return GatewayFacts(
        port.id, port.network_id, tuple(fixed.ip_address for fixed in port.fixed_ips), router.enable_snat
    )


@derived
def least_mtu(view: View, router_id: str) -> int | None:
    """The longest packet that every network of a router carries; None when it has none."""
    found = (network_facts(view, port.network_id) for port in view.find(ports_by_router, router_id))
    return min((network.mtu for network in found if network is not None), default=None)


@derived
def is_stateful(view: View, group_id: str) -> bool | None:
    """Whether a security group tracks connections; None when there is no such group."""
    group = view.get(SecurityGroup, group_id)
    return None if group is None else group.stateful


@derived
def floating_mac(view: View, floating_port_id: str) -> str:
    """The MAC of a floating IP's own port."""
    port = view.get(Port, floating_port_id)
    return "" if port is None else port.mac_address


@derived
def is_up(view: View, port_id: str) -> bool:
    """Whether a chassis has the port."""
    port = view.get(Port, port_id)
    return port is not None and port.status == "ACTIVE"


@derived
def metadata_address(view: View, network_id: str, subnet_id: str) -> str | None:
    """Where the metadata service of a network is in a subnet."""
    port = view.one(metadata_port_by_network, network_id)
    fixed = port.fixed_ips if port is not None else ()
    return next((own.ip_address for own in fixed if own.subnet_id == subnet_id), None)


@derived
def gateway_candidates(view: View, physical_network: str | None) -> tuple[str, ...]:
    """Chassis that may carry a gateway to a physical network. A heartbeat changes chassis, not this."""
    return tuple(sorted(candidates(view.all(Chassis), physical_network)))


def with_length(address: str, facts: SubnetFacts) -> str:
    """An address as an interface has it: "10.0.0.1/24"."""
    return f"{address}/{facts.length}"
