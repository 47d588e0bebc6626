"""Address allocation: pools as numbers, free addresses, and that choosing one never looks at them all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.cloud.network.addresses import default_gateway, default_pools, may_hold, nearest_free, pick
from brume.values import Prefix, parse_address

POOLS = [
    ("10.0.0.0/24", "10.0.0.1", [("10.0.0.2", "10.0.0.254")]),
    ("10.0.0.0/24", "10.0.0.5", [("10.0.0.1", "10.0.0.4"), ("10.0.0.6", "10.0.0.254")]),
    ("10.0.0.0/24", None, [("10.0.0.1", "10.0.0.254")]),
    ("10.0.0.0/24", "192.0.2.1", [("10.0.0.1", "10.0.0.254")]),
    ("10.0.0.0/31", None, [("10.0.0.0", "10.0.0.1")]),
    ("10.0.0.7/32", None, [("10.0.0.7", "10.0.0.7")]),
    ("fd00::/64", "fd00::", [("fd00::1", "fd00::ffff:ffff:ffff:ffff")]),
    ("fd00::/126", "fd00::2", [("fd00::1", "fd00::1"), ("fd00::3", "fd00::3")]),
]


@pytest.mark.parametrize(("cidr", "gateway", "pools"), POOLS)
def test_default_pools_leave_the_gateway_out(cidr, gateway, pools):
    found = default_pools(Prefix.parse(cidr), parse_address(gateway) if gateway else None)
    assert [(pool.start, pool.end) for pool in found] == pools


@pytest.mark.parametrize(("cidr", "gateway"), [("10.0.0.0/24", "10.0.0.1"), ("fd00:77::/64", "fd00:77::")])
def test_default_gateway(cidr, gateway):
    assert str(default_gateway(Prefix.parse(cidr))) == gateway


HOLDING = [
    ("10.0.0.0/24", "10.0.0.0", "", False),
    ("10.0.0.0/24", "10.0.0.255", "", False),
    ("10.0.0.0/24", "10.0.0.9", "", True),
    ("10.0.0.0/24", "10.0.1.9", "", False),
    ("fd00::/64", "fd00::", "compute:nova", False),
    ("fd00::/64", "fd00::", "network:router_interface", True),
]


@pytest.mark.parametrize(("cidr", "address", "owner", "fits"), HOLDING)
def test_addresses_a_port_may_hold(cidr, address, owner, fits):
    assert may_hold(Prefix.parse(cidr), parse_address(address), owner) is fits


ranges = st.lists(st.integers(0, 60), min_size=2, max_size=8, unique=True).map(
    lambda ends: [(a, b) for a, b in zip(sorted(ends)[::2], sorted(ends)[1::2], strict=False)]
)


@given(ranges, st.integers(0, 2**128))
def test_a_number_stands_for_an_address_of_the_pools(pools, number):
    assert any(first <= pick(pools, number) <= last for first, last in pools)


@given(ranges, st.sets(st.integers(0, 60)), st.integers(0, 60))
def test_the_nearest_free_address_is_free_and_found_when_there_is_one(pools, used, start):
    free = {value for first, last in pools for value in range(first, last + 1)} - used
    found = nearest_free(pools, sorted(used), start)
    assert found in free if free else found is None
    behind = {value for value in free if value >= start}
    if behind:
        assert found == min(behind)
