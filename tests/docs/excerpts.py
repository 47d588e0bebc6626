"""Excerpts of the pages: what a running cloud answers, keeps, derives and sends, as text by name.

`docs/journey.md` and others have `<!-- made: NAME -->` before a fenced block; the block is what is made here. Uuids
are shown whole, so that a reader can follow one from block to block.
"""

from __future__ import annotations

import json
import sqlite3
import textwrap
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from brume.dataplane.explain.explanation import TraceRequest
from brume.dataplane.explain.text import render
from brume.dataplane.explain.tracer import Tracer
from brume.northbound.schema import NORTHBOUND, LogicalSwitchPort
from brume.openflow.messages.flow import Flow
from brume.openflow.messages.flow_text import format_flow
from brume.openflow.tables import Table
from brume.ovsdb.schema import declaration
from brume.packets.describe import describe
from brume.packets.explain import explain
from brume.service.cloud_system import CloudSystem
from brume.service.topology import LiveTopology
from brume.southbound.schema import LogicalFlow, PortBinding, flow_cookie
from brume.tables.changes import ChangeSet
from brume.tables.row import Row
from tests.docs.journey_cloud import COMPUTE, NETWORK, Answer, JourneyCloud, journey_cloud

WIDTH = 116
SHOWN = ("id", "name", "network_id", "mac_address", "fixed_ips", "security_groups", "binding:vif_type", "status")
STAGES = ("ls_in_arp_rsp", "ls_in_dhcp_options", "ls_in_l2_lkup")


class Capture(NamedTuple):
    """What went over the underlay and the wires of vm1 and vm3 during a ping."""

    console: list[str]
    sent: list[bytes]
    underlay: list[bytes]
    received: list[bytes]


@cache
def excerpts() -> dict[str, str]:
    """All excerpts by name."""
    with journey_cloud() as cloud:
        return {f"journey.{name}": text.rstrip() + "\n" for name, text in _journey(cloud)}


def _journey(cloud: JourneyCloud) -> Iterator[tuple[str, str]]:
    networks = _networks(cloud)
    _server(cloud, "vm2", "compute1", _port(cloud, networks["private-net"], "vm2-port", "192.168.10.12"))
    _server(cloud, "vm3", "compute2", _port(cloud, networks["second-net"], "vm3-port", "10.0.1.30"))
    cloud.forget()
    before = set(cloud.cloud.nodes["compute1"].flows())
    wanted = {"network_id": networks["private-net"], "name": "vm1-port", "fixed_ips": [{"ip_address": "192.168.10.11"}]}
    answer = cloud.request("POST", f"{NETWORK}/ports", {"port": wanted})
    port = answer.body["port"]["id"]
    yield "request", _request_text({"port": wanted}, answer)
    yield "journal", _journal(cloud, answer.headers["x-openstack-request-id"])
    yield "row", _row(cloud, port)
    northbound, southbound = _only(cloud.northbound), _only(cloud.southbound)
    yield "northbound", _changes_text(northbound)
    yield "because", _because(cloud, port)
    flows = [change.new for change in southbound.rows if isinstance(change.new, LogicalFlow)]
    yield "binding", _changes_text(southbound, PortBinding)
    yield "count", _count(flows)
    yield "flows", "\n".join(_flow_text(flow) for flow in flows if flow.external_ids["stage-name"] in STAGES)
    yield from _openflow(cloud, port, flows, before)
    yield from _packet(cloud)
    yield from _refused(cloud, networks["router"], port)


def _networks(cloud: JourneyCloud) -> dict[str, str]:
    """private-net and second-net behind a router; the ids by name."""
    router = cloud.create(f"{NETWORK}/routers", "router", name="myrouter")["id"]
    made = {"router": router}
    for name, cidr in (("private-net", "192.168.10.0/24"), ("second-net", "10.0.1.0/24")):
        made[name] = cloud.create(f"{NETWORK}/networks", "network", name=name)["id"]
        subnet = {"network_id": made[name], "cidr": cidr, "ip_version": 4}
        interface = {"subnet_id": cloud.create(f"{NETWORK}/subnets", "subnet", **subnet)["id"]}
        cloud.request("PUT", f"{NETWORK}/routers/{router}/add_router_interface", interface)
    return made


def _port(cloud: JourneyCloud, network: str, name: str, address: str) -> str:
    fixed_ips = [{"ip_address": address}]
    return str(cloud.create(f"{NETWORK}/ports", "port", network_id=network, name=name, fixed_ips=fixed_ips)["id"])


def _server(cloud: JourneyCloud, name: str, node: str, port: str) -> None:
    image = cloud.request("GET", "/image/v2/images").body["images"][0]["id"]
    flavor = cloud.request("GET", f"{COMPUTE}/flavors").body["flavors"][0]["id"]
    wanted = {"name": name, "imageRef": image, "flavorRef": flavor, "networks": [{"port": port}]}
    cloud.create(f"{COMPUTE}/servers", "server", availability_zone=f"nova:{node}", **wanted)
    cloud.pass_time(5)


