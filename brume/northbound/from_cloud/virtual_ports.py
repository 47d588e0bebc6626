"""Which ports are virtual: a port that nothing is plugged into, whose address others may use (allowed_address_pairs).

As in Neutron's OVN driver, the others are its parents: ports with an address in the same subnet, whose pair is exactly
the reserved address. Not so here: a port that a server has stays its server's, whatever others write into their pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from brume.cloud.network.resources import Port
from brume.derive.rules import derived
from brume.derive.view import View
from brume.tables.row import Index

UNBOUND: Final = "unbound"


class Reserved(NamedTuple):
    """An address that moves between ports."""

    address: str
    parents: tuple[str, ...]


def _pairs(port: Port) -> Iterator[tuple[str, str]]:
    for subnet in {fixed.subnet_id for fixed in port.fixed_ips}:
        for address in {pair.ip_address for pair in port.allowed_address_pairs}:
            yield subnet, address


ports_by_pair = Index(Port, "allowed address pair", _pairs, many=True)


@derived
def parents(view: View, subnet: str, address: str) -> tuple[str, ...]:
    """The ports that may use an address of a subnet beside their own."""
    return tuple(sorted(port.id for port in view.find(ports_by_pair, (subnet, address))))


def reserved(view: View, port: Port) -> Reserved | None:
    """The first address of the port that others may use; None if it is no virtual port."""
    if port.binding_vif_type != UNBOUND or port.router_id is not None or port.device_owner.startswith("network:"):
        return None
    for fixed in port.fixed_ips:
        others = tuple(other for other in parents(view, fixed.subnet_id, fixed.ip_address) if other != port.id)
        if others:
            return Reserved(fixed.ip_address, others)
    return None
