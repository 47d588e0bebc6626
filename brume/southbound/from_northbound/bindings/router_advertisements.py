"""What chassis advertise of IPv6 networks by themselves (RFC 4861, 6.2): options of a router port's binding.

Asked for by `ipv6_ra_configs:send_periodic`. Also whether the port asks for prefixes (RFC 8415, DHCPv6 prefix
delegation). Answers to solicitations are flows (`router/advertisements.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.northbound.schema import LogicalRouterPort
from brume.southbound.from_northbound.facts.ports import RouterPort
from brume.southbound.from_northbound.facts.settings import is_true, number
from brume.southbound.from_northbound.router.advertisements import LEAST_MTU, MODES
from brume.southbound.from_northbound.router.ports import is_link_local
from brume.tables.map import Map

SHORTEST: Final = 4
LONGEST: Final = 1800
"""Bounds of the longest interval between two advertisements, in seconds."""
LEAST: Final = 3
"""The shortest interval is no less than this, and no more than three quarters of the longest."""
DEFAULT: Final = 600
ANY: Final = -(10**10)
"""An interval that is less than nothing is given, and mended by the bounds, as by ovn-northd."""
SHORT: Final = 9
"""Where the longest interval is shorter, the shortest one is three quarters of it by default, else a third."""


def advertised(port: RouterPort, row: LogicalRouterPort) -> dict[str, str]:
    """Options of the binding of a port that a switch port leads to."""
    if port.switch_port is None or row.peer is not None:
        return {}
    found = {f"ipv6_{name}": "true" for name in ("prefix_delegation", "prefix") if _is_on(row, name)}
    configs = row.ipv6_ra_configs
    mode = configs.get("address_mode")
    if mode in MODES and is_true(configs, "send_periodic", False):
        found |= {f"ipv6_ra_{name}": value for name, value in _periodic(port, configs, mode)}
    return found


def _is_on(row: LogicalRouterPort, name: str) -> bool:
    return row.enabled is not False and is_true(row.options, name, False)


def _periodic(port: RouterPort, configs: Map[str, str], mode: str) -> Iterator[tuple[str, str]]:
    yield "send_periodic", "true"
    yield "address_mode", mode
    longest = min(max(number(configs, "max_interval", DEFAULT, ANY), SHORTEST), LONGEST)
    usual = longest // 3 if longest >= SHORT else longest * 3 // 4
    yield "max_interval", str(longest)
    yield "min_interval", str(max(min(number(configs, "min_interval", usual, ANY), longest * 3 // 4), LEAST))
    if number(configs, "mtu") >= LEAST_MTU:
        yield "mtu", str(number(configs, "mtu"))
    for network in port.ipv6:
        if is_link_local(network):
            yield "src_addr", network.address
    yield "prefixes", " ".join(f"{one.prefix}/{one.length}" for one in port.ipv6 if not is_link_local(one))
    yield "src_eth", port.mac
    preference = configs.get("router_preference")
    yield "prf", preference if preference in ("HIGH", "LOW") else "MEDIUM"
    for name in ("rdnss", "dnssl", "route_info"):
        if name in configs:
            yield name, configs[name]
