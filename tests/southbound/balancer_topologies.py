"""Northbounds with load balancers: on switches and routers of all kinds, with every option."""

from __future__ import annotations

from brume.northbound.schema import (
    LoadBalancer,
    LoadBalancerGroup,
    LoadBalancerHealthCheck,
    LogicalRouter,
    LogicalSwitch,
)
from brume.tables.database import Database
from brume.tables.map import Map
from brume.tables.row import Relation
from tests.southbound.builder import Builder, uuid

BACKENDS = "10.0.0.11:8080,10.0.0.12:8080"
SIX = "[fd00::11]:8080,[fd00::12]:8080"


def balancer(build: Builder, name: str, vips: dict[str, str], protocol: str | None = None, **columns: object) -> str:
    """A load balancer; `columns` are columns of Load_Balancer, options as a dict."""
    options = columns.pop("options", {})
    row = LoadBalancer(
        uuid=uuid("balancer", name),
        name=name,
        vips=Map(vips),
        protocol=protocol,  # type: ignore[arg-type]
        options=Map(options),  # type: ignore[call-overload]
        **columns,  # type: ignore[arg-type]
    )
    build.transaction.put(row)
    return row.uuid


def balance(build: Builder, name: str, *, switches: tuple[str, ...] = (), routers: tuple[str, ...] = ()) -> None:
    """Put a load balancer on switches and routers."""
    for switch in switches:
        build.transaction.add(LogicalSwitch.load_balancer, uuid("switch", switch), uuid("balancer", name))
    for router in routers:
        build.transaction.add(LogicalRouter.load_balancer, uuid("router", router), uuid("balancer", name))


def balancer_group(build: Builder, name: str, *balancers: str) -> str:
    """A group of load balancers."""
    key = uuid("balancer group", name)
    build.transaction.put(LoadBalancerGroup(uuid=key, name=name))
    for one in balancers:
        build.transaction.add(LoadBalancerGroup.load_balancer, key, uuid("balancer", one))
    return key


def health_check(build: Builder, name: str, vip: str, **options: str) -> None:
    """Have the backends of one virtual address of a load balancer probed."""
    key = uuid("health check", name, vip)
    build.transaction.put(LoadBalancerHealthCheck(uuid=key, vip=vip, options=Map(options)))
    build.transaction.add(LoadBalancer.health_check, uuid("balancer", name), key)


def in_group(build: Builder, relation: Relation, kind: str, name: str, group: str) -> None:
    """Give a switch or a router a group of load balancers."""
    build.transaction.add(relation, uuid(kind, name), group)


def network() -> Builder:
    """A switch with two hosts, another with ACLs and a localnet port, a third without anything."""
    build = Builder()
    for switch in ("net", "guarded", "other"):
        build.switch(switch)
    for number in (11, 12):
        address = f"fa:16:3e:00:00:{number} 10.0.0.{number} fd00::{number}"
        build.port("net", f"vm{number}", address)
        build.port("guarded", f"guarded{number}", f"fa:16:3e:00:01:{number} 10.0.1.{number}")
    build.localnet("guarded", "provnet")
    build.localnet("other", "provnet-other")
    return build


def all_kinds(build: Builder) -> tuple[str, ...]:
    """One load balancer of each kind; returns their names."""
    balancer(build, "web", {"192.0.2.1:80": BACKENDS, "192.0.2.1:443": "10.0.0.11:443"}, "tcp")
    balancer(build, "dns", {"192.0.2.2:53": "10.0.0.11:53,10.0.0.12:53"}, "udp", selection_fields=frozenset({"ip_src"}))
    fields = frozenset({"ip_dst", "tp_src", "tp_dst", "eth_src"})
    balancer(build, "sctp", {"192.0.2.3:99": "10.0.0.11:9"}, "sctp", selection_fields=fields)
    balancer(build, "unsaid", {"192.0.2.4:99": "10.0.0.11:9"}, selection_fields=fields)
    balancer(build, "all ports", {"192.0.2.5": "10.0.0.11,10.0.0.12", "fd00::99": "fd00::11"})
    balancer(build, "six", {"[fd00::98]:80": SIX}, "tcp", options={"hairpin_snat_ip": "192.0.2.77 fd00::77"})
    balancer(build, "refusing", {"192.0.2.6:80": "", "192.0.2.6": ""}, "tcp", options={"reject": "true"})
    balancer(build, "empty", {"192.0.2.7:80": "", "[fd00::97]:80": ""}, "udp")
    balancer(build, "telling", {"192.0.2.8:80": "", "[fd00::96]:80": "", "192.0.2.8": ""}, options={"event": "true"})
    balancer(build, "loyal", {"192.0.2.9:80": BACKENDS, "192.0.2.9": "10.0.0.11"}, options={"affinity_timeout": "60"})
    balancer(
        build,
        "loyal six",
        {"[fd00::95]:80": SIX, "fd00::95": "fd00::12"},
        "sctp",
        options={"affinity_timeout": "99999"},
    )
    balancer(build, "nothing", {})
    balancer(build, "broken", {"192.0.2.10": BACKENDS, "192.0.2.11:80": "10.0.0.11", "web:80": BACKENDS,
                               "192.0.2.12:80": "[fd00::11]:80", "192.0.2.13:80": BACKENDS})  # fmt: skip
    balancer(build, "skipping", {"192.0.2.14:80": BACKENDS}, options={"skip_snat": "true", "affinity_timeout": "10"})
    return ("web", "dns", "sctp", "unsaid", "all ports", "six", "refusing", "empty", "telling", "loyal", "loyal six",
            "nothing", "broken", "skipping")  # fmt: skip


