"""Whole messages, and the dialogue two sides of a connection have."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.openflow.connection import Connection, State
from brume.openflow.messages.action_parse import parse_actions
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.flow_text import parse_flow
from brume.openflow.messages.match import make_match
from brume.openflow.messages.versions import OPENFLOW_13, OPENFLOW_15, flow_in_version
from brume.openflow.messages.wire_messages import (
    BarrierReply,
    BarrierRequest,
    EchoRequest,
    Error,
    FeaturesReply,
    FeaturesRequest,
    FlowMod,
    Hello,
    Message,
    Other,
    PacketInMessage,
    PacketOut,
    decode_message,
    encode_message,
)

DATA = Path(__file__).parents[2] / "data" / "openflow"
FLOWS = [parse_flow(line) for line in (DATA / "ovn-chassis-openflow15.txt").read_text().splitlines()]
MESSAGES: list[Message] = [
    Hello(frozenset((1, 4, 6))),
    Error(1, 2, b"why"),
    EchoRequest(b"ping"),
    FeaturesRequest(),
    FeaturesReply(0x1234),
    PacketInMessage(b"frame", 1, 8, 0x77, make_match(in_port=3, reg14=5, metadata=1), 5),
    BarrierRequest(),
    BarrierReply(),
    Other(99, b"?"),
    FlowMod("delete_strict", parse_flow("table=3,priority=7,ip actions=drop")),
    FlowMod("add", parse_flow("cookie=0x1,idle_timeout=9,send_flow_rem,tcp,tp_dst=80 actions=output:1,goto_table:4")),
]


@pytest.mark.parametrize("version", [OPENFLOW_13, OPENFLOW_15])
@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_there_and_back(message, version):
    assert decode_message(encode_message(message, version, 7)) == (version, 7, message)


@pytest.mark.parametrize("version", [OPENFLOW_13, OPENFLOW_15])
def test_every_flow_of_a_real_chassis_can_be_sent(version):
    for flow in FLOWS:
        _, _, again = decode_message(encode_message(FlowMod("add", flow), version, 1))
        assert isinstance(again, FlowMod)
        assert set(again.flow.actions) == set(flow_in_version(flow, version).actions)
        assert again.flow.match == flow.match


def test_packet_out():
    sent = PacketOut(b"frame", parse_actions("output:1"), in_port=5)
    assert decode_message(encode_message(sent, OPENFLOW_13, 1))[2] == sent
    with_fields = PacketOut(b"frame", parse_actions("output:1"), 5, make_match(in_port=5, reg1=2))
    assert decode_message(encode_message(with_fields, OPENFLOW_15, 1))[2] == with_fields


class Pair:
    """Two sides and the wire between them; `feed` gives it byte by byte or all at once."""

    def __init__(self, left: Connection, right: Connection):
        self.left, self.right = left, right

    def greet(self):
        mine, theirs = self.left.start(), self.right.start()
        assert list(self.right.receive(mine)) == []
        assert list(self.left.receive(theirs)) == []


def test_both_sides_agree_on_the_highest_version():
    pair = Pair(Connection(), Connection(frozenset((OPENFLOW_13,))))
    pair.greet()
    assert (pair.left.version, pair.right.version, pair.left.state) == (OPENFLOW_13, OPENFLOW_13, State.OPEN)


def test_messages_come_whole_however_the_bytes_come():
    pair = Pair(Connection(), Connection())
    pair.greet()
    data = b"".join(pair.left.send(FlowMod("add", flow)) for flow in FLOWS[:20])
    one_by_one = [message for octet in data for _, message in pair.right.receive(bytes([octet]))]
    other = Pair(Connection(), Connection())
    other.greet()
    assert one_by_one == [message for _, message in other.right.receive(data)]
    assert len(one_by_one) == 20


def test_an_echo_is_answered_with_its_own_data():
    pair = Pair(Connection(), Connection())
    pair.greet()
    assert list(pair.right.receive(pair.left.send(EchoRequest(b"x"), 9))) == []
    ((transaction, reply),) = pair.left.receive(bytes(pair.right.outgoing))
    assert (transaction, reply.data) == (9, b"x")


def test_who_does_not_greet_or_has_no_version_is_left():
    silent = Connection()
    with pytest.raises(OpenFlowError, match="not HELLO"):
        list(silent.receive(encode_message(BarrierRequest(), OPENFLOW_15, 1)))
    old = Connection()
    with pytest.raises(OpenFlowError, match="in common"):
        list(old.receive(encode_message(Hello(frozenset((1,))), 1, 1)))
    assert isinstance(decode_message(bytes(old.outgoing))[2], Error)
    with pytest.raises(OpenFlowError, match="dead"):
        list(old.receive(b""))
    with pytest.raises(OpenFlowError, match="greeting"):
        Connection().send(BarrierRequest())


@given(st.binary(max_size=150))
def test_any_bytes_are_read_or_refused(data):
    connection = Connection()
    list(connection.receive(Connection().start()))
    try:
        list(connection.receive(data))
    except OpenFlowError:
        assert connection.state is State.DEAD


@given(st.sampled_from(FLOWS), st.integers(8, 3000), st.integers(0, 255))
def test_so_are_damaged_messages(flow, position, octet):
    data = bytearray(encode_message(FlowMod("add", flow), OPENFLOW_15, 1))
    data[8 + position % (len(data) - 8)] = octet
    try:
        decode_message(bytes(data))
    except OpenFlowError:
        return
