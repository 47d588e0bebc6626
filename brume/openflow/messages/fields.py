"""Every field that OpenFlow with Nicira's extensions can match or set here, declared as data.

Not here: how values are written (`field_text.py`) or put on the wire (`wire_fields.py`).
Source of names, numbers, prerequisites: Open vSwitch 3.1 `include/openvswitch/meta-flow.h`.
Left out (a clear error where met): MPLS, NSH, ERSPAN, GTP-U, packet_type and tunnel metadata other than number 0;
OVN installs none of them.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.layout import OFFSETS


class Form(Enum):
    """How a field's value is written."""

    DECIMAL = "decimal"
    HEXADECIMAL = "hexadecimal"
    ETHERNET = "ethernet"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    PORT = "port"
    CT_STATE = "ct state"
    TCP_FLAGS = "tcp flags"
    FRAGMENT = "fragment"
    TUNNEL_FLAGS = "tunnel flags"


class Oxm(msgspec.Struct, frozen=True):
    """One number a field has on the wire: class, number in the class, experimenter of class 0xffff."""

    name: str
    vendor_class: int
    number: int
    experimenter: int = 0


class Field(msgspec.Struct, frozen=True, eq=False):
    """A range of bits of the key with a name. `field is field` is equality: there is one object per field."""

    name: str
    width: int  # bits as text and subfields see them
    shift: int  # lowest bit in the key
    form: Form
    prerequisite: str  # "", "ip", "ipv4", "ipv6", "arp", "tcp", "udp", "sctp", "icmp", "icmp6", "nd", ...
    maskable: bool
    writable: bool
    wire_bytes: int
    nxm: Oxm | None
    oxm: Oxm | None
    aliases: tuple[str, ...]
    ones: int  # the value with every usable bit set (0xfc for nw_tos)
    mask: int  # the key's bits that matching or setting the whole field concerns

    @property
    def span(self) -> int:
        """`mask`, unshifted: `ones`, but for ICMP's 8 bits, which own the 16 of a port."""
        return self.mask >> self.shift

    def get(self, key: int) -> int:
        """This field's value in a key."""
        return (key >> self.shift) & self.ones

    def set(self, key: int, value: int) -> int:
        """The key with this field replaced."""
        return key & ~self.mask | (value & self.ones) << self.shift

    @property
    def long_name(self) -> str:
        """The name `move`, `load` and `push` write: NXM where there is one, else OXM, else the short name."""
        number = self.nxm or self.oxm
        return number.name if number else self.name

    def __repr__(self) -> str:
        return f"Field({self.name})"


class Subfield(msgspec.Struct, frozen=True):
    """Some adjacent bits of a field, as `NXM_NX_REG13[0..15]` names them."""

    field: Field
    start: int
    width: int

    @property
    def shift(self) -> int:
        return self.field.shift + self.start

    @property
    def mask(self) -> int:
        """All bits, in place in the key."""
        return ((1 << self.width) - 1) << (self.field.shift + self.start)

    def get(self, key: int) -> int:
        return (key >> (self.field.shift + self.start)) & ((1 << self.width) - 1)

    def set(self, key: int, value: int) -> int:
        return key & ~self.mask | (value & ((1 << self.width) - 1)) << self.shift

    @property
    def whole(self) -> bool:
        return self.start == 0 and self.width == self.field.width

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Subfield)
            and self.field is other.field
            and (self.start, self.width) == (other.start, other.width)
        )

    def __hash__(self) -> int:
        return hash((self.field.name, self.start, self.width))


_CLASSES: Final = (  # longest prefix first
    ("OXM_OF_PKT_REG", 0x8001, 0),
    ("ONFOXM_ET_", 0xFFFF, 0x4F4E4600),
    ("NXOXM_ET_", 0xFFFF, 0x00002320),
    ("ERICOXM_OF_", 0x1000, 0),
    ("NXM_OF_", 0x0000, 0),
    ("NXM_NX_", 0x0001, 0),
    ("OXM_OF_", 0x8000, 0),
)

_FORMS: Final = {
    "dec": Form.DECIMAL,
    "hex": Form.HEXADECIMAL,
    "mac": Form.ETHERNET,
    "ip4": Form.IPV4,
    "ip6": Form.IPV6,
    "port": Form.PORT,
    "ct": Form.CT_STATE,
    "tcp": Form.TCP_FLAGS,
    "frag": Form.FRAGMENT,
    "tun": Form.TUNNEL_FLAGS,
}

