"""ip, where it changes something: what a tenant types to try a virtual address, a spoofed MAC, or another route.

ip addr add|del ADDRESS/LENGTH [autojoin]      ip route add|del PREFIX|default [via GATEWAY]
ip link set address MAC             ip link set mtu OCTETS             ip neigh flush
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brume.simulator.host.console import UsageError
from brume.simulator.host.routes import DEFAULT4, DEFAULT6
from brume.values import InterfaceAddress, Ipv4Address, MacAddress, Prefix, parse_address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


def change(host: Host, name: str, words: list[str], family: int) -> None:
    """Do it; `words` are without "dev eth0"; `family` is of a default route."""
    try:
        match name, words:
            case "address", ["add", text]:
                _add_address(host, InterfaceAddress.parse(text))
            case "address", ["add", text, "autojoin"]:
                _join(host, InterfaceAddress.parse(text))
            case "address", ["del" | "delete", text]:
                _remove_address(host, InterfaceAddress.parse(text))
            case "route", ["add" | "replace", network, "via", gateway]:
                hop = parse_address(gateway)
                host.routes.add(_network(network, hop.VERSION), hop, "static")
            case "route", ["add" | "replace", network]:
                host.routes.add(_network(network, family), None, "static")
            case "route", ["del" | "delete", network, *_]:
                _remove_route(host, _network(network, family))
            case "link", ["set", "address", mac]:
                host.mac = MacAddress.parse(mac)
                host.neighbors.abandon()  # as Linux does (neigh_changeaddr)
            case "link", ["set", "mtu", size] if size.isdecimal() and 68 <= int(size) <= 65535:
                host.mtu = int(size)
            case "neighbour" | "neighbor", ["flush", *_]:
                host.neighbors.abandon()
            case _:
                raise UsageError(f'Command "{" ".join(words)}" is unknown, try "ip {name} help".', 255)
    except ValueError as error:
        raise UsageError(f"Error: {error}.", 1) from None


def _add_address(host: Host, address: InterfaceAddress) -> None:
    if address in host.addresses:
        raise UsageError("RTNETLINK answers: File exists")
    host.add_address(address)


def _join(host: Host, address: InterfaceAddress) -> None:
    """autojoin: the address is a multicast group's, and the host says that it hears it (IPv4 only here)."""
    group = address.address
    if not isinstance(group, Ipv4Address) or not group.is_multicast:
        raise UsageError("RTNETLINK answers: Invalid argument")
    _add_address(host, address)
    host.groups.join(group)


def _remove_address(host: Host, address: InterfaceAddress) -> None:
    if address not in host.addresses:
        raise UsageError("RTNETLINK answers: Cannot assign requested address")
    host.remove_address(address)
    if isinstance(address.address, Ipv4Address) and address.address.is_multicast:
        host.groups.leave(address.address)


def _remove_route(host: Host, network: Prefix) -> None:
    if all(route.prefix != network for route in host.routes.entries):
        raise UsageError("RTNETLINK answers: No such process")
    host.routes.remove(network)


def _network(text: str, family: int) -> Prefix:
    if text != "default":
        return Prefix.parse(text)
    return DEFAULT6 if family == 6 else DEFAULT4
