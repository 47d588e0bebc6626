"""ip, as iproute2 prints it: `ip addr`, `ip route`, `ip neigh`, `ip link`. What changes is in `ip_change.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from brume.simulator.host.commands.ip_change import change
from brume.simulator.host.console import Job, UsageError
from brume.simulator.host.routes import Route
from brume.values import InterfaceAddress, Ipv4Address, Ipv6Address

if TYPE_CHECKING:
    from brume.simulator.host.host import Host


def run(host: Host, argv: list[str], job: Job) -> None:
    """Print a table."""
    words = argv[1:]
    families = [word for word in words if word in ("-4", "-6")]
    words = [word for word in words if word not in ("-4", "-6")]
    if not words:
        raise UsageError("Usage: ip [ -4 | -6 ] { address | link | neigh | route } [ show ]", 255)
    name = next((full for full in _OBJECTS if full.startswith(words[0])), None)
    if name is None:
        raise UsageError(f'Object "{words[0]}" is unknown, try "ip help".', 1)
    rest = [word for word in words[1:] if word not in ("show", "list", "ls", "sh", "s", "l", "dev", "eth0")]
    if rest:
        change(host, name, rest, 6 if families == ["-6"] else 4)
        job.finish(0)
        return
    versions = {int(family[1]) for family in families} or ({4, 6} if name != "route" else {4})
    job.print(*_OBJECTS[name](host, versions))
    job.finish(0)


def _addresses(host: Host, versions: set[int]) -> list[str]:
    lines = ["1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000"]
    lines += ["    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00"]
    if 4 in versions:
        lines += ["    inet 127.0.0.1/8 scope host lo", "       valid_lft forever preferred_lft forever"]
    lines += _links(host, versions)
    for address in host.addresses:
        if address.address.VERSION in versions:
            lines += [_address(address, host), f"       valid_lft {_lifetime(host, address)}"]
    return lines


def _address(address: InterfaceAddress, host: Host) -> str:
    if isinstance(address.address, Ipv6Address):
        dynamic = " dynamic" if _lease_of(host, address) is not None else ""
        return f"    inet6 {address} scope {'link' if address.address.is_link_local else 'global'}{dynamic}"
    broadcast = f" brd {address.prefix.last}" if address.length < 31 else ""
    dynamic = " dynamic" if _lease_of(host, address) is not None else ""
    return f"    inet {address}{broadcast} scope global{dynamic} eth0"


def _lifetime(host: Host, address: InterfaceAddress) -> str:
    seconds = _lease_of(host, address)
    return "forever preferred_lft forever" if seconds is None else f"{seconds}sec preferred_lft {seconds}sec"


def _lease_of(host: Host, address: InterfaceAddress) -> int | None:
    """For how many seconds an address was given; None if for ever, or by nobody."""
    if isinstance(address.address, Ipv4Address):
        lease = host.dhcp.lease
        return lease.seconds if lease is not None and lease.address == address else None
    lease6 = host.dhcp6.lease
    if lease6 is None or lease6.address != address.address or lease6.seconds is None:
        return None
    return int(lease6.seconds)


def _links(host: Host, versions: set[int]) -> list[str]:
    return [
        f"2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu {host.mtu} qdisc fq_codel state UP group default qlen 1000",
        f"    link/ether {host.mac} brd ff:ff:ff:ff:ff:ff",
    ]


def _routes(host: Host, versions: set[int]) -> list[str]:
    shown = [route for route in host.routes.entries if route.prefix.version in versions]
    return [_route(host, route) for route in sorted(shown, key=lambda route: (route.prefix.length, route.prefix))]


def _route(host: Host, route: Route) -> str:
    target = str(route.prefix) if route.prefix.length else "default"
    if route.prefix.length == route.prefix.network.BITS:
        target = str(route.prefix.network)
    text = target + (f" via {route.gateway}" if route.gateway is not None else "") + " dev eth0"
    text += f" proto {route.via}" if route.via != "static" else ""
    if isinstance(route.prefix.network, Ipv4Address):
        text += " scope link" if route.gateway is None else ""
        source = host.internet.source_for(route.gateway or route.prefix.network)
        text += f" src {source}" if source is not None and route.via in ("kernel", "dhcp") else ""
        return text
    return text + (" metric 256" if route.gateway is None else " metric 1024") + " pref medium"


def _neighbors(host: Host, versions: set[int]) -> list[str]:
    now = host.scheduler.now()
    lines = []
    for entry in host.neighbors.entries.values():
        if entry.address.VERSION in versions:
            mac = f" lladdr {entry.mac}" if entry.mac is not None else ""
            lines.append(f"{entry.address} dev eth0{mac} {entry.state(now)}")
    return lines


_OBJECTS: Final[dict[str, Callable[[Host, set[int]], list[str]]]] = {
    "address": _addresses,
    "link": _links,
    "neighbour": _neighbors,
    "neighbor": _neighbors,
    "route": _routes,
}
