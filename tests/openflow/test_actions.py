"""Logical actions become the OpenFlow actions that OVN's own tests say (ovn.at, main branch).

Table numbers moved between 23.03 and main, so the expected text is first renumbered; what main has and 23.03 has not,
and what is not encoded here, is listed by the beginning of the input, with the reason.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from brume.expressions.action_context import Position
from brume.expressions.action_parser import parse_actions
from brume.openflow.from_southbound.actions.choice import Needs
from brume.openflow.from_southbound.actions.context import Context
from brume.openflow.from_southbound.actions.encode import encode_steps
from brume.openflow.messages.action_text import format_actions
from brume.openflow.messages.actions import Actions, Group
from brume.openflow.messages.group import format_group

CASES = json.loads((Path(__file__).parent.parent / "data/openflow/encoded_actions.json").read_text())["cases"]
PORTS = {"eth0": 5, "eth1": 6, "LOCAL": 0xFFFE, "lsp1": 0x11, "lsp2": 0x12, "lsp3": 0x13}

NOT_IN_23_03 = "the action, or its form, came after 23.03"
PAUSES_NOW = "main pauses the pipeline here, 23.03 does not"
LEFT_OUT = {
    "ct_lb_mark_local(": NOT_IN_23_03,
    "commit_lb_aff(": "main gives the learned flow a cookie, and the port another register",
    "ct_commit_to_zone(": NOT_IN_23_03,
    "ct_commit { ct_label.obs_point_id": NOT_IN_23_03,
    "ct_snat_in_czone(192.168.1.2, 1-3000)": "main chooses ports at random",
    "ct_dnat_in_czone(192.168.1.2, 1-3000)": "main chooses ports at random",
    "ct_snat(192.168.1.2, 1-3000)": "main chooses ports at random",
    "ct_dnat(192.168.1.2, 1-3000)": "main chooses ports at random",
    "ct_commit_nat(": NOT_IN_23_03,
    "arp ": PAUSES_NOW,
    "nd_ns": PAUSES_NOW,
}
NOT_THERE = re.compile(
    r"dhcp_relay|get_nd\(|bootfile_name=\"\S+\"\);|verdict=pass|frag_mtu|chk_evpn|obs_point=|ct_tp_|_state_save"
    r"|get_remote_fdb|ct_nw_dst|ct_proto|flood_remote|mirror\(|inner_ip4|ct_next\("
)


def renumbered(text: str) -> str:
    """Main's table numbers as 23.03's. `[0..-1]` is a source whose width OVN leaves out, where only the other one's
    counts."""

    def ours(number: int) -> int:
        if number == 88:
            return 37
        return number - 24 if number >= 89 else number - 20 if number >= 62 else number

    text = text.replace("[0..-1]", "[]")
    text = re.sub(r"(resubmit\(,|table=)(\d+)", lambda found: found[1] + str(ours(int(found[2]))), text)
    return re.sub(
        r"(00\.0e\.ff\.f8\.)([0-9a-f]{2})",
        lambda found: found[1] + f"{ours(int(found[2], 16)):02x}",
        text,
    )


def encoded(text: str) -> str:
    text = format_actions(actions_of(text, Needs("")))
    # ovn.at pretends a datapath without all-zero SNAT, and prints ovn-controller's dec_ttl() as parsed again
    return unnumbered(text.replace(",nat(src)", "").replace("dec_ttl()", "dec_ttl"))


def actions_of(text: str, needs: Needs) -> Actions:
    parsed = parse_actions(text, Position(10, "ingress"))
    return encode_steps(parsed.steps, Context("ingress", True, PORTS.get, needs, datapath=0xABCDEF))


def unnumbered(text: str) -> str:
    """Groups and meters without their numbers: ovn-controller counts, ours are made of what they do."""
    return re.sub(r"\b(group|meter):\d+", r"\1", text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["input"][:60])
def test_actions_are_encoded_as_ovn_encodes_them(case: dict[str, str]) -> None:
    for beginning, reason in LEFT_OUT.items():
        if case["input"].startswith(beginning):
            pytest.skip(reason)
    if NOT_THERE.search(case["input"]):
        pytest.skip(NOT_IN_23_03)
    assert encoded(case["input"]) == unnumbered(renumbered(case["encodes_as"]))


BACKENDS = (
    "type=select,selection_method={method},"
    "bucket=bucket_id:0,weight:100,actions=ct(commit,table=19,zone=NXM_NX_REG13[0..15],nat(dst={one}),exec({marks})),"
    "bucket=bucket_id:1,weight:100,actions=ct(commit,table=19,zone=NXM_NX_REG13[0..15],nat(dst={two}),exec({marks}))"
)
MARK, LABEL = "set_field:0x2/0x2->ct_mark", "set_field:0x2/0x2->ct_label"
FOUR, SIX = {"one": "192.168.1.2:80", "two": "192.168.1.3:80"}, {"one": "fd0f::2", "two": "fd0f::3"}


@pytest.mark.parametrize(
    ("action", "group"),
    [
        ("ct_lb_mark(backends=192.168.1.2:80,192.168.1.3:80);", {"method": "dp_hash", "marks": MARK, **FOUR}),
        ("ct_lb(backends=192.168.1.2:80,192.168.1.3:80);", {"method": "dp_hash", "marks": LABEL, **FOUR}),
        ("ct_lb_mark(backends=fd0f::2,fd0f::3);", {"method": "dp_hash", "marks": MARK, **SIX}),
        (
            'ct_lb_mark(backends=fd0f::2,fd0f::3; hash_fields="ip_src,ip_dst"; skip_snat);',
            {"method": "hash,fields(ip_src,ip_dst)", "marks": f"{MARK},set_field:0x4/0x4->ct_mark", **SIX},
        ),
    ],
)
def test_backends_are_buckets_of_a_group(action: str, group: dict[str, str]) -> None:
    """ovn.at, "uses group", with the words in the order in which ovs-ofctl prints them."""
    needs = Needs("")
    (chosen,) = actions_of(action, needs)
    assert isinstance(chosen, Group)
    (entry,) = needs.groups.values()
    assert entry.group_id == chosen.group_id
    assert format_group(entry).partition(",")[2] == BACKENDS.format(**group)
    again = Needs("")
    assert actions_of(action, again) == (chosen,), "the same on every run"


def test_paths_are_buckets_by_weight() -> None:
    needs = Needs("")
    actions_of("reg9[16..31] = select(1=50, 2=100);", needs)
    (entry,) = needs.groups.values()
    assert [bucket.weight for bucket in entry.buckets] == [50, 100]
    assert format_actions(entry.buckets[0].actions) == "set_field:0x10000/0xffff0000->xreg4,resubmit(,19)"


def test_ports_of_a_forwarding_group_are_buckets() -> None:
    """ovn.at, "fwd_group"; a group that names a port which is not there does nothing at all."""
    needs = Needs("")
    actions_of('fwd_group(liveness="true", childports="eth0", "lsp1");', needs)
    (entry,) = needs.groups.values()
    assert format_group(entry).partition(",")[2] == (
        "type=select,selection_method=dp_hash,"
        "bucket=bucket_id:0,weight:1,actions=set_field:0x5/0xffff->reg15,resubmit(,37),"
        "bucket=bucket_id:1,weight:1,actions=set_field:0x11/0xffff->reg15,resubmit(,37)"
    )
    assert actions_of('fwd_group(childports="eth0", "nobody");', needs) == ()


def test_a_meter_is_a_logical_flows_own() -> None:
    one, other = Needs("flow 1"), Needs("flow 2")
    for needs in (one, other):
        actions_of("set_meter(100, 10); next;", needs)
    assert [(entry.rate, entry.burst, entry.packets) for entry in one.meters.values()] == [(100, 10, False)]
    assert one.meters.keys() != other.meters.keys()


def test_routes_in_a_router_advertisement() -> None:
    """ovn.at, "IPv6 ND Router Solicitation responder": two routes of RFC 4191, with their prefixes cut to length."""
    action = (
        'reg1[0] = put_nd_ra_opts(addr_mode = "slaac", slla = ae:01:02:03:04:05, prefix = aef0::/64, '
        'route_info = "HIGH-1001::11/48,LOW-1002::11/96"); next;'
    )
    octets = encoded(action).partition("userdata=")[2].partition(",")[0].replace(".", "")
    assert "18023008ffffffff1001000000000000" + "18036018ffffffff10020000000000000000000000000000" in octets


AFFINITY = {
    ('commit_lb_aff(vip = "172.16.0.123:8080", backend = "10.0.0.3:8080", proto = tcp, timeout = 30);', True): (
        "learn(table=78,idle_timeout=30,delete_learned,OXM_OF_METADATA[],eth_type=0x800,NXM_OF_IP_SRC[],"
        "ip_dst=172.16.0.123,nw_proto=6,tcp_dst=8080,load:0x1->NXM_NX_REG10[14],load:0xa000003->NXM_NX_REG4[],"
        "load:0x1f90->NXM_NX_REG8[0..15])"
    ),
    ('commit_lb_aff(vip = "[::1]", backend = "[::2]", timeout = 30);', True): (
        "learn(table=78,idle_timeout=30,delete_learned,OXM_OF_METADATA[],eth_type=0x86dd,NXM_NX_IPV6_SRC[],"
        "ipv6_dst=::1,load:0x1->NXM_NX_REG10[14],load:0x2->NXM_NX_XXREG0[])"
    ),
    ('commit_lb_aff(vip = "[::1]", backend = "[::2]", timeout = 30);', False): (
        "learn(table=78,idle_timeout=30,delete_learned,OXM_OF_METADATA[],eth_type=0x86dd,NXM_NX_IPV6_SRC[],"
        "ipv6_dst=::1,load:0x1->NXM_NX_REG10[14],load:0x2->NXM_NX_XXREG1[])"
    ),
}
"""As OVN 23.03 does it: on a switch (True) and on a router."""


@pytest.mark.parametrize(("text", "is_switch"), AFFINITY)
def test_a_client_and_its_backend_are_remembered(text: str, is_switch: bool) -> None:
    parsed = parse_actions(text, Position(10, "ingress"))
    context = Context("ingress", is_switch, PORTS.get, Needs(""), datapath=0xABCDEF)
    assert format_actions(encode_steps(parsed.steps, context)) == AFFINITY[text, is_switch]
