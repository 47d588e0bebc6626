"""Actions that begin with their own word: where the packet goes, connection tracking, steps between braces.

One function an action, called right after the word; `WORDS` is the dictionary (the rest is in `action_services`).
"""

from collections.abc import Callable

from .action_context import MAXIMUM_NESTING, ActionContext
from .constants import Format
from .steps import (
    Backend,
    CtCommitMarks,
    CtCommitNat,
    CtLb,
    CtNat,
    CtNext,
    DecrementTtl,
    Nested,
    Next,
    Output,
    Plain,
    Stack,
    Step,
)
from .symbols import WRITE_CT_COMMIT, WRITE_DEFAULT

Word = Callable[[ActionContext], Step]


def _next(parser: ActionContext) -> Step:
    position = parser.position
    if not position.tables:
        raise parser.error('"next" action not allowed here.')
    pipeline, table = position.pipeline, position.table + 1
    if parser.accept("("):
        number = parser.small_integer()
        if number is not None:
            table = number
            parser.advance()
        else:
            pipeline, table = _next_arguments(parser, pipeline, table)
        parser.expect(")")
    if table >= position.tables:
        raise parser.error(f'"next" action cannot advance beyond table {position.tables - 1}.')
    return Next(table, pipeline, position.table, position.pipeline)


def _next_arguments(parser: ActionContext, pipeline: str, table: int) -> tuple[str, int]:
    while True:
        if parser.accept_name("pipeline"):
            parser.expect("=")
            if parser.accept_name("ingress"):
                pipeline = "ingress"
            elif parser.accept_name("egress"):
                pipeline = "egress"
            else:
                raise parser.syntax_error('expecting "ingress" or "egress"')
        elif parser.accept_name("table"):
            parser.expect("=")
            table = parser.parse_small_integer()
        else:
            raise parser.syntax_error('expecting "pipeline" or "table"')
        if not parser.accept(","):
            return pipeline, table


def _stack(name: str) -> Word:
    def parse(parser: ActionContext) -> Step:
        parser.expect("(")
        field = parser.parse_any_field()
        parser.check_field(field, field.bits, name == "pop")
        parser.expect(")")
        return Stack(name, field)

    return parse


def _plain(name: str) -> Word:
    return lambda parser: Plain(name)


def _handle_bfd_msg(parser: ActionContext) -> Step:
    parser.expect("(")
    parser.expect(")")
    return Plain("handle_bfd_msg")


def _decrement(parser: ActionContext) -> Step:
    parser.expect("--")
    parser.require("ip")
    return DecrementTtl()


def _ct_next(parser: ActionContext) -> Step:
    table = parser.next_table("ct_next")
    parser.require("ip")
    return CtNext(table)


def _ct_commit(parser: ActionContext) -> Step:
    if parser.token.kind == "{":
        return _nested("ct_commit", "ip", WRITE_CT_COMMIT)(parser)
    parser.require("ip")
    if not parser.accept("("):
        return Nested("ct_commit", ())
    found: dict[str, tuple[int, int]] = {}
    while not parser.accept(")"):
        for name, bits in (("ct_mark", 32), ("ct_label", 128)):
            if parser.accept_name(name):
                found[name] = _ct_commit_value(parser, (1 << bits) - 1)
                break
        else:
            raise parser.syntax_error()
        parser.accept(",")
    return CtCommitMarks(*found.get("ct_mark", (0, 0)), *found.get("ct_label", (0, 0)))


def _ct_commit_value(parser: ActionContext, ones: int) -> tuple[int, int]:
    parser.expect("=")
    constant = parser.token.constant
    if constant is None:
        raise parser.syntax_error("expecting integer")
    parser.advance()
    return constant.value & ones, ones if constant.mask is None else constant.mask & ones


def _ct_nat(name: str) -> Word:
    def parse(parser: ActionContext) -> Step:
        parser.require("ip")
        table = parser.next_table(name)
        if not parser.accept("("):
            return CtNat(name, table)
        address = parser.accept_address(Format.IPV4, Format.IPV6)
        if address is None:
            raise parser.syntax_error("expecting IPv4 or IPv6 address")
        low, high = _port_range(parser) if parser.accept(",") else (None, 0)
        parser.expect(")")
        return CtNat(name, table, address, low, high)

    return parse


def _port_range(parser: ActionContext) -> tuple[int, int]:
    constant = parser.token.constant
    if parser.token.kind != "integer" or constant is None or constant.format is not Format.DECIMAL:
        raise parser.syntax_error("expecting Integer for port range")
    low = constant.value & 0xFFFF
    if not low:
        raise parser.syntax_error("range can't be 0")
    parser.advance()
    if not parser.accept("-"):
        return low, 0
    constant = parser.token.constant
    if parser.token.kind != "integer" or constant is None:
        raise parser.syntax_error("expecting Integer for port range")
    high = constant.value & 0xFFFF
    if high <= low:
        raise parser.syntax_error("range high should be greater than range low")
    parser.advance()
    return low, high


