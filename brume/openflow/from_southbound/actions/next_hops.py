"""commit_ecmp_nh: remember the next hop that a connection came from, in flows that the switch learns.

One flow knows packets that come from that next hop again (chk_ecmp_nh_mac), the other the replies that go there
(chk_ecmp_nh). They live 20 seconds after the last packet, and 30 at most: then the connection's next packet writes
them again, so that a next hop that changed is noticed (OVN's commit_ecmp_learn_action).
"""

from __future__ import annotations

from typing import Final

from brume.expressions import steps
from brume.openflow.from_southbound.actions.context import Context, flag_bit, whole
from brume.openflow.messages.actions import Actions, Learn, LearnSpec
from brume.openflow.registers import DATAPATH, Flag
from brume.openflow.tables import Table

IDLE_SECONDS: Final = 20
HARD_SECONDS: Final = 30
PROTOCOLS: Final = {"tcp": 6, "udp": 17, "sctp": 132}


def commit(step: steps.CommitEcmpNextHop, _: Context) -> Actions:
    """commit_ecmp_nh(ipv6 = false, proto = tcp);"""
    return (_learn(step, Table.ECMP_NEXT_HOP_MAC), _learn(step, Table.ECMP_NEXT_HOP))


def _learn(step: steps.CommitEcmpNextHop, table: Table) -> Learn:
    comes = table == Table.ECMP_NEXT_HOP_MAC
    sides = ("ipv6_src", "ipv6_dst") if step.ipv6 else ("ip_src", "ip_dst")
    ports = (f"{step.protocol}_src", f"{step.protocol}_dst")
    specs = (
        _match(DATAPATH),
        *((_match("eth_src"),) if comes else ()),
        LearnSpec("match", 16, 0x86DD if step.ipv6 else 0x0800, whole("eth_type")),
        *_ends(sides, comes),
        LearnSpec("match", 8, PROTOCOLS[step.protocol], whole("nw_proto")),
        *_ends(ports, comes),
        LearnSpec("load", 1, 1, flag_bit(Flag.LOOKUP_ECMP_NEXT_HOP)),
    )
    return Learn(table, specs, idle_timeout=IDLE_SECONDS, hard_timeout=HARD_SECONDS, delete_learned=True)


def _ends(names: tuple[str, str], comes: bool) -> tuple[LearnSpec, LearnSpec]:
    """Source and destination as in this packet, or the other way round."""
    source, destination = names
    if comes:
        return _match(source), _match(destination)
    return _match(source, destination), _match(destination, source)


def _match(name: str, like: str = "") -> LearnSpec:
    """The learned flow's field is as this packet's, or as another field of it."""
    place = whole(name)
    return LearnSpec("match", place.width, whole(like or name), place)
