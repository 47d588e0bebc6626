"""Small northbounds, as Neutron writes them: each a network story that the compiler and ovn-northd must agree on."""

from __future__ import annotations

from brume.tables.database import Database
from brume.tables.map import Map
from tests.southbound.balancer_topologies import BALANCER_TOPOLOGIES
from tests.southbound.builder import Builder, uuid
from tests.southbound.router_topologies import ROUTER_TOPOLOGIES


def one_switch() -> Database:
    """Two ports, one of them disabled, no security groups."""
    build = Builder()
    build.switch("net")
    build.port("net", "vm1", "fa:16:3e:00:00:01 10.0.0.11 fd00::11")
    build.port("net", "vm2", "fa:16:3e:00:00:02 10.0.0.12", enabled=False)
    return build.apply()


def tenant_networks(build: Builder) -> None:
    """Two networks with two instances each, a DHCP agent's port, and two security groups."""
    for number, name in enumerate(("private", "other")):
        build.switch(name, mcast_snoop="false")
        options = build.dhcp4(f"10.0.{number}.0/24", f"10.0.{number}.1")
        for host in (11, 12):
            build.port(
                name,
                f"{name}-vm{host}",
                f"fa:16:3e:00:0{number}:{host} 10.0.{number}.{host}",
                dhcpv4_options=options,
                options=Map({"requested-chassis": "compute1", "mcast_flood_reports": "true"}),
                external_ids=Map({"neutron:port_name": f"{name}-vm{host}"}),
            )
        dhcp = f"fa:16:3e:00:0{number}:02 10.0.{number}.2"
        build.port(name, f"{name}-dhcp", dhcp, type="localport", secured=False)
    vms = [f"{name}-vm{host}" for name in ("private", "other") for host in (11, 12)]
    build.drop_group(*vms)
    build.security_group("pg_default", *vms[:3])
    build.security_group("pg_web", vms[3])


def neutron() -> Database:
    """Two networks behind a router with a gateway and a floating IP; security groups, DHCP, the external network."""
    build = Builder()
    tenant_networks(build)
    build.switch("public")
    build.localnet("public", "provnet-public")
    build.router("router")
    build.interface("router", "private", "fa:16:3e:aa:00:01", "10.0.0.1/24")
    build.interface("router", "other", "fa:16:3e:aa:00:02", "10.0.1.1/24")
    gateways = ("compute1", "compute2")
    build.interface("router", "public", "fa:16:3e:aa:00:03", "203.0.113.10/24", gateways=gateways, nat_addresses=True)
    build.route("router", "0.0.0.0/0", "203.0.113.1")
    build.nat("router", "snat", "203.0.113.10", "10.0.0.0/24")
    build.nat("router", "snat", "203.0.113.10", "10.0.1.0/24")
    build.nat("router", "dnat_and_snat", "203.0.113.20", "10.0.0.11", logical_port="private-vm11")
    return build.apply()


def distributed_floating_ip() -> Database:
    """A floating IP with a MAC of its own, translated on the instance's chassis; the router sits on a chassis group."""
    build = Builder()
    tenant_networks(build)
    build.switch("public")
    build.localnet("public", "provnet-public", tag=100)
    build.port("public", "on-public", "fa:16:3e:bb:00:01 203.0.113.50", secured=False)
    build.router("router", always_learn_from_arp_request="false")
    resides = Map({"reside-on-redirect-chassis": "true"})
    build.interface("router", "private", "fa:16:3e:aa:00:01", "10.0.0.1/24", "fd00:0:0:1::1/64", options=resides)
    port = build.interface("router", "public", "fa:16:3e:aa:00:03", "203.0.113.10/24", nat_addresses=True)
    build.on_group(port, build.chassis_group("group", "compute1", "compute2", "lost"))
    mac = "fa:16:3e:cc:00:01"
    build.nat("router", "dnat_and_snat", "203.0.113.20", "10.0.0.11", logical_port="private-vm11", external_mac=mac)
    build.nat("router", "dnat_and_snat", "203.0.113.21", "10.0.0.12")
    return build.apply()


