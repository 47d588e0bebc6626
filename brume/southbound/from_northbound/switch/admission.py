"""Who may send and receive: port security, disabled ports, VLAN tags.

The addresses a port may use are not in the flows: chassis take them from Port_Binding.port_security
(check_in_port_sec, check_out_port_sec).
"""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import check_in_port_sec, check_out_port_sec, do, drop, go_on, output
from brume.expressions.fields import eth, outport, vlan
from brume.expressions.match import ALWAYS, Match
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.facts.ports import SwitchPort
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN, SWITCH_OUT
from brume.southbound.registers import PORT_SEC_DROP

CHECK_SENDER = do(PORT_SEC_DROP.assign(check_in_port_sec()), go_on)
CHECK_RECEIVER = do(PORT_SEC_DROP.assign(check_out_port_sec()), go_on)
REFUSE = do(PORT_SEC_DROP.assign(1), go_on)
PASS = do(PORT_SEC_DROP.assign(0), go_on)


@rule(LogicalSwitch)
def admission(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    datapath = switch.uuid
    if not is_true(switch.other_config, "vlan-passthru", False):
        yield flow(SWITCH_IN.CHECK_PORT_SEC, datapath, 100, vlan.present, drop)
    # A source address that is a group address is nobody's.
    yield flow(SWITCH_IN.CHECK_PORT_SEC, datapath, 100, eth.src.bit(40), drop)
    yield flow(SWITCH_IN.CHECK_PORT_SEC, datapath, 50, ALWAYS, CHECK_SENDER)
    yield flow(SWITCH_IN.APPLY_PORT_SEC, datapath, 50, PORT_SEC_DROP.equals(1), drop)
    yield default(SWITCH_IN.APPLY_PORT_SEC, datapath)

    yield flow(SWITCH_OUT.CHECK_PORT_SEC, datapath, 100, eth.mcast, PASS)
    yield default(SWITCH_OUT.CHECK_PORT_SEC, datapath, CHECK_RECEIVER)
    yield flow(SWITCH_OUT.APPLY_PORT_SEC, datapath, 50, PORT_SEC_DROP.equals(1), drop)
    yield default(SWITCH_OUT.APPLY_PORT_SEC, datapath, output)


@rule(SwitchPort)
def disabled_port(port: SwitchPort, view: View) -> Iterator[Output]:
    if port.enabled or port.type == "external":
        return
    yield flow(SWITCH_IN.CHECK_PORT_SEC, port.switch, 100, Match(f"inport == {port.quoted}"), REFUSE, port.uuid)
    yield flow(SWITCH_IN.L2_UNKNOWN, port.switch, 50, outport.equals(port.name), drop, port.uuid)


RULES = (admission, disabled_port)
