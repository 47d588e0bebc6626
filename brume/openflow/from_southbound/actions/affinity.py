"""commit_lb_aff: remember which backend a client has, in a flow that the switch learns (chk_lb_aff asks it).

It lives for the load balancer's timeout after the client's last new connection (OVN's encode_COMMIT_LB_AFF).
"""

from __future__ import annotations

from brume.expressions import steps
from brume.openflow.from_southbound.actions.context import Context, flag_bit, whole
from brume.openflow.from_southbound.actions.next_hops import PROTOCOLS
from brume.openflow.messages.actions import Actions, Learn, LearnSpec
from brume.openflow.messages.fields import Subfield, field
from brume.openflow.registers import DATAPATH, Flag
from brume.openflow.tables import Table

BACKEND, SWITCH_BACKEND_6, ROUTER_BACKEND_6, BACKEND_PORT = "reg4", "xxreg0", "xxreg1", "reg8"
"""Where ovn-northd's flows look for the backend that was found; the port is in the lower half."""


def commit(step: steps.CommitLbAffinity, context: Context) -> Actions:
    """commit_lb_aff(vip = "192.0.2.80:80", backend = "10.0.0.1:80", proto = tcp, timeout = 60);"""
    six = step.vip.width == 128
    source, destination = ("ipv6_src", "ipv6_dst") if six else ("ip_src", "ip_dst")
    register = (SWITCH_BACKEND_6 if context.is_switch else ROUTER_BACKEND_6) if six else BACKEND
    specs = [
        _like(DATAPATH),
        _match("eth_type", 0x86DD if six else 0x0800),
        _like(source),
        _match(destination, step.vip.value),
    ]
    if step.protocol:
        specs.append(_match("nw_proto", PROTOCOLS[step.protocol]))
        specs.append(_match(f"{step.protocol}_dst", step.vip_port))
    specs.append(LearnSpec("load", 1, 1, flag_bit(Flag.USE_AFFINITY)))
    specs.append(LearnSpec("load", field(register).width, step.backend.value, whole(register)))
    if step.backend_port:
        specs.append(LearnSpec("load", 16, step.backend_port, Subfield(field(BACKEND_PORT), 0, 16)))
    table = Table.LOAD_BALANCER_AFFINITY
    return (Learn(table, tuple(specs), idle_timeout=step.timeout, delete_learned=True),)


def _like(name: str) -> LearnSpec:
    """The learned flow's field is as this packet's."""
    return LearnSpec("match", field(name).width, whole(name), whole(name))


def _match(name: str, value: int) -> LearnSpec:
    return LearnSpec("match", field(name).width, value, whole(name))