def kinds_of_acl() -> Database:
    """Every action, direction and option of an ACL, on a switch that tracks connections and on one that does not."""
    build = Builder()
    for name in ("tracking", "plain"):
        switch = build.switch(name)
        build.port(name, f"{name}-vm", "fa:16:3e:00:00:01 10.0.0.11")
        for direction in ("from-lport", "to-lport"):
            build.acl(switch, direction, "ip4 && tcp", "reject", 10)
            build.acl(switch, direction, "ip4 && udp || ip6", "drop", 20, log=True, name="dropped", severity="warning")
            build.acl(switch, direction, "arp", "allow", 30, log=True, meter="meter")
            build.acl(switch, direction, "icmp4", "reject", 40, log=True)
            build.acl(switch, direction, "ip4 && sctp", "allow", 50, options=Map({"apply-after-lb": "true"}))
            build.acl(switch, direction, "ip6 && udp", "allow-stateless", 60, log=True, name="stateless")
    for direction in ("from-lport", "to-lport"):
        logged = Map({"log-related": "true"})
        build.acl(uuid("switch", "tracking"), direction, "tcp.dst == 22", "allow-related", 70)
        build.acl(
            uuid("switch", "tracking"), direction, "tcp.dst == 80", "allow-related", 71, label=7, log=True,
            name="labelled", options=logged,
        )  # fmt: skip
    return build.apply()


def other_settings() -> Database:
    """NB_Global's options that change flows, and a switch that carries its ports' VLAN tags."""
    build = Builder(default_acl_drop="true", use_ct_inv_match="false", ignore_lsp_down="false")
    tenant_networks(build)
    build.switch("transparent", **{"vlan-passthru": "true"})
    build.port("transparent", "trunk", "fa:16:3e:00:09:01 10.0.9.1", "unknown", secured=False)
    build.port("transparent", "plain", "fa:16:3e:00:09:02 10.0.9.2")
    return build.apply()


def ports_of_all_kinds() -> Database:
    """Unknown addresses, two localnets, learning, a container, an external host, DHCPv6, odd names and addresses."""
    build = Builder()
    build.switch("net", **{"requested-tnl-key": "77"})
    build.localnet("net", "provnet")
    learning = Map({"network_name": "physnet2", "localnet_learn_fdb": "true"})
    build.port("net", "learning", "unknown", type="localnet", options=learning)
    build.port("net", "promiscuous", "fa:16:3e:00:01:01 10.0.0.21", "unknown", secured=False)
    build.port("net", 'odd "name"', "FA:16:3E:00:01:02 10.0.0.22/24 FD00:0::22", "fa:16:3e:00:01:03")
    build.port("net", "nobody", "10.0.0.9", secured=False)
    build.port("net", "container", "fa:16:3e:00:01:04 10.0.0.24", parent_name="promiscuous", tag=5)
    stateful = build.dhcp("six", "fd00::/64", server_id="fa:16:3e:00:00:01", dns_server="fd00::53")
    stateless = build.dhcp("none", "fd00::/64", server_id="fa:16:3e:00:00:01", dhcpv6_stateless="true")
    four = build.dhcp4("10.0.0.0/24", "10.0.0.1")
    lacking = build.dhcp("lacking", "10.0.0.0/24", server_id="10.0.0.1")
    build.port("net", "dual", "fa:16:3e:00:02:01 10.0.0.31 fd00::31", dhcpv4_options=four, dhcpv6_options=stateful,
               options=Map({"hostname": '"dual"'}))  # fmt: skip
    build.port("net", "stateless", "fa:16:3e:00:02:02 10.0.0.32 fd00::32", dhcpv4_options=lacking,
               dhcpv6_options=stateless)  # fmt: skip
    build.port("net", "elsewhere", "fa:16:3e:00:02:03 192.0.2.7", dhcpv4_options=four, enabled=False)
    build.port("net", "outside", "fa:16:3e:00:02:04 10.0.0.34 fd00::34", type="external", dhcpv4_options=four,
               dhcpv6_options=stateful, ha_chassis_group=build.chassis_group("hosts", "compute1"))  # fmt: skip
    build.port("net", "dangling", "router", secured=False, type="router", options=Map({"router-port": "missing"}))
    build.router("router")
    build.interface("router", "net", "fa:16:3e:aa:00:01", "10.0.0.1/24", "fd00::1/64")
    build.address_set("as1", "10.0.0.1", "10.0.0.2")
    return build.apply()


