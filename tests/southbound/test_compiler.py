"""Stories of the compiler: what is made, what runs again, what a row came from, what a restart keeps."""

from __future__ import annotations

import msgspec

from brume.derive.rules import Problem
from brume.northbound.schema import ACL, LogicalRouter, LogicalSwitch, LogicalSwitchPort, Mirror, PortGroup
from brume.southbound.compiler import Compiler
from brume.southbound.schema import (
    Chassis,
    DatapathBinding,
    HAChassis,
    LogicalFlow,
    MulticastGroup,
    PortBinding,
    port_binding_by_logical_port,
)
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from tests.southbound.builder import Builder, chassis, uuid
from tests.southbound.topologies import neutron


class Lab:
    """A northbound that is being written, and its southbound."""

    def __init__(self, build: Builder, southbound: Database | None = None) -> None:
        self.build = build
        self.northbound = build.apply()
        self.southbound = Database("southbound") if southbound is None else southbound
        self.compiler = Compiler(self.northbound, self.southbound)
        self.compiler.start()
        self.northbound.subscribe(self.compiler.update)
        self.southbound.subscribe(self.compiler.observe)

    def flows(self, *parts: str) -> list[LogicalFlow]:
        """The flows whose stage, match or actions contain all the parts."""
        return [flow for flow in self.southbound.rows(LogicalFlow) if all(part in said(flow) for part in parts)]

    def binding(self, port: str) -> PortBinding:
        (found,) = self.southbound.find(port_binding_by_logical_port, port)
        return found


def said(flow: LogicalFlow) -> str:
    return f"{flow.external_ids['stage-name']} {flow.priority} {flow.match} -> {flow.actions}"


def network(ports: int) -> Builder:
    """One network as Neutron writes it, with that many ports."""
    build = Builder()
    build.switch("net")
    build.dhcp4("10.0.0.0/16", "10.0.0.1")
    build.drop_group()
    build.security_group("pg_default")
    for number in range(ports):
        add_instance(build, number)
    return build


def add_instance(build: Builder, number: int) -> None:
    address = f"fa:16:3e:00:{number >> 8:02x}:{number & 255:02x} 10.0.{number >> 8}.{number & 255}"
    build.port("net", f"vm{number}", address, dhcpv4_options=uuid("dhcp", "10.0.0.0/16"))
    for group in ("neutron_pg_drop", "pg_default"):
        build.transaction.add(PortGroup.ports, uuid("group", group), uuid("port", f"vm{number}"))


def rules_for_one_more(ports: int) -> int:
    """How many rules run when a network of so many ports gets one more."""
    lab = Lab(network(ports))
    add_instance(lab.build, ports)
    lab.build.apply()
    assert {str(key) for _, key in lab.compiler.engine.ran if isinstance(key, str)} == {uuid("port", f"vm{ports}")}
    return lab.compiler.ran()


def test_one_more_port_runs_a_constant_number_of_rules() -> None:
    assert rules_for_one_more(10) == rules_for_one_more(1000) < 25


def test_the_first_stateful_acl_makes_its_switch_track_connections() -> None:
    build = network(0)
    build.switch("alone")
    build.port("alone", "vm", "fa:16:3e:00:00:01 10.0.0.1")
    lab = Lab(build)
    assert not lab.flows("ls_in_pre_acl", "reg0[0] = 1")
    lab.build.acl(uuid("switch", "alone"), "to-lport", "ip4", "allow-related")
    lab.build.apply()
    tracked = lab.flows("ls_in_pre_acl", "reg0[0] = 1")
    assert [flow.logical_datapath for flow in tracked] == [uuid("switch", "alone")]


def test_a_port_leaves_and_takes_everything_along() -> None:
    lab = Lab(network(2))
    transaction = Transaction()
    transaction.delete(LogicalSwitchPort, uuid("port", "vm1"))
    transaction.remove(LogicalSwitch.ports, uuid("switch", "net"), uuid("port", "vm1"))
    for group in ("neutron_pg_drop", "pg_default"):
        transaction.remove(PortGroup.ports, uuid("group", group), uuid("port", "vm1"))
    lab.northbound.apply(transaction)
    assert lab.flows('"vm0"')
    assert not lab.flows('"vm1"')
    assert not lab.flows("fa:16:3e:00:00:01")
    assert not lab.southbound.owners(MulticastGroup.ports, uuid("port", "vm1"))


