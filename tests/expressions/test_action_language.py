"""Actions, case by case as OVN's own tests have them: what they print as, need, or are refused with.

OVN's tests are those of its main branch; `OTHER_IN_MAIN` says where 23.03, which this cloud speaks, answers
otherwise. What actions become in OpenFlow is tested in the room that encodes them.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brume.expressions.action_context import Position
from brume.expressions.action_parser import ParsedActions, parse_actions, parse_actions_with
from brume.expressions.errors import ExpressionError
from brume.expressions.expression import format_expression
from brume.expressions.logical_fields import logical_fields
from brume.expressions.symbols import SymbolTable

DATA = Path(__file__).parents[1] / "data" / "expressions"
CASES = json.loads((DATA / "parse_actions.json").read_text())["cases"]
HERE = Position(10, "ingress", 24)

OTHER_IN_MAIN = {
    r"ct_next\(|ct_next;": "ct_next takes a zone (dnat or snat) since 24.09",
    r"ct_commit_to_zone": "an action since 24.09",
    r"ct_commit\(": "the old form with parentheses was removed in 23.09",
    r"ct_commit_nat\(": "ct_commit_nat takes a zone since 24.03",
    r"ct_label\.obs_point_id|obs_point=(reg|ct|foo)": "sampling by field came with 24.09",
    r"^arp \{|^nd_ns \{": "the prerequisite became `ip` with next hops of the other family, in 24.03",
    r"dhcp_relay_": "DHCP relay came with 24.03",
    r"put_dhcpv6_opts\(bootfile_name": "a DHCPv6 option since 23.06",
    r"verdict=pass": "a verdict since 23.06",
    r"inner_ip4": "a field since 24.09",
    r"select\(values=": "select got the `values=` form in 24.09",
    r"get_remote_fdb|flood_remote": "remote forwarding databases came with 24.03",
    r"chk_evpn_arp": "EVPN came after 23.03",
    r"ct_nw_dst|ct_tp_dst|ct_proto|ct_state_save": "functions since 24.09",
    r"^mirror": "an action since 25.03",
    r"ct_lb_mark_local": "distributed load balancers came after 25.03",
}


def reason(text: str) -> str | None:
    return next((why for pattern, why in OTHER_IN_MAIN.items() if re.search(pattern, text)), None)


def answer(text: str, symbols: SymbolTable) -> dict[str, str | None]:
    try:
        parsed = parse_actions_with(text, symbols, HERE)
    except ExpressionError as error:
        return {"error": str(error)}
    needs = format_expression(parsed.prerequisites) if parsed.prerequisites else None
    return {"formats_as": str(parsed), "has_prereqs": needs}


def expected(case: dict[str, Any]) -> dict[str, str | None]:
    parsed = case["parsed"]
    if "error" in parsed:
        return {"error": parsed["error"]}
    return {"formats_as": parsed.get("formats_as", case["input"]), "has_prereqs": parsed.get("has_prereqs")}


@pytest.mark.parametrize(
    "case", [case for case in CASES if reason(case["input"]) is None], ids=lambda case: case["input"]
)
def test_as_ovn_does(case: dict[str, Any], symbols: SymbolTable) -> None:
    assert answer(case["input"], symbols) == expected(case)


def test_how_many_cases_differ(symbols: SymbolTable) -> None:
    """Every difference has a reason, and the list of reasons names nothing that is the same."""
    different = [case["input"] for case in CASES if answer(case["input"], symbols) != expected(case)]
    assert [text for text in different if reason(text) is None] == []
    assert len(different) == 72
    assert len(CASES) == 354
    for pattern in OTHER_IN_MAIN:
        assert any(re.search(pattern, text) for text in different), pattern


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["input"])
def test_printed_actions_parse_into_the_same(case: dict[str, Any], symbols: SymbolTable) -> None:
    if "error" in answer(case["input"], symbols):
        return
    parsed = parse_actions_with(case["input"], symbols, HERE)
    assert str(parse_actions_with(str(parsed), symbols, HERE)) == str(parsed)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("ct_next;", "ct_next;"),
        ("ct_commit(ct_mark=1/1, ct_label=2);", "ct_commit(ct_mark=0x1/0x1, ct_label=0x2);"),
        ("ct_commit();", "ct_commit;"),
        (
            "ct_commit { ct_mark.blocked = 1; ct_label.label = 5; };",
            "ct_commit { ct_mark.blocked = 1; ct_label.label = 5; };",
        ),
        ("ct_lb(backends=1.2.3.4:80);", "ct_lb(backends=1.2.3.4:80);"),
        ("ct_lb_mark(backends=[fd0f::2]:80; force_snat);", "ct_lb_mark(backends=[fd0f::2]:80; force_snat);"),
        ('log(severity=warning, verdict=reject, name="a");', 'log(name="a", verdict=reject, severity=warning);'),
        ('bind_vport("v1", inport);', 'bind_vport("v1", inport);'),
        ("reg0[0] = dns_lookup();", "reg0[0] = dns_lookup();"),
        ("reg9[5] = chk_ecmp_nh_mac();", "reg9[5] = chk_ecmp_nh_mac();"),
        (
            "sample(probability=1,obs_point=$cookie);",
            "sample(probability=1,collector_set=0,obs_domain=0,obs_point=$cookie);",
        ),
        ("next(pipeline=egress, table=0);", "next(pipeline=egress, table=0);"),
        ("drop;", "drop;"),
        ("", "drop;"),
    ],
)
def test_actions_of_23_03(text: str, printed: str) -> None:
    assert str(parse_actions(text, HERE)) == printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("next(29);", '"next" action cannot advance beyond table 23.'),
        ("next(where=1);", 'Syntax error at `where\' expecting "pipeline" or "table".'),
        ("ct_commit { ct_mark = 1; eth.src = 00:00:00:00:00:01; };", "Field eth.src is not modifiable."),
        ("clone { ct_mark = 1; };", "Field ct_mark is not modifiable."),
        ("clone { " * 33 + "};" * 33, "maximum depth of nested actions reached"),
        ("put_fdb(inport, ip4.src);", "Cannot use 32-bit field ip4.src[0..31] where 48-bit field is required."),
        ("log(severity=loud, verdict=drop);", "Syntax error at `loud' unknown severity."),
        ("commit_ecmp_nh(ipv6 = true, proto = icmp);", "Syntax error at `icmp' invalid protocol."),
        ("set_meter(0);", "Rate 0 for set_meter is not in valid."),
        ("reg0 = ^vip;", "Unexpanded template."),
    ],
)
def test_mistakes_have_ovns_words(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        parse_actions(text, HERE)
    assert str(failure.value) == message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["input"])
def test_by_shape_and_by_text_agree(case: dict[str, Any]) -> None:
    """The first of a shape, its repetition, and another with other constants are what parsing each gives."""
    for text in (case["input"], case["input"], other_constants(case["input"])):
        assert parsed(lambda text=text: parse_actions(text, HERE)) == parsed(
            lambda text=text: parse_actions_with(text, logical_fields(), HERE)
        )


def parsed(parse: Callable[[], ParsedActions]) -> ParsedActions | str:
    try:
        return parse()
    except ExpressionError as error:
        return str(error)


def other_constants(text: str) -> str:
    """The same shape, other names and addresses."""
    text = re.sub(r"\b(\d+\.\d+\.\d+)\.(\d)", r"\1.4\2", text)
    text = re.sub(r"::(\d)", r"::3\1", text)
    return re.sub(r'"(eth0|LOCAL|lsp1)"', '"other \\\\ \\"port\\""', text)


def test_marked_text_is_not_mistaken_for_a_marker() -> None:
    """A constant where none is taken out, equal to a marker: the shape is given up, the text parsed as it is."""
    text = 'ct_lb_mark(backends=[f1f2:f3f4::]:80); outport = "x"; xxreg0 = fe80::1;'
    assert str(parse_actions(text, HERE)) == text
    assert str(parse_actions(text.replace("fe80::1", "fe80::2"), HERE)) == text.replace("fe80::1", "fe80::2")


@pytest.mark.parametrize(
    "text",
    [
        "arp.op = 2; /* ARP reply */ arp.spa = 10.0.0.1;",
        "/* 10.0.0.9 */ arp.spa = 10.0.0.1;",
        "arp.spa = 10.0.0.1; // 10.0.0.9",
        '/* " */ outport = "a*/b"; /* " */ output;',
        'outport = "//"; /* "x */ output; /* y" */',
    ],
)
def test_comments_hold_no_constants(text: str) -> None:
    """The first of a shape with comments, and another, are what parsing each gives."""
    for one in (text, text.replace("10.0.0.", "10.0.1."), text.replace("a*/b", "c").replace('"//"', '"d"')):
        assert parsed(lambda one=one: parse_actions(one, HERE)) == parsed(
            lambda one=one: parse_actions_with(one, logical_fields(), HERE)
        )