def _ct_commit_nat(parser: ActionContext) -> Step:
    parser.require("ip")
    return CtCommitNat(parser.next_table("ct_commit_related"))


def _ct_lb(name: str) -> Word:
    def parse(parser: ActionContext) -> Step:
        table = parser.next_table("ct_lb")
        parser.require("ip")
        if not parser.accept("(") or parser.accept(")"):
            return CtLb(name, table)
        if not parser.accept_name("backends") or not parser.accept("="):
            raise parser.syntax_error("expecting backends")
        backends: list[Backend] = []
        while not parser.accept(";") and not parser.accept(")"):
            backends.append(_backend(parser))
            parser.accept(",")
        return CtLb(name, table, tuple(backends), *_ct_lb_options(parser))

    return parse


def _backend(parser: ActionContext) -> Backend:
    if parser.accept("["):
        address = parser.accept_address(Format.IPV6)
        if address is None:
            raise parser.syntax_error("expecting IPv6 address")
        if not parser.accept("]"):
            raise parser.syntax_error("no closing square bracket")
        return Backend(address, parser.parse_16_bits("port number") if parser.accept(":") else 0)
    address = parser.accept_address(Format.IPV4, Format.IPV6)
    if address is None:
        raise parser.syntax_error("expecting IP address")
    if not parser.accept(":"):
        return Backend(address)
    if address.format is Format.IPV6:
        raise parser.syntax_error("IPv6 address needs square brackets if port is included")
    return Backend(address, parser.parse_16_bits("port number"))


def _ct_lb_options(parser: ActionContext) -> tuple[str, str]:
    """(hash fields, flag). What closes them is skipped unseen, as OVN does."""
    hash_fields = flag = ""
    if parser.accept_name("hash_fields"):
        if not parser.accept("=") or parser.token.kind != "string":
            raise parser.syntax_error("invalid hash_fields")
        hash_fields = parser.parse_string()
        if not parser.accept(";"):
            parser.advance()
    for name in ("skip_snat", "force_snat"):
        if not flag and parser.accept_name(name):
            flag = name
            parser.advance()
    return hash_fields, flag


def _nested(name: str, prerequisite: str, scope: int | None = None) -> Word:
    """Steps between braces. With a prerequisite of its own, the steps' are about the new packet and are dropped."""

    def parse(parser: ActionContext) -> Step:
        parser.expect("{")
        if parser.nesting + 1 == MAXIMUM_NESTING:
            raise parser.error("maximum depth of nested actions reached")
        outer, outer_scope = parser.prerequisites, parser.scope
        parser.prerequisites = None
        parser.scope = outer_scope if scope is None else scope
        parser.nesting += 1
        steps = parser.parse_steps("}")
        parser.nesting -= 1
        parser.scope = outer_scope
        if prerequisite:
            parser.prerequisites = outer
            parser.require(prerequisite)
        elif outer is not None:
            parser.add_prerequisite(outer)
        return Nested(name, steps)

    return parse


def _output(parser: ActionContext) -> Step:
    return Output()


WORDS: dict[str, Word] = {
    "next": _next,
    "output": _output,
    "push": _stack("push"),
    "pop": _stack("pop"),
    "ip.ttl": _decrement,
    "ct_next": _ct_next,
    "ct_commit": _ct_commit,
    "ct_dnat": _ct_nat("ct_dnat"),
    "ct_snat": _ct_nat("ct_snat"),
    "ct_dnat_in_czone": _ct_nat("ct_dnat_in_czone"),
    "ct_snat_in_czone": _ct_nat("ct_snat_in_czone"),
    "ct_lb": _ct_lb("ct_lb"),
    "ct_lb_mark": _ct_lb("ct_lb_mark"),
    "ct_clear": _plain("ct_clear"),
    "ct_commit_nat": _ct_commit_nat,
    "ct_snat_to_vip": _plain("ct_snat_to_vip"),
    "igmp": _plain("igmp"),
    "handle_dhcpv6_reply": _plain("handle_dhcpv6_reply"),
    "handle_bfd_msg": _handle_bfd_msg,
    "clone": _nested("clone", "", WRITE_DEFAULT),
    "reject": _nested("reject", ""),
    "arp": _nested("arp", "ip4"),
    "icmp4": _nested("icmp4", "ip4"),
    "icmp4_error": _nested("icmp4_error", "ip4"),
    "icmp6": _nested("icmp6", "ip6"),
    "icmp6_error": _nested("icmp6_error", "ip6"),
    "tcp_reset": _nested("tcp_reset", "tcp"),
    "sctp_abort": _nested("sctp_abort", "sctp"),
    "nd_na": _nested("nd_na", "nd_ns"),
    "nd_na_router": _nested("nd_na_router", "nd_ns"),
    "nd_ns": _nested("nd_ns", "ip6"),
}
