"""The logical fields as Python names, so that a rule reads like the match it makes.

    all_of(inport.equals("lsp1"), eth.src.equals("0a:00:00:00:00:01"))    inport == "lsp1" && eth.src == 0a:...
    all_of(ip4, udp.dst.equals(67))                                       ip4 && udp.dst == 67
    all_of(ip4.src.in_set("as1"), inport.in_group("pg1"))                 ip4.src == $as1 && inport == @pg1
    reg0.bit(7).equals(1), negate(ct.new), flags.loopback                 reg0[7] == 1, !ct.new, flags.loopback

A field of one bit, and a predicate, is itself a match. `==` is left alone: it compares the texts. Names and numbers
are those of `logical_fields`; a test compares the two.
"""

from collections.abc import Iterable

from .actions import Actions, Call
from .constants import quote
from .match import Match

Value = str | int
"""A number, or a constant as text in the format it shall be printed in (`10.0.0.0/24`, `0x800`, `ff:ff:...`)."""


class Field(Match):
    """A numeric field, or some of its bits."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Field({str(self)!r})"

    def equals(self, value: Value) -> Match:
        """`field == value`; the value may be a prefix or carry a mask."""
        return Match(f"{self} == {value}")

    def differs(self, value: Value) -> Match:
        """`field != value`."""
        return Match(f"{self} != {value}")

    def within(self, prefix: str) -> Match:
        """`field == prefix`, for an address in a network."""
        return Match(f"{self} == {prefix}")

    def among(self, values: Iterable[Value]) -> Match:
        """`field == {a, b}`; braces even around a single value."""
        return Match(f"{self} == {{{', '.join(map(str, values))}}}")

    def not_among(self, values: Iterable[Value]) -> Match:
        """`field != {a, b}`."""
        return Match(f"{self} != {{{', '.join(map(str, values))}}}")

    def in_set(self, name: str) -> Match:
        """`field == $name`: the value is an element of the address set."""
        return Match(f"{self} == ${name}")

    def below(self, value: Value) -> Match:
        """`field < value`."""
        return Match(f"{self} < {value}")

    def at_most(self, value: Value) -> Match:
        """`field <= value`."""
        return Match(f"{self} <= {value}")

    def above(self, value: Value) -> Match:
        """`field > value`."""
        return Match(f"{self} > {value}")

    def at_least(self, value: Value) -> Match:
        """`field >= value`."""
        return Match(f"{self} >= {value}")

    def between(self, low: Value, high: Value) -> Match:
        """`low <= field <= high`."""
        return Match(f"{low} <= {self} <= {high}")

    def assign(self, value: "Value | Field | Call") -> Actions:
        """`field = value;`, for a constant, another field, or a function's result."""
        return Actions(f"{self} = {value};")

    def exchange(self, other: "Field") -> Actions:
        """`field <-> other;`."""
        return Actions(f"{self} <-> {other};")

    def bit(self, number: int) -> "Field":
        """`field[number]`."""
        return Field(f"{self}[{number}]")

    def bits(self, low: int, high: int) -> "Field":
        """`field[low..high]`."""
        return Field(f"{self}[{low}..{high}]")


