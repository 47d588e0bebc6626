"""The options put_dhcp_opts, put_dhcpv6_opts, put_nd_ra_opts and trigger_event know: name, code and type.

The DHCP ones are the rows northd writes into the Southbound tables DHCP_Options and DHCPv6_Options (OVN 23.03).
"""

import msgspec


class OptionType(msgspec.Struct, frozen=True):
    """One option: its code on the wire (or OVN's own number) and the type of its value."""

    name: str
    code: int
    type: str

    @property
    def wants_string(self) -> bool | None:
        """Whether the value is a string; None when either will do (a host may be a name or an address)."""
        return None if self.type == "host_id" else self.type in ("str", "domains")


def _declare(**options: tuple[int, str]) -> dict[str, OptionType]:
    return {name: OptionType(name, code, kind) for name, (code, kind) in options.items()}


DHCPV4_OPTIONS = _declare(
    offerip=(0, "ipv4"),
    netmask=(1, "ipv4"),
    router=(3, "ipv4"),
    dns_server=(6, "ipv4"),
    log_server=(7, "ipv4"),
    lpr_server=(9, "ipv4"),
    hostname=(12, "str"),
    domain_name=(15, "str"),
    swap_server=(16, "ipv4"),
    ip_forward_enable=(19, "bool"),
    policy_filter=(21, "ipv4"),
    default_ttl=(23, "uint8"),
    mtu=(26, "uint16"),
    broadcast_address=(28, "ipv4"),
    router_discovery=(31, "bool"),
    router_solicitation=(32, "ipv4"),
    arp_cache_timeout=(35, "uint32"),
    ethernet_encap=(36, "bool"),
    tcp_ttl=(37, "uint8"),
    tcp_keepalive_interval=(38, "uint32"),
    nis_server=(41, "ipv4"),
    ntp_server=(42, "ipv4"),
    netbios_name_server=(44, "ipv4"),
    netbios_node_type=(46, "uint8"),
    lease_time=(51, "uint32"),
    server_id=(54, "ipv4"),
    T1=(58, "uint32"),
    T2=(59, "uint32"),
    tftp_server=(66, "host_id"),
    bootfile_name=(67, "str"),
    domain_search_list=(119, "domains"),
    classless_static_route=(121, "static_routes"),
    tftp_server_address=(150, "ipv4"),
    path_prefix=(210, "str"),
    ms_classless_static_route=(249, "static_routes"),
    wpad=(252, "str"),
    next_server=(253, "ipv4"),
    bootfile_name_alt=(254, "str"),
)
DHCPV6_OPTIONS = _declare(
    server_id=(2, "mac"),
    ia_addr=(5, "ipv6"),
    dns_server=(23, "ipv6"),
    domain_search=(24, "str"),
)
ROUTER_ADVERTISEMENT_OPTIONS = _declare(
    slla=(1, "mac"),
    prefix=(3, "ipv6"),
    mtu=(5, "uint32"),
    route_info=(24, "str"),
    rdnss=(25, "ipv6"),
    dnssl=(31, "str"),
    addr_mode=(0, "str"),
    router_preference=(255, "str"),
)
EVENT_OPTIONS = {"empty_lb_backends": _declare(vip=(1, "str"), protocol=(2, "str"), load_balancer=(3, "str"))}

OPTION_TABLES = {
    "put_dhcp_opts": (DHCPV4_OPTIONS, "DHCPv4"),
    "put_dhcpv6_opts": (DHCPV6_OPTIONS, "DHCPv6"),
    "put_nd_ra_opts": (ROUTER_ADVERTISEMENT_OPTIONS, "IPv6 ND RA"),
}
"""By action: the options it knows, and what they are called in its error messages."""
