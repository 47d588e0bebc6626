"""Port security: the words that both directions (`port_security_in`, `port_security_out`) share."""

from __future__ import annotations

from typing import Final, NamedTuple

from brume.openflow.from_southbound.actions.context import load_flag
from brume.openflow.messages.actions import Actions
from brume.openflow.registers import Flag
from brume.values import InterfaceAddress

FAIL: Final[Actions] = (load_flag(Flag.PORT_SECURITY_FAILED, 1),)
PASS: Final[Actions] = (load_flag(Flag.PORT_SECURITY_FAILED, 0),)

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
UDP, ICMP6 = 17, 58
SOLICITATION, ADVERTISEMENT = 135, 136

FieldValue = int | tuple[int, int]
FieldValues = dict[str, FieldValue]


class SecureFlow(NamedTuple):
    """One flow of a port: table, priority, fields besides datapath and port, what it does."""

    table: int
    priority: int
    fields: FieldValues
    actions: Actions


def allowed(address: InterfaceAddress) -> FieldValue:
    """The address alone, or the whole network when no host bit is set (`10.0.1.0/24`)."""
    bits, number = address.address.BITS, address.address.value
    ones = (1 << bits) - 1
    hosts = ones >> address.length
    return number if number & hosts or address.length == bits else (number, ones ^ hosts)
