"""Questions a teacher asks, and the text that is projected. The answers come from live tables of two chassis."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from brume.dataplane.explain.explanation import Explanation, TraceError, TraceRequest
from brume.dataplane.explain.text import render
from brume.dataplane.explain.tracer import Tracer
from brume.southbound.schema import MACBinding
from tests.dataplane.explain.lab import Lab, documented

SameAs = Callable[[str, str], None]


@pytest.fixture(scope="module")
def lab() -> Lab:
    return documented()


def ask(lab: Lab, source: str, destination: str, protocol: str = "icmp", port: int | None = None) -> Explanation:
    return Tracer(lab.topology()).trace(TraceRequest(source, destination, protocol, port))  # type: ignore[arg-type]


def kinds(found: Explanation) -> list[str]:
    return [step.kind for step in found.steps]


SIX = ["emission", "routing", "encapsulation", "underlay", "delivery", "reply"]


@pytest.mark.parametrize(
    ("file", "question"),
    [
        ("routed.txt", ("vm1", "vm4")),
        ("same_network.txt", ("vm1", "vm2", "tcp", 22)),
        ("through_snat.txt", ("vm2", "outside")),
        ("refused_outside.txt", ("outside", "vm1", "tcp", 80)),
    ],
)
def test_the_picture_of_a_packets_way(lab: Lab, same_as: SameAs, file: str, question: tuple[str, ...]) -> None:
    same_as(file, render(ask(lab, *question)))  # type: ignore[arg-type]


def test_between_chassis_there_are_the_six_steps(lab: Lab) -> None:
    found = ask(lab, "vm1", "vm4")
    assert (found.outcome, kinds(found)) == ("answered", SIX)
    routing, wrapping, underlay, delivery = found.steps[1:5]
    assert "TTL: 64 -> 63" in routing.facts
    assert any(one.text.startswith("vni ") and "network other-net" in one.text for one in wrapping.octets)
    assert underlay.place == "compute1 -> compute2"
    assert delivery.tables[-1].flow is not None
    assert "actions=output:" in delivery.tables[-1].flow
    assert "no control node" in found.steps[5].after[-1]


def test_on_one_chassis_no_tunnel_is_needed(lab: Lab) -> None:
    found = ask(lab, "vm1", "vm3")
    assert (found.outcome, kinds(found)) == ("answered", SIX)
    assert found.steps[2].title == "Geneve encapsulation: none needed"


def test_an_allowed_packet_leads_back_to_the_rule_and_its_request(lab: Lab) -> None:
    found = ask(lab, "vm1", "vm2", "tcp", 22)
    acl = next(table for table in found.steps[4].tables if table.title == "ls_out_acl")
    tables = [one.table for one in acl.because]
    assert tables[:2] == ["Logical_Flow", "ACL"]
    rule = acl.because[2]
    assert (rule.table, rule.request) == ("security_group_rule", "req-story")
    assert rule.label.startswith("security group default: ingress IPv4")


def test_a_floating_ip_is_translated_on_the_way_in(lab: Lab) -> None:
    found = ask(lab, "outside", "vm1", "tcp", 22)
    assert found.outcome == "answered"
    changed = [one for step in found.steps for table in step.tables for one in table.headers if one.field == "ip_dst"]
    assert changed[0].after == "192.168.10.11"
    dnat = next(table for step in found.steps for table in step.tables if table.title == "lr_in_dnat")
    assert dnat.because[-1].label.startswith("floating IP 203.0.113.")


def test_a_distributed_floating_ip_is_translated_on_its_servers_own_chassis() -> None:
    found = ask(documented(distributed=True), "outside", "vm2", "tcp", 22)
    assert (found.outcome, kinds(found)) == ("answered", SIX)
    assert {table.chassis for step in found.steps for table in step.tables} == {"compute2"}


def test_two_floating_ips_meet_on_the_physical_network() -> None:
    lab = documented(distributed=True)
    (address,) = (one.floating_ip_address for one in lab.floating_ips() if one.fixed_ip_address == "192.168.10.12")
    found = ask(lab, "vm1", address, "tcp", 22)
    assert (found.outcome, kinds(found)) == ("answered", SIX)
    assert found.steps[2].title == "Geneve encapsulation: none"
    assert found.steps[3].place == "compute1 -> compute2"


def test_a_server_reaches_itself_by_its_own_floating_ip(lab: Lab) -> None:
    (address,) = (one.floating_ip_address for one in lab.floating_ips() if one.fixed_ip_address == "192.168.10.11")
    found = ask(lab, "vm1", address)
    assert found.outcome == "answered"
    assert found.verdict.startswith("delivered to vm1")


def test_any_pair_can_be_asked_about(lab: Lab) -> None:
    hosts = ("vm1", "vm2", "vm3", "vm4", "outside")
    for source in hosts:
        for destination in (*hosts, "192.168.10.1", "203.0.113.200"):
            for protocol, port in (("icmp", None), ("tcp", 22), ("udp", 53)):
                found = ask(lab, source, destination, protocol, port)
                assert found.steps
                assert found.passed or found.cause is not None, found.verdict
                assert render(found)


def test_the_routers_own_address_answers_pings(lab: Lab) -> None:
    found = ask(lab, "vm2", "10.0.1.1")
    assert (found.outcome, found.verdict) == ("answered", "answered by the router that has 10.0.1.1")


def test_a_closed_port_is_said_to_be_one(lab: Lab) -> None:
    found = ask(lab, "vm1", "vm2", "udp", 9)
    assert (found.outcome, found.notes) == (
        "answered",
        ("nothing listens on udp/9 of vm2: it answers, but refuses",),
    )


def test_every_table_is_there_for_programs(lab: Lab) -> None:
    found = ask(lab, "vm1", "vm4").as_dict()
    request = {"source": "vm1", "destination": "vm4", "protocol": "icmp", "port": None, "family": 4}
    assert found["request"] == request
    tables = [table for step in found["steps"] for table in step["tables"]]
    assert len(tables) > 100
    titles = {table["title"] for table in tables}
    assert {"ls_in_acl", "lr_in_ip_routing", "ls_out_acl", "remote_output", "logical_to_physical"} <= titles
    logical = [table for table in tables if table["pipeline"]]
    assert all(table["because"] for table in logical if table["flow"] and "conj" not in table["flow"])
    assert len(render(ask(lab, "vm1", "vm4"), verbose=True)) > len(render(ask(lab, "vm1", "vm4")))


def test_a_trace_leaves_no_mark(lab: Lab) -> None:
    def marks() -> list[object]:
        found: list[object] = [lab.southbound.rows(MACBinding), lab.underlay.carried]
        for chassis in lab.chassis.values():
            switch = chassis.switch
            found.append(sorted(str(one.forward) for one in switch.conntrack.connections()))
            for bridge in switch.bridges.values():
                found += [sum(entry.packets for entry in bridge.tables.entries())]
                found += [dict(bridge.macs), bridge.generation]
        return found

    before = marks()
    for question in (("vm1", "vm4"), ("vm2", "outside"), ("outside", "vm1", "tcp", 80)):
        ask(lab, *question)  # type: ignore[arg-type]
    assert marks() == before


def test_the_text_has_colours_only_when_asked_for(lab: Lab) -> None:
    found = ask(lab, "vm1", "vm2")
    assert "\033" not in render(found)
    assert "\033" in render(found, colour=True)
    assert max(len(line) for line in render(found, width=100).splitlines()) <= 130


def test_questions_that_cannot_be_asked_are_refused(lab: Lab) -> None:
    with pytest.raises(TraceError, match="no server is named vm9"):
        ask(lab, "vm9", "vm1")
    with pytest.raises(TraceError, match="tcp needs a port"):
        ask(lab, "vm1", "vm2", "tcp")
    for address in ("224.0.0.1", "255.255.255.255", "127.0.0.1", "ff02::1", "::1"):
        with pytest.raises(TraceError, match="not the address of one host"):
            ask(lab, "vm1", address)
    with pytest.raises(TraceError, match="is no IPv6 address"):
        Tracer(lab.topology()).trace(TraceRequest("vm1", "10.0.1.14", family=6))
