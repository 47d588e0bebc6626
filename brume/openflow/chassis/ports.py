"""The physical flows of one port, by how this chassis reaches it (ovn-controller's consider_port_binding)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.openflow.chassis.binding import can_bind
from brume.openflow.chassis.gateways import home_of
from brume.openflow.chassis.localnet import localnet_flows, plugged_localnet
from brume.openflow.chassis.patch import patch_flows
from brume.openflow.chassis.redirect import redirect_flows
from brume.openflow.chassis.remote import by_bridge, by_localnet, by_tunnel
from brume.openflow.chassis.rows import Here, Interface, LocalPort, interface_by_iface_id, interface_by_localnet
from brume.openflow.chassis.vif import BEHIND_A_BRIDGE, Attachment, attached_flows
from brume.openflow.from_southbound.names import datapath_facts
from brume.southbound.schema import PortBinding, port_binding_by_logical_port


@rule(LocalPort)
def port_flows(local: LocalPort, view: View) -> Iterator[Output]:
    """All physical flows of one port of a local datapath."""
    port, here = view.get(PortBinding, local.uuid), view.get(Here, "here")
    facts = None if port is None else datapath_facts(view, port.datapath)
    if port is None or here is None or facts is None:
        return
    if port.type == "patch" or (port.type == "l3gateway" and port.chassis == here.uuid):
        yield from patch_flows(port, facts.key, view)
        return
    if port.type == "chassisredirect" and here.uuid in (port.chassis, home_of(view, port)):
        yield from redirect_flows(port, facts.key, view)
        return
    at = attachment(port, here, view)
    if at is not None:
        yield from attached_flows(port, facts.key, at, view)
        if port.type == "localnet":
            yield from localnet_flows(port, facts.key, at, view)
        return
    localnet = plugged_localnet(view, port.datapath)
    if localnet is not None:
        yield from by_localnet(port, facts.key, localnet)
    elif port.options.get("redirect-type", "").lower() == "bridged":
        yield from by_bridge(port, facts.key, view)
    else:
        yield from by_tunnel(port, facts.key, view)


def attachment(port: PortBinding, here: Here, view: View) -> Attachment | None:
    """Where the port is attached to br-int; None when it is not attached here."""
    if port.parent_port:
        parent = _vif(view, port.parent_port)
        if parent is None or port.tag is None:
            return None
        return Attachment(parent.ofport, port.tag, view.one(port_binding_by_logical_port, port.parent_port))
    if port.type in BEHIND_A_BRIDGE:
        patch = view.one(interface_by_localnet, port.logical_port)
        return None if patch is None else Attachment(patch.ofport, port.tag or 0)
    interface = _vif(view, port.logical_port)
    if interface is None or not can_bind(port, here.uuid, here.name, here.hostname):
        return None
    return Attachment(interface.ofport)


def _vif(view: View, name: str) -> Interface | None:
    return view.one(interface_by_iface_id, name)
