"""What one asks a dump for, and which flows one gets: as ovs-ofctl, not as grep."""

import pytest

from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.flow_filter import parse_flow_filter
from brume.openflow.messages.flow_text import parse_flow

FLOWS = {
    "jumps to 8": "cookie=0x18, table=1, priority=5,metadata=0x2 actions=resubmit(,8)",
    "tracks to 8": "table=18, priority=8,ip,metadata=0x12 actions=ct(table=8)",
    "is in 8": "table=8, priority=50,tcp,metadata=0x2,nw_dst=10.0.1.0/24,tp_dst=22 actions=drop",
    "is in 80": "table=80, priority=50,ip,nw_dst=10.0.1.7 actions=drop",
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", {"jumps to 8", "tracks to 8", "is in 8", "is in 80"}),
        ("table=8", {"is in 8"}),
        ("table=1", {"jumps to 8"}),
        ("ip", {"tracks to 8", "is in 8", "is in 80"}),
        ("tcp,tp_dst=22", {"is in 8"}),
        ("nw_dst=10.0.0.0/8", {"is in 8", "is in 80"}),
        ("table=8,nw_dst=10.0.1.7", set()),
        ("metadata=0x2", {"jumps to 8", "is in 8"}),
        ("cookie=0x18/-1", {"jumps to 8"}),
        ("cookie=0x8/0xf", {"jumps to 8"}),
        ("priority=50 table=80", {"is in 80"}),
    ],
)
def test_a_filter_is_a_match(text, wanted):
    through = parse_flow_filter(text)
    assert {name for name, flow in FLOWS.items() if through.lets_through(parse_flow(flow))} == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("foo=bar", "foo: unknown field"),
        ("foo", "foo: unknown match word"),
        ("table=999", "table=999: not a number from 0 to 0xff"),
        ("table=x", "table=x: not a number from 0 to 0xff"),
        ("table", "table=: not a number from 0 to 0xff"),
        ("reg15=foo", "foo: not a value for reg15"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(text, said):
    with pytest.raises(OpenFlowError, match=f"^{said}$"):
        parse_flow_filter(text)
