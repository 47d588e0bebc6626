"""Where logical metadata lives while a packet is inside br-int (OVN 23.03 include/ovn/logical-fields.h).

Not here: the registers that logical flows use as they like (`reg0`..`reg9`), which `brume.southbound` names.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

DATAPATH: Final = "metadata"
FLAGS: Final = "reg10"
DNAT_ZONE: Final = "reg11"
SNAT_ZONE: Final = "reg12"
CT_ZONE: Final = "reg13"
INPORT: Final = "reg14"
OUTPORT: Final = "reg15"

LOGICAL_REGISTERS: Final = tuple(f"reg{number}" for number in range(10))
"""Registers that belong to a pipeline; they are forgotten between ingress and egress and between datapaths."""

PACKET_TOO_LARGE_BIT: Final = 1  # of reg9


class Flag(IntEnum):
    """Bits of FLAGS."""

    ALLOW_LOOPBACK = 0
    FROM_RAMP_SWITCH = 1
    FORCE_SNAT_FOR_DNAT = 2
    FORCE_SNAT_FOR_LOAD_BALANCER = 3
    LOCAL_ONLY = 4
    NESTED_CONTAINER = 5
    LOOKUP_MAC = 6
    LOOKUP_HAIRPIN = 7
    LOOKUP_FDB = 8
    SKIP_SNAT_FOR_LOAD_BALANCER = 9
    FROM_LOCALPORT = 10
    USE_SNAT_ZONE = 11
    PORT_SECURITY_FAILED = 12
    LOOKUP_ECMP_NEXT_HOP = 13
    USE_AFFINITY = 14

    @property
    def mask(self) -> int:
        """The bit in place."""
        return 1 << self


MINIMUM_MULTICAST_KEY: Final = 0x8000
"""Tunnel keys of multicast groups start here; those of ports are below."""
