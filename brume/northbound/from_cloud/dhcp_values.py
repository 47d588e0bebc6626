"""DHCP options as tenants write them -> as OVN writes them, each by the type OVN's option has.

Tenants write what they like, and what OVN gets becomes part of an action's text. So a value is read and printed again,
never passed on: what is not of the option's type, or could end a string, is None, and the option is left out. (Passed
on, it would cost the port its whole DHCP, or be an action of the tenant's own making.)
"""

from __future__ import annotations

from collections.abc import Callable

from brume.expressions.dhcp_options import DHCPV4_OPTIONS, DHCPV6_OPTIONS
from brume.northbound.from_cloud.dhcp_names import TEXTS
from brume.values import Ipv4Address, Ipv6Address, MacAddress, Prefix

DECLARED = {4: DHCPV4_OPTIONS, 6: DHCPV6_OPTIONS}
WIDTHS = {"bool": 1, "uint8": 8, "uint16": 16, "uint32": 32}


def in_ovn(version: int, name: str, text: str) -> str | None:
    """The value of OVN's option of this name; None if there is no such option, or it does not take this."""
    declared = DECLARED[version].get(name)
    if declared is None:
        return None
    if name in TEXTS or declared.wants_string:
        return _quoted(text)
    if declared.type in WIDTHS:
        return _number(text, WIDTHS[declared.type])
    try:
        return _READERS[declared.type](text)
    except ValueError:
        return None


def _quoted(text: str) -> str | None:
    inside = text[1:-1] if len(text) > 1 and text.startswith('"') and text.endswith('"') else text
    if not inside.isprintable() or '"' in inside or "\\" in inside:
        return None
    return f'"{inside}"'


def _number(text: str, bits: int) -> str | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) < 1 << bits):
        return None
    return str(int(text))


def _items(text: str) -> list[str]:
    """The members of a set in braces, or of a list without."""
    text = text.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    return [item.strip() for item in text.split(",")]


def _addresses4(text: str) -> str:
    return _set([str(Ipv4Address.parse(item)) for item in _items(text)])


def _addresses6(text: str) -> str:
    return _set([str(Ipv6Address.parse(item)) for item in _items(text)])


def _set(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{{{', '.join(items)}}}"


def _routes(text: str) -> str:
    """Networks and their routers in turn."""
    items = _items(text)
    if len(items) % 2:
        raise ValueError(text)
    pairs = zip(items[::2], items[1::2], strict=True)
    routes = [f"{_network(network)},{Ipv4Address.parse(router)}" for network, router in pairs]
    return f"{{{', '.join(routes)}}}"


def _network(text: str) -> Prefix:
    prefix = Prefix.parse(text)
    if prefix.version != 4:
        raise ValueError(text)
    return prefix


def _mac(text: str) -> str:
    return str(MacAddress.parse(text))


_READERS: dict[str, Callable[[str], str]] = {
    "ipv4": _addresses4,
    "ipv6": _addresses6,
    "static_routes": _routes,
    "mac": _mac,
    "host_id": _addresses4,
}