# names              bits slot[+shift]      form  prerequisite  flags(m: maskable, w: writable)  NXM  OXM
_TABLE: Final = """
dp_hash              32  dp_hash            hex   -      m   NXM_NX_DP_HASH:35        NXOXM_ET_DP_HASH:0
recirc_id            32  recirc_id          dec   -      -   NXM_NX_RECIRC_ID:36      -
conj_id              32  conj_id            dec   -      -   NXM_NX_CONJ_ID:37        -
tun_id,tunnel_id     64  tun_id             hex   -      mw  NXM_NX_TUN_ID:16         OXM_OF_TUNNEL_ID:38
tun_src              32  tun_src            ip4   -      mw  NXM_NX_TUN_IPV4_SRC:31   -
tun_dst              32  tun_dst            ip4   -      mw  NXM_NX_TUN_IPV4_DST:32   -
tun_ipv6_src         128 tun_ipv6_src       ip6   -      mw  NXM_NX_TUN_IPV6_SRC:109  -
tun_ipv6_dst         128 tun_ipv6_dst       ip6   -      mw  NXM_NX_TUN_IPV6_DST:110  -
tun_flags            16  tun_flags          tun   -      mw  NXM_NX_TUN_FLAGS:104     -
tun_ttl              8   tun_ttl            dec   -      -   -                        -
tun_tos              8   tun_tos            dec   -      -   -                        -
tun_gbp_id           16  tun_gbp_id         dec   -      mw  NXM_NX_TUN_GBP_ID:38     -
tun_gbp_flags        8   tun_gbp_flags      hex   -      mw  NXM_NX_TUN_GBP_FLAGS:39  -
tun_metadata0        32  tun_metadata0      hex   -      mw  NXM_NX_TUN_METADATA0:40  -
metadata             64  metadata           hex   -      mw  -                        OXM_OF_METADATA:2
in_port              16  in_port            port  -      w   NXM_OF_IN_PORT:0         -
in_port_oxm          32  in_port            port  -      w   -                        OXM_OF_IN_PORT:0
actset_output        32  actset_output      port  -      -   -                        ONFOXM_ET_ACTSET_OUTPUT:43
skb_priority         32  skb_priority       hex   -      -   -                        -
pkt_mark             32  pkt_mark           hex   -      mw  NXM_NX_PKT_MARK:33       -
ct_state             32  ct_state           ct    -      m   NXM_NX_CT_STATE:105      -
ct_zone              16  ct_zone            hex   -      -   NXM_NX_CT_ZONE:106       -
ct_mark              32  ct_mark            hex   -      mw  NXM_NX_CT_MARK:107       -
ct_label             128 ct_label           hex   -      mw  NXM_NX_CT_LABEL:108      -
ct_nw_proto          8   ct_nw_proto        dec   ct     -   NXM_NX_CT_NW_PROTO:119   -
ct_nw_src            32  ct_nw_src          ip4   ct     m   NXM_NX_CT_NW_SRC:120     -
ct_nw_dst            32  ct_nw_dst          ip4   ct     m   NXM_NX_CT_NW_DST:121     -
ct_ipv6_src          128 ct_ipv6_src        ip6   ct     m   NXM_NX_CT_IPV6_SRC:122   -
ct_ipv6_dst          128 ct_ipv6_dst        ip6   ct     m   NXM_NX_CT_IPV6_DST:123   -
ct_tp_src            16  ct_tp_src          dec   ct     m   NXM_NX_CT_TP_SRC:124     -
ct_tp_dst            16  ct_tp_dst          dec   ct     m   NXM_NX_CT_TP_DST:125     -
eth_src,dl_src       48  eth_src            mac   -      mw  NXM_OF_ETH_SRC:2         OXM_OF_ETH_SRC:4
eth_dst,dl_dst       48  eth_dst            mac   -      mw  NXM_OF_ETH_DST:1         OXM_OF_ETH_DST:3
eth_type,dl_type     16  eth_type           hex   -      -   NXM_OF_ETH_TYPE:3        OXM_OF_ETH_TYPE:5
vlan_tci             16  vlan_tci           hex   -      mw  NXM_OF_VLAN_TCI:4        -
dl_vlan              12  vlan_tci           dec   -      w   -                        -
vlan_vid             13  vlan_tci           dec   -      mw  -                        OXM_OF_VLAN_VID:6
dl_vlan_pcp          3   vlan_tci+13        dec   -      w   -                        -
vlan_pcp             3   vlan_tci+13        dec   vlan   w   -                        OXM_OF_VLAN_PCP:7
ip_src,nw_src        32  nw_src             ip4   ipv4   mw  NXM_OF_IP_SRC:7          OXM_OF_IPV4_SRC:11
ip_dst,nw_dst        32  nw_dst             ip4   ipv4   mw  NXM_OF_IP_DST:8          OXM_OF_IPV4_DST:12
ipv6_src             128 ipv6_src           ip6   ipv6   mw  NXM_NX_IPV6_SRC:19       OXM_OF_IPV6_SRC:26
ipv6_dst             128 ipv6_dst           ip6   ipv6   mw  NXM_NX_IPV6_DST:20       OXM_OF_IPV6_DST:27
ipv6_label           20  ipv6_label         hex   ipv6   mw  NXM_NX_IPV6_LABEL:27     OXM_OF_IPV6_FLABEL:28
nw_proto,ip_proto    8   nw_proto           dec   ip     -   NXM_OF_IP_PROTO:6        OXM_OF_IP_PROTO:10
nw_tos               8   ip_tos             dec   ip     w   NXM_OF_IP_TOS:5          -
ip_dscp              6   ip_tos+2           dec   ip     w   -                        OXM_OF_IP_DSCP:8
nw_ecn,ip_ecn        2   ip_tos             dec   ip     w   NXM_NX_IP_ECN:28         OXM_OF_IP_ECN:9
nw_ttl               8   nw_ttl             dec   ip     w   NXM_NX_IP_TTL:29         -
ip_frag,nw_frag      2   nw_frag            frag  ip     m   NXM_NX_IP_FRAG:26        -
arp_op               16  nw_proto           dec   arp    w   NXM_OF_ARP_OP:15         OXM_OF_ARP_OP:21
arp_spa              32  nw_src             ip4   arp    mw  NXM_OF_ARP_SPA:16        OXM_OF_ARP_SPA:22
arp_tpa              32  nw_dst             ip4   arp    mw  NXM_OF_ARP_TPA:17        OXM_OF_ARP_TPA:23
arp_sha              48  arp_sha            mac   arp    mw  NXM_NX_ARP_SHA:17        OXM_OF_ARP_SHA:24
arp_tha              48  arp_tha            mac   arp    mw  NXM_NX_ARP_THA:18        OXM_OF_ARP_THA:25
tcp_src,tp_src       16  tp_src             dec   tcp    mw  NXM_OF_TCP_SRC:9         OXM_OF_TCP_SRC:13
tcp_dst,tp_dst       16  tp_dst             dec   tcp    mw  NXM_OF_TCP_DST:10        OXM_OF_TCP_DST:14
tcp_flags            12  tcp_flags          tcp   tcp    m   NXM_NX_TCP_FLAGS:34      ONFOXM_ET_TCP_FLAGS:42
udp_src              16  tp_src             dec   udp    mw  NXM_OF_UDP_SRC:11        OXM_OF_UDP_SRC:15
udp_dst              16  tp_dst             dec   udp    mw  NXM_OF_UDP_DST:12        OXM_OF_UDP_DST:16
sctp_src             16  tp_src             dec   sctp   mw  -                        OXM_OF_SCTP_SRC:17
sctp_dst             16  tp_dst             dec   sctp   mw  -                        OXM_OF_SCTP_DST:18
icmp_type            8   tp_src             dec   icmp   w   NXM_OF_ICMP_TYPE:13      OXM_OF_ICMPV4_TYPE:19
icmp_code            8   tp_dst             dec   icmp   w   NXM_OF_ICMP_CODE:14      OXM_OF_ICMPV4_CODE:20
icmpv6_type          8   tp_src             dec   icmp6  w   NXM_NX_ICMPV6_TYPE:21    OXM_OF_ICMPV6_TYPE:29
icmpv6_code          8   tp_dst             dec   icmp6  w   NXM_NX_ICMPV6_CODE:22    OXM_OF_ICMPV6_CODE:30
nd_target            128 nd_target          ip6   nd     mw  NXM_NX_ND_TARGET:23      OXM_OF_IPV6_ND_TARGET:31
nd_sll               48  arp_sha            mac   nd_ns  mw  NXM_NX_ND_SLL:24         OXM_OF_IPV6_ND_SLL:32
nd_tll               48  arp_tha            mac   nd_na  mw  NXM_NX_ND_TLL:25         OXM_OF_IPV6_ND_TLL:33
nd_reserved          32  nd_reserved        dec   nd     w   -                        ERICOXM_OF_ICMPV6_ND_RESERVED:1
nd_options_type      8   nd_options_type    dec   nd     w   -                      ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE:2
"""

