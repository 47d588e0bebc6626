"""The tables find what reading every flow one by one would find, whatever is added and deleted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from brume.dataplane.flow_tables import FlowTables
from brume.openflow.messages.action_text import format_actions
from brume.openflow.messages.flow_text import parse_flow
from brume.openflow.messages.match import Match, make_match

MASKS = {"reg0": [0xFFFFFFFF, 0x3, 0x1], "eth_type": [0xFFFF], "nw_src": [0xFFFFFFFF, 0xFF000000], "metadata": [1, 3]}


@st.composite
def flows(draw):
    parts = []
    for name, masks in MASKS.items():
        if draw(st.booleans()):
            mask = draw(st.sampled_from(masks))
            value = draw(st.sampled_from([0, 1, 2, 3, 0x0A000000, 0x0A000001])) & mask
            parts.append((name, (value, mask)))
    match = make_match(**dict(parts))
    return parse_flow(f"priority={draw(st.integers(0, 5))} actions=output:{draw(st.integers(1, 9))}"), match


def built(drawn):
    import msgspec

    return [msgspec.structs.replace(flow, match=match) for flow, match in drawn]


KEYS = st.builds(
    lambda reg0, kind, source, metadata: make_match(reg0=reg0, eth_type=kind, nw_src=source, metadata=metadata).value,
    st.sampled_from([0, 1, 2, 3]),
    st.sampled_from([0, 1, 2]),
    st.sampled_from([0, 1, 0x0A000000, 0x0A000001]),
    st.integers(0, 3),
)


@given(st.lists(flows(), max_size=30), st.lists(st.integers(0, 29), max_size=20), st.lists(KEYS, max_size=10))
@settings(deadline=None)
def test_a_lookup_finds_what_a_linear_scan_finds(drawn, deletions, keys):
    tables = FlowTables()
    kept = {}
    for flow in built(drawn):
        tables.add(flow)
        kept[flow.identity] = flow
    for index in deletions:
        if index < len(drawn):
            flow = built(drawn)[index]
            assert tables.delete(flow) == (kept.pop(flow.identity, None) is not None)
    assert set(tables.flows()) == set(kept.values())
    assert len(tables) == len(kept)
    for key in keys:
        matching = [flow for flow in kept.values() if flow.match.matches(key)]
        entry, looked = tables.lookup(0, key)
        if not matching:
            assert entry is None
            continue
        assert entry is not None
        assert entry.priority == max(flow.priority for flow in matching)
        assert entry.flow in matching
        # any key that agrees in the bits looked at finds the same priority: what makes caching right
        for other in keys:
            if other & looked == key & looked:
                again, _ = tables.lookup(0, other)
                assert again is entry


def test_a_replaced_flow_starts_counting_again_and_a_modified_one_goes_on():
    tables = FlowTables()
    tables.add(parse_flow("priority=5,ip actions=output:1"), now=1)
    entry, _ = tables.lookup(0, make_match(eth_type=0x800).value)
    entry.packets = 7
    tables.modify(parse_flow("priority=5,ip actions=output:2"), now=2)
    assert tables.counters(parse_flow("priority=5,ip actions=drop")).packets == 7
    tables.add(parse_flow("priority=5,ip actions=output:3"), now=3)
    assert tables.counters(parse_flow("priority=5,ip actions=drop")).packets == 0
    assert len(tables) == 1


CONJUNCTIVE = """
priority=5,ip,nw_src=10.0.0.1 actions=conjunction(7,1/2)
priority=5,ip,nw_src=10.0.0.2 actions=conjunction(7,1/2),conjunction(8,1/2)
priority=5,tcp,tp_dst=80 actions=conjunction(7,2/2)
priority=5,tcp,tp_dst=22 actions=conjunction(8,2/2)
priority=5,conj_id=7,ip actions=output:7
priority=5,conj_id=8,ip actions=output:8
priority=4,ip,nw_src=10.0.0.1 actions=output:4
priority=1 actions=output:1
priority=9,tcp,tp_dst=80,nw_src=10.0.0.2 actions=output:9
"""


def conjunctive():
    tables = FlowTables()
    for line in CONJUNCTIVE.strip().splitlines():
        tables.add(parse_flow(line))
    return tables


def found(source, port):
    key = make_match(eth_type=0x800, nw_proto=6, nw_src=source, tcp_dst=port).value
    entry, _ = conjunctive().lookup(0, key)
    return format_actions(entry.flow.actions)


def test_conjunctions_are_met_only_when_every_clause_is():
    assert found(0x0A000001, 80) == "output:7"
    assert found(0x0A000002, 22) == "output:8"
    assert found(0x0A000001, 22) == "output:4"  # clause 1 of 7 and clause 2 of 8: neither whole; the next priority
    assert found(0x0A000003, 80) == "output:1"
    assert found(0x0A000002, 80) == "output:9"  # a hard match above


def test_what_is_deleted_by_cookie_and_match():
    tables = FlowTables()
    for cookie, line in ((1, "ip,nw_src=10.0.0.1"), (1, "ip"), (2, "ip,nw_src=10.0.0.1,nw_ttl=3"), (1, "arp")):
        tables.add(parse_flow(f"cookie={cookie:#x},table=3,{line} actions=drop"))
    assert len(tables.delete_where(cookie=1, match=make_match(eth_type=0x800))) == 2
    assert len(tables.delete_where(table=4)) == 0
    assert len(tables.delete_where(table=3, match=make_match(nw_src=0x0A000001))) == 1
    assert [flow.match for flow in tables.flows()] == [make_match(eth_type=0x806)]


def test_flows_age_by_the_clock_they_are_given():
    tables = FlowTables()
    tables.add(parse_flow("idle_timeout=10,reg0=1 actions=drop"), now=0)
    tables.add(parse_flow("hard_timeout=5,reg0=2 actions=drop"), now=0)
    tables.add(parse_flow("reg0=3 actions=drop"), now=0)
    assert tables.expire(4.9) == []
    assert len(tables.expire(5)) == 1
    tables.lookup(0, make_match(reg0=1).value)[0].used = 6
    assert tables.expire(15) == []
    assert len(tables.expire(16)) == 1
    assert len(tables) == 1


def test_a_table_says_which_bits_decided():
    tables = FlowTables()
    tables.add(parse_flow("priority=9,reg0=5 actions=drop"))
    tables.add(parse_flow("priority=3,ip actions=drop"))
    _, looked = tables.lookup(0, make_match(reg0=5).value)
    assert looked == Match(make_match(reg0=5).mask).mask
    _, looked = tables.lookup(0, 0)
    assert looked == make_match(reg0=5, eth_type=1).mask
