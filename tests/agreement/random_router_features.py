"""What the routers of a random northbound have beside NAT: routes, route tables, policies, BFD, given neighbours.

All tunnel keys of router ports are asked for: symmetric replies name them in flows, and ovn-northd gives keys in an
order of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from brume.northbound.schema import LogicalRouterPort
from brume.tables.map import Map

if TYPE_CHECKING:
    from tests.agreement.random_northbound import Draw

PREFIXES = ("0.0.0.0/0", "192.168.0.0/16", "192.168.7.7/32", "10.0.0.0/16", "::/0", "fd00:9::/64", "fe80::/64")
HOPS = ("10.0.0.200", "10.0.0.201", "10.1.0.200", "10.2.0.200", "10.50.0.9", "172.16.0.1")
HOPS6 = ("fd00:0::99", "fd00:1::99", "fd00:2::99", "fe80::99")
TABLES = ("", "", "", "red", "blue")


def add_router_features(draw: Draw) -> None:
    """Some of everything, drawn after all the rest."""
    ports: dict[str, list[str]] = {router: [] for router in draw.routers}
    found = [row for row in draw.build.transaction.rows.values() if isinstance(row, LogicalRouterPort)]
    for row in sorted(found, key=lambda row: row.name):
        its = ports[row.name.split("-")[1]]
        its.append(row.name)
        more = {"requested-tnl-key": str(len(its)), "route_table": draw.random.choice(TABLES)}
        more |= {"redirect-type": "bridged"} if draw.by_chance(0.1) else {}
        options = {**row.options, **{name: value for name, value in more.items() if value}}
        draw.build.transaction.put(replace(row, options=Map(options)))
    for router, names in ports.items():
        for _ in range(draw.random.randint(0, 8)):
            _route(draw, router, names)
        for priority in range(draw.random.randint(0, 4)):
            _policy(draw, router, priority)
        for name in names:
            if draw.by_chance(0.3):
                draw.build.neighbor(name, draw.random.choice([*HOPS, *HOPS6]), "fa:16:3e:ee:00:01", draw.by_chance(0.5))


def _some(draw: Draw, **options: str) -> Map[str, str]:
    return Map({name: value for name, value in options.items() if draw.by_chance(0.3)})


def _route(draw: Draw, router: str, ports: list[str]) -> None:
    prefix = draw.random.choice(PREFIXES)
    hop = draw.random.choice(HOPS6 if ":" in prefix else HOPS)
    port = draw.random.choice(ports) if ports and draw.by_chance(0.25) else None
    columns: dict[str, object] = {"route_table": draw.random.choice(TABLES)}
    columns |= {"policy": "src-ip"} if draw.by_chance(0.2) else {}
    columns |= {"output_port": port} if port is not None else {}
    columns |= {"bfd": draw.build.session(port or "nowhere", hop)} if draw.by_chance(0.1) else {}
    if port is None and draw.by_chance(0.1):
        hop = "discard"
    options = _some(draw, ecmp_symmetric_reply="true", origin="connected")
    draw.build.way(router, prefix, hop, options=options, **columns)


def _policy(draw: Draw, router: str, priority: int) -> None:
    six = draw.by_chance(0.3)
    action = draw.random.choice(["allow", "drop", "reroute", "reroute", "reroute"])
    hops = draw.random.sample(HOPS6 if six else HOPS, draw.random.randint(1, 3)) if action == "reroute" else []
    hops += ["10.0.0.202"] if six and hops and draw.by_chance(0.1) else []
    match = f"ip{6 if six else 4}.src == {'fd00::9' if six else '10.0.9.1'} && tcp.dst == {priority}"
    draw.build.policy(router, priority, match, action, *hops, options=_some(draw, pkt_mark="9"))
