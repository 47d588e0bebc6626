"""Matches to OpenFlow: OVN's cases, the short way against the long way, what is looked up, what is printed."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.expressions.action_parser import parse_actions
from brume.expressions.conversion import to_flow_matches
from brume.expressions.errors import ExpressionError
from brume.expressions.flow_match import Clause, FlowMatch, flow_match, merge_matches
from brume.expressions.translation import expand, translate
from tests.expressions.conftest import Network
from tests.expressions.exhaustive import classify

DATA = Path(__file__).parents[1] / "data" / "expressions"
CASES = json.loads((DATA / "expr_to_flows.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["input"])
def test_as_ovn_does(case: dict[str, Any], network: Network) -> None:
    flows = sorted(map(str, translate(case["input"], network).flows)) or ["(no flows)"]
    if "max_flows" in case:
        assert len(flows) <= case["max_flows"]
    else:
        assert flows == case["expected"]


def long_way(text: str, network: Network) -> list[FlowMatch] | str:
    try:
        return to_flow_matches(expand(text, network), network.port)
    except ExpressionError as error:
        return str(error)


def short_way(text: str, network: Network) -> list[FlowMatch] | str:
    try:
        return list(translate(text, network).flows)
    except ExpressionError as error:
        return str(error)


def packets(flows: list[FlowMatch], choose: Random) -> Iterator[dict[str, int]]:
    """Packets likely to be matched: fields of one to three of the flows laid over each other."""
    fields = [[field for field in flow.fields if field[0] != "conj_id"] for flow in flows] or [[]]
    names = {name for flow in fields for name, _, _ in flow}
    for _ in range(40):
        packet = {name: choose.choice((0, choose.getrandbits(32))) for name in names}
        for flow in choose.choices(fields, k=3):
            for name, value, mask in flow:
                packet[name] = packet[name] & ~mask | value
        yield packet


ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.0/24", "10.0.0.0/8", "0.0.0.0/0", "fe80::1"])
MACS = st.sampled_from(["0a:00:00:00:00:01", "0a:00:00:00:00:02", "01:00:00:00:00:00/01:00:00:00:00:00"])
PORTS = st.sampled_from(["eth0", "eth1", "lsp1", "lsp2", "nobody", 'odd"name', "a\\b", "a}b"])


def values(one: st.SearchStrategy[str], *sets: str) -> st.SearchStrategy[str]:
    several = st.lists(st.one_of(one, st.sampled_from(sets)), min_size=1, max_size=4).map(", ".join)
    return st.one_of(one, st.sampled_from(sets), several.map("{{{}}}".format))


quoted = PORTS.map(json.dumps)
terms = st.one_of(
    st.tuples(
        st.sampled_from(["ip4.src", "ip4.dst", "arp.tpa", "reg1", "reg0"]),
        st.sampled_from(["==", "==", "==", "!="]),
        values(ADDRESSES, "$set1", "$set4", "$nowhere"),
    ).map(" ".join),
    st.tuples(st.sampled_from(["eth.src", "eth.dst"]), st.just("=="), values(MACS, "$set3")).map(" ".join),
    st.tuples(st.sampled_from(["inport", "outport"]), st.just("=="), values(quoted, "@pg1", "@pg_empty")).map(" ".join),
    quoted.map("is_chassis_resident({})".format),
    quoted.map("!is_chassis_resident({})".format),
    st.sampled_from(["ip4", "tcp.dst == 80", "tcp.dst == {80, 443}", "!ct.new", "reg0[7] == 1", "eth.mcast", "1", "0"]),
    st.sampled_from(["udp.src > 1000", "1 <= tcp.src <= 3", "nd.target == fe80::1", "icmp6.type == {1, 2}", "ip"]),
)
matches = st.recursive(
    terms,
    lambda inner: st.tuples(st.sampled_from([" && ", " || "]), st.lists(inner, min_size=2, max_size=3)).map(
        lambda pair: "(" + pair[0].join(pair[1]) + ")"
    ),
    max_leaves=5,
)


@given(text=matches, choose=st.randoms(use_true_random=False))
def test_short_way_and_long_way_agree(text: str, choose: Random) -> None:
    """Filling in a plan gives flows for the same packets as translating the constants one by one.

    Not always the same flows: `a == 1 || a == $set` is one OR of two here, and one of as many as there are elements
    the long way, which may make conjunctions of one and products of the other.
    """
    network = Network(
        {"eth0": 5, "eth1": 6, "lsp1": 17, "lsp2": 18, 'odd"name': 19},
        {"set1": ["10.0.0.1", "10.0.0.2", "10.0.0.3"], "set3": ["00:00:00:00:00:01"], "set4": []},
        {"pg1": ["lsp1", "lsp2", "lsp3"], "pg_empty": []},
        ["eth1"],
    )
    long, short = long_way(text, network), short_way(text, network)
    assert short == short_way(text, network), "the second time the plan is known"
    if isinstance(long, str) or isinstance(short, str):
        assert short == long
        return
    for packet in packets(long + short, choose):
        assert classify(short, packet) == classify(long, packet), packet


def test_what_is_looked_up_is_what_the_match_mentions(network: Network) -> None:
    text = 'inport == "eth0" && ip4.src == $set1 && is_chassis_resident("eth1")'
    for _ in range(2):
        network.asked.clear()
        translate(text, network)
        assert set(network.asked) == {("port", "eth0"), ("address set", "set1"), ("resident", "eth1")}


def test_missing_set_is_a_mistake(network: Network) -> None:
    with pytest.raises(ExpressionError, match="expecting address set name"):
        translate("ip4.src == $nowhere", network)


def test_prerequisites_of_actions_narrow_the_match(network: Network) -> None:
    parsed = parse_actions("tcp.dst = 80; ip.ttl--; next;")
    flows = translate('inport == "eth0"', network, parsed.prerequisites).flows
    assert sorted(map(str, flows)) == ["tcp,reg14=0x5", "tcp6,reg14=0x5"]


def test_conjunction_ids_find_their_place(network: Network) -> None:
    translation = translate("ip4.src == {1.1.1.1, 2.2.2.2} && ip4.dst == {3.3.3.3, 4.4.4.4}", network)
    assert translation.conjunctions == 1
    moved = sorted(str(flow.renumbered(40)) for flow in translation.flows)
    assert moved == [
        "conj_id=41,ip",
        "ip,nw_dst=3.3.3.3: conjunction(41, 0/2)",
        "ip,nw_dst=4.4.4.4: conjunction(41, 0/2)",
        "ip,nw_src=1.1.1.1: conjunction(41, 1/2)",
        "ip,nw_src=2.2.2.2: conjunction(41, 1/2)",
    ]


def test_equal_matches_join_their_clauses() -> None:
    fields = (("reg14", 5, 0xFFFFFFFF),)
    first, second = FlowMatch(fields, (Clause(1, 0, 2),)), FlowMatch(fields, (Clause(2, 1, 2),))
    assert merge_matches([first, second]) == [FlowMatch(fields, (Clause(1, 0, 2), Clause(2, 1, 2)))]
    assert merge_matches([first, FlowMatch(fields)]) == [FlowMatch(fields)]


@pytest.mark.parametrize(
    ("text", "flows"),
    [
        ("vlan.vid == 5", ["dl_vlan=5"]),
        ("vlan.vid == 5 && vlan.pcp == 3", ["dl_vlan=5,dl_vlan_pcp=3"]),
        ("vlan.present", ["vlan_tci=0x1000/0x1000"]),
        ("!vlan.present", ["vlan_tci=0x0000/0x1000"]),
        ("eth.mcast", ["dl_dst=01:00:00:00:00:00/01:00:00:00:00:00"]),
        ("eth.type == 0x88cc", ["dl_type=0x88cc"]),
        ("ip4 && ip.proto == 47", ["ip,nw_proto=47"]),
        (
            "ip4 && ip.ttl == {0, 1} && !ip.later_frag",
            ["ip,nw_ttl=0,nw_frag=not_later", "ip,nw_ttl=1,nw_frag=not_later"],
        ),
        ("ip4 && ip.dscp == 10", ["ip,nw_tos=40"]),
        ("icmp4.type == 8 && icmp4.code == 0", ["icmp,icmp_type=8,icmp_code=0"]),
        ("nd_ns && nd.target == fe80::1", ["icmp6,nw_ttl=255,icmp_type=135,icmp_code=0,nd_target=fe80::1"]),
        ("ip4 && tcp.flags == 2", ["tcp,tcp_flags=syn"]),
        ("ip4 && tcp.flags[1]", ["tcp,tcp_flags=+syn"]),
        ("arp.op == 1 && arp.tpa == 10.0.0.1", ["arp,arp_tpa=10.0.0.1,arp_op=1"]),
        ("ct.est && !ct.rpl && !ct.inv", ["ct_state=+est-rpl-inv+trk"]),
        ("xxreg0 == fe80::1", ["reg0=0xfe800000,reg1=0,reg2=0,reg3=0x1"]),
        ("xreg4 == 0x100000002", ["reg8=0x1,reg9=0x2"]),
        ("reg9[3] == 0 && reg8[0..15] == 5", ["reg8=0x5/0xffff,reg9=0/0x8"]),
        ("ct_label.natted == 1 && ct_mark == 0x10", ["ct_mark=0x10,ct_label=0x2/0x2"]),
        ("ip6.dst == ff00::/8", ["ipv6,ipv6_dst=ff00::/8"]),
        ("pkt.mark == 7", ["pkt_mark=0x7"]),
        ("sctp.dst == 80 && ip6", ["sctp6,tp_dst=80"]),
    ],
)
def test_prints_as_ovs_ofctl_does(text: str, flows: list[str], network: Network) -> None:
    assert sorted(map(str, translate(text, network).flows)) == flows


def test_fields_are_a_mapping_too() -> None:
    assert flow_match({"reg14": (1, 0xFFFFFFFF)}).as_dict() == {"reg14": (1, 0xFFFFFFFF)}
