"""Which packets go through connection tracking before the ACLs, and which never do.

Packets to and from routers and localnet ports are not tracked by the switch: the two directions of a connection may
meet different chassis there, and a chassis that sees only one direction would take replies for invalid. Neighbour
discovery and multicast are not tracked, because they have no connections.

A switch with load balancers tracks everything else, replies too, and what comes in by localnet ports: only so a packet
of a translated connection is never delivered untranslated.
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import Actions, ct_clear, ct_lb_mark, ct_next, do, go_on
from brume.expressions.fields import eth, inport, ip, mldv1, mldv2, nd, nd_ra, nd_rs, outport, udp
from brume.expressions.match import Match, all_of, any_of
from brume.northbound.schema import ACL, LogicalSwitch
from brume.southbound.from_northbound.facts.acls import AclPlacement, has_stateful_acls
from brume.southbound.from_northbound.facts.balanced import balances, tracks
from brume.southbound.from_northbound.facts.ports import SwitchPort
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT, Stage
from brume.southbound.priorities import ACL_OFFSET, NO_CONNTRACK, TRACK
from brume.southbound.registers import ACL_STATELESS, CONNTRACK_DEFRAG, CONNTRACK_NAT

TO_SERVICE_MONITOR = eth.dst.in_set("svc_monitor_mac")
FROM_SERVICE_MONITOR = eth.src.in_set("svc_monitor_mac")
DISCOVERY = any_of(nd, nd_rs, nd_ra, mldv1, mldv2)
DISCOVERY_AND_DHCPV6 = any_of(nd, nd_rs, nd_ra, mldv1, mldv2, all_of(udp, udp.src.equals(546), udp.dst.equals(547)))
WANT_TRACKING = do(CONNTRACK_DEFRAG.assign(1), go_on)
WANT_TRANSLATION = do(CONNTRACK_NAT.assign(1), go_on)
DO_NOT_TRACK = do(ACL_STATELESS.assign(1), go_on)


@rule(LogicalSwitch)
def pre_acl(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    datapath, stateful = switch.uuid, has_stateful_acls(view, switch.uuid)
    for stage, service in ((SWITCH_IN.PRE_ACL, TO_SERVICE_MONITOR), (SWITCH_OUT.PRE_ACL, FROM_SERVICE_MONITOR)):
        yield default(stage, datapath)
        yield flow(stage, datapath, NO_CONNTRACK, service, go_on)
        if stateful:
            yield flow(stage, datapath, NO_CONNTRACK, DISCOVERY_AND_DHCPV6, go_on)
            yield flow(stage, datapath, NO_CONNTRACK, eth.mcast, go_on)
            yield flow(stage, datapath, TRACK, ip, WANT_TRACKING)


@rule(LogicalSwitch)
def pre_load_balancing(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    datapath = switch.uuid
    for stage, service in ((SWITCH_IN.PRE_LB, TO_SERVICE_MONITOR), (SWITCH_OUT.PRE_LB, FROM_SERVICE_MONITOR)):
        yield default(stage, datapath)
        for match in (eth.mcast, DISCOVERY, service, ACL_STATELESS.equals(1)):
            yield flow(stage, datapath, NO_CONNTRACK, match, go_on)
        if balances(view, datapath):
            yield flow(stage, datapath, TRACK, ip, WANT_TRANSLATION)


@rule(SwitchPort)
def untracked_port(port: SwitchPort, view: View) -> Iterator[Output]:
    if port.peer is None and port.type != "localnet":
        return
    stateful = has_stateful_acls(view, port.switch)
    leave = go_on if stateful else do(ct_clear, go_on)
    if port.type != "localnet" or not balances(view, port.switch):
        yield from _skip(port, SWITCH_IN.PRE_LB, SWITCH_OUT.PRE_LB, leave)
    if stateful:
        yield from _skip(port, SWITCH_IN.PRE_ACL, SWITCH_OUT.PRE_ACL, leave)


def _skip(port: SwitchPort, ingress: Stage, egress: Stage, leave: Actions) -> Iterator[Output]:
    yield flow(ingress, port.switch, NO_CONNTRACK, all_of(ip, inport.equals(port.name)), go_on, port.uuid)
    yield flow(egress, port.switch, NO_CONNTRACK, all_of(ip, outport.equals(port.name)), leave, port.uuid)


@rule(AclPlacement)
def stateless_acl(placement: AclPlacement, view: View) -> Iterator[Output]:
    acl = view.get(ACL, placement.acl)
    if acl is None or acl.action != "allow-stateless" or not tracks(view, placement.switch):
        return
    stage = SWITCH_IN.PRE_ACL if acl.direction == "from-lport" else SWITCH_OUT.PRE_ACL
    yield flow(stage, placement.switch, acl.priority + ACL_OFFSET, Match(acl.match), DO_NOT_TRACK, acl.uuid)


@rule(LogicalSwitch)
def pre_stateful(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    for stage in (SWITCH_IN.PRE_STATEFUL, SWITCH_OUT.PRE_STATEFUL):
        yield default(stage, switch.uuid)
        yield flow(stage, switch.uuid, 110, CONNTRACK_NAT.equals(1), ct_lb_mark())
        yield flow(stage, switch.uuid, 100, CONNTRACK_DEFRAG.equals(1), ct_next)


RULES = (pre_acl, pre_load_balancing, untracked_port, stateless_acl, pre_stateful)
