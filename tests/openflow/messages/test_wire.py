"""Actions and matches as bytes: what a real chassis has goes there and back; broken bytes are refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brume.openflow.messages import actions as a
from brume.openflow.messages.action_parse import parse_actions
from brume.openflow.messages.action_text import format_actions
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.flow_text import parse_flow
from brume.openflow.messages.match_text import parse_match
from brume.openflow.messages.versions import OPENFLOW_10, OPENFLOW_13, OPENFLOW_15, actions_in_version
from brume.openflow.messages.wire_decode import decode_actions
from brume.openflow.messages.wire_encode import encode_actions
from brume.openflow.messages.wire_fields import decode_match, decode_match_entries, encode_match

DATA = Path(__file__).parents[2] / "data" / "openflow"
FLOWS = [parse_flow(line) for line in (DATA / "ovn-chassis-openflow15.txt").read_text().splitlines()]
NESTED = {  # opcode of ovn-controller's userdata whose arguments are OpenFlow actions
    0: "arp", 10: "icmp4 error", 12: "nd_na", 15: "nd_ns", 18: "tcp_reset", 22: "reject",
}  # fmt: skip


@pytest.mark.parametrize("version", [OPENFLOW_13, OPENFLOW_15])
def test_every_flow_of_a_real_chassis_goes_there_and_back(version):
    for flow in FLOWS:
        assert decode_match(encode_match(flow.match, version))[0] == flow.match
        if version == OPENFLOW_13 and any(isinstance(action, a.Meter) for action in flow.actions):
            continue
        assert decode_actions(encode_actions(flow.actions, version)) == actions_in_version(flow.actions, version)


def test_actions_nested_in_userdata_are_read_and_written_as_ovn_controller_wrote_them():
    seen = set()
    for flow in FLOWS:
        for action in flow.actions:
            if not isinstance(action, a.Controller):
                continue
            opcode, rest = int.from_bytes(action.userdata[:4], "big"), action.userdata[8:]
            if opcode in NESTED and rest:
                assert encode_actions(decode_actions(rest), OPENFLOW_15) == rest
                seen.add(opcode)
    assert {0, 10, 12, 22} <= seen


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("output:3", "0000 0010 00000003 0000 000000000000"),
        ("set_field:0x5->reg15", "0019 0010 00011e04 00000005 00000000"),
        ("resubmit(,33)", "ffff 0010 00002320 000e fff8 21 000000"),
        ("push:NXM_NX_REG14[]", "ffff 0018 00002320 001b 0000 00011c04 0020 000000000000"),
        ("ct_clear", "ffff 0010 00002320 002b 000000000000"),
        ("dec_ttl()", "ffff 0010 00002320 0015 0000 00000000"),
        (
            "ct(commit,zone=NXM_NX_REG13[0..15],nat(src=1.2.3.4))",
            "ffff 0030 00002320 0023 0001 00011a04 000f ff 000000 0000 "
            "ffff 0018 00002320 0024 0000 0001 0001 01020304 00000000",
        ),
    ],
)
def test_some_octets(text, octets):
    assert encode_actions(parse_actions(text)).hex() == octets.replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "ct(commit,force,table=8,zone=5,nat(dst=[fd0f::2]:80-90,hash),exec(set_field:0x1->ct_mark))",
        "learn(table=1,idle_timeout=5,limit=3,result_dst=NXM_NX_REG0[0],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],"
        "load:0xffff->NXM_NX_REG1[0..15],output:NXM_OF_IN_PORT[])",
        "clone(set_field:0x1->reg0,clone(output:1)),output:2",
        "controller(reason=no_match,max_len=100,id=2,userdata=00.01,pause,meter_id=3)",
        "sample(probability=10,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=5,egress)",
        "output:NXM_NX_REG0[0..15],output(port=3,max_len=100),delete_field:tun_metadata0,exit",
        "check_pkt_larger(1500)->NXM_NX_REG0[0],dec_ttl(1,2),resubmit:5,resubmit(,9,ct),CONTROLLER:99",
    ],
)
def test_there_and_back(text):
    assert format_actions(decode_actions(encode_actions(parse_actions(text)))) == text


def test_a_port_without_its_protocol_has_no_place_on_the_wire():
    with pytest.raises(OpenFlowError, match="without what they need"):
        encode_match(parse_match("tp_dst=80"), OPENFLOW_15)


def test_version_1_0_is_not_spoken():
    with pytest.raises(OpenFlowError, match="not spoken"):
        encode_actions((), OPENFLOW_10)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for read in (decode_actions, decode_match_entries):
        try:
            read(data)
        except OpenFlowError:
            continue


@given(st.sampled_from(FLOWS), st.integers(0, 2000), st.integers(0, 255))
def test_so_are_damaged_actions(flow, position, octet):
    data = bytearray(encode_actions(flow.actions))
    if not data:
        return
    data[position % len(data)] = octet
    try:
        decode_actions(bytes(data))
    except OpenFlowError:
        return
