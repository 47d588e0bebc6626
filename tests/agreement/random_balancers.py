"""The load balancers of a random northbound: on its switches and routers, and in groups, with all options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from brume.northbound.schema import LogicalRouter, LogicalSwitch
from brume.tables.map import Map
from tests.southbound.balancer_topologies import balance, balancer, balancer_group, health_check, in_group
from tests.southbound.builder import uuid

if TYPE_CHECKING:
    from tests.agreement.random_northbound import Draw

OPTIONS = {
    "reject": ("true",),
    "skip_snat": ("true",),
    "affinity_timeout": ("30", "70000", "long"),
    "neighbor_responder": ("all", "none", "reachable", "some"),
    "event": ("true",),
    "add_route": ("true",),
    "hairpin_snat_ip": ("192.0.2.77", "192.0.2.77 fd00::77"),
}
FIELDS = ("eth_src", "eth_dst", "ip_src", "ip_dst", "tp_src", "tp_dst")
FORCED = ("router_ip", "192.0.2.9", "192.0.2.9 fd00::9", "10.0.0.1", "nothing")
"""Not two addresses of one family: ovn-northd ends over that (it frees them twice)."""


def add_balancers(draw: Draw) -> None:
    """Some, drawn after all the rest."""
    names = [f"lb{number}" for number in range(draw.random.randint(0, 5))]
    for name in names:
        _balancer(draw, name)
        some = tuple(switch for switch in draw.switches if draw.by_chance(0.4))
        balance(draw.build, name, switches=some)
        balance(draw.build, name, routers=tuple(router for router in draw.routers if draw.by_chance(0.4)))
    for number in range(draw.random.randint(0, 2)):
        group = balancer_group(draw.build, f"group{number}", *(name for name in names if draw.by_chance(0.5)))
        for switch in draw.switches:
            if draw.by_chance(0.4):
                in_group(draw.build, LogicalSwitch.load_balancer_group, "switch", switch, group)
        for router in draw.routers:
            if draw.by_chance(0.4):
                in_group(draw.build, LogicalRouter.load_balancer_group, "router", router, group)
    for router in draw.routers:
        for option in ("lb_force_snat_ip", "dnat_force_snat_ip"):
            if draw.by_chance(0.25):
                _set_option(draw, router, option, draw.random.choice(FORCED))


def _set_option(draw: Draw, router: str, option: str, value: str) -> None:
    row = draw.build.transaction.rows[LogicalRouter, uuid("router", router)]
    assert isinstance(row, LogicalRouter)
    draw.build.transaction.put(replace(row, options=Map({**row.options, option: value})))


def _balancer(draw: Draw, name: str) -> None:
    options = {option: draw.random.choice(values) for option, values in OPTIONS.items() if draw.by_chance(0.2)}
    protocol = draw.random.choice([None, "tcp", "udp", "sctp"])
    fields = frozenset(field for field in FIELDS if draw.by_chance(0.1))
    vips = dict(_vip(draw) for _ in range(draw.random.randint(0, 4)))
    probed = {f"10.0.9.{host}": f"vm{host}:10.0.9.250" for host in range(8) if draw.by_chance(0.6)}
    balancer(
        draw.build, name, vips, protocol, options=options, selection_fields=fields, ip_port_mappings=Map(probed)
    )  # fmt: skip
    for vip in sorted(vips):
        if draw.by_chance(0.3):
            health_check(draw.build, name, vip, interval="7")


def _vip(draw: Draw) -> tuple[str, str]:
    six, port = draw.by_chance(0.3), draw.random.choice(["", ":80", ":80", ":53"])
    hosts = range(draw.random.randint(0, 3))
    if six:
        address = draw.random.choice(["fd00::99", "fd00:1::1", "fd00:0:0:0::98", "fe80::1"])
        backends = [f"[fd00:0::9:{host}]:8080" if port else f"fd00::9:{host}" for host in hosts]
        return f"[{address}]{port}" if port else address, ",".join(backends)
    # Some are addresses of routers, of translations, or of ports.
    address = draw.random.choice(["10.0.0.1", "10.0.1.100", "10.1.0.101", "192.0.2.1", "10.1.77.7", "10.0.9.0"])
    backends = [f"10.0.9.{host}:8080" if port else f"10.0.9.{host}" for host in hosts]
    backends += ["10.0.9.1:zero"] if draw.by_chance(0.05) else []
    return f"{address}{port}", ",".join(backends)
