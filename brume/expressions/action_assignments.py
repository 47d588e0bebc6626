"""The actions that begin with a field: `field = constant`, `field = field`, `field <-> field`, `field = name(...)`.

`FUNCTIONS` is the dictionary of the names that may stand after `field =`; each function is called at the name.
"""

from collections.abc import Callable

from .action_context import ActionContext
from .action_options import parse_put_options
from .service_steps import CheckPacketLarger, GetFdb, LookupBinding, LookupFdb, Result
from .steps import Exchange, Load, LoadPacketField, Move, Select, Step
from .symbols import Subfield

Function = Callable[[ActionContext, Subfield], Step]


def parse_assignment(parser: ActionContext) -> Step:
    """An action that begins with a field."""
    target = parser.parse_any_field()
    if parser.accept("<->"):
        return _copy(parser, target, True)
    if not parser.accept("="):
        raise parser.syntax_error("expecting `=' or `<->'")
    if parser.token.kind != "identifier":
        return _load(parser, target)
    function = FUNCTIONS.get(parser.token.text)
    if function is not None and parser.lookahead().kind == "(":
        return function(parser, target)
    return _copy(parser, target, False)


def _load(parser: ActionContext, target: Subfield) -> Step:
    parser.check_field(target, target.bits, True)
    value = parser.parse_constant_for(target)
    if target.symbol.field is None and target.symbol.parent is None and not isinstance(value, str):
        return LoadPacketField(target, value)
    return Load(target, value)


def _copy(parser: ActionContext, target: Subfield, exchange: bool) -> Step:
    source = parser.parse_any_field()
    left, right = target.symbol, source.symbol
    kinds = ["integer" if symbol.bits else "string" for symbol in (left, right)]
    if kinds[0] != kinds[1]:
        if exchange:
            raise parser.error(f"Can't exchange {kinds[0]} field ({left.name}) with {kinds[1]} field ({right.name}).")
        raise parser.error(f"Can't assign {kinds[1]} field ({right.name}) to {kinds[0]} field ({left.name}).")
    if target.bits != source.bits:
        if exchange:
            raise parser.error(f"Can't exchange {target.bits}-bit field with {source.bits}-bit field.")
        raise parser.error(f"Can't assign {source.bits}-bit value to {target.bits}-bit destination.")
    if not target.bits and left.field and right.field and left.field.bits != right.field.bits:
        use = "exchange" if exchange else "assignment"
        raise parser.error(f"String fields {left.name} and {right.name} are incompatible for {use}.")
    parser.check_field(target, target.bits, True)
    parser.check_field(source, source.bits, exchange)
    return Exchange(target, source) if exchange else Move(target, source)


def _options(name: str) -> Function:
    return lambda parser, target: parse_put_options(parser, name, target)


def _result(name: str, prerequisite: str = "") -> Function:
    def parse(parser: ActionContext, target: Subfield) -> Step:
        parser.advance()
        parser.advance()
        if not parser.accept(")"):
            raise parser.error(f"{name} doesn't take any parameters")
        parser.check_bit(target)
        if prerequisite:
            parser.require(prerequisite)
        return Result(name, target)

    return parse


def _lookup_binding(name: str, bits: int, with_mac: bool) -> Function:
    def parse(parser: ActionContext, target: Subfield) -> Step:
        parser.check_bit(target)
        parser.advance()
        parser.advance()
        port = parser.parse_sized_field(0)
        parser.expect(",")
        address = parser.parse_sized_field(bits)
        mac = None
        if with_mac:
            parser.expect(",")
            mac = parser.parse_sized_field(48)
        parser.expect(")")
        return LookupBinding(name, target, port, address, mac)

    return parse


def _check_pkt_larger(parser: ActionContext, target: Subfield) -> Step:
    parser.check_bit(target)
    parser.advance()
    parser.expect("(")
    length = parser.small_integer()
    if length is None:
        raise parser.syntax_error("expecting `;'")
    parser.advance()
    parser.expect(")")
    return CheckPacketLarger(target, length & 0xFFFF)


def _get_fdb(parser: ActionContext, target: Subfield) -> Step:
    parser.advance()
    parser.advance()
    if target.bits:
        parser.check_field(target, 32, True)
    mac = parser.parse_sized_field(48)
    parser.expect(")")
    return GetFdb(target, mac)


def _lookup_fdb(parser: ActionContext, target: Subfield) -> Step:
    parser.advance()
    parser.advance()
    parser.check_bit(target)
    port = parser.parse_sized_field(0)
    parser.expect(",")
    mac = parser.parse_sized_field(48)
    parser.expect(")")
    return LookupFdb(target, port, mac)


def _select(parser: ActionContext, target: Subfield) -> Step:
    parser.check_field(target, target.bits, True)
    if target.bits < 16:
        span = f"{target.symbol.name}[{target.offset}..{target.offset + target.bits - 1}]"
        raise parser.error(f'cannot use {target.bits}-bit field {span} for "select", which requires at least 16 bits.')
    table = parser.next_table("select")
    parser.advance()
    parser.advance()
    members: list[tuple[int, int]] = []
    while not parser.accept(")"):
        member, weight = parser.parse_16_bits("id"), 100
        if parser.accept("="):
            weight = parser.parse_16_bits("weight")
            if not weight:
                raise parser.syntax_error("weight can't be 0")
        parser.accept(",")
        members.append((member, weight))
    if len(members) <= 1:
        raise parser.syntax_error("expecting at least 2 group members")
    return Select(target, tuple(members), table)


FUNCTIONS: dict[str, Function] = {
    "select": _select,
    "put_dhcp_opts": _options("put_dhcp_opts"),
    "put_dhcpv6_opts": _options("put_dhcpv6_opts"),
    "put_nd_ra_opts": _options("put_nd_ra_opts"),
    "dns_lookup": _result("dns_lookup", "udp"),
    "check_pkt_larger": _check_pkt_larger,
    "lookup_arp": _lookup_binding("lookup_arp", 32, True),
    "lookup_nd": _lookup_binding("lookup_nd", 128, True),
    "lookup_arp_ip": _lookup_binding("lookup_arp_ip", 32, False),
    "lookup_nd_ip": _lookup_binding("lookup_nd_ip", 128, False),
    "chk_lb_hairpin": _result("chk_lb_hairpin"),
    "chk_lb_hairpin_reply": _result("chk_lb_hairpin_reply"),
    "get_fdb": _get_fdb,
    "lookup_fdb": _lookup_fdb,
    "check_in_port_sec": _result("check_in_port_sec"),
    "check_out_port_sec": _result("check_out_port_sec"),
    "chk_ecmp_nh_mac": _result("chk_ecmp_nh_mac"),
    "chk_ecmp_nh": _result("chk_ecmp_nh"),
    "chk_lb_aff": _result("chk_lb_aff"),
}
