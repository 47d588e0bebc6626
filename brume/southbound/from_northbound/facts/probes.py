"""Probes of backends: who is asked whether it lives, from where, and how (second layer).

Two load balancers may have the same backend probed: it is asked once, as the first of them says.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import lru_cache

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.southbound.from_northbound.facts.load_balancers import BalancedVip
from brume.tables.map import Map
from brume.tables.row import Index, Row
from brume.values.uuids import derive_uuid


class Probe(Row, frozen=True, kw_only=True):
    """A load balancer wants a backend probed; `target` is the uuid of the southbound row that this makes."""

    balancer: str
    vip: str
    target: str
    protocol: str
    address: str
    port: int
    logical_port: str
    source: str
    options: Map[str, str]

    def key(self) -> Hashable:
        return (self.target, self.balancer, self.vip)


probes_by_target = Index(Probe, "target", lambda probe: probe.target)


@lru_cache(maxsize=65536)
def target_uuid(logical_port: str, protocol: str, address: str, port: int) -> str:
    """The uuid of the southbound row about a backend."""
    return derive_uuid("Service_Monitor", logical_port, protocol, address, str(port))


@rule(BalancedVip)
def probes(vip: BalancedVip, view: View) -> Iterator[Output]:
    if vip.health_check is None:
        return
    for backend, probe in zip(vip.backends, vip.probes, strict=True):
        if probe is not None:
            logical_port, source = probe
            yield Probe(
                balancer=vip.balancer,
                vip=vip.vip,
                target=target_uuid(logical_port, vip.protocol, backend.address, backend.port),
                protocol=vip.protocol,
                address=backend.address,
                port=backend.port,
                logical_port=logical_port,
                source=source,
                options=vip.health_check,
            )


RULES = (probes,)
