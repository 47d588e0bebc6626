"""Small northbounds about what routers do beyond the nearest way: equal routes, route tables, policies, BFD."""

from __future__ import annotations

from msgspec.structs import replace

from brume.northbound.schema import (
    BFD,
    LogicalRouter,
    LogicalRouterPolicy,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    StaticMACBinding,
)
from brume.tables.database import Database
from brume.tables.map import Map
from tests.southbound.builder import Builder, uuid


class RouterBuilder(Builder):
    """A builder that knows the rarer columns of routers."""

    def way(self, router: str, prefix: str, nexthop: str, **columns: object) -> str:
        """A static route; `columns` are columns of Logical_Router_Static_Route."""
        key = uuid("route", router, prefix, nexthop, *(f"{name}={value}" for name, value in sorted(columns.items())))
        row = LogicalRouterStaticRoute(uuid=key, ip_prefix=prefix, nexthop=nexthop, **columns)  # type: ignore[arg-type]
        self.transaction.put(row)
        self.transaction.add(LogicalRouter.static_routes, uuid("router", router), key)
        return key

    def policy(self, router: str, priority: int, match: str, action: str, *hops: str, **columns: object) -> str:
        key = uuid("policy", router, str(priority), match)
        row = LogicalRouterPolicy(
            uuid=key,
            priority=priority,
            match=match,
            action=action,  # type: ignore[arg-type]
            nexthops=frozenset(hops),
            **columns,  # type: ignore[arg-type]
        )
        self.transaction.put(row)
        self.transaction.add(LogicalRouter.policies, uuid("router", router), key)
        return key

    def session(self, port: str, neighbor: str, **columns: object) -> str:
        """A BFD session."""
        key = uuid("bfd", port, neighbor)
        self.transaction.put(BFD(uuid=key, logical_port=port, dst_ip=neighbor, **columns))  # type: ignore[arg-type]
        return key

    def neighbor(self, port: str, ip: str, mac: str, override: bool = False) -> str:
        """A neighbour whose MAC is given."""
        key = uuid("static mac", port, ip)
        row = StaticMACBinding(uuid=key, logical_port=port, ip=ip, mac=mac, override_dynamic_mac=override)
        self.transaction.put(row)
        return key


def edge(**options: str) -> RouterBuilder:
    """A router with hosts on one side and two links to the outside on the other."""
    build = RouterBuilder()
    for name in ("inside", "left", "right"):
        build.switch(name)
    build.port("inside", "vm", "fa:16:3e:00:00:01 10.0.0.11 fd00::11")
    build.router("edge", **options)
    links = (
        ("inside", "10.0.0.1/24", "fd00::1/64"),
        ("left", "192.0.2.1/25", "192.0.2.129/25", "fd00:1::1/64"),
        ("right", "198.51.100.1/24", "fd00:2::1/64"),
    )
    for number, (switch, *networks) in enumerate(links, 1):
        # Keys are asked for, because flows of symmetric replies name them and ovn-northd gives them by its own order.
        key = Map({"requested-tnl-key": str(number)})
        build.interface("edge", switch, f"fa:16:3e:aa:00:0{number}", *networks, options=key)
    return build


def equal_routes() -> Database:
    """Groups of two and of three, by destination and by source, IPv4 and IPv6; single routes beside them."""
    build = edge()
    for hop in ("192.0.2.9", "192.0.2.139", "198.51.100.9"):
        build.way("edge", "0.0.0.0/0", hop)
    for hop in ("192.0.2.10", "198.51.100.10"):
        build.way("edge", "10.0.0.0/24", hop, policy="src-ip")
        build.way("edge", "203.0.113.0/24", hop, options=Map({"ecmp_symmetric_reply": "true"}))
    for hop in ("fd00:1::9", "fd00:2::9"):
        build.way("edge", "::/0", hop)
    build.way("edge", "203.0.113.128/25", "192.0.2.11")
    build.way("edge", "203.0.113.7/32", "discard")
    build.way("edge", "fd00:dead::/32", "discard")
    build.way("edge", "203.0.113.8/32", "", output_port="lrp-edge-left")
    build.way("edge", "203.0.113.9/32", "10.9.9.9", output_port="lrp-edge-right")
    build.way("edge", "203.0.113.10", "192.0.2.12", policy="dst-ip")
    build.way("edge", "10.7.0.0/16", "192.0.2.12", options=Map({"origin": "connected"}))
    build.way("edge", "10.7.0.0/16", "198.51.100.12", options=Map({"origin": "connected"}))
    return build.apply()