def balanced_switches() -> Database:
    """Every kind of load balancer on a switch without ACLs, and on one with ACLs that track nothing."""
    build = network()
    for name in all_kinds(build):
        balance(build, name, switches=("net", "guarded"))
    switch = uuid("switch", "guarded")
    build.acl(switch, "to-lport", "ip4", "allow", 1001)
    build.acl(switch, "from-lport", "tcp", "allow-stateless", 1001)
    build.acl(switch, "from-lport", "udp", "drop", 1001)
    return build.apply()


def balanced_switch_with_stateful_acls() -> Database:
    """Load balancing and connection tracking for ACLs; a balancer without addresses changes nothing elsewhere."""
    build = Builder(default_acl_drop="true")
    build.switch("net")
    build.switch("plain")
    options = build.dhcp4("10.0.0.0/24", "10.0.0.1")
    build.port("net", "vm11", "fa:16:3e:00:00:11 10.0.0.11", dhcpv4_options=options)
    build.port("plain", "vm12", "fa:16:3e:00:00:12 10.0.0.12")
    build.localnet("plain", "provnet")
    all_kinds(build)
    build.acl(uuid("switch", "net"), "to-lport", "ip4", "allow-related", 1001)
    build.acl(uuid("switch", "net"), "from-lport", "udp", "allow-stateless", 1001)
    balance(build, "web", switches=("net",))
    balance(build, "nothing", switches=("plain",))
    build.router("router")
    build.interface("router", "net", "fa:16:3e:aa:00:01", "10.0.0.1/24")
    build.interface("router", "plain", "fa:16:3e:aa:00:02", "10.1.0.1/24")
    return build.apply()


def routers(build: Builder, **options: str) -> None:
    """Three routers: without a gateway, with a gateway port, and on one chassis."""
    build.router("inside", **options)
    build.interface("inside", "net", "fa:16:3e:aa:00:01", "10.0.0.1/24", "fd00::1/64")
    build.router("gate", **options)
    build.interface("gate", "net", "fa:16:3e:aa:01:01", "10.0.0.2/24", "fd00::2/64")
    build.interface("gate", "guarded", "fa:16:3e:aa:01:02", "192.0.2.14/24", gateways=("compute1",), nat_addresses=True)
    build.nat("gate", "snat", "192.0.2.14", "10.0.0.0/24")
    build.nat("gate", "dnat_and_snat", "192.0.2.1", "10.0.0.11")
    build.router("chassis", chassis="compute1", **options)
    build.interface("chassis", "net", "fa:16:3e:aa:02:01", "10.0.0.3/24", "fd00::3/64")
    build.interface("chassis", "other", "fa:16:3e:aa:02:02", "192.0.2.13/24", "192.0.2.20/25", nat_addresses=True)
    build.nat("chassis", "dnat_and_snat", "192.0.2.2", "10.0.0.11")


def balanced_routers() -> Database:
    """Every kind of load balancer on every kind of router, all of them with NAT beside."""
    build = network()
    routers(build)
    for name in all_kinds(build):
        balance(build, name, routers=("inside", "gate", "chassis"))
    return build.apply()


def routers_that_change_sources() -> Database:
    """lb_force_snat_ip and dnat_force_snat_ip, given."""
    build = network()
    routers(build, lb_force_snat_ip="192.0.2.33 fd00::33", dnat_force_snat_ip="192.0.2.13")
    for name in all_kinds(build):
        balance(build, name, routers=("inside", "gate", "chassis"))
    return build.apply()


