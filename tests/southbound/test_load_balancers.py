"""Stories of load balancers in the compiler: what runs again, who is left out, what leads where, what is said."""

from __future__ import annotations

from msgspec.structs import replace

from brume.derive.rules import Problem
from brume.northbound.schema import LoadBalancer as NorthboundBalancer
from brume.northbound.schema import LoadBalancerGroup, LogicalSwitch
from brume.southbound.schema import LoadBalancer, LogicalDPGroup, LogicalFlow, ServiceMonitor
from brume.tables.database import Transaction
from brume.tables.map import Map
from tests.southbound.balancer_topologies import balance, balancer, balancer_group, health_check, network
from tests.southbound.builder import Builder, uuid
from tests.southbound.test_compiler import Lab


def balancers(count: int) -> Builder:
    """So many load balancers on a switch and on a router."""
    build = network()
    build.router("router")
    build.interface("router", "net", "fa:16:3e:aa:00:01", "10.0.0.1/24")
    for number in range(count):
        add_balancer(build, number, "10.0.0.11:80")
    return build


def add_balancer(build: Builder, number: int, backends: str) -> None:
    balancer(build, f"lb{number}", {f"192.0.{2 + (number >> 8)}.{number & 255}:80": backends}, "tcp")
    balance(build, f"lb{number}", switches=("net",), routers=("router",))


def rules_for(count: int, number: int, backends: str) -> int:
    """How many rules run when load balancer `number` gets these backends, where there are so many."""
    lab = Lab(balancers(count))
    add_balancer(lab.build, number, backends)
    lab.build.apply()
    return lab.compiler.ran()


def test_one_more_load_balancer_runs_a_constant_number_of_rules() -> None:
    assert rules_for(10, 10, "10.0.0.11:80") == rules_for(500, 500, "10.0.0.11:80") < 30


def test_one_more_backend_runs_a_constant_number_of_rules() -> None:
    assert rules_for(10, 3, "10.0.0.11:80,10.0.0.12:80") == rules_for(500, 3, "10.0.0.11:80,10.0.0.12:80") < 15


def test_one_more_backend_changes_only_the_flows_that_name_it() -> None:
    lab = Lab(balancers(5))
    before = set(lab.southbound.rows(LogicalFlow))
    add_balancer(lab.build, 3, "10.0.0.11:80,10.0.0.12:80")
    lab.build.apply()
    new = set(lab.southbound.rows(LogicalFlow)) - before
    assert {flow.external_ids["stage-name"] for flow in new} == {"ls_in_lb", "lr_in_dnat"}
    assert all("10.0.0.12:80" in str(flow.actions) for flow in new)


def test_a_flow_leads_back_to_its_load_balancer() -> None:
    lab = Lab(balancers(1))
    for stage in ("ls_in_lb 120", "lr_in_dnat 120"):
        (flow,) = lab.flows(stage)
        (reason,) = lab.compiler.because((LogicalFlow, flow.key()))
        assert isinstance(reason.source, NorthboundBalancer)


def test_the_last_load_balancer_takes_connection_tracking_along() -> None:
    lab = Lab(balancers(1))
    tracked = lab.flows("ls_in_pre_lb", "reg0[2] = 1")
    assert [flow.logical_datapath for flow in tracked] == [uuid("switch", "net")]
    transaction = Transaction()
    transaction.delete(NorthboundBalancer, uuid("balancer", "lb0"))
    lab.northbound.apply(transaction)
    assert not lab.flows("ls_in_pre_lb", "reg0[2] = 1")
    assert not lab.flows("192.0.2.0")
    assert not lab.southbound.rows(LoadBalancer)
    assert not lab.southbound.rows(LogicalDPGroup)


def test_a_load_balancer_that_joins_a_group_is_where_the_group_is() -> None:
    build = network()
    group = balancer_group(build, "group")
    for switch in ("net", "other"):
        build.transaction.add(LogicalSwitch.load_balancer_group, uuid("switch", switch), group)
    balancer(build, "late", {"192.0.2.1:80": "10.0.0.11:80"})
    lab = Lab(build)
    assert not lab.flows("ls_in_lb 120")
    lab.build.transaction.add(LoadBalancerGroup.load_balancer, group, uuid("balancer", "late"))
    lab.build.apply()
    assert {flow.logical_datapath for flow in lab.flows("ls_in_lb 120")} == {
        uuid("switch", "net"),
        uuid("switch", "other"),
    }


