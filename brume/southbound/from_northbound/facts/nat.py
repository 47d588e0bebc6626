"""The translations of a router, parsed, and what they make true of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import NAT, LogicalRouter
from brume.southbound.from_northbound.facts.addresses import parse_ip_addresses, parse_mac
from brume.tables.map import Map
from brume.tables.row import Index, Member, Row

DISTRIBUTED_NAT: Final = "a translation done on the port's own chassis"


class RouterHas(Row, frozen=True, kw_only=True):
    """Something that is true of a router because of at least one of its rows."""

    router: str
    what: str

    def key(self) -> Hashable:
        return (self.router, self.what)


class RouterNat(Row, frozen=True, kw_only=True):
    """A translation of a router. A distributed one is done on the chassis of its logical port, with its own MAC.

    `ports` are those that it may take outside. It is for the addresses outside that are in the set `allowed`, or for
    those that are not in the set `exempted`, if it names one.
    """

    uuid: str
    router: str
    type: str
    external_ip: str
    is_ipv6: bool
    external_mac: str | None
    logical_ip: str
    logical_port: str | None
    distributed: bool
    gateway_port: str | None
    ports: str
    allowed: str | None
    exempted: str | None
    options: Map[str, str]

    def key(self) -> Hashable:
        return (self.router, self.uuid)


nats_by_router = Index(RouterNat, "router", lambda nat: nat.router)
nats_by_address = Index(RouterNat, "router, external_ip", lambda nat: (nat.router, nat.external_ip))
nats_with_mac = Index(
    RouterNat, "router", lambda nat: nat.router if nat.external_mac is not None and nat.type != "snat" else None
)


@rule(LogicalRouter.nat)
def router_nat(member: Member, view: View) -> Iterator[Output]:
    router, nat = str(member.parent), view.get(NAT, member.child)
    if nat is None:
        return
    ipv4, ipv6 = parse_ip_addresses([nat.external_ip])
    if len(ipv4) + len(ipv6) != 1:
        message = f"external_ip {nat.external_ip!r} is not an address"
        yield Problem(table="NAT", row=nat.uuid, message=message)
        return
    distributed = nat.type == "dnat_and_snat" and nat.logical_port is not None and nat.external_mac is not None
    if distributed:
        yield RouterHas(router=router, what=DISTRIBUTED_NAT)
    if nat.external_mac is not None and parse_mac(nat.external_mac) is None:
        yield Problem(table="NAT", row=nat.uuid, message=f"external_mac {nat.external_mac!r} is not a MAC")
        return
    yield RouterNat(
        uuid=nat.uuid,
        router=router,
        type=nat.type,
        external_ip=(ipv4 or ipv6)[0],
        is_ipv6=bool(ipv6),
        external_mac=nat.external_mac,
        logical_ip=nat.logical_ip,
        logical_port=nat.logical_port,
        distributed=distributed,
        gateway_port=nat.gateway_port,
        ports=nat.external_port_range,
        allowed=nat.allowed_ext_ips,
        exempted=nat.exempted_ext_ips,
        options=nat.options,
    )


RULES = (router_nat,)