# Bits that the slot really has where a field's nominal width is larger or has holes.
_WHOLE_SLOT: Final = ("icmp_type", "icmp_code", "icmpv6_type", "icmpv6_code")
_USABLE: Final = {"ct_state": 0xFF, "in_port_oxm": 0xFFFF, "actset_output": 0xFFFF, "nw_tos": 0xFC, "arp_op": 0xFF}


def _number(text: str) -> Oxm | None:
    if text == "-":
        return None
    name, _, number = text.partition(":")
    vendor_class, experimenter = next((c, e) for prefix, c, e in _CLASSES if name.startswith(prefix))
    return Oxm(name, vendor_class, int(number), experimenter)


def _declare(line: str) -> Field:
    names, bits, place, form, prerequisite, flags, nxm, oxm = line.split()
    name, *aliases = names.split(",")
    slot, _, inner = place.partition("+")
    width = int(bits)
    ones = _USABLE.get(name, (1 << width) - 1)
    shift = OFFSETS[slot] + int(inner or 0)
    return Field(
        name=name,
        width=width,
        shift=shift,
        form=_FORMS[form],
        prerequisite="" if prerequisite == "-" else prerequisite,
        maskable="m" in flags,
        writable="w" in flags,
        wire_bytes=2 if name in ("dl_vlan", "vlan_vid") else 4 if name == "ipv6_label" else (width + 7) // 8,
        nxm=_number(nxm),
        oxm=_number(oxm),
        aliases=tuple(aliases),
        ones=ones,
        mask=(0xFFFF if name in _WHOLE_SLOT else ones) << shift,
    )


