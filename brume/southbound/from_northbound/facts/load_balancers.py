"""The virtual addresses of load balancers, parsed, one row each: what spreads their connections over which backends.

A change to one backend changes one of these rows, and runs again what was made of it; which switches and routers it
concerns is another matter (balanced.py). What cannot be read is left out as a whole, as ovn-northd does, and said.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.expressions.constants import format_ipv6
from brume.expressions.endpoints import parse_endpoint
from brume.northbound.schema import LoadBalancer, LoadBalancerHealthCheck
from brume.southbound.from_northbound.facts.settings import is_true, number
from brume.tables.map import Map
from brume.tables.row import Index, Row

LONGEST_AFFINITY: Final = 65535
REACHABLE, ALL, NONE = "reachable", "all", "none"
"""For which virtual addresses a router answers ARP requests: those in one of its networks, all, none."""


class Endpoint(NamedTuple):
    """An address and a port, 0 for all ports."""

    address: str
    port: int = 0

    @property
    def text(self) -> str:
        """As actions write it: an IPv6 address with a port is in brackets."""
        if not self.port:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class BalancedVip(Row, frozen=True, kw_only=True):
    """One virtual address of a load balancer. `written` is the backends as the northbound gives them.

    `health_check` is the options of the row that has the backends probed, None if there is none; `probes` then says, in
    the order of the backends, by which switch port a backend is reached and from which address it is asked.
    """

    balancer: str
    vip: str
    to: Endpoint
    protocol: str
    backends: tuple[Endpoint, ...]
    written: str
    hash_fields: str
    rejects: bool
    skips_snat: bool
    affinity: int
    answers: str
    routable: bool
    tells: bool
    health_check: Map[str, str] | None
    probes: tuple[tuple[str, str] | None, ...]

    def key(self) -> Hashable:
        return (self.balancer, self.vip)

    @property
    def is_ipv6(self) -> bool:
        """Whether the addresses are IPv6 addresses."""
        return ":" in self.to.address

    @property
    def family(self) -> str:
        """The match language's name for the addresses' family: ip4 or ip6."""
        return "ip6" if self.is_ipv6 else "ip4"


vips_by_balancer = Index(BalancedVip, "balancer", lambda vip: vip.balancer)


def parse(text: str) -> Endpoint | None:
    """An address, or an address and a port."""
    found = parse_endpoint(text)
    if found is None:
        return None
    address, port = found
    return Endpoint(str(address) if address.width == 32 else format_ipv6(address.value), port)


@lru_cache(maxsize=65536)
def parse_vip(vip: str, written: str) -> tuple[Endpoint, tuple[Endpoint, ...]] | str:
    """A virtual address and its backends, or what is wrong with them: backends have ports if, and only if, it has one.

    Remembered, because a load balancer is read again as a whole when one of its backends changes.
    """
    to = parse(vip)
    if to is None:
        return f"vip {vip!r} is neither an address nor an address and a port"
    backends = []
    for text in filter(None, written.split(",")):
        backend = parse(text.strip())
        if backend is None or bool(backend.port) != bool(to.port):
            wanted = "an address and a port" if to.port else "an address"
            return f"vip {vip!r}: backend {text.strip()!r} is not {wanted}"
        if (":" in backend.address) != (":" in to.address):
            return f"vip {vip!r}: backend {text.strip()!r} is of another family"
        backends.append(backend)
    return to, tuple(backends)


@rule(LoadBalancer)
def balanced_vips(row: LoadBalancer, view: View) -> Iterator[Output]:
    if is_true(row.options, "template", False):
        yield _problem(row, "template load balancers are not compiled")
        return
    checks, common = _health_checks(row, view), _common(row)
    if checks and row.protocol == "sctp":
        yield _problem(row, "health_check: SCTP backends are not probed; all of them are used")
        checks = {}
    for vip, written in row.vips.items():
        found = parse_vip(vip, written)
        if isinstance(found, str):
            yield _problem(row, found)
            continue
        to, backends = found
        check = checks.get(vip)
        yield BalancedVip(
            vip=vip,
            to=to,
            backends=backends,
            written=written,
            health_check=check,
            probes=tuple(_probe(backend, row) for backend in backends) if check is not None else (),
            **common,
        )


def _problem(row: LoadBalancer, message: str) -> Problem:
    return Problem(table="Load_Balancer", row=row.uuid, message=message)


def _common(row: LoadBalancer) -> dict[str, Any]:
    """What all virtual addresses of a load balancer share."""
    answers = row.options.get("neighbor_responder", "")
    return {
        "balancer": row.uuid,
        "protocol": row.protocol or "tcp",
        "hash_fields": ",".join(_hash_field(field, row) for field in sorted(row.selection_fields)),
        "rejects": is_true(row.options, "reject", False),
        "skips_snat": is_true(row.options, "skip_snat", False),
        "affinity": min(number(row.options, "affinity_timeout"), LONGEST_AFFINITY),
        "answers": answers if answers in (ALL, NONE) else REACHABLE,
        "routable": is_true(row.options, "add_route", False),
        "tells": is_true(row.options, "event", False),
    }


def _hash_field(field: str, row: LoadBalancer) -> str:
    """The field of a selection; ports belong to the protocol."""
    return f"{row.protocol}{field[2:]}" if row.protocol and field.startswith("tp_") else field


def _health_checks(row: LoadBalancer, view: View) -> dict[str, Map[str, str]]:
    """The options of the health check of each virtual address that has one."""
    checks = (view.get(LoadBalancerHealthCheck, uuid) for uuid in view.members(LoadBalancer.health_check, row.uuid))
    return {check.vip: check.options for check in checks if check is not None}


def _probe(backend: Endpoint, row: LoadBalancer) -> tuple[str, str] | None:
    """The port of a backend and the address to ask it from, as `ip_port_mappings` says: address=port:address."""
    key = f"[{backend.address}]" if ":" in backend.address else backend.address
    port, colon, source = row.ip_port_mappings.get(key, "").partition(":")
    asked_from = parse(source) if colon else None
    return (port, asked_from.address) if asked_from is not None else None


RULES = (balanced_vips,)
