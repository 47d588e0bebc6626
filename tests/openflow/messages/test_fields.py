"""The key: fields are ranges of bits, views overlap as they must, and setting what is read changes nothing."""

from hypothesis import given
from hypothesis import strategies as st

from brume.openflow.messages.fields import FIELDS, Subfield, field, subfield
from brume.openflow.messages.layout import KEY_BITS, OFFSETS, SLOTS
from brume.openflow.messages.match import make_match

KEYS = st.integers(0, (1 << KEY_BITS) - 1)


def test_slots_lie_side_by_side():
    end = 0
    for slot, width in SLOTS.items():
        assert OFFSETS[slot] == end
        end += width


@given(KEYS, st.sampled_from(sorted(FIELDS)), st.integers(0, (1 << 128) - 1))
def test_a_field_reads_what_was_set_and_touches_nothing_else(key, name, value):
    target = FIELDS[name]
    after = target.set(key, value)
    assert target.get(after) == value & target.ones
    assert (key ^ after) & ~target.mask == 0
    assert target.set(after, target.get(after)) == after


@given(KEYS, st.integers(0, 20), st.integers(1, 12), st.integers(0, 0xFFF))
def test_subfields_too(key, start, width, value):
    target = Subfield(field("reg5"), start, width)
    after = target.set(key, value)
    assert target.get(after) == value & ((1 << width) - 1)
    assert (key ^ after) & ~target.mask == 0


def test_registers_are_three_views_of_the_same_bits():
    key = 0
    for i in range(4):
        key = field(f"reg{i}").set(key, 0x11111111 * (i + 1))
    assert field("xreg0").get(key) == 0x1111111122222222
    assert field("xreg1").get(key) == 0x3333333344444444
    assert field("xxreg0").get(key) == 0x11111111222222223333333344444444


def test_names_of_every_kind_lead_to_the_field():
    assert field("nw_src") is field("ip_src") is field("NXM_OF_IP_SRC") is field("OXM_OF_IPV4_SRC")
    assert subfield("OXM_OF_METADATA").field is field("metadata")


@given(KEYS, KEYS)
def test_a_match_matches_what_agrees_under_its_mask(key, mask):
    from brume.openflow.messages.match import Match

    assert Match(mask, key & mask).matches(key)


def test_matches_are_built_from_fields():
    match = make_match(eth_type=0x0800, nw_src=(0x0A000000, 0xFF000000))
    key = make_match(eth_type=0x0800, nw_src=0x0A010203, reg0=5).value
    assert match.matches(key)
    assert not match.matches(field("eth_type").set(key, 0x86DD))
    assert match.get("nw_src") == (0x0A000000, 0xFF000000)
