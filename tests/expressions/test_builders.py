"""Matches and actions built from fields print what northd writes, and are what they print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.expressions import actions, fields
from brume.expressions.action_parser import parse_actions
from brume.expressions.actions import Actions, do
from brume.expressions.constants import quote, unquote
from brume.expressions.errors import ExpressionError
from brume.expressions.expression import format_expression
from brume.expressions.fields import arp, ct, eth, flags, inport, ip4, ip6, outport, reg0, reg9, tcp, udp
from brume.expressions.logical_fields import logical_fields
from brume.expressions.match import (
    ALWAYS,
    NEVER,
    Match,
    all_of,
    any_of,
    group,
    is_chassis_resident,
    is_valid,
    negate,
    parse_match,
)
from brume.expressions.parser import parse_expression

TEXTS = [
    (inport.equals("x"), 'inport == "x"'),
    (inport.equals('od"d'), 'inport == "od\\"d"'),
    (
        all_of(inport.equals("x"), eth.src.among(["0a:00:00:00:00:01"])),
        'inport == "x" && eth.src == {0a:00:00:00:00:01}',
    ),
    (all_of(ip4, udp.dst.equals(67)), "ip4 && udp.dst == 67"),
    (ip4.src.within("10.0.0.0/24"), "ip4.src == 10.0.0.0/24"),
    (all_of(outport.in_group("pg"), ip4.src.in_set("as")), "outport == @pg && ip4.src == $as"),
    (flags.loopback, "flags.loopback"),
    (negate(ct.new), "!ct.new"),
    (negate(negate(ct.new)), "ct.new"),
    (negate(is_chassis_resident("cr")), '!is_chassis_resident("cr")'),
    (reg0.bit(7).equals(1), "reg0[7] == 1"),
    (reg0.bits(0, 15).equals("0x5"), "reg0[0..15] == 0x5"),
    (negate(reg9.bit(2)), "!reg9[2]"),
    (negate(all_of(ct.est, ct.rpl)), "!(ct.est && ct.rpl)"),
    (negate(group(any_of(ct.est, ct.rpl))), "!(ct.est || ct.rpl)"),
    (negate(Match("(ct.est) || (ct.rpl)")), "!((ct.est) || (ct.rpl))"),
    (any_of(all_of(ct.est, ct.rpl), negate(ct.trk)), "(ct.est && ct.rpl) || !ct.trk"),
    (all_of(any_of(ip4, ip6), tcp), "(ip4 || ip6) && tcp"),
    (all_of(inport.equals("a||b"), ip4), 'inport == "a||b" && ip4'),
    (group(all_of(ip4, tcp)), "(ip4 && tcp)"),
    (tcp.dst.between(1000, 2000), "1000 <= tcp.dst <= 2000"),
    (all_of(tcp.dst.at_least(1), tcp.dst.at_most(2)), "tcp.dst >= 1 && tcp.dst <= 2"),
    (any_of(tcp.src.below(5), tcp.src.above(6)), "tcp.src < 5 || tcp.src > 6"),
    (ip4.src.not_among(["1.1.1.1", "2.2.2.2"]), "ip4.src != {1.1.1.1, 2.2.2.2}"),
    (eth.src.differs("00:00:00:00:00:00"), "eth.src != 00:00:00:00:00:00"),
    (inport.among(["a", "b"]), 'inport == {"a", "b"}'),
    (all_of(), "1"),
    (any_of(), "0"),
    (all_of(ip4), "ip4"),
]


@pytest.mark.parametrize(("match", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_matches_print_what_northd_writes(match: Match, text: str) -> None:
    assert str(match) == text
    assert match == Match(text) == parse_match(text)
    assert hash(match) == hash(Match(text))
    assert isinstance(match, Match)


STEPS = [
    (do(eth.dst.exchange(eth.src), flags.loopback.assign(1)), "eth.dst <-> eth.src; flags.loopback = 1;"),
    (outport.assign("lsp1"), 'outport = "lsp1";'),
    (outport.assign(inport), "outport = inport;"),
    (inport.assign(""), 'inport = "";'),
    (eth.dst.assign(eth.src), "eth.dst = eth.src;"),
    (reg9.bit(2).assign(actions.lookup_arp(inport, arp.spa, arp.sha)),
     "reg9[2] = lookup_arp(inport, arp.spa, arp.sha);"),
    (reg0.bit(15).assign(actions.check_in_port_sec()), "reg0[15] = check_in_port_sec();"),
    (outport.assign(actions.get_fdb(eth.dst)), "outport = get_fdb(eth.dst);"),
    (actions.clone(actions.ct_clear, actions.next_table(0)), "clone { ct_clear; next(0); };"),
    (actions.next_table(3, "egress"), "next(pipeline=egress, table=3);"),
    (actions.ct_snat("10.0.0.1"), "ct_snat(10.0.0.1);"),
    (actions.ct_dnat("10.0.0.1", "80-90"), "ct_dnat(10.0.0.1,80-90);"),
    (actions.ct_dnat(), "ct_dnat;"),
    (actions.ct_lb_mark("10.0.0.1:80,10.0.0.2:80"), "ct_lb_mark(backends=10.0.0.1:80,10.0.0.2:80);"),
    (actions.ct_commit(Actions("ct_mark.blocked = 1;")), "ct_commit { ct_mark.blocked = 1; };"),
    (actions.ct_commit(), "ct_commit;"),
    (actions.put_arp(inport, arp.spa, arp.sha), "put_arp(inport, arp.spa, arp.sha);"),
    (actions.log("drop", "info", "rule", "m"), 'log(name="rule", severity=info, verdict=drop, meter="m");'),
    (actions.decrement_ttl, "ip.ttl--;"),
    (reg0.bit(3).assign(actions.put_options("put_dhcp_opts", {"offerip": "10.0.0.4", "lease_time": 3600})),
     "reg0[3] = put_dhcp_opts(offerip = 10.0.0.4, lease_time = 3600);"),
    (do(), "drop;"),
]  # fmt: skip


@pytest.mark.parametrize(("built", "text"), STEPS, ids=[text for _, text in STEPS])
def test_actions_print_what_northd_writes(built: Actions, text: str) -> None:
    assert str(built) == text
    assert isinstance(built, Actions)
    parse_actions(text)


def names_in(holder: object) -> set[str]:
    """Every field's name reachable from an object."""
    found: set[str] = set()
    for name in dir(holder):
        value = getattr(holder, name)
        if isinstance(value, fields.Field | fields.PortField):
            found |= {str(value)} | names_in(value)
        elif not name.startswith("_") and type(value).__module__ == fields.__name__:
            found |= names_in(value)
    return found


