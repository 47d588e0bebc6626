"""Actions: what a logical flow does, built of steps that read like the text they make.

Like a `Match`, actions *are* their text, exactly as northd writes it; `parse_actions` gives the typed steps.

    do(eth.dst.exchange(eth.src), flags.loopback.assign(1), output)     eth.dst <-> eth.src; flags.loopback = 1; output;
    reg9.bit(2).assign(lookup_arp(inport, arp.spa, arp.sha))            reg9[2] = lookup_arp(inport, arp.spa, arp.sha);
    clone(ct_clear, outport.assign("p"), next_table(0))                 clone { ct_clear; outport = "p"; next(0); };

`Field.assign` and `Field.exchange` (in `fields`) make the steps that begin with a field. Functions that stand on the
right of `=` return a `Call`; everything else returns `Actions`.
"""

from collections.abc import Iterable, Mapping

from .constants import quote


class Actions(str):
    """The text of one step or of several. `Actions("...")` takes the text as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Actions({str(self)!r})"


class Call(str):
    """A function on the right-hand side of `field =`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Call({str(self)!r})"


def do(*steps: Actions) -> Actions:
    """The steps one after the other; none at all is drop."""
    return Actions(" ".join(steps)) if steps else drop


drop = Actions("drop;")
output = Actions("output;")
decrement_ttl = Actions("ip.ttl--;")
ct_next = Actions("ct_next;")
ct_clear = Actions("ct_clear;")
ct_commit_nat = Actions("ct_commit_nat;")
ct_snat_to_vip = Actions("ct_snat_to_vip;")
igmp = Actions("igmp;")
handle_dhcpv6_reply = Actions("handle_dhcpv6_reply;")
handle_bfd_msg = Actions("handle_bfd_msg();")
go_on = Actions("next;")
"""`next;` — go on in the next table (`next` is taken in Python)."""


def next_table(table: int, pipeline: str = "") -> Actions:
    """`next(table);`, or with a pipeline `next(pipeline=egress, table=0);`."""
    return Actions(f"next(pipeline={pipeline}, table={table});" if pipeline else f"next({table});")


def nested(name: str, *steps: str) -> Actions:
    """`name { steps };`: steps on a copy of the packet, or on one made from it."""
    return Actions(f"{name} {{ {' '.join(steps) or 'drop;'} }};")


def clone(*steps: Actions) -> Actions:
    """Do the steps with a copy."""
    return nested("clone", *steps)


def arp(*steps: Actions) -> Actions:
    """Do the steps with an ARP request for the packet's destination."""
    return nested("arp", *steps)


def nd_ns(*steps: Actions) -> Actions:
    """Do the steps with a neighbour solicitation for the packet's destination."""
    return nested("nd_ns", *steps)


def nd_na(*steps: Actions) -> Actions:
    """Do the steps with the neighbour advertisement that answers the packet."""
    return nested("nd_na", *steps)


def nd_na_router(*steps: Actions) -> Actions:
    """As `nd_na`, from a router."""
    return nested("nd_na_router", *steps)


def icmp4(*steps: Actions) -> Actions:
    """Do the steps with an ICMP error about the packet."""
    return nested("icmp4", *steps)


def icmp4_error(*steps: Actions) -> Actions:
    """As `icmp4`, with the whole packet inside."""
    return nested("icmp4_error", *steps)


def icmp6(*steps: Actions) -> Actions:
    """Do the steps with an ICMPv6 error about the packet."""
    return nested("icmp6", *steps)


def icmp6_error(*steps: Actions) -> Actions:
    """As `icmp6`, with the whole packet inside."""
    return nested("icmp6_error", *steps)


def tcp_reset(*steps: Actions) -> Actions:
    """Do the steps with a TCP reset."""
    return nested("tcp_reset", *steps)


def sctp_abort(*steps: Actions) -> Actions:
    """Do the steps with an SCTP abort."""
    return nested("sctp_abort", *steps)


def reject(*steps: Actions) -> Actions:
    """Do the steps with a reset or an ICMP error, whichever suits the packet."""
    return nested("reject", *steps)


def ct_commit(*steps: Actions) -> Actions:
    """Commit the connection, with marks and labels set by the steps."""
    return nested("ct_commit", *steps) if steps else Actions("ct_commit;")


def ct_nat(name: str, address: str = "", ports: str = "") -> Actions:
    """ct_dnat, ct_snat, ct_dnat_in_czone, ct_snat_in_czone; `ports` is one port or `low-high`."""
    if not address:
        return Actions(f"{name};")
    return Actions(f"{name}({address},{ports});" if ports else f"{name}({address});")