def _only(changes: list[ChangeSet]) -> ChangeSet:
    (found,) = (change for change in changes if change.rows or change.members)
    return found


# what the API and the store say


def _request_text(body: Any, answer: Answer) -> str:
    shown = {name: answer.body["port"][name] for name in SHOWN}
    left_out = len(answer.body["port"]) - len(shown)
    return "\n".join(
        [
            f"POST {NETWORK}/ports",
            _wrapped(json.dumps(body), 4),
            "",
            f"{answer.status} Created",
            f"x-openstack-request-id: {answer.headers['x-openstack-request-id']}",
            *(f"{name:<17} {json.dumps(value)}" for name, value in shown.items()),
            f"... and {left_out} more attributes",
        ]
    )


def _select(cloud: JourneyCloud, query: str, *arguments: str) -> list[sqlite3.Row]:
    connection = sqlite3.connect(cloud.cloud.settings.data_directory / "cloud.db")
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute(query, arguments).fetchall()
    finally:
        connection.close()


def _journal(cloud: JourneyCloud, request_id: str) -> str:
    rows = _select(cloud, "select kind, operation, key from journal where request_id = ? order by sequence", request_id)
    return "\n".join(_wrapped(f"{row['kind']:<20} {row['operation']:<7} {row['key']}", 29) for row in rows)


def _row(cloud: JourneyCloud, port: str) -> str:
    (row,) = _select(
        cloud, "select name, mac_address, fixed_ips, security_groups, status from ports where id = ?", port
    )
    return "\n".join(f"{name:>15} = {value}" for name, value in dict(row).items())


# what is derived


def _changes_text(changes: ChangeSet, only: type[Row] | None = None) -> str:
    rows = [change.new for change in changes.rows if only is None or change.row_type is only]
    lines = [line for row in rows if row is not None for line in _row_lines(row)]
    members = changes.members if only is None else []
    for change in members:
        relation = change.member.relation
        lines.append(f"{_table_name(relation.owner)} {change.member.parent}")
        lines.append(f"    {relation.name:<16} {'+=' if change.added else '-='} {change.member.child}")
    return "\n".join(lines)


def _table_name(owner: str) -> str:
    """OVN's name of the table that a row class declares."""
    return next(name for name, row_type in NORTHBOUND.tables.items() if row_type.__name__ == owner)


def _row_lines(row: Any) -> Iterator[str]:
    yield f"{declaration(type(row)).name} {row.uuid}"
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if name == "external_ids":
            continue
        if value is not None and value != "" and value != frozenset() and value != {}:
            shown = ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)
            if name != "uuid":
                yield f"    {name:<16} {shown}"


def _because(cloud: JourneyCloud, port: str) -> str:
    compiler = cloud.cloud.northbound
    row = next(row for row in compiler.northbound.rows(LogicalSwitchPort) if row.name == port)
    lines = []
    for reason in compiler.because((LogicalSwitchPort, row.uuid)):
        lines.append(f"Logical_Switch_Port {row.uuid}")
        lines.append(f"    made by rule {reason.rule}")
        lines.append(f"    from {type(reason.source).__name__} {reason.source.key()}")  # type: ignore[union-attr]
    return "\n".join(lines)


def _count(flows: Iterable[LogicalFlow]) -> str:
    stages: dict[str, int] = {}
    for flow in flows:
        stages[flow.external_ids["stage-name"]] = stages.get(flow.external_ids["stage-name"], 0) + 1
    return "\n".join(f"{number:>3} {stage}" for stage, number in sorted(stages.items()))


def _flow_text(flow: LogicalFlow) -> str:
    """As ovn-sbctl lflow-list prints it, in several lines."""
    head = f"uuid=0x{flow_cookie(flow):x}, table={flow.table_id}({flow.external_ids['stage-name']}), "
    return "\n".join(
        [
            f"{head}priority={flow.priority}",
            _wrapped(f"    match=({flow.match})", 11),
            _wrapped(f"    action=({flow.actions})", 12),
        ]
    )