def test_every_symbol_is_a_field_and_every_field_a_symbol() -> None:
    assert names_in(fields) == set(logical_fields())


def test_mistakes_are_found_when_asked_for() -> None:
    assert is_valid('inport == "x" && ip4.src == $any && outport == @thing')
    assert not is_valid("ip4.src == ")
    with pytest.raises(ExpressionError):
        parse_match("!ip")


def test_constants() -> None:
    assert (Match("1"), Match("0")) == (ALWAYS, NEVER)
    assert repr(Match("ip4")) == "Match('ip4')"


@given(st.text())
def test_strings_survive_quoting(text: str) -> None:
    if "\0" not in text:
        assert unquote(quote(text)[1:-1]) == text


SYMBOLS = logical_fields()
comparisons = st.one_of(
    st.tuples(st.sampled_from(["eth.src", "ip4.dst", "reg3", "xxreg1", "tcp.src", "ct_label"]),
              st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.integers(0, 65535).map(hex)).map(" ".join),
    st.tuples(st.sampled_from(["ip4.src", "reg3"]), st.sampled_from(["==", "!="]),
              st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
              .map(lambda pair: f"{pair[0] & pair[1]:#x}/{pair[1]:#x}")).map(" ".join),
    st.sampled_from(['inport == "a"', "ct.new", "!ct.new", "ip4", "reg0[3]", "1", "eth.type == 5"]),
    st.just('!is_chassis_resident("x")'),
)  # fmt: skip
texts = st.recursive(
    comparisons,
    lambda inner: st.tuples(st.sampled_from([" && ", " || "]), st.lists(inner, min_size=2, max_size=4)).map(
        lambda pair: "(" + pair[0].join(pair[1]) + ")"
    ),
)


@given(texts)
def test_printed_expressions_parse_into_the_same(text: str) -> None:
    printed = format_expression(parse_expression(text, SYMBOLS))
    assert format_expression(parse_expression(printed, SYMBOLS)) == printed
    assert str(parse_match(text)) == text