def test_a_flow_leads_back_to_the_acl_that_made_it() -> None:
    lab = Lab(network(1))
    (flow,) = lab.flows("ls_out_acl", "tcp.dst == 22", "reg0[7] == 1")
    (reason,) = lab.compiler.because((LogicalFlow, flow.key()))
    assert isinstance(reason.source, ACL)
    assert reason.source.match.endswith("tcp.dst == 22")
    (flow,) = lab.flows("ls_in_arp_rsp 50")
    (reason,) = lab.compiler.because((LogicalFlow, flow.key()))
    assert reason.source == lab.northbound.get(LogicalSwitchPort, uuid("port", "vm0"))


def test_what_a_chassis_writes_stays() -> None:
    lab = Lab(network(1), chassis("compute1"))
    transaction = Transaction()
    row = lab.binding("vm0")
    assert row.up is False
    bound = {"uuid": row.uuid, "logical_port": "vm0", "datapath": row.datapath, "tunnel_key": row.tunnel_key}
    transaction.put(PortBinding(**bound, chassis=uuid("chassis", "compute1"), up=True))  # type: ignore[arg-type]
    lab.southbound.apply(transaction)
    lab.build.port("net", "vm0", "fa:16:3e:00:00:99 10.0.0.99")
    lab.build.apply()
    after = lab.binding("vm0")
    assert (after.chassis, after.up) == (uuid("chassis", "compute1"), True)
    assert after.mac == {"fa:16:3e:00:00:99 10.0.0.99"}


def test_a_chassis_that_comes_later_is_found_by_those_who_asked_for_it() -> None:
    build = network(0)
    build.port("net", "vm", "fa:16:3e:00:00:01", options=Map({"requested-chassis": "compute1"}))
    build.router("router")
    build.interface("router", "net", "fa:16:3e:00:01:01", "10.0.0.1/16", gateways=("compute1",))
    lab = Lab(build)
    assert lab.binding("vm").requested_chassis is None
    transaction = Transaction()
    transaction.put(Chassis(uuid="c1", name="compute1"))
    lab.southbound.apply(transaction)
    assert lab.binding("vm").requested_chassis == "c1"
    assert [row.chassis for row in lab.southbound.rows(HAChassis)] == ["c1"]


def test_a_restart_keeps_keys_and_removes_what_nobody_makes() -> None:
    lab = Lab(network(3))
    transaction = Transaction()
    transaction.delete(LogicalSwitchPort, uuid("port", "vm0"))
    transaction.remove(LogicalSwitch.ports, uuid("switch", "net"), uuid("port", "vm0"))
    lab.northbound.apply(transaction)
    before = {row.logical_port: row.tunnel_key for row in lab.southbound.rows(PortBinding)}
    transaction = Transaction()
    transaction.put(DatapathBinding(uuid="stranger", tunnel_key=99))
    lab.southbound.apply(transaction)
    again = Lab(lab.build, lab.southbound)
    assert {row.logical_port: row.tunnel_key for row in again.southbound.rows(PortBinding)} == before
    assert before == {"vm1": 2, "vm2": 3}
    assert again.southbound.get(DatapathBinding, "stranger") is None


def test_starting_again_on_what_is_there_changes_nothing() -> None:
    northbound, southbound = neutron(), chassis("compute1")
    Compiler(northbound, southbound).start()
    assert not Compiler(northbound, southbound).start()


