"""Opcodes: the first four octets of a controller action's userdata (OVN 23.03 include/ovn/actions.h).

Four octets of padding follow; then the arguments, or nested actions in OpenFlow 1.5 form.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

HEADER_SIZE: Final = 8


class Opcode(IntEnum):
    """What the controller is asked to do with a packet."""

    ARP = 0
    PUT_ARP = 1
    PUT_DHCP_OPTS = 2
    ND_NA = 3
    PUT_ND = 4
    PUT_DHCPV6_OPTS = 5
    DNS_LOOKUP = 6
    LOG = 7
    PUT_ND_RA_OPTS = 8
    ND_NS = 9
    ICMP = 10
    TCP_RESET = 11
    ND_NA_ROUTER = 12
    PUT_ICMP4_FRAG_MTU = 13
    ICMP4_ERROR = 14
    EVENT = 15
    IGMP = 16
    BIND_VPORT = 17
    HANDLE_SVC_CHECK = 18
    DHCP6_SERVER = 19
    ICMP6_ERROR = 20
    PUT_ICMP6_FRAG_MTU = 21
    REJECT = 22
    BFD_MSG = 23
    SCTP_ABORT = 24
    PUT_FDB = 25
    ACTIVATION_STRATEGY_RARP = 26

    @property
    def header(self) -> bytes:
        """How userdata with this opcode begins."""
        return self.to_bytes(4, "big") + bytes(4)
