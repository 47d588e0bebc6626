"""Geneve (RFC 8926), and the option in which OVN carries its port keys.

OVN (ovn-architecture(7), "Tunnel Encapsulations"): the VNI is the datapath's tunnel key; one option of class
0x0102, type 0x80, holds one reserved bit, 15 bits of ingress port key and 16 bits of egress port key. The
type's highest bit makes the option critical, so OVS sets the header's critical bit too.
"""

from __future__ import annotations

from typing import ClassVar, Final

from brume.packets.ethernet import TRANSPARENT_ETHERNET
from brume.packets.header import (
    U1,
    U3,
    U6,
    U8,
    U15,
    U16,
    U24,
    Constant,
    Header,
    LengthOf,
    OctetTail,
    Wire,
)
from brume.packets.options import OptionList

OVN_OPTION_CLASS: Final = 0x0102
OVN_OPTION_TYPE: Final = 0x80


class Geneve(Header, frozen=True):
    """The Geneve header with its options as octets."""

    version: ClassVar[Wire] = Constant(0, bits=2)
    options_length: ClassVar[Wire] = LengthOf("options", bits=6, unit=4)
    control: U1 = 0
    critical: U1 = 0
    reserved: U6 = 0
    protocol: U16 = TRANSPARENT_ETHERNET
    vni: U24 = 0
    reserved2: U8 = 0
    options: OctetTail = b""


class GeneveOption(Header, frozen=True):
    """One option; `data` is a multiple of four octets."""

    option_class: U16 = 0
    type: U8 = 0
    reserved: U3 = 0
    length: ClassVar[Wire] = LengthOf("data", bits=5, unit=4)
    data: OctetTail = b""


class OvnKeys(Header, frozen=True):
    """The data of OVN's option: which logical port the packet came from, and to which it goes."""

    reserved: U1 = 0
    ingress: U15 = 0
    egress: U16 = 0


GENEVE_OPTIONS: Final = OptionList(GeneveOption, "type")


def ovn_geneve(datapath: int, ingress: int, egress: int) -> Geneve:
    """The Geneve header OVN puts before a frame that crosses from one chassis to another."""
    keys = OvnKeys(ingress=ingress, egress=egress).pack()
    option = GeneveOption(option_class=OVN_OPTION_CLASS, type=OVN_OPTION_TYPE, data=keys)
    return Geneve(critical=1, vni=datapath, options=option.pack())


def ovn_keys(geneve: Geneve) -> OvnKeys | None:
    """The port keys in a Geneve header, if it carries OVN's option; PacketError if its options are
    garbled."""
    for option in GENEVE_OPTIONS.parse(geneve.options):
        if option.option_class == OVN_OPTION_CLASS and option.type == OVN_OPTION_TYPE:
            return OvnKeys.parse(option.data)
    return None
