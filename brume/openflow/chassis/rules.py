"""All rules of a chassis's own stage."""

from __future__ import annotations

from typing import Final

from brume.derive.rules import Rule
from brume.openflow.chassis.fixed import fixed_flows
from brume.openflow.chassis.multicast import multicast_flows
from brume.openflow.chassis.ports import port_flows
from brume.openflow.chassis.secured_ports import port_security_flows
from brume.openflow.chassis.tunnels import tunnel_flows

CHASSIS_RULES: Final[tuple[Rule, ...]] = (
    fixed_flows,
    tunnel_flows,
    port_flows,
    port_security_flows,
    multicast_flows,
)
