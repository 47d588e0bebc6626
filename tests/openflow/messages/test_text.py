"""Flows, matches and actions are written and read exactly as ovs-ofctl 3.1 does.

tests/data/openflow/ovn-chassis-openflow*.txt: `ovs-ofctl -O OpenFlowNN dump-flows br-int` of a chassis run by
ovn-controller 23.03.1: two switches, a router with gateway, NAT, load balancers, DHCP, DNS, ACLs with conjunctions and
logging, QoS, IPv6, two remote chassis. (10 and 13 with --names --no-stats; 13 is an excerpt.)
ovn-action-encodings.txt: what OVN's own action tests say they encode as.
"""

import re
from pathlib import Path

import pytest

from brume.openflow.messages.action_parse import parse_actions, parse_nat, parse_subfield
from brume.openflow.messages.action_text import format_actions, format_nat, format_subfield
from brume.openflow.messages.errors import OpenFlowError
from brume.openflow.messages.flow_text import Shown, format_duration, format_flow, parse_flow
from brume.openflow.messages.match_text import format_match, parse_match
from brume.openflow.messages.versions import OPENFLOW_10, OPENFLOW_13, OPENFLOW_15, flow_in_version

DATA = Path(__file__).parents[2] / "data" / "openflow"
PORTS = {
    1: "ovn-hv2-0",
    2: "ovn-hv3-0",
    3: "patch-br-int-to",
    4: "p-a",
    5: "p-b",
    6: "p-c",
    7: "p-md",
    0xFFFE: "br-int",
}


def lines(name):
    return [line.strip() for line in (DATA / name).read_text().splitlines()]


def shown(line):
    def number(name):
        found = re.search(rf"{name}=([\d.]+)", line)
        return float(found[1]) if found else None

    ages = {name: int(value) for name in ("idle_age", "hard_age") if (value := number(name)) is not None}
    return Shown(number("duration"), int(number("n_packets")), int(number("n_bytes")), **ages)


@pytest.mark.parametrize("version", [10, 13, 15])
def test_every_flow_a_real_chassis_has_prints_as_it_was_read(version):
    dump = lines(f"ovn-chassis-openflow{version}.txt")
    assert len(dump) >= 30
    for line in dump:
        if version == 15:
            assert format_flow(parse_flow(line), shown(line)) == line
        else:
            assert format_flow(parse_flow(line, PORTS), None, PORTS) == line


def test_what_was_installed_with_15_is_reported_in_10_and_13_as_open_vswitch_reports_it():
    installed = [parse_flow(line) for line in lines("ovn-chassis-openflow15.txt")]

    def reported(version):
        return {format_flow(flow_in_version(flow, version), None, PORTS) for flow in installed}

    assert reported(OPENFLOW_10) == set(lines("ovn-chassis-openflow10.txt"))
    assert reported(OPENFLOW_13) >= set(lines("ovn-chassis-openflow13.txt"))
    assert reported(OPENFLOW_15) == {format_flow(flow, None, PORTS) for flow in installed}


