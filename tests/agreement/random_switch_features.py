"""What a random northbound has on its switches beside ports and ACLs, one feature a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from brume.northbound.schema import LogicalRouter, LogicalRouterPort
from brume.tables.map import Map

if TYPE_CHECKING:
    from tests.agreement.random_northbound import Draw


DIRECTIONS = ("from-lport", "to-lport")


def add_switch_features(draw: Draw) -> None:
    """Some of everything, drawn after all the rest."""
    _names(draw)
    _virtual_ports(draw)
    _limits(draw)
    _forwarding_groups(draw)
    _mirrors(draw)
    _snooping(draw)
    _relay(draw)


def _names(draw: Draw) -> None:
    for number in range(draw.random.randint(0, 2)):
        switches = [switch for switch in draw.switches if draw.by_chance(0.4)]
        records = {f"Host{host}_Example_org": f"10.0.9.{host}" for host in range(3) if draw.by_chance(0.6)}
        draw.build.dns(f"names{number}", *switches, **records)


def _virtual_ports(draw: Draw) -> None:
    """On a link with one router or none: of several, ovn-northd takes the first of its own order."""
    for place, switch in enumerate(draw.switches):
        routers = [router for router in draw.routers if draw.build.has_port(f"lsp-{router}-{switch}")]
        if len(routers) < 2 and draw.by_chance(0.3):
            address = draw.random.choice([f"10.{place}.9.99", f"fd00:{place}::99"])
            parents = ",".join(host for host in draw.hosts if draw.by_chance(0.5))
            draw.build.port(
                switch,
                f"vip-{switch}",
                f"fa:16:3e:ee:00:0{place} {address}",
                type="virtual",
                secured=False,
                enabled=draw.random.choice([None, True, False]),
                options=Map({"virtual-ip": address, "virtual-parents": parents}),
            )


def _limits(draw: Draw) -> None:
    for name in ("meter0", "meter1"):
        if draw.by_chance(0.5):
            bands = [(draw.random.randint(1, 9), draw.random.choice([0, 5])) for _ in range(draw.random.randint(1, 2))]
            draw.build.meter(name, *bands, fair=draw.random.choice([None, True, False]))
    for number, switch in enumerate(draw.switches):
        for match in ("ip4", "udp"):
            if draw.by_chance(0.3):
                bandwidth = {"rate": 1000 + number} if draw.by_chance(0.7) else {}
                bandwidth |= {"burst": 10} if draw.by_chance(0.5) else {}
                dscp = draw.random.choice([-1, 0, 46])
                draw.build.qos(switch, draw.random.choice(DIRECTIONS), match, 100 + number, dscp, **bandwidth)


def _forwarding_groups(draw: Draw) -> None:
    """At most one on a switch: of several, ovn-northd forgets some."""
    for place, switch in enumerate(draw.switches):
        if draw.by_chance(0.2):
            ports = [host for host in draw.hosts if draw.by_chance(0.5)] or draw.hosts
            draw.build.forwarding_group(switch, f"10.{place}.9.98", f"00:11:22:33:44:0{place}", *ports)


def _mirrors(draw: Draw) -> None:
    for number in range(draw.random.randint(0, 2)):
        hosts = [host for host in draw.hosts if draw.by_chance(0.3)]
        kind, direction = draw.random.choice(["gre", "erspan"]), draw.random.choice(DIRECTIONS)
        draw.build.mirror(f"mirror{number}", *hosts, direction=direction, kind=kind, index=number)


def _snooping(draw: Draw) -> None:
    for switch in draw.switches:
        if draw.by_chance(0.4):
            choices = {"mcast_querier": "false", "mcast_flood_unregistered": "true", "mcast_idle_timeout": "99"}
            draw.build.configure(
                switch, mcast_snoop="true", **{name: text for name, text in choices.items() if draw.by_chance(0.4)}
            )


def _relay(draw: Draw) -> None:
    """Routers that pass multicast on, and ports of theirs that get all of it."""
    for row in list(draw.build.transaction.rows.values()):
        if isinstance(row, LogicalRouter) and draw.by_chance(0.3):
            draw.build.transaction.put(replace(row, options=Map({**row.options, "mcast_relay": "true"})))
        elif isinstance(row, LogicalRouterPort) and draw.by_chance(0.2):
            draw.build.transaction.put(replace(row, options=Map({**row.options, "mcast_flood": "true"})))