def routers_that_use_their_ports_addresses() -> Database:
    """lb_force_snat_ip=router_ip, which counts on a router on one chassis only; one without any translation, too."""
    build = network()
    routers(build, lb_force_snat_ip="router_ip")
    build.router("alone", chassis="compute2", lb_force_snat_ip="router_ip")
    build.interface("alone", "net", "fa:16:3e:aa:03:01", "10.0.0.4/24")
    for name in all_kinds(build):
        balance(build, name, routers=("inside", "gate", "chassis", "alone"))
    return build.apply()


def balancers_in_groups() -> Database:
    """Groups on switches and routers; routers that answer for all of their addresses, or for none."""
    build = network()
    routers(build)
    balancer(build, "web", {"198.51.100.1:80": BACKENDS}, options={"neighbor_responder": "all", "add_route": "true"})
    balancer(build, "silent", {"192.0.2.50:80": BACKENDS, "[fd00::50]:80": SIX}, options={"neighbor_responder": "none"})
    balancer(build, "local", {"192.0.2.51:80": BACKENDS, "[fd00::51]:80": SIX, "203.0.113.1": "10.0.0.11"})
    first = balancer_group(build, "first", "web", "silent")
    second = balancer_group(build, "second", "web", "local")
    in_group(build, LogicalSwitch.load_balancer_group, "switch", "net", first)
    in_group(build, LogicalSwitch.load_balancer_group, "switch", "guarded", second)
    for router in ("inside", "gate", "chassis"):
        in_group(build, LogicalRouter.load_balancer_group, "router", router, first)
        in_group(build, LogicalRouter.load_balancer_group, "router", router, second)
    return build.apply()


def balancers_before_their_routers() -> Database:
    """install_ls_lb_from_router: what routers balance, the switches next to them do."""
    build = Builder(install_ls_lb_from_router="true")
    for switch in ("net", "guarded", "other"):
        build.switch(switch)
        build.port(switch, f"{switch}-vm", f"fa:16:3e:00:00:0{len(switch)} 10.0.0.1{len(switch)}")
    routers(build)
    all_kinds(build)
    balance(build, "web", routers=("inside", "gate"))
    balance(build, "six", routers=("chassis",))
    balance(build, "dns", switches=("other",))
    return build.apply()


def probed_backends() -> Database:
    """Health checks: of some addresses, of backends that are probed, unknown or on a port that is off."""
    build = network()
    build.port("net", "off", "fa:16:3e:00:00:13 10.0.0.13", enabled=False)
    routers(build)
    at = {"10.0.0.11": "vm11:10.0.0.250", "10.0.0.12": "vm12:10.0.0.250", "10.0.0.13": "off:10.0.0.250",
          "10.0.0.14": "missing:10.0.0.250", "10.0.0.15": "vm11", "10.0.0.16": "vm11:nowhere",
          "[fd00::11]": "vm11:[fd00::250]"}  # fmt: skip
    backends = ",".join(f"10.0.0.{number}:80" for number in range(11, 18))
    vips = {"192.0.2.1:80": backends, "192.0.2.1:81": BACKENDS, "[fd00::98]:80": SIX}
    names = ["web", "same", "dns", "sctp", "dead", "refusing"]
    for name, protocol in (("web", "tcp"), ("same", None), ("dns", "udp"), ("sctp", "sctp")):
        fields = frozenset({"ip_src"}) if name == "web" else frozenset()
        balancer(build, name, vips, protocol, ip_port_mappings=Map(at), selection_fields=fields)
        for vip in ("192.0.2.1:80", "[fd00::98]:80"):
            health_check(build, name, vip, interval="5", timeout="20", success_count="3", failure_count="3")
    balancer(build, "dead", {"192.0.2.1:82": BACKENDS})
    balancer(build, "refusing", {"192.0.2.1:83": BACKENDS, "192.0.2.1": "10.0.0.11"}, options={"reject": "true"})
    for name, vip in (("dead", "192.0.2.1:82"), ("refusing", "192.0.2.1:83"), ("refusing", "192.0.2.1")):
        health_check(build, name, vip)
    for name in names:
        balance(build, name, switches=("net",), routers=("inside", "gate", "chassis"))
    return build.apply()


BALANCER_TOPOLOGIES = (
    probed_backends,
    balanced_switches,
    balanced_switch_with_stateful_acls,
    balanced_routers,
    routers_that_change_sources,
    routers_that_use_their_ports_addresses,
    balancers_in_groups,
    balancers_before_their_routers,
)
