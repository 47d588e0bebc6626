"""The OpenFlow tables of br-int, as OVN 23.03 numbers them (controller/lflow.h), and what each is for.

Numbers move between OVN releases; nothing else in this project may write one down. Not here: what is in the tables
(`from_southbound/`), nor the logical stages that ingress and egress tables hold (`brume.southbound`).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Table(IntEnum):
    """One OpenFlow table of br-int."""

    PHYSICAL_TO_LOGICAL = 0
    INGRESS = 8  # first of PIPELINE_LENGTH
    LARGE_PACKET_DETECT = 37
    LARGE_PACKET_PROCESS = 38
    REMOTE_OUTPUT = 39
    LOCAL_OUTPUT = 40
    CHECK_LOOPBACK = 41
    EGRESS = 42  # first of PIPELINE_LENGTH
    SAVE_INPORT = 64
    LOGICAL_TO_PHYSICAL = 65
    MAC_BINDING = 66
    MAC_LOOKUP = 67
    LOAD_BALANCER_HAIRPIN = 68
    LOAD_BALANCER_HAIRPIN_REPLY = 69
    SNAT_HAIRPIN = 70
    GET_FDB = 71
    LOOKUP_FDB = 72
    IN_PORT_SECURITY = 73
    IN_PORT_SECURITY_ND = 74
    OUT_PORT_SECURITY = 75
    ECMP_NEXT_HOP_MAC = 76
    ECMP_NEXT_HOP = 77
    LOAD_BALANCER_AFFINITY = 78


PIPELINE_LENGTH: Final = 29
OUTPUT: Final = Table.LARGE_PACKET_DETECT
"""Where "output;" of the ingress pipeline goes; that of the egress pipeline goes to SAVE_INPORT."""

PURPOSES: Final[dict[Table, str]] = {
    Table.PHYSICAL_TO_LOGICAL: "which logical port a frame came in by: from its OpenFlow port, VLAN or tunnel key",
    Table.INGRESS: "the logical ingress pipeline",
    Table.LARGE_PACKET_DETECT: "is the packet too large for the tunnel to the other chassis?",
    Table.LARGE_PACKET_PROCESS: "answer a packet that is too large",
    Table.REMOTE_OUTPUT: "send to the chassis where the logical output port is",
    Table.LOCAL_OUTPUT: "deliver to logical output ports on this chassis",
    Table.CHECK_LOOPBACK: "drop what would leave by the port it came in by; forget the registers",
    Table.EGRESS: "the logical egress pipeline",
    Table.SAVE_INPORT: "let a packet leave by the OpenFlow port it came in by, where that is wanted",
    Table.LOGICAL_TO_PHYSICAL: "the OpenFlow port, or the pipeline of the peer, behind a logical output port",
    Table.MAC_BINDING: "next hop address to MAC address",
    Table.MAC_LOOKUP: "is this pair of address and MAC known?",
    Table.LOAD_BALANCER_HAIRPIN: "does a balanced packet come back to its sender?",
    Table.LOAD_BALANCER_HAIRPIN_REPLY: "is it the answer to such a packet?",
    Table.SNAT_HAIRPIN: "source address for such a packet",
    Table.GET_FDB: "MAC address to logical port, where MAC addresses are learned",
    Table.LOOKUP_FDB: "is this MAC address known on this port?",
    Table.IN_PORT_SECURITY: "may this port send with these addresses?",
    Table.IN_PORT_SECURITY_ND: "the same inside ARP and neighbour discovery",
    Table.OUT_PORT_SECURITY: "may this port receive for these addresses?",
    Table.ECMP_NEXT_HOP_MAC: "next hop MAC address a connection came from",
    Table.ECMP_NEXT_HOP: "next hop a connection came from",
    Table.LOAD_BALANCER_AFFINITY: "backend a client used before",
}


def table_of(pipeline: str, stage: int) -> int:
    """The OpenFlow table of a logical table: `pipeline` is ingress or egress, as in Logical_Flow."""
    return (Table.INGRESS if pipeline == "ingress" else Table.EGRESS) + stage


def logical_table(number: int) -> tuple[str, int] | None:
    """(pipeline, logical table) of an OpenFlow table, or None for one that holds no logical flows."""
    if Table.INGRESS <= number < Table.LARGE_PACKET_DETECT:
        return "ingress", number - Table.INGRESS
    if Table.EGRESS <= number < Table.SAVE_INPORT:
        return "egress", number - Table.EGRESS
    return None