def test_every_encoding_ovn_tests_for_is_understood():
    for line in lines("ovn-action-encodings.txt"):
        if "obs_point_id=NXM" in line:  # OVN's main branch: a sample point taken from a field, newer than OVS 3.1
            with pytest.raises(ValueError, match="NXM_NX"):
                parse_actions(line)
            continue
        # before a learn went over the wire, OVN prints the source's unknown width as -1
        assert format_actions(parse_actions(line)) == line.replace("[0..-1]", "[]")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ip",
        "ct_state=+new-est+trk,ip,reg14=0x1,metadata=0x3,nw_src=10.0.0.0/8",
        "tcp,tcp_flags=+syn-ack",
        "tcp,tp_dst=0x3e8/0xfff8",
        "in_port=LOCAL",
        "dl_vlan=5",
        "dl_vlan=5,dl_vlan_pcp=3",
        "vlan_tci=0x0000/0x1000",
        "dl_type=0x88cc",
        "dl_src=01:00:00:00:00:00/01:00:00:00:00:00",
        "arp,arp_spa=10.0.0.1,arp_tpa=10.0.0.2,arp_op=1,arp_sha=00:00:00:00:00:01",
        "icmp,icmp_type=8,icmp_code=0",
        "icmp6,ipv6_dst=ff02::1:ff00:0/104,nw_ttl=255,icmp_type=135,icmp_code=0,nd_target=fe80::1",
        "ipv6,ipv6_src=2001:db8::/32",
        "ip,nw_proto=47,nw_tos=32,nw_ecn=1,nw_ttl=64,nw_frag=later",
        "ct_mark=0/0x1,ct_label=0x2/0x2",
        "ct_zone=7,tun_id=0x5,tun_src=192.168.0.1,tun_metadata0=0x10",
        "pkt_mark=0x1",
        "conj_id=7,udp6",
        "ip,nw_src=0.0.0.1/255.0.0.255",
    ],
)
def test_matches_print_as_they_are_read(text):
    assert format_match(parse_match(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "drop",
        "output:3",
        "LOCAL",
        "NORMAL",
        "CONTROLLER:65535",
        "controller(reason=no_match,max_len=100,id=2,userdata=00.01,pause,meter_id=3)",
        "resubmit:5",
        "resubmit(,9)",
        "resubmit(3,9)",
        "resubmit(,9,ct)",
        "output:NXM_NX_REG0[0..15]",
        "output(port=3,max_len=100)",
        "set_field:0x1->reg14",
        "set_field:0/0x1->reg10",
        "set_field:1.2.3.4->ip_src",
        "set_field:10/0x3f->ip_dscp",
        "set_field:10->ip_dscp",
        "set_field:ANY->in_port",
        "load:0x5->NXM_NX_REG0[3..9]",
        "dec_ttl",
        "dec_ttl()",
        "dec_ttl(1,2)",
        "ct(commit,force,table=8,zone=5,nat(src=10.0.0.1-10.0.0.9:1000-2000,random),exec(set_field:0x1->ct_mark))",
        "ct(commit,zone=NXM_NX_REG13[0..15],nat(src))",
        "ct(commit,nat(dst=[fd0f::2]:80))",
        "ct(commit,nat(dst=fd0f::2-fd0f::9))",
        "ct(table=1,alg=ftp)",
        "note:00.11",
        "clone(set_field:0x1->reg0,resubmit(,1)),output:2",
        "push_vlan:0x8100,mod_vlan_vid:5",
        "strip_vlan",
        "check_pkt_larger(1500)->NXM_NX_REG0[0]",
        "sample(probability=10,collector_set_id=1,obs_domain_id=2,obs_point_id=3,ingress)",
        "write_metadata:0x5/0xff,goto_table:3",
        "learn(table=1,idle_timeout=5,priority=9,send_flow_rem,limit=3,result_dst=NXM_NX_REG0[0],"
        "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])",
        "conjunction(7,1/2),conjunction(8,2/2)",
        "mod_nw_tos:32,mod_dl_src:00:00:00:00:00:01,set_tunnel:0x5,set_queue:2,pop_queue,exit",
    ],
)
def test_actions_print_as_they_are_read(text):
    assert format_actions(parse_actions(text)) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("fly:1", "unknown or unsupported"),
        ("set_field:1->nw_proto", "read-only"),
        ("set_field:1->reg99", "unknown field"),
        ("load:0x100->NXM_NX_REG0[0..7]", "does not fit"),
        ("move:NXM_NX_REG0[30..40]->NXM_NX_REG1[]", "outside"),
        ("conjunction(1,3/2)", "clauses"),
        ("ct(table=1", "parentheses"),
        ("ct(fast)", "ct"),
        ("set_field:1.2.3.4.5->ip_src", "not a value"),
        ("multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])", "unsupported"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text, why):
    with pytest.raises(OpenFlowError, match=why):
        parse_actions(text)


def test_a_field_that_has_no_mask_is_not_masked():
    with pytest.raises(OpenFlowError, match="cannot be masked"):
        parse_match("nw_ttl=64/0xf0")


def test_parts():
    assert format_duration(12) == "12s"
    assert format_duration(65.7604) == "65.760s"
    assert format_subfield(parse_subfield("reg13[0..15]")) == "NXM_NX_REG13[0..15]"
    assert format_nat(parse_nat("src=1.2.3.4:5-6,hash")) == "nat(src=1.2.3.4:5-6,hash)"
