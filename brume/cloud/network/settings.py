"""What an operator decides about the network service: ranges, sizes, limits. Defaults are Neutron's with ML2/OVN."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

QUOTAS: Mapping[str, int] = {
    "network": -1,
    "subnet": -1,
    "subnetpool": -1,
    "port": -1,
    "router_route": 30,
    "router": -1,
    "floatingip": -1,
    "rbac_policy": 10,
    "security_group": -1,
    "security_group_rule": -1,
    "trunk": -1,
}
"""Default limits; -1 is none."""


class NetworkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one cloud."""

    tenant_network_type: str = "geneve"
    geneve_ids: tuple[int, int] = (1, 65536)
    vlan_ranges: tuple[tuple[str, int, int], ...] = (("physnet1", 100, 4000),)
    """(physical network, first, last) from which VLANs are given out; others only to administrators."""
    flat_networks: tuple[str, ...] = ("*",)
    """Physical networks that may be used untagged; "*" for any."""
    underlay_mtu: int = 1500
    geneve_overhead: int = 58
    dns_domain: str = "openstacklocal"
    metadata_port: bool = True
    """Whether each network has a network:distributed port for the metadata service, as ML2/OVN makes it."""
    distributed_floating_ip: bool = False
    """Floating IPs leave on the compute node instead of on the gateway chassis."""
    most_fixed_ips: int = 5
    most_nameservers: int = 5
    most_host_routes: int = 20
    most_routes: int = 30
    agent_down_time: float = 75.0
    """Seconds without a heartbeat after which an agent is shown dead."""
    dhcp_lease_seconds: int = 43200
    quotas: Mapping[str, int] = msgspec.field(default_factory=lambda: QUOTAS)

    def mtu_of(self, network_type: str) -> int:
        """The largest packet a host may send on a network of this type."""
        return self.underlay_mtu - (self.geneve_overhead if network_type == "geneve" else 0)


DEFAULT = NetworkSettings()