def unusable_routes() -> Database:
    """Next hops that nobody reaches, mixed families, no prefix: left out, and what is left is no group."""
    build = edge()
    build.way("edge", "0.0.0.0/0", "192.0.2.9")
    build.way("edge", "0.0.0.0/0", "10.99.0.1")
    build.way("edge", "0.0.0.0/0", "fd00:1::9")
    build.way("edge", "10.8.0.0/16", "nobody")
    build.way("edge", "many", "192.0.2.9")
    build.way("edge", "10.8.0.0/16", "192.0.2.9", output_port="missing")
    return build.apply()


def link_local_next_hops() -> Database:
    """Next hops fe80::... are on every link: the port says on which; a route to fe80:: is good on its port only."""
    build = edge()
    build.way("edge", "fd00:3::/64", "fe80::9", output_port="lrp-edge-left")
    build.way("edge", "fd00:3::/64", "fe80::9", output_port="lrp-edge-right")
    build.way("edge", "fd00:4::/64", "fe80::8", output_port="lrp-edge-right")
    build.way("edge", "fd00:5::/64", "fe80::7")
    build.way("edge", "fe80::/64", "fd00:1::9")
    return build.apply()


def route_tables() -> Database:
    """Ports with tables of their own; routes in those, in a table that no port names, and in the main one."""
    build = edge()
    for name, table in (("red", "red"), ("blue", "blue")):
        build.switch(name)
        mac = f"fa:16:3e:aa:01:{len(name):02x}"
        network = f"10.{len(name)}.0.1/24"
        build.interface("edge", name, mac, network, options=Map({"route_table": table}))
    build.way("edge", "0.0.0.0/0", "192.0.2.9")
    build.way("edge", "0.0.0.0/0", "192.0.2.10", route_table="red")
    for hop in ("192.0.2.11", "198.51.100.11"):
        build.way("edge", "0.0.0.0/0", hop, route_table="blue")
    build.way("edge", "10.0.0.0/24", "198.51.100.12", route_table="unused", policy="src-ip")
    build.way("edge", "10.3.0.0/24", "198.51.100.13", route_table="red", options=Map({"origin": "connected"}))
    return build.apply()


def symmetric_replies() -> Database:
    """A router on a chassis remembers by which of equal routes a connection came."""
    build = edge(chassis="compute1")
    symmetric = Map({"ecmp_symmetric_reply": "true"})
    for hop in ("192.0.2.9", "192.0.2.10", "198.51.100.9"):
        build.way("edge", "0.0.0.0/0", hop, options=symmetric)
    build.way("edge", "10.0.0.11/32", "192.0.2.9", options=symmetric, policy="src-ip")
    build.way("edge", "10.0.0.11/32", "198.51.100.9", policy="src-ip")
    for hop in ("fd00:1::9", "fd00:2::9"):
        build.way("edge", "::/0", hop, options=symmetric)
    return build.apply()


def policies() -> Database:
    """Allow, drop and reroute, with a mark, with one and with several next hops; those that cannot be used."""
    build = edge()
    build.way("edge", "0.0.0.0/0", "192.0.2.9")
    build.policy("edge", 10, "ip4.src == 10.0.0.0/24", "allow")
    build.policy("edge", 11, "ip4.src == 10.0.0.0/24 && ip4.dst == 10.0.0.0/8", "allow", options=Map({"pkt_mark": "7"}))
    build.policy("edge", 20, "ip4.dst == 203.0.113.66 || ip4.dst == 203.0.113.67", "drop")
    build.policy("edge", 30, "ip4.src == 10.0.0.11", "reroute", "198.51.100.9", options=Map({"pkt_mark": "100"}))
    build.policy("edge", 31, "ip4.src == 10.0.0.12", "reroute", nexthop="198.51.100.10")
    build.policy("edge", 32, "ip6.src == fd00::11", "reroute", "fd00:2::9")
    build.policy(
        "edge", 40, "ip4.src == 10.0.0.13", "reroute", "192.0.2.10", "198.51.100.11", options=Map({"pkt_mark": "5"})
    )
    build.policy("edge", 41, "ip6.src == fd00::13", "reroute", "fd00:1::10", "fd00:2::10")
    build.policy("edge", 50, "ip4.src == 10.0.0.14", "reroute", "192.0.2.10", "fd00:1::10")
    build.policy("edge", 51, "ip4.src == 10.0.0.15", "reroute", "192.0.2.10", "10.99.0.1")
    build.policy("edge", 52, "ip4.src == 10.0.0.16", "reroute", "10.99.0.1")
    build.policy("edge", 53, "ip4.src == 10.0.0.17", "reroute")
    return build.apply()


def watched_next_hops() -> Database:
    """Routes that depend on BFD sessions which nobody has answered yet, and a session that no route asks for."""
    build = edge()
    left = build.session("lrp-edge-left", "192.0.2.9", min_tx=250, min_rx=250, detect_mult=3)
    right = build.session("lrp-edge-right", "198.51.100.9")
    build.session("lrp-edge-right", "198.51.100.77")
    build.way("edge", "0.0.0.0/0", "192.0.2.9", bfd=left)
    build.way("edge", "0.0.0.0/0", "198.51.100.9", bfd=right)
    build.way("edge", "0.0.0.0/0", "192.0.2.10")
    build.way("edge", "203.0.113.0/24", "192.0.2.10", bfd=left)
    return build.apply()


