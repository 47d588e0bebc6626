"""Learn which MACs are behind ports with unknown addresses (FDB), where port security does not fix them."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.expressions.actions import do, go_on, lookup_fdb, put_fdb
from brume.expressions.fields import inport
from brume.expressions.match import all_of
from brume.northbound.schema import LogicalSwitch
from brume.southbound.from_northbound.facts.ports import SwitchPort
from brume.southbound.from_northbound.facts.settings import is_true
from brume.southbound.from_northbound.flows import default, flow
from brume.southbound.pipeline import SWITCH_IN
from brume.southbound.registers import LOOKUP_FDB

LOOK_UP = do(LOOKUP_FDB.assign(lookup_fdb("inport", "eth.src")), go_on)
LEARN = do(put_fdb("inport", "eth.src"), go_on)


@rule(LogicalSwitch)
def learning(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    yield default(SWITCH_IN.LOOKUP_FDB, switch.uuid)
    yield default(SWITCH_IN.PUT_FDB, switch.uuid)


@rule(SwitchPort)
def learning_port(port: SwitchPort, view: View) -> Iterator[Output]:
    if not port.unknown or port.secured or not _learns(port):
        return
    here = inport.equals(port.name)
    yield flow(SWITCH_IN.LOOKUP_FDB, port.switch, 100, here, LOOK_UP, port.uuid)
    yield flow(SWITCH_IN.PUT_FDB, port.switch, 100, all_of(here, LOOKUP_FDB.equals(0)), LEARN, port.uuid)


def _learns(port: SwitchPort) -> bool:
    return port.type == "" or (port.type == "localnet" and is_true(port.options, "localnet_learn_fdb", False))


RULES = (learning, learning_port)
