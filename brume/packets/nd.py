"""Neighbour discovery (RFC 4861): what follows the first four octets of ICMPv6, and the options.

Rule of the protocol: such packets have a hop limit of 255, so that none comes from off the link (section
7.1).
"""

from __future__ import annotations

from typing import ClassVar, Final

from brume.packets.header import (
    NO_MAC,
    NO_V6,
    U1,
    U6,
    U8,
    U16,
    U29,
    U32,
    V6,
    Constant,
    Header,
    LengthOf,
    Mac,
    OctetTail,
    Wire,
)
from brume.packets.options import OptionList

HOP_LIMIT: Final = 255

SOURCE_LINK_LAYER: Final = 1
TARGET_LINK_LAYER: Final = 2
PREFIX_INFORMATION: Final = 3
MTU: Final = 5
RECURSIVE_DNS: Final = 25


class RouterSolicitation(Header, frozen=True):
    """Who routes here? Options follow."""

    reserved: U32 = 0


class RouterAdvertisement(Header, frozen=True):
    """I route here. Options follow."""

    hop_limit: U8 = 64
    managed: U1 = 0
    other: U1 = 0
    reserved: U6 = 0
    router_lifetime: U16 = 0
    reachable_time: U32 = 0
    retransmit_time: U32 = 0


class NeighborSolicitation(Header, frozen=True):
    """Who has this address? Options follow."""

    reserved: U32 = 0
    target: V6 = NO_V6


class NeighborAdvertisement(Header, frozen=True):
    """I have this address. Options follow."""

    router: U1 = 0
    solicited: U1 = 0
    override: U1 = 0
    reserved: U29 = 0
    target: V6 = NO_V6


class NdOption(Header, frozen=True):
    """One option: `data` is two octets short of a multiple of eight."""

    type: U8 = 0
    length: ClassVar[Wire] = LengthOf("data", bits=8, unit=8, plus=2)
    data: OctetTail = bytes(6)


class LinkLayerOption(Header, frozen=True):
    """A source or target link-layer address option, whole."""

    type: U8 = SOURCE_LINK_LAYER
    length: ClassVar[Wire] = Constant(1, bits=8)
    mac: Mac = NO_MAC


class PrefixOption(Header, frozen=True):
    """A prefix on the link (section 4.6.2), whole."""

    type: ClassVar[Wire] = Constant(PREFIX_INFORMATION, bits=8)
    length: ClassVar[Wire] = Constant(4, bits=8)
    prefix_length: U8 = 64
    on_link: U1 = 1
    autonomous: U1 = 1
    reserved: U6 = 0
    valid_lifetime: U32 = 0
    preferred_lifetime: U32 = 0
    reserved2: U32 = 0
    prefix: V6 = NO_V6


class MtuOption(Header, frozen=True):
    """The link's MTU (section 4.6.4), whole."""

    type: ClassVar[Wire] = Constant(MTU, bits=8)
    length: ClassVar[Wire] = Constant(1, bits=8)
    reserved: U16 = 0
    mtu: U32 = 0


ND_OPTIONS: Final = OptionList(NdOption, "type")
