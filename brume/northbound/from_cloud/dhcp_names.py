"""DHCP options by the names Neutron takes (dnsmasq's words, or option numbers) and the names OVN has for them."""

from __future__ import annotations

DISABLED = "dhcp_disabled"
"""The extra option by which a port asks for no DHCP."""

OPTIONS: dict[int, dict[str, str]] = {
    4: {
        "arp-timeout": "arp_cache_timeout",
        "tcp-keepalive": "tcp_keepalive_interval",
        "netmask": "netmask",
        "router": "router",
        "dns-server": "dns_server",
        "log-server": "log_server",
        "lpr-server": "lpr_server",
        "domain-name": "domain_name",
        "domain-search": "domain_search_list",
        "swap-server": "swap_server",
        "policy-filter": "policy_filter",
        "router-solicitation": "router_solicitation",
        "nis-server": "nis_server",
        "ntp-server": "ntp_server",
        "server-id": "server_id",
        "tftp-server": "tftp_server",
        "classless-static-route": "classless_static_route",
        "ms-classless-static-route": "ms_classless_static_route",
        "ip-forward-enable": "ip_forward_enable",
        "router-discovery": "router_discovery",
        "ethernet-encap": "ethernet_encap",
        "default-ttl": "default_ttl",
        "tcp-ttl": "tcp_ttl",
        "mtu": "mtu",
        "lease-time": "lease_time",
        "T1": "T1",
        "T2": "T2",
        "bootfile-name": "bootfile_name",
        "bootfile-name-alt": "bootfile_name_alt",
        "wpad": "wpad",
        "path-prefix": "path_prefix",
        "tftp-server-address": "tftp_server_address",
        "server-ip-address": "next_server",
        "1": "netmask",
        "3": "router",
        "6": "dns_server",
        "7": "log_server",
        "9": "lpr_server",
        "15": "domain_name",
        "16": "swap_server",
        "21": "policy_filter",
        "32": "router_solicitation",
        "35": "arp_cache_timeout",
        "38": "tcp_keepalive_interval",
        "41": "nis_server",
        "42": "ntp_server",
        "54": "server_id",
        "66": "tftp_server",
        "121": "classless_static_route",
        "249": "ms_classless_static_route",
        "19": "ip_forward_enable",
        "31": "router_discovery",
        "36": "ethernet_encap",
        "23": "default_ttl",
        "37": "tcp_ttl",
        "26": "mtu",
        "51": "lease_time",
        "58": "T1",
        "59": "T2",
        "67": "bootfile_name",
        "119": "domain_search_list",
        "252": "wpad",
        "210": "path_prefix",
        "150": "tftp_server_address",
        "255": "next_server",
    },
    6: {
        "bootfile-name": "bootfile_name",
        "server-id": "server_id",
        "dns-server": "dns_server",
        "domain-search": "domain_search",
        "ia-addr": "ia_addr",
        "2": "server_id",
        "5": "ia_addr",
        "24": "domain_search",
        "23": "dns_server",
        "59": "bootfile_name",
    },
}
"""By IP version: option -> OVN's name."""

TEXTS = frozenset(
    ("domain_name", "domain_search_list", "bootfile_name", "bootfile_name_alt", "path_prefix", "wpad", "tftp_server")
)
"""Options whose value OVN wants in quotation marks."""

MAPS = frozenset(("classless_static_route",))
"""Options whose value OVN wants in braces, and which a port adds to instead of replacing."""