def _openflow(
    cloud: JourneyCloud, port: str, logical: list[LogicalFlow], before: set[Flow]
) -> Iterator[tuple[str, str]]:
    """The flows that come to compute1 with the port, and with the server's start."""
    with_port = [flow for flow in cloud.cloud.nodes["compute1"].flows() if flow not in before]
    l2_lookup = {flow_cookie(flow) for flow in logical if flow.external_ids["stage-name"] == "ls_in_l2_lkup"}
    before |= set(with_port)
    _server(cloud, "vm1", "compute1", port)
    with_start = [flow for flow in cloud.cloud.nodes["compute1"].flows() if flow not in before]
    ends = [flow for flow in with_start if flow.table in (Table.PHYSICAL_TO_LOGICAL, Table.LOGICAL_TO_PHYSICAL)]
    yield (
        "openflow.count",
        f"{len(with_port):>3} flows came to br-int of compute1 with the port\n"
        f"{len(with_start):>3} flows came when vm1 was plugged in",
    )
    yield "openflow.logical", "\n".join(_openflow_text(flow) for flow in with_port if flow.cookie in l2_lookup)
    yield "openflow.physical", "\n".join(_openflow_text(flow) for flow in sorted(ends, key=lambda flow: flow.table))


def _openflow_text(flow: Flow) -> str:
    return _wrapped(format_flow(flow), 4)


# what travels


def _packet(cloud: JourneyCloud) -> Iterator[tuple[str, str]]:
    found = _ping(cloud)
    yield "console", "$ brume exec vm1 ping -c 1 10.0.1.30\n" + "\n".join(found.console)
    yield "frame", _wrapped(describe(_first(found.sent, "echo request"), ethernet=True), 4)
    yield "underlay", _wrapped(describe(_first(found.underlay, "echo request")), 4)
    yield "geneve", _octets(_first(found.underlay, "echo request"))
    yield "delivered", _wrapped(describe(_first(found.received, "echo request"), ethernet=True), 4)
    topology = LiveTopology(CloudSystem(cloud.cloud))
    text = render(Tracer(topology).trace(TraceRequest("vm1", "vm3", "icmp", None)))
    steps = text.split("\n\n")
    yield "trace.head", "$ brume trace vm1 vm3\n" + steps[0]
    yield "trace.routing", next(step for step in steps if step.startswith("2. "))
    yield "trace.tail", "\n\n".join(step for step in steps if step.startswith(("4. ", "6. ", "Verdict")))


def _refused(cloud: JourneyCloud, router: str, port: str) -> Iterator[tuple[str, str]]:
    """vm1 gets a floating IP; its security group lets nobody in from outside."""
    physical = {"router:external": True, "provider:network_type": "flat", "provider:physical_network": "physnet1"}
    public = cloud.create(f"{NETWORK}/networks", "network", name="public-net", **physical)["id"]
    subnet = {"network_id": public, "cidr": "203.0.113.0/24", "ip_version": 4, "enable_dhcp": False}
    cloud.create(f"{NETWORK}/subnets", "subnet", **subnet)
    gateway = {"router": {"external_gateway_info": {"network_id": public}}}
    cloud.request("PUT", f"{NETWORK}/routers/{router}", gateway)
    cloud.create(f"{NETWORK}/floatingips", "floatingip", floating_network_id=public, port_id=port)
    cloud.pass_time(5)
    text = render(Tracer(LiveTopology(CloudSystem(cloud.cloud))).trace(TraceRequest("outside", "vm1", "tcp", 80)))
    yield "trace.refused", "$ brume trace outside vm1 --tcp 80\n" + _without_steps(text)


def _without_steps(text: str) -> str:
    """The head and the verdict of a trace."""
    parts = text.split("\n\n")
    return "\n\n".join([parts[0], "...", parts[-1]])


def _first(frames: list[bytes], word: str) -> bytes:
    return next(frame for frame in frames if word in describe(frame))


def _ping(cloud: JourneyCloud) -> Capture:
    found = Capture([], [], [], [])
    vm1, vm3 = (_plug(cloud, name) for name in ("vm1", "vm3"))
    removals = [
        vm1.link.tap(lambda _, frame: found.sent.append(frame)),
        vm3.link.tap(lambda _, frame: found.received.append(frame)),
        cloud.cloud.network.underlay.tap(lambda _, frame: found.underlay.append(frame)),
    ]
    job = vm1.host.console.run(["ping", "-c", "1", "10.0.1.30"])
    cloud.pass_time(2)
    for remove in removals:
        remove()
    assert job.exit_code == 0, job.lines
    found.console.extend(job.lines)
    return found


def _plug(cloud: JourneyCloud, name: str) -> Any:
    running = next(running for running in cloud.cloud.instances.running.values() if running.plugs[0].host.name == name)
    return running.plugs[0]


def _octets(frame: bytes) -> str:
    """The outer headers, octet by octet, down to the frame inside."""
    lines = []
    for part in explain(frame):
        if part.name == "ethernet" and part.offset:
            break
        lines.append(part.name)
        lines += [f"    {row.octets.hex(' '):<20} {row.text}" for row in part.rows]
    return "\n".join(lines)


def _wrapped(text: str, indent: int) -> str:
    return "\n".join(
        textwrap.wrap(
            text,
            WIDTH,
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
            replace_whitespace=False,
        )
    )
