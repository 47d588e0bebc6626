"""Which northbound row a logical flow comes from (stage-hint): what it does not change, and what several rows share."""

from __future__ import annotations

from brume.northbound.schema import ACL, NAT, LogicalRouter
from brume.southbound.compiler import Compiler
from brume.southbound.schema import LogicalFlow
from brume.southbound.schema.flows import STAGE_HINT, flow_uuid
from brume.tables.database import Database, Transaction
from tests.southbound.builder import Builder, chassis, uuid


def hints(southbound: Database, part: str) -> set[str | None]:
    """The hints of the flows whose match has this in it."""
    return {flow.external_ids.get(STAGE_HINT) for flow in southbound.rows(LogicalFlow) if part in str(flow.match)}


def test_flows_of_an_acl_name_it_on_every_switch() -> None:
    build, southbound = Builder(), chassis()
    for switch in ("left", "right"):
        build.switch(switch)
        build.port(switch, f"{switch}-vm", "fa:16:3e:00:00:01 10.0.0.11")
    build.acl(build.group("web", "left-vm", "right-vm"), "to-lport", "outport == @web && udp", "drop", 1001)
    northbound = build.apply()
    Compiler(northbound, southbound).start()
    (acl,) = northbound.rows(ACL)
    flows = [flow for flow in southbound.rows(LogicalFlow) if "@web && udp" in str(flow.match)]
    assert len({flow.logical_datapath for flow in flows}) == 2
    assert {flow.external_ids[STAGE_HINT] for flow in flows} == {acl.uuid[:8]}
    assert len({id(flow.external_ids) for flow in flows}) == 1, "thousands of switches share one map"
    assert {flow.external_ids["stage-name"] for flow in flows} == {"ls_out_acl"}
    assert {flow.uuid for flow in flows} == {flow_uuid(flow) for flow in flows}


def test_the_hint_of_a_flow_of_several_translations_is_the_least_whoever_comes_and_goes() -> None:
    build, southbound = Builder(), chassis("compute1")
    build.switch("public")
    build.router("router")
    build.interface("router", "public", "fa:16:3e:aa:00:03", "203.0.113.10/24", gateways=("compute1",))
    subnets = [f"10.0.{number}.0/24" for number in range(6)]
    translations = [build.nat("router", "snat", "203.0.113.10", subnet) for subnet in subnets[:3]]
    northbound = build.apply()
    compiler = Compiler(northbound, southbound)
    compiler.start()
    northbound.subscribe(compiler.update)
    arriving, before = "ip && ip4.dst == 203.0.113.10", southbound.rows(LogicalFlow)
    assert hints(southbound, arriving) == {min(translations)[:8]}
    translations += [build.nat("router", "snat", "203.0.113.10", subnet) for subnet in subnets[3:]]
    build.apply()
    while translations:
        assert hints(southbound, arriving) == {min(translations)[:8]}
        kept = {flow.key() for flow in before if arriving in str(flow.match)}
        assert kept <= {flow.key() for flow in southbound.rows(LogicalFlow)}
        gone, change = min(translations), Transaction()
        change.remove(LogicalRouter.nat, uuid("router", "router"), gone)
        change.delete(NAT, gone)
        northbound.apply(change)
        translations.remove(gone)
    assert hints(southbound, arriving) == set()


def test_what_no_single_row_makes_has_no_hint() -> None:
    build, southbound = Builder(), chassis()
    build.switch("net")
    Compiler(build.apply(), southbound).start()
    assert hints(southbound, "vlan.present") == {None}
