"""What a floating IP means for the port behind it: its address stays, and deleting it sets the floating IP free."""

from __future__ import annotations

from collections.abc import Sequence

from brume.cloud.context import RequestContext
from brume.cloud.network.errors import ResourceRequest
from brume.cloud.network.records import change
from brume.cloud.network.resources import FixedIp, FloatingIp, Port
from brume.cloud.network.router_errors import FipAssociated
from brume.cloud.store.session import Session


def keep_internal_address(session: Session, port: Port, fixed_ips: Sequence[FixedIp]) -> None:
    """Refuse to take an address away that a floating IP stands for."""
    floating = session.first(FloatingIp, port_id=port.id)
    if floating is not None and all(fixed.ip_address != floating.fixed_ip_address for fixed in fixed_ips):
        raise ResourceRequest(
            resource="port",
            msg=f"Cannot update the fixed_ips of the port {port.id}, because its original fixed_ip has been "
            "associated to a floating ip",
        )


def disassociate_port(context: RequestContext, session: Session, port: Port) -> None:
    """Set the port's floating IPs free; another project's only by an administrator."""
    for floating in session.find(FloatingIp, port_id=port.id):
        if not context.is_admin and floating.project_id != context.project_id:
            raise FipAssociated(port_id=port.id)
        change(context, session, floating, port_id=None, fixed_ip_address=None, router_id=None, status="DOWN")