def rules_for_one_more_in_a_group(count: int) -> int:
    """How many rules run when a group that three switches have, with so many load balancers, gets one more."""
    build = network()
    group = balancer_group(build, "group")
    for switch in ("net", "guarded", "other"):
        build.transaction.add(LogicalSwitch.load_balancer_group, uuid("switch", switch), group)
    for number in range(count + 1):
        balancer(build, f"lb{number}", {f"192.0.{2 + (number >> 8)}.{number & 255}:80": "10.0.0.11:80"}, "tcp")
        if number < count:
            build.transaction.add(LoadBalancerGroup.load_balancer, group, uuid("balancer", f"lb{number}"))
    lab = Lab(build)
    lab.build.transaction.add(LoadBalancerGroup.load_balancer, group, uuid("balancer", f"lb{count}"))
    lab.build.apply()
    assert len(lab.flows("ls_in_lb 120")) == 3 * (count + 1)
    return lab.compiler.ran()


def test_one_more_load_balancer_in_a_group_runs_a_constant_number_of_rules() -> None:
    assert rules_for_one_more_in_a_group(10) == rules_for_one_more_in_a_group(300) < 30


def probed() -> Lab:
    """Two backends that are probed, on ports that are up."""
    build = network()
    mappings = Map({"10.0.0.11": "vm11:10.0.0.250", "10.0.0.12": "vm12:10.0.0.250"})
    vips = {"192.0.2.1:80": "10.0.0.11:80,10.0.0.12:80"}
    balancer(build, "web", vips, "tcp", ip_port_mappings=mappings)
    health_check(build, "web", "192.0.2.1:80", interval="1")
    balance(build, "web", switches=("net",))
    lab = Lab(build)
    for name in ("vm11", "vm12"):
        claim(lab, name, True)
    return lab


def claim(lab: Lab, name: str, up: bool) -> None:
    """A chassis says that a port is up, or not."""
    transaction = Transaction()
    transaction.put(replace(lab.binding(name), up=up))
    lab.southbound.apply(transaction)


def found(lab: Lab, address: str, status: str | None) -> None:
    """A chassis says what it found of a backend."""
    (row,) = [row for row in lab.southbound.rows(ServiceMonitor) if row.ip == address]
    transaction = Transaction()
    transaction.put(replace(row, status=status))  # type: ignore[arg-type]
    lab.southbound.apply(transaction)


def chosen(lab: Lab) -> str:
    (flow,) = lab.flows("ls_in_lb 120")
    return str(flow.actions)


def test_a_backend_that_is_found_dead_is_left_out_until_it_lives() -> None:
    lab = probed()
    assert "backends=10.0.0.11:80,10.0.0.12:80)" in chosen(lab)
    found(lab, "10.0.0.11", "offline")
    assert "backends=10.0.0.12:80)" in chosen(lab)
    found(lab, "10.0.0.12", "error")
    assert chosen(lab) == "drop;"
    found(lab, "10.0.0.11", "online")
    assert "backends=10.0.0.11:80)" in chosen(lab)
    claim(lab, "vm11", False)
    assert chosen(lab) == "drop;"
    claim(lab, "vm11", True)
    assert "backends=10.0.0.11:80)" in chosen(lab)
    assert {row.status for row in lab.southbound.rows(ServiceMonitor)} == {"online", "error"}


def test_what_was_found_outlives_a_restart_of_the_compiler() -> None:
    lab = probed()
    found(lab, "10.0.0.11", "offline")
    again = Lab(lab.build, lab.southbound)
    assert "backends=10.0.0.12:80)" in chosen(again)
    found(again, "10.0.0.11", "online")
    assert "backends=10.0.0.11:80,10.0.0.12:80)" in chosen(again)


def test_what_cannot_be_read_is_said() -> None:
    build = network()
    vips = {"web:80": "10.0.0.11:80", "192.0.2.1:80": "10.0.0.11", "192.0.2.2": "10.0.0.11:80", "192.0.2.3": "fd00::1",
            "192.0.2.4:80": "10.0.0.11:80"}  # fmt: skip
    balancer(build, "broken", vips)
    balancer(build, "template", {"^vip:80": "^backends"}, options={"template": "true"})
    balance(build, "broken", switches=("net",))
    balance(build, "template", switches=("net",))
    lab = Lab(build)
    said = {problem.message for problem in lab.southbound.rows(Problem) if problem.table == "Load_Balancer"}
    assert said == {
        "vip 'web:80' is neither an address nor an address and a port",
        "vip '192.0.2.1:80': backend '10.0.0.11' is not an address and a port",
        "vip '192.0.2.2': backend '10.0.0.11:80' is not an address",
        "vip '192.0.2.3': backend 'fd00::1' is of another family",
        "template load balancers are not compiled",
    }
    assert len(lab.flows("ls_in_lb 120")) == 1