def routers_only() -> Database:
    """A switch between two routers, without hosts; one of the routers lives on a chassis and has localnet beside it."""
    build = Builder()
    build.switch("transit")
    build.router("left")
    build.router("right", chassis="compute1")
    build.interface("left", "transit", "fa:16:3e:aa:01:01", "169.254.0.1/30")
    build.interface("right", "transit", "fa:16:3e:aa:01:02", "169.254.0.2/30")
    build.switch("public")
    build.localnet("public", "provnet")
    build.interface("right", "public", "fa:16:3e:aa:01:03", "203.0.113.9/24", nat_addresses=True)
    build.nat("right", "snat", "203.0.113.9", "10.0.0.0/8")
    build.nat("right", "dnat_and_snat", "203.0.113.19", "10.0.0.9")
    return build.apply()


def routers_without_a_switch_between() -> Database:
    """Two routers whose ports name each other; a third names one that does not answer, a fourth one that is not."""
    build = Builder()
    for name in ("left", "right", "third", "fourth"):
        build.router(name)
    build.link("left", "right", "fa:16:3e:aa:01:01", "172.16.0.1/30")
    build.link("right", "left", "fa:16:3e:aa:01:02", "172.16.0.2/30", "172.17.0.2/30", "fd00::2/64")
    build.link("third", "right", "fa:16:3e:aa:01:03", "172.16.0.1/30")
    build.link("fourth", "nobody", "fa:16:3e:aa:01:04", "172.18.0.1/30")
    build.switch("net")
    build.port("net", "vm", "fa:16:3e:00:00:01 10.0.0.11")
    build.interface("left", "net", "fa:16:3e:aa:01:05", "10.0.0.1/24")
    build.route("right", "10.0.0.0/24", "172.16.0.1")
    return build.apply()


def names() -> Database:
    """Names on two switches, one of which tracks connections; a row without records, and one that no switch has."""
    build = Builder()
    tenant_networks(build)
    build.switch("quiet")
    build.dns("shared", "private", "quiet", vm_Example_org="10.0.0.11 FD00::B", www_example_org="192.0.2.80")
    build.dns("reverse", "private", **{"11_0_0_10_in-addr_arpa": "VM.example.org"})
    build.dns("empty", "other")
    build.dns("nowhere", gone_example_org="192.0.2.1")
    return build.apply()


def virtual_ports() -> Database:
    """Addresses that several ports may have: IPv4 and IPv6, behind a distributed floating IP, and mistaken ones."""
    build = Builder()
    tenant_networks(build)
    build.switch("public")
    build.localnet("public", "provnet-public")
    build.router("router")
    build.interface("router", "private", "fa:16:3e:aa:00:01", "10.0.0.1/24", "fd00::1/64")
    build.interface("router", "public", "fa:16:3e:aa:00:03", "203.0.113.10/24", gateways=("compute1",))
    may_have = "private-vm11,private-vm12,,other-vm11,nobody"
    for name, ip in (("vip4", "10.0.0.50"), ("vip6", "fd00::50"), ("elsewhere", "192.0.2.50")):
        options = Map({"virtual-ip": ip, "virtual-parents": may_have})
        build.port("private", name, f"fa:16:3e:00:0a:50 {ip}", secured=False, type="virtual", options=options)
    for name, words in (("wordless", {}), ("wrong", {"virtual-ip": "10.0.0.x", "virtual-parents": may_have})):
        build.port("private", name, "fa:16:3e:00:0a:51 10.0.0.51", secured=False, type="virtual", options=Map(words))
    mac = "fa:16:3e:cc:00:01"
    build.nat("router", "dnat_and_snat", "203.0.113.20", "10.0.0.50", logical_port="vip4", external_mac=mac)
    return build.apply()


