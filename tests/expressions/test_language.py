"""The language, case by case as OVN's own tests have it: tokens, parsing, annotation, simplification, symbols."""

import json
from pathlib import Path
from typing import Any

import pytest

from brume.expressions.annotation import annotate
from brume.expressions.constants import format_mac, parse_masked_mac, prefix_length
from brume.expressions.errors import ExpressionError
from brume.expressions.expression import format_expression
from brume.expressions.lexer import tokens
from brume.expressions.lookups import LookedUpSets
from brume.expressions.parser import parse_expression
from brume.expressions.simplification import settle_residence, simplify
from brume.expressions.symbols import SymbolTable

DATA = Path(__file__).parents[1] / "data" / "expressions"
ONLY_IN_MAIN = {
    "from_evpn_vtep": "EVPN came after 23.03",
    "to_evpn_vtep": "EVPN came after 23.03",
    "ct_label.acl_id": "ACL ids in connections came with ACL sampling, after 23.03",
    "ct_label.obs_point_id": "observation points came with ACL sampling, after 23.03",
    "ct_mark.obs_stage": "observation points came with ACL sampling, after 23.03",
    "ct_label.nf": "network functions came after 23.03",
}
"""Symbols of OVN's main branch that 23.03 lacks."""


def cases(name: str) -> list[Any]:
    return list(json.loads((DATA / f"{name}.json").read_text())["cases"])


@pytest.mark.parametrize("case", cases("lexer"), ids=lambda case: case["input"])
def test_tokens(case: dict[str, str]) -> None:
    assert " ".join(map(str, tokens(case["input"]))) == case["expected"]


@pytest.mark.parametrize("case", cases("parse_expr"), ids=lambda case: case["input"])
def test_parsing(case: dict[str, str], symbols: SymbolTable, network: Any) -> None:
    def parse() -> str:
        return format_expression(parse_expression(case["input"], symbols, LookedUpSets(network)))

    check(case, parse)


@pytest.mark.parametrize("case", cases("annotate_expr"), ids=lambda case: case["input"])
def test_annotation(case: dict[str, str], symbols: SymbolTable, network: Any) -> None:
    def parse() -> str:
        return format_expression(annotate(parse_expression(case["input"], symbols, LookedUpSets(network)), symbols))

    check(case, parse)


@pytest.mark.parametrize("case", cases("simplify_expr"), ids=lambda case: case["input"])
def test_simplification(case: dict[str, str], symbols: SymbolTable, network: Any) -> None:
    simple = simplify(annotate(parse_expression(case["input"], symbols, LookedUpSets(network)), symbols))
    settled = settle_residence(simple, lambda residence: network.is_chassis_resident(residence.port))
    assert format_expression(settled) == case["expected"]


def check(case: dict[str, Any], parse: Any) -> None:
    if not case["error"]:
        assert parse() == case["expected"]
        return
    with pytest.raises(ExpressionError) as failure:
        parse()
    assert str(failure.value) == case["expected"]


@pytest.mark.parametrize("case", cases("symtab"), ids=lambda case: case["symbol"])
def test_symbols(case: dict[str, str], symbols: SymbolTable) -> None:
    if case["symbol"] in ONLY_IN_MAIN:
        assert case["symbol"] not in symbols, ONLY_IN_MAIN[case["symbol"]]
    else:
        assert symbols[case["symbol"]].expansion == case["expansion"]


@pytest.mark.parametrize("case", cases("parse_mac"), ids=lambda case: case["input"])
def test_masked_mac(case: dict[str, Any]) -> None:
    if not case["ok"]:
        with pytest.raises(ExpressionError):
            parse_masked_mac(case["input"])
        return
    mac, mask = map(int, parse_masked_mac(case["input"]))
    length = prefix_length(mask, 48)
    assert f"{format_mac(mac)}/{format_mac(mask)} {format_mac(mac)}/{length}" == case["expected"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ip4.src == $", "`$' must be followed by a valid identifier."),
        ('is_resident("x")', "parsing function name"),
        ("is_chassis_resident(x)", "Syntax error at `x' expecting string."),
        ("ip4 && ip6 || tcp", "&& and || must be parenthesized when used together."),
        ("ip4.src == ^vip", "Unexpanded template."),
        ("ip4.dst[8..4] == 1", "Invalid bit range 8 to 4."),
        ("ip4.dst[30..35] == 1", "Cannot select bits 30 to 35 of 32-bit field ip4.dst."),
        ("ip4.dst == fe80::1", "128-bit constant is not compatible with 32-bit field ip4.dst."),
        ("inport == 5", "String field inport is not compatible with integer constant."),
        ('ip4.src == {1.2.3.4, "a"}', 'Syntax error at `"a"\' expecting integer.'),
        ('inport == "a\\q"', "bad escape \\q"),
        ("(" * 101 + "0" + ")" * 101, "Parentheses nested too deeply."),
        (
            "eth.src > 00:00:00:00:11:11/00:00:00:00:ff:ff",
            "Only == and != operators may be used with masked constants."
            "  Consider using subfields instead (e.g. eth.src[0..15] > 0x1111 in place of "
            "eth.src > 00:00:00:00:11:11/00:00:00:00:ff:ff).",
        ),
    ],
)
def test_mistakes_have_ovns_words(text: str, message: str, symbols: SymbolTable) -> None:
    with pytest.raises(ExpressionError) as failure:
        parse_expression(text, symbols)
    assert str(failure.value) == message
