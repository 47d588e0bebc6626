"""Steps that stories of the northbound share: a network outside, two databases compared. A helper, not a test."""


def outside(world):
    """An external network on a physical one, and its subnet."""
    network = world.network(
        name="public",
        router_external=True,
        provider_network_type="flat",
        provider_physical_network="physnet1",
    )
    return network, world.subnet(network, "203.0.113.0/24", enable_dhcp=False)


def same(one, other):
    """Both databases hold the same."""
    mine, theirs = one.snapshot(), other.snapshot()
    assert {c.key: c.new for c in mine.rows} == {c.key: c.new for c in theirs.rows}
    assert {c.member for c in mine.members} == {c.member for c in theirs.members}
