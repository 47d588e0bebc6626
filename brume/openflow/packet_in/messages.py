"""What goes in and out of a packet-in handler, as values.

`key` is the packet's metadata as an integer over the layout of `brume.openflow.messages.layout`: what registers,
metadata and in_port held when the packet left the pipeline. Handlers read fields from it and hand it on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec

from brume.openflow.messages.actions import Actions
from brume.openflow.messages.fields import FIELDS
from brume.openflow.registers import DATAPATH, INPORT, OUTPORT
from brume.tables.map import Map
from brume.values import IpAddress, Ipv4Address, Ipv6Address, MacAddress

KEPT: Final = FIELDS[DATAPATH].mask | FIELDS["pkt_mark"].mask | sum(FIELDS[f"xxreg{n}"].mask for n in range(4))
"""The bits of a key that a packet put back into the switch starts with: ovn-controller's reload_metadata."""


Names: TypeAlias = Callable[[int, str], "str | None"]
"""Who knows names: from a datapath's tunnel key and a name in small letters to addresses, or another name."""


def _nobody_knows(datapath: int, name: str) -> str | None:
    return None


class PacketIn(msgspec.Struct, frozen=True):
    """A packet that a controller action sent up."""

    data: bytes
    key: int
    userdata: bytes
    table: int = 0
    cookie: int = 0
    continuation: Any = None  # the switch's own; set when the pipeline waits for a Resume
    names: Names = _nobody_knows

    @property
    def datapath(self) -> int:
        """The logical datapath's tunnel key."""
        return FIELDS[DATAPATH].get(self.key)

    @property
    def inport(self) -> int:
        """The logical input port's tunnel key."""
        return FIELDS[INPORT].get(self.key)

    @property
    def outport(self) -> int:
        """The logical output port's tunnel key."""
        return FIELDS[OUTPORT].get(self.key)

    @property
    def next_hop(self) -> Ipv4Address:
        """The address in reg0: arguments of arp{} and put_arp."""
        return Ipv4Address(FIELDS["reg0"].get(self.key))

    @property
    def next_hop6(self) -> Ipv6Address:
        """The address in xxreg0: arguments of nd_ns{} and put_nd."""
        return Ipv6Address(FIELDS["xxreg0"].get(self.key))


class PacketOut(msgspec.Struct, frozen=True):
    """Run actions on a packet, as if it had come from the controller.

    `key` holds the metadata it starts with; actions are values, or OpenFlow 1.5 octets as they stood in userdata.
    """

    data: bytes
    key: int
    actions: bytes | Actions


class Resume(msgspec.Struct, frozen=True):
    """Let the pipeline that sent the packet go on, with the packet and metadata changed."""

    data: bytes
    key: int
    continuation: Any


class LearnMac(msgspec.Struct, frozen=True):
    """A neighbour of a router port: becomes a MAC_Binding row."""

    datapath: int
    port: int
    ip: IpAddress
    mac: MacAddress


class LearnFdb(msgspec.Struct, frozen=True):
    """A MAC address seen behind a switch port: becomes an FDB row."""

    datapath: int
    port: int
    mac: MacAddress


class BindVirtual(msgspec.Struct, frozen=True):
    """The address of a virtual port was seen behind another port: that is where the virtual port is now."""

    datapath: int
    port: int
    parent: int


class LearnMembership(msgspec.Struct, frozen=True):
    """A host has joined or left multicast groups, or it is a multicast router: becomes IGMP_Group rows."""

    datapath: int
    port: int
    joined: tuple[IpAddress, ...]
    left: tuple[IpAddress, ...]
    asks: bool = False


class ReportEvent(msgspec.Struct, frozen=True):
    """Something for the cloud to know: becomes a Controller_Event row."""

    event: str
    info: Map[str, str]


class ProbeHeard(msgspec.Struct, frozen=True):
    """A backend of a load balancer has answered a probe that came from `source_port`: it lives, or it does not."""

    datapath: int
    port: int
    ip: IpAddress
    protocol: str
    number: int
    source_port: int
    alive: bool
    sequence: int
    acknowledgment: int


class LogLine(msgspec.Struct, frozen=True):
    """What a log() action says."""

    text: str


class Await(msgspec.Struct, frozen=True):
    """Keep the packet until the next hop's MAC address is known."""

    datapath: int
    port: int
    ip: IpAddress
    data: bytes
    key: int


Answer: TypeAlias = (
    PacketOut
    | Resume
    | LearnMac
    | LearnFdb
    | BindVirtual
    | LearnMembership
    | ReportEvent
    | ProbeHeard
    | LogLine
    | Await
)


class BadPacketIn(ValueError):
    """A packet-in that cannot be answered: the packet is not what the action is for, or userdata is garbled."""