def ct_dnat(address: str = "", ports: str = "") -> Actions:
    """Change the destination, or undo an earlier change of it."""
    return ct_nat("ct_dnat", address, ports)


def ct_snat(address: str = "", ports: str = "") -> Actions:
    """Change the source, or undo an earlier change of it."""
    return ct_nat("ct_snat", address, ports)


def ct_lb_mark(backends: str = "", hash_fields: str = "", flag: str = "", name: str = "ct_lb_mark") -> Actions:
    """Choose a backend (`a:80,b:80`); without, follow the choice made before. `name="ct_lb"` is the older form."""
    if not backends:
        return Actions(f"{name};")
    fields = f"; hash_fields={quote(hash_fields)}" if hash_fields else ""
    return Actions(f"{name}(backends={backends}{fields}{'; ' + flag if flag else ''});")


def get_arp(port: str, address: str) -> Actions:
    """Set eth.dst to the neighbour's address, or to zero."""
    return Actions(f"get_arp({port}, {address});")


def get_nd(port: str, address: str) -> Actions:
    """As `get_arp`, for IPv6."""
    return Actions(f"get_nd({port}, {address});")


def put_arp(port: str, address: str, mac: str) -> Actions:
    """Learn a neighbour."""
    return Actions(f"put_arp({port}, {address}, {mac});")


def put_nd(port: str, address: str, mac: str) -> Actions:
    """As `put_arp`, for IPv6."""
    return Actions(f"put_nd({port}, {address}, {mac});")


def put_fdb(port: str, mac: str) -> Actions:
    """Learn a MAC on a port."""
    return Actions(f"put_fdb({port}, {mac});")


def set_queue(queue: int) -> Actions:
    """The queue the packet leaves by."""
    return Actions(f"set_queue({queue});")


def set_meter(rate: int, burst: int = 0) -> Actions:
    """Limit the rate, in kilobits per second."""
    return Actions(f"set_meter({rate}, {burst});" if burst else f"set_meter({rate});")


def log(verdict: str, severity: str = "", name: str = "", meter: str = "") -> Actions:
    """Have the controller log the packet."""
    parts = (f"name={quote(name)}" if name else "", f"severity={severity}" if severity else "", f"verdict={verdict}")
    meters = (f"meter={quote(meter)}",) if meter else ()
    return Actions(f"log({', '.join([*filter(None, parts), *meters])});")


def call(name: str, *arguments: str | int) -> Call:
    """`name(a, b)`, to stand on the right of `field =`."""
    return Call(f"{name}({', '.join(map(str, arguments))})")


def lookup_arp(port: str, address: str, mac: str) -> Call:
    """Is the neighbour known with this MAC?"""
    return call("lookup_arp", port, address, mac)


def lookup_arp_ip(port: str, address: str) -> Call:
    """Is the neighbour known?"""
    return call("lookup_arp_ip", port, address)


def lookup_nd(port: str, address: str, mac: str) -> Call:
    """As `lookup_arp`, for IPv6."""
    return call("lookup_nd", port, address, mac)


def lookup_nd_ip(port: str, address: str) -> Call:
    """As `lookup_arp_ip`, for IPv6."""
    return call("lookup_nd_ip", port, address)


def get_fdb(mac: str) -> Call:
    """The port a MAC was learned on."""
    return call("get_fdb", mac)


def lookup_fdb(port: str, mac: str) -> Call:
    """Is the MAC known on the port?"""
    return call("lookup_fdb", port, mac)


def check_in_port_sec() -> Call:
    """Did the packet violate port security on its way in?"""
    return call("check_in_port_sec")


def check_out_port_sec() -> Call:
    """Does the packet violate port security on its way out?"""
    return call("check_out_port_sec")


def check_pkt_larger(length: int) -> Call:
    """Is the packet longer than this?"""
    return call("check_pkt_larger", length)


def dns_lookup() -> Call:
    """Answer the DNS query if the answer is known."""
    return call("dns_lookup")


def select(members: Iterable[tuple[int, int]]) -> Call:
    """One of the ids, by weight."""
    return Call(f"select({', '.join(f'{member}={weight}' for member, weight in members)})")


def put_options(name: str, options: Mapping[str, str | int]) -> Call:
    """put_dhcp_opts, put_dhcpv6_opts or put_nd_ra_opts; strings among the values come with their quotes."""
    return Call(f"{name}({', '.join(f'{option} = {value}' for option, value in options.items())})")