def test_what_is_not_compiled_is_said() -> None:
    build = network(0)
    build.port("net", "dynamic", "dynamic")
    build.port("net", "gateway", "unknown", type="vtep")
    for row in (LogicalSwitch(uuid=uuid("protected"), name="protected", copp=uuid("copp")),
                LogicalRouter(uuid=uuid("router"), name="router", copp=uuid("copp"))):  # fmt: skip
        build.transaction.put(row)
    lab = Lab(build)
    said = sorted((problem.table, problem.message.partition(":")[0]) for problem in lab.southbound.rows(Problem))
    assert said == [
        ("Logical_Router", "copp"),
        ("Logical_Switch", "copp"),
        ("Logical_Switch_Port", "asks for dynamic addresses; the switch has no other_config"),
        ("Logical_Switch_Port", "vtep ports are not compiled"),
    ]


def test_what_nobody_can_be_given_is_said() -> None:
    """Addresses that cannot be read are passed over as by ovn-northd; whoever wrote them is to know it."""
    build = network(0)
    for name, addresses in (("x", "fa:16:3e:00:00:01 10.0.0.300 10.0.0.4"), ("y", "zz"), ("z", "fa:16:3e:00:00:02")):
        build.port("net", name, addresses)
    build.port("net", "any", "unknown")
    build.dhcp("four", "10.0.0.0/24", server_id="10.0.0.1")
    build.dhcp("six", "fd00::/64")
    build.dhcp("bad", "10.0.0.300/24")
    said = sorted(problem.message for problem in Lab(build).southbound.rows(Problem))
    assert said == [
        "addresses 'fa:16:3e:00:00:01 10.0.0.300 10.0.0.4': not a MAC and IP addresses from '10.0.0.300 10.0.0.4' on",
        "addresses 'zz': not a MAC and IP addresses from 'zz' on",
        "cidr '10.0.0.300/24' is not a network",
        "nobody is offered an address of 10.0.0.0/24: options without server_mac, lease_time",
        "nobody is offered an address of fd00::/64: options without server_id",
    ]


def test_a_route_needs_a_next_hop_of_its_family() -> None:
    build = network(0)
    build.router("r")
    build.interface("r", "net", "fa:16:3e:00:00:fe", "10.0.0.1/24", "fd00::1/64")
    build.route("r", "0.0.0.0/0", "fd00::9")
    build.route("r", "::/0", "10.0.0.9")
    build.route("r", "10.9.0.0/16", "10.0.0.9")
    lab = Lab(build)
    problems = {problem.message for problem in lab.southbound.rows(Problem)}
    assert problems == {
        "ip_prefix '0.0.0.0/0' and nexthop 'fd00::9' are of different families",
        "ip_prefix '::/0' and nexthop '10.0.0.9' are of different families",
    }


def test_what_belongs_to_a_router_that_is_off_is_no_problem() -> None:
    build = network(0)
    router = build.router("r")
    build.nat("r", "snat", "192.0.2.1", "10.0.0.0/24")
    build.route("r", "0.0.0.0/0", "192.0.2.9")
    row = build.transaction.rows[LogicalRouter, router]
    build.transaction.put(msgspec.structs.replace(row, enabled=False))
    assert not Lab(build).southbound.rows(Problem)
    build.transaction.put(row)
    assert {problem.table for problem in Lab(build).southbound.rows(Problem)} == {"NAT", "Logical_Router_Static_Route"}


def test_mirrors_that_a_port_has_are_said_to_be_for_real_switches() -> None:
    build = Builder()
    build.switch("net")
    first, second = (
        build.port("net", name, f"fa:16:3e:00:00:0{number} 10.0.0.{number}") for number, name in enumerate("ab", 1)
    )
    build.transaction.put(
        Mirror(uuid=uuid("mirror"), name="copy", filter="to-lport", type="gre", sink="192.0.2.1", index=1)
    )
    for port in (first, second):
        build.transaction.add(LogicalSwitchPort.mirror_rules, port, uuid("mirror"))
    build.mirror("nobody's")
    southbound = Lab(build).southbound
    problems = [(problem.table, problem.row) for problem in southbound.rows(Problem)]
    assert problems == [("Mirror", uuid("mirror"))]
    assert set(southbound.owners(PortBinding.mirror_rules, uuid("mirror"))) == {first, second}
