"""Find the port that has the destination MAC; flood what is for many, and what is for nobody known."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions, do, drop, get_fdb, go_on, output
from brume.expressions.constants import quote
from brume.expressions.fields import eth, icmp, icmp6, outport, tcp
from brume.expressions.match import Match, all_of, any_of
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.bindings.multicast_groups import FLOOD, UNKNOWN_GROUP
from brume.southbound.from_northbound.facts.nat import RouterNat
from brume.southbound.from_northbound.facts.ports import (
    UNKNOWN,
    RouterPort,
    SwitchPort,
    gateways_of,
    localnet_ports,
)
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.from_northbound.flows import default, flow, switch_has
from brume.southbound.pipeline import SWITCH_IN
from brume.southbound.priorities import L2_MULTICAST, L2_UNICAST

TO_SERVICE_MONITOR = all_of(eth.dst.in_set("svc_monitor_mac"), any_of(tcp, icmp, icmp6))
NOBODY = outport.equals("none")


@rule(LogicalSwitch)
def l2_lookup(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    datapath = switch.uuid
    yield flow(SWITCH_IN.L2_LKUP, datapath, 110, TO_SERVICE_MONITOR, Actions("handle_svc_check(inport);"))
    yield flow(SWITCH_IN.L2_LKUP, datapath, L2_MULTICAST, eth.mcast, do(outport.assign(FLOOD.name), output))
    yield default(SWITCH_IN.L2_LKUP, datapath, do(outport.assign(get_fdb("eth.dst")), go_on))
    yield default(SWITCH_IN.L2_UNKNOWN, datapath, output)
    flood = do(outport.assign(UNKNOWN_GROUP.name), output)
    yield flow(SWITCH_IN.L2_UNKNOWN, datapath, 50, NOBODY, flood if switch_has(view, datapath, UNKNOWN) else drop)


@rule(SwitchPort)
def unicast(port: SwitchPort, view: View) -> Iterator[Output]:
    if port.type == "external":
        return
    deliver = _deliver(port)
    if port.router_addresses:
        yield from _to_router(port, deliver, view)
    for mac in port.own_macs:
        yield flow(SWITCH_IN.L2_LKUP, port.switch, L2_UNICAST, Match(f"eth.dst == {mac}"), deliver, port.uuid)


def _to_router(port: SwitchPort, deliver: Actions, view: View) -> Iterator[Output]:
    """The MAC of the router port behind a port; where a gateway is, only on the gateway's chassis."""
    peer = view.get(RouterPort, port.peer) if port.peer is not None else None
    if peer is None:
        return
    where = _where(port, peer, view)
    yield flow(SWITCH_IN.L2_LKUP, port.switch, L2_UNICAST, Match(f"eth.dst == {peer.mac}{where}"), deliver, port.uuid)


@rule(RouterNat)
def distributed_nat(nat: RouterNat, view: View) -> Iterator[Output]:
    """The MAC of a floating IP that is translated on its port's chassis."""
    if not nat.distributed or nat.external_mac is None:
        return
    for gateway in gateways_of(view, nat.router):
        port = view.get(SwitchPort, gateway.switch_port) if gateway.switch_port is not None else None
        if port is not None and port.router_addresses and port.type != "external":
            match = f"eth.dst == {nat.external_mac.lower()} && is_chassis_resident({quote(nat.logical_port or '')})"
            yield flow(SWITCH_IN.L2_LKUP, port.switch, L2_UNICAST, Match(match), _deliver(port), port.uuid)


def _deliver(port: SwitchPort) -> Actions:
    return Actions(f"outport = {port.quoted}; output;") if port.enabled else drop


def _where(port: SwitchPort, peer: RouterPort, view: View) -> str:
    gateways = gateways_of(view, peer.router)
    if not gateways or not view.find(localnet_ports, port.switch):
        return ""
    if peer.gateway:
        return f" && is_chassis_resident({peer.redirect})"
    if is_true(peer.options, "reside-on-redirect-chassis", False) and len(gateways) == 1:
        return f" && is_chassis_resident({gateways[0].redirect})"
    return ""


RULES = (l2_lookup, unicast, distributed_nat)