def _register(name: str, bits: int, shift: int, nxm: Oxm | None, oxm: Oxm | None) -> Field:
    ones = (1 << bits) - 1
    return Field(name, bits, shift, Form.HEXADECIMAL, "", True, True, bits // 8, nxm, oxm, (), ones, ones << shift)


def _registers() -> list[Field]:
    """reg0..15, xreg0..7, xxreg0..3: three views of the same 512 bits, the lower number in the higher bits."""
    made = []
    for i in range(16):
        shift = OFFSETS[f"xxreg{i // 4}"] + 32 * (3 - i % 4)
        made.append(_register(f"reg{i}", 32, shift, _number(f"NXM_NX_REG{i}:{i}"), None))
    for i in range(8):
        shift = OFFSETS[f"xxreg{i // 2}"] + 64 * (1 - i % 2)
        made.append(_register(f"xreg{i}", 64, shift, None, _number(f"OXM_OF_PKT_REG{i}:{i}")))
    made += [
        _register(f"xxreg{i}", 128, OFFSETS[f"xxreg{i}"], _number(f"NXM_NX_XXREG{i}:{111 + i}"), None) for i in range(4)
    ]
    return made


FIELDS: Final[dict[str, Field]] = {
    field.name: field for field in [*map(_declare, _TABLE.strip().splitlines()), *_registers()]
}
_BY_ANY_NAME: Final[dict[str, Field]] = {
    name: field
    for field in FIELDS.values()
    for name in (field.name, *field.aliases, *(n.name for n in (field.nxm, field.oxm) if n))
}


def field(name: str) -> Field:
    """The field with this name: short, alias, NXM or OXM."""
    found = _BY_ANY_NAME.get(name)
    if found is None:
        raise OpenFlowError(f"{name}: unknown field")
    return found


def subfield(name: str, start: int = 0, width: int | None = None) -> Subfield:
    """Bits `start` .. `start + width` of the named field; the whole field when no width is given."""
    found = field(name)
    return Subfield(found, start, found.width - start if width is None else width)
