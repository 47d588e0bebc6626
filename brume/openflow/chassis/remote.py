"""A port that is elsewhere: through a tunnel to its chassis, or by way of the physical network (tables 39 and 40)."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.view import View
from brume.openflow.chassis.common import encapsulate, physical, send_to, to_port
from brume.openflow.chassis.gateways import gateway_order
from brume.openflow.chassis.localnet import plugged_localnet, router_mac
from brume.openflow.chassis.patch import peer_of
from brume.openflow.chassis.redirect import distributed_port
from brume.openflow.chassis.rows import Here, Tunnel
from brume.openflow.from_southbound.actions.context import load_field
from brume.openflow.from_southbound.names import datapath_facts
from brume.openflow.messages.actions import Actions, Bundle, Resubmit, SetField
from brume.openflow.messages.fields import FIELDS
from brume.openflow.registers import DATAPATH, OUTPORT
from brume.openflow.rows import PhysicalFlow
from brume.openflow.tables import Table
from brume.southbound.schema import PortBinding

DELIVER = Resubmit(Table.LOCAL_OUTPUT)


def by_localnet(port: PortBinding, datapath: int, localnet: PortBinding) -> Iterator[PhysicalFlow]:
    """The physical network knows where the port is: leave by the datapath's localnet port."""
    onward = (load_field(OUTPORT, localnet.tunnel_key), DELIVER)
    match = to_port(datapath, port.tunnel_key)
    yield physical(port.uuid, "localnet", Table.LOCAL_OUTPUT, 100, match, onward)


def by_bridge(port: PortBinding, datapath: int, view: View) -> Iterator[PhysicalFlow]:
    """To a gateway port with redirect-type=bridged: out by the localnet port of the switch behind it, not by a tunnel.

    The frame leaves with the gateway port's MAC address, which every chassis without a mapping of its own uses.
    """
    distributed, mac = distributed_port(view, port), router_mac(port)
    beyond = None if distributed is None else peer_of(view, distributed)
    localnet = None if beyond is None else plugged_localnet(view, beyond.datapath)
    facts = None if beyond is None else datapath_facts(view, beyond.datapath)
    if mac is None or localnet is None or facts is None:
        return
    onward = (
        SetField(FIELDS["eth_src"], mac.value),
        load_field(DATAPATH, facts.key),
        load_field(OUTPORT, localnet.tunnel_key),
        Resubmit(Table.LOGICAL_TO_PHYSICAL),
    )
    yield physical(port.uuid, "bridged", Table.LOCAL_OUTPUT, 100, to_port(datapath, port.tunnel_key), onward)


def by_tunnel(port: PortBinding, datapath: int, view: View) -> Iterator[PhysicalFlow]:
    """To the chassis that has the port; a gateway port with several chassis, to the first that answers."""
    order = gateway_order(view, port.ha_chassis_group)
    match = to_port(datapath, port.tunnel_key)
    if len(order) > 1:
        tunnels = [tunnel for tunnel in (view.get(Tunnel, uuid) for uuid in order) if tunnel is not None]
        if tunnels:
            outputs = tuple(tunnel.ofport for tunnel in tunnels)
            actions: Actions = (*encapsulate(tunnels[0], datapath, port.tunnel_key), Bundle(outputs))
            yield physical(port.uuid, "remote", Table.REMOTE_OUTPUT, 100, match, actions)
        return
    here = view.get(Here, "here")
    if port.chassis is None or here is None or port.chassis == here.uuid:
        return
    tunnel = view.get(Tunnel, port.chassis)
    if tunnel is not None:
        actions = (*send_to(tunnel, datapath, port.tunnel_key), DELIVER)
        yield physical(port.uuid, "remote", Table.REMOTE_OUTPUT, 100, match, actions)