def known_neighbors() -> Database:
    """Neighbours whose MAC is given, and one on a port that is not there."""
    build = edge(dynamic_neigh_routers="true", mac_binding_age_threshold="300")
    build.neighbor("lrp-edge-left", "192.0.2.9", "fa:16:3e:dd:00:09")
    build.neighbor("lrp-edge-left", "fd00:1::9", "fa:16:3e:dd:00:09", override=True)
    build.neighbor("missing", "192.0.2.9", "fa:16:3e:dd:00:10")
    build.router("next")
    build.interface("next", "left", "fa:16:3e:aa:01:02", "192.0.2.2/25")
    return build.apply()


def translations_for_some() -> Database:
    """NAT with ports, for allowed addresses outside or for all but exempted ones, on both kinds of router."""
    build = edge()
    for name, addresses in (("partners", ("198.51.100.0/24",)), ("private", ("172.16.0.0/12", "192.168.0.0/16"))):
        build.address_set(name, *addresses)
    build.switch("public")
    build.router("gateway", chassis="compute1")
    build.interface("gateway", "public", "fa:16:3e:aa:02:01", "203.0.113.9/24")
    bridged = Map({"redirect-type": "bridged"})
    build.interface("edge", "public", "fa:16:3e:aa:02:02", "203.0.113.8/24", gateways=("compute1",), options=bridged)
    partners, private = uuid("set", "partners"), uuid("set", "private")
    for number, router in enumerate(("gateway", "edge"), 1):
        outside, inside = f"203.0.113.{number}", f"10.{number}.0."
        build.nat(router, "snat", f"{outside}0", f"{inside}0/24", exempted_ext_ips=private)
        build.nat(router, "snat", f"{outside}1", f"{inside}128/25", allowed_ext_ips=partners, external_port_range="1-9")
        build.nat(router, "dnat_and_snat", f"{outside}2", f"{inside}2", exempted_ext_ips=private)
        build.nat(router, "dnat_and_snat", f"{outside}3", f"{inside}3", allowed_ext_ips=partners)
        build.nat(router, "dnat", f"{outside}4", f"{inside}4", allowed_ext_ips=partners, external_port_range="5-6")
        build.nat(router, "dnat", f"{outside}5", f"{inside}5", allowed_ext_ips=partners, exempted_ext_ips=private)
        stateless = Map({"stateless": "true"})
        build.nat(router, "dnat_and_snat", f"{outside}6", f"{inside}6", options=stateless, allowed_ext_ips=partners)
        build.nat(
            router, "dnat_and_snat", f"{outside}7", f"{inside}7", logical_port="vm", external_mac="0a:00:00:00:00:77"
        )
    return build.apply()


def advertised_networks() -> Database:
    """What ports advertise by themselves: everything, bounds, defaults, mistakes; and prefixes that are asked for."""
    build = edge()
    for name, configs in (
        ("all", {"max_interval": "100", "min_interval": "90", "mtu": "1442", "rdnss": "fd00::53", "dnssl": "a.example",
                 "router_preference": "HIGH", "route_info": "HIGH-fd00:7::/64"}),
        ("long", {"max_interval": "9999", "min_interval": "9999", "mtu": "1000", "router_preference": "highest"}),
        ("short", {"max_interval": "-1", "min_interval": "many", "address_mode": "dhcpv6_stateful"}),
        ("usual", {"address_mode": "dhcpv6_stateless"}),
        ("never", {"send_periodic": "false"}),
        ("wrong", {"address_mode": "by hand"}),
    ):  # fmt: skip
        build.switch(name)
        number = len(name) * 16 + ord(name[0]) % 16
        key = build.interface(
            "edge", name, f"fa:16:3e:aa:05:{number:02x}", f"fd00:{number:x}::1/64", f"fd01:{number:x}::1/48"
        )
        row = build.transaction.rows[LogicalRouterPort, key]
        told = Map({"send_periodic": "true", "address_mode": "slaac", **configs})
        asks = Map({"prefix_delegation": "true", "prefix": "true"} if name == "all" else {"prefix": "false"})
        build.transaction.put(replace(row, ipv6_ra_configs=told, options=asks))
    return build.apply()


ROUTER_TOPOLOGIES = (
    advertised_networks,
    translations_for_some,
    equal_routes,
    unusable_routes,
    link_local_next_hops,
    route_tables,
    symmetric_replies,
    policies,
    watched_next_hops,
    known_neighbors,
)