def limits() -> Database:
    """Marks and rates in both directions, and logs that meters limit: shared, fair, and one that is not there."""
    build = Builder()
    switch = build.switch("net")
    build.port("net", "vm", "fa:16:3e:00:00:01 10.0.0.11")
    for direction in ("from-lport", "to-lport"):
        build.qos("net", direction, "ip4", 100, rate=1000)
        build.qos("net", direction, "ip4 && udp", 200, rate=500, burst=50, dscp=46)
        build.qos("net", direction, "ip6", 300, dscp=0)
        build.qos("net", direction, "tcp", 400, burst=7)
    build.meter("shared", (10, 0), (20, 5))
    build.meter("fair", (30, 3), unit="kbps", fair=True)
    build.meter("unfair", (40, 0), fair=False)
    for priority, meter in enumerate(("shared", "fair", "unfair", "missing")):
        build.acl(switch, "to-lport", "udp", "drop", priority, log=True, meter=meter)
        build.acl(switch, "from-lport", "udp", "allow-related", priority, log=True, meter=meter)
        build.acl(switch, "from-lport", "tcp", "reject", priority, log=meter == "fair", meter=meter)
    return build.apply()


def forwarding_groups() -> Database:
    """One on each switch: of several, ovn-northd forgets some."""
    build = Builder()
    for number, switch in enumerate(("one", "watched")):
        build.switch(switch)
        hosts = [f"{switch}-vm{host}" for host in range(3)]
        for host, name in enumerate(hosts):
            build.port(switch, name, f"fa:16:3e:00:0{number}:0{host} 10.0.{number}.1{host}")
        children = (*hosts, "nobody")
        build.forwarding_group(switch, f"10.0.{number}.100", "00:11:22:33:44:55", *children, liveness=number > 0)
    return build.apply()


def snooping() -> Database:
    """Switches that send multicast only to who asks: plain, with ports that get all, beside a relaying router."""
    build = Builder()
    numbers = {"mcast_idle_timeout": "5", "mcast_query_interval": "9999", "mcast_table_size": "ten"}
    querier = {"mcast_eth_src": "00:00:00:00:00:09", "mcast_ip4_src": "10.0.0.9", "mcast_ip6_src": "fe80::9"}
    build.switch("plain", mcast_snoop="true", mcast_idle_timeout="60", **querier)
    build.switch("flooding", mcast_snoop="TRUE", mcast_flood_unregistered="true", mcast_querier="false", **numbers)
    build.switch("static", mcast_snoop="true", mcast_query_max_response="7")
    build.switch("relayed", mcast_snoop="true")
    build.switch("deaf")
    for switch in ("plain", "flooding", "static", "relayed", "deaf"):
        for number in range(2):
            build.port(switch, f"{switch}-vm{number}", f"fa:16:3e:00:00:0{number} 10.0.0.1{number}")
    all_of_it = Map({"mcast_flood": "true"})
    build.port("static", "static-all", "fa:16:3e:00:00:05 10.0.0.15", options=all_of_it)
    build.localnet("plain", "provnet-plain")
    build.router("relaying", mcast_relay="true")
    build.interface("relaying", "relayed", "fa:16:3e:aa:00:01", "10.0.0.1/24")
    build.router("quiet")
    build.interface("quiet", "plain", "fa:16:3e:aa:00:02", "10.0.0.1/24")
    return build.apply()


TOPOLOGIES = (
    one_switch,
    neutron,
    distributed_floating_ip,
    kinds_of_acl,
    other_settings,
    ports_of_all_kinds,
    routers_only,
    routers_without_a_switch_between,
    names,
    virtual_ports,
    limits,
    forwarding_groups,
    snooping,
    *ROUTER_TOPOLOGIES,
    *BALANCER_TOPOLOGIES,
)
