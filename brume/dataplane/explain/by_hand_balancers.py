"""Drops by load balancers that people wrote: no backend, none that answers, a choice that is being remembered."""

from __future__ import annotations

from typing import Final

from brume.dataplane.explain.explanation import Cause
from brume.dataplane.explain.failure import Failure
from brume.northbound.schema import LoadBalancer

CHOICE: Final = frozenset(("ls_in_lb", "lr_in_dnat"))
LEARNING: Final = frozenset(("ls_in_lb_aff_learn", "lr_in_lb_aff_learn"))


def not_balanced(at: Failure) -> Cause | None:
    """A load balancer drops what it has no backend for, and, with affinity, the packet that makes a choice."""
    row = next((origin.row for origin in at.origins if isinstance(origin.row, LoadBalancer)), None)
    if row is None:
        return None
    if at.where in LEARNING:
        return Cause(f"load balancer {row.name} has just chosen a backend for this client: it is to try again")
    if at.where not in CHOICE:
        return None
    vip = _vip(row, at)
    if row.vips.get(vip):
        return Cause(f"load balancer {row.name}: no backend of {vip} answers its health check: {row.vips[vip]}")
    refused = " and refuses, as --reject says" if row.options.get("reject", "").lower() == "true" else ""
    backend = "ADDRESS:PORT" if vip != str(at.target_ip) else "ADDRESS"
    cure = f"ovn-nbctl --may-exist lb-add {row.name} {vip} {backend}"
    return Cause(f"load balancer {row.name}: {vip} has no backend{refused}", (cure,))


def _vip(row: LoadBalancer, at: Failure) -> str:
    """The virtual address that was asked: with its port, if that is one of the load balancer's."""
    address = str(at.target_ip)
    beginnings = (f"{address}:", f"[{address}]:")
    port = at.request.port
    wanted = [vip for vip in row.vips if vip in {f"{start}{port}" for start in beginnings}]
    return next(iter([*wanted, *(vip for vip in row.vips if vip == address)]), address)