class PortField(Match):
    """`inport` or `outport`: holds a port, named by a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"PortField({str(self)!r})"

    def equals(self, port: str) -> Match:
        """`inport == "port"`."""
        return Match(f"{self} == {quote(port)}")

    def among(self, ports: Iterable[str]) -> Match:
        """`inport == {"a", "b"}`."""
        return Match(f"{self} == {{{', '.join(map(quote, ports))}}}")

    def assign(self, port: "str | PortField | Call") -> Actions:
        """`outport = "port";`, or `outport = inport;` for the other port field; "" is no port."""
        return Actions(f"{self} = {port if isinstance(port, PortField | Call) else quote(port)};")

    def in_group(self, name: str) -> Match:
        """`inport == @name`: the port is a member of the port group."""
        return Match(f"{self} == @{name}")


class _Ethernet:
    src, dst, type = Field("eth.src"), Field("eth.dst"), Field("eth.type")
    bcast, mcast, mcastv6 = Field("eth.bcast"), Field("eth.mcast"), Field("eth.mcastv6")


class _Vlan:
    present, tci = Field("vlan.present"), Field("vlan.tci")
    pcp, vid = Field("vlan.pcp"), Field("vlan.vid")


class _Ip(Field):
    __slots__ = ()
    proto, ttl, dscp, ecn = Field("ip.proto"), Field("ip.ttl"), Field("ip.dscp"), Field("ip.ecn")
    frag, is_frag = Field("ip.frag"), Field("ip.is_frag")
    later_frag, first_frag = Field("ip.later_frag"), Field("ip.first_frag")


class _Ip4(Field):
    __slots__ = ()
    src, dst = Field("ip4.src"), Field("ip4.dst")
    src_mcast, mcast = Field("ip4.src_mcast"), Field("ip4.mcast")


class _Ip6(Field):
    __slots__ = ()
    src, dst, label = Field("ip6.src"), Field("ip6.dst"), Field("ip6.label")
    mcast, mcast_rsvd, mcast_flood = Field("ip6.mcast"), Field("ip6.mcast_rsvd"), Field("ip6.mcast_flood")
    mcast_all_nodes, mcast_all_rtrs = Field("ip6.mcast_all_nodes"), Field("ip6.mcast_all_rtrs")
    mcast_sol_node = Field("ip6.mcast_sol_node")


class _Icmp(Field):
    __slots__ = ("code", "frag_mtu", "type")

    def __new__(cls, name: str) -> "_Icmp":
        field = super().__new__(cls, name)
        field.type, field.code = Field(f"{name}.type"), Field(f"{name}.code")
        field.frag_mtu = Field(f"{name}.frag_mtu")
        return field

    type: Field
    code: Field
    frag_mtu: Field


class _Arp(Field):
    __slots__ = ("op", "sha", "spa", "tha", "tpa")

    def __new__(cls, name: str) -> "_Arp":
        field = super().__new__(cls, name)
        for part in cls.__slots__:
            setattr(field, part, Field(f"{name}.{part}"))
        return field

    op: Field
    sha: Field
    spa: Field
    tha: Field
    tpa: Field


class _NeighbourDiscovery(Field):
    __slots__ = ()
    target, sll, tll = Field("nd.target"), Field("nd.sll"), Field("nd.tll")


class _Tcp(Field):
    __slots__ = ()
    src, dst, flags = Field("tcp.src"), Field("tcp.dst"), Field("tcp.flags")


class _Udp(Field):
    __slots__ = ()
    src, dst = Field("udp.src"), Field("udp.dst")


class _Sctp(Field):
    __slots__ = ()
    src, dst = Field("sctp.src"), Field("sctp.dst")


class _ConnectionState:
    new, est, rel, rpl = Field("ct.new"), Field("ct.est"), Field("ct.rel"), Field("ct.rpl")
    inv, trk, snat, dnat = Field("ct.inv"), Field("ct.trk"), Field("ct.snat"), Field("ct.dnat")


class _ConnectionMark(Field):
    __slots__ = ()
    blocked, natted = Field("ct_mark.blocked"), Field("ct_mark.natted")
    skip_snat, force_snat = Field("ct_mark.skip_snat"), Field("ct_mark.force_snat")
    ecmp_reply_port = Field("ct_mark.ecmp_reply_port")


class _ConnectionLabel(Field):
    __slots__ = ()
    blocked, natted = Field("ct_label.blocked"), Field("ct_label.natted")
    skip_snat, force_snat = Field("ct_label.skip_snat"), Field("ct_label.force_snat")
    ecmp_reply_eth, ecmp_reply_port = Field("ct_label.ecmp_reply_eth"), Field("ct_label.ecmp_reply_port")
    label = Field("ct_label.label")


class _Flags(Field):
    __slots__ = ()
    loopback, use_snat_zone = Field("flags.loopback"), Field("flags.use_snat_zone")
    force_snat_for_dnat, force_snat_for_lb = Field("flags.force_snat_for_dnat"), Field("flags.force_snat_for_lb")
    skip_snat_for_lb = Field("flags.skip_snat_for_lb")


class _Packet:
    mark = Field("pkt.mark")


inport, outport = PortField("inport"), PortField("outport")
eth, vlan = _Ethernet(), _Vlan()
ip, ip4, ip6 = _Ip("ip"), _Ip4("ip4"), _Ip6("ip6")
icmp, icmp4, icmp6, igmp = Field("icmp"), _Icmp("icmp4"), _Icmp("icmp6"), Field("igmp")
arp, rarp = _Arp("arp"), _Arp("rarp")
nd, nd_ns, nd_na = _NeighbourDiscovery("nd"), Field("nd_ns"), Field("nd_na")
nd_rs, nd_ra, mldv1, mldv2 = Field("nd_rs"), Field("nd_ra"), Field("mldv1"), Field("mldv2")
tcp, udp, sctp = _Tcp("tcp"), _Udp("udp"), _Sctp("sctp")
ct, ct_state = _ConnectionState(), Field("ct_state")
ct_mark, ct_label = _ConnectionMark("ct_mark"), _ConnectionLabel("ct_label")
flags, pkt = _Flags("flags"), _Packet()
reg0, reg1, reg2, reg3, reg4 = (Field(f"reg{number}") for number in range(5))
reg5, reg6, reg7, reg8, reg9 = (Field(f"reg{number}") for number in range(5, 10))
xreg0, xreg1, xreg2, xreg3, xreg4 = (Field(f"xreg{number}") for number in range(5))
xxreg0, xxreg1 = Field("xxreg0"), Field("xxreg1")
