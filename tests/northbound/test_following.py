"""After any sequence of what tenants do, the northbound that followed equals one compiled from nothing.

And every row of it refers only to rows that are there: the store checks nothing of that, the rules must.
"""

from contextlib import suppress

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from brume.cloud.errors import CloudError
from brume.cloud.network import floating_ips, interfaces, networks, ports, routers, security_groups, subnets
from brume.cloud.network.resources import (
    DhcpOption,
    FloatingIp,
    GatewayInfo,
    Network,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from brume.northbound.schema import DHCPOptions, LogicalSwitchPort
from tests.northbound.conftest import World
from tests.northbound.steps import outside, same

CIDRS = ("10.0.1.0/28", "10.0.2.0/24", "203.0.113.0/24", "fd00:1::/64", "fd00:2::/64")
MODES = (None, "slaac", "dhcpv6-stateful", "dhcpv6-stateless")


class Tenants(RuleBasedStateMachine):
    """Everything a tenant can do, in any order; what is refused must leave no trace."""

    @initialize()
    def begin(self):
        self.world = World()
        self.world.chassis("gw1", gateway=True)
        public, _ = outside(self.world)
        network = self.world.network(name="private")
        router = self.world.router()
        self.world.plug(router, self.world.subnet(network))
        self.world.gateway(router, public)
        self.world.floating_ip(public, self.world.port(network))

    def some(self, kind, number):
        rows = sorted(self.world.look(lambda s: s.find(kind)), key=lambda row: row.id)
        return rows[number % len(rows)] if rows else None

    def attempt(self, function, *arguments):
        with suppress(CloudError):
            self.world.do(function, *arguments)

    numbers = st.integers(0, 50)

    @rule(kind=st.sampled_from(["geneve", "vlan"]))
    def add_network(self, kind):
        physical = "physnet1" if kind == "vlan" else None
        wish = {"provider_network_type": kind, "provider_physical_network": physical}
        self.attempt(networks.create, {"name": kind, **wish})

    @rule(number=numbers, cidr=st.sampled_from(CIDRS), dhcp=st.booleans(), mode=st.sampled_from(MODES))
    def add_subnet(self, number, cidr, dhcp, mode):
        version = 6 if ":" in cidr else 4
        wish = {"cidr": cidr, "ip_version": version, "enable_dhcp": dhcp or (version == 6 and mode is not None)}
        if version == 6:
            wish |= {"ipv6_ra_mode": mode, "ipv6_address_mode": mode}
        self.attempt(subnets.create, {"network_id": self.some(Network, number).id, **wish})

    @rule(number=numbers, secured=st.booleans(), options=st.sampled_from([(), (DhcpOption("mtu", "1400"),)]))
    def add_port(self, number, secured, options):
        wish = {"port_security_enabled": secured, "extra_dhcp_opts": options, "device_owner": "compute:nova"}
        self.attempt(ports.create, {"network_id": self.some(Network, number).id, **wish})

    @rule()
    def add_router(self):
        self.attempt(routers.create, {"name": "r"})

    @rule(router=numbers, subnet=numbers, add=st.booleans())
    def plug(self, router, subnet, add):
        found, wanted = self.some(Router, router), self.some(Subnet, subnet)
        if found is not None and wanted is not None:
            act = interfaces.add if add else interfaces.remove
            self.attempt(act, found, {"subnet_id": wanted.id})

    @rule(router=numbers, network=numbers, snat=st.booleans(), add=st.booleans())
    def gateway(self, router, network, snat, add):
        found = self.some(Router, router)
        if found is not None:
            wish = GatewayInfo(self.some(Network, network).id, snat) if add else None
            self.attempt(routers.update, found, {"external_gateway_info": wish})

    @rule(network=numbers, port=numbers)
    def add_floating_ip(self, network, port):
        wanted = self.some(Port, port)
        wish = {"floating_network_id": self.some(Network, network).id}
        self.attempt(floating_ips.create, wish | ({"port_id": wanted.id} if wanted else {}))

    @rule(number=numbers, port=numbers, associate=st.booleans())
    def move_floating_ip(self, number, port, associate):
        found, wanted = self.some(FloatingIp, number), self.some(Port, port)
        if found is not None:
            self.attempt(floating_ips.update, found, {"port_id": wanted.id if associate and wanted else None})

    @rule(stateful=st.booleans())
    def add_group(self, stateful):
        self.attempt(security_groups.create, {"name": "g", "stateful": stateful})

    @rule(group=numbers, remote=numbers, protocol=st.sampled_from([None, "tcp", "icmp"]))
    def add_rule(self, group, remote, protocol):
        found, other = self.some(SecurityGroup, group), self.some(SecurityGroup, remote)
        if found is not None and other is not None:
            wanted = {"security_group_id": found.id, "remote_group_id": other.id}
            wish = {**wanted, "direction": "ingress", "protocol": protocol}
            self.attempt(security_groups.create_rules, [wish])

    @rule(number=numbers, up=st.booleans())
    def report(self, number, up):
        port = self.some(Port, number)
        if port is not None:
            self.attempt(lambda c, s, _: ports.set_port_status(c, s, port.id, up))

    @rule(number=numbers, values=st.sampled_from([{"enable_dhcp": False}, {"dns_nameservers": ("8.8.8.8",)}]))
    def change_subnet(self, number, values):
        found = self.some(Subnet, number)
        if found is not None:
            self.attempt(subnets.update, found, values)

    @rule(number=numbers, groups=st.lists(numbers, max_size=2))
    def change_port(self, number, groups):
        found = self.some(Port, number)
        if found is not None:
            chosen = [self.some(SecurityGroup, group) for group in groups]
            wanted = tuple({group.id for group in chosen if group is not None})
            self.attempt(ports.update, found, {"security_groups": wanted})

    DELETE = (
        (Network, networks.delete),
        (Subnet, lambda c, s, _, row: subnets.delete(c, s, row)),
        (Port, ports.delete),
        (Router, routers.delete),
        (FloatingIp, floating_ips.delete),
        (SecurityGroup, security_groups.delete),
        (SecurityGroupRule, security_groups.delete_rule),
    )

    @rule(which=st.sampled_from(DELETE), number=numbers)
    def delete(self, which, number):
        kind, function = which
        found = self.some(kind, number)
        if found is not None and getattr(found, "name", "") != "public":
            self.attempt(function, found)

    @invariant()
    def options_are_there(self):
        nb = self.world.nb
        for row in nb.rows(LogicalSwitchPort):
            for uuid in (row.dhcpv4_options, row.dhcpv6_options):
                assert uuid is None or nb.get(DHCPOptions, uuid) is not None

    @invariant()
    def members_are_there(self):
        changes = self.world.nb.snapshot()
        rows = {change.key for change in changes.rows}
        for change in changes.members:
            assert change.member.parent in rows
            assert change.member.child in rows

    def teardown(self):
        if hasattr(self, "world"):
            same(self.world.nb, self.world.recompiled())


Tenants.TestCase.settings = settings(max_examples=12, stateful_step_count=30, deadline=None)
TestTenants = Tenants.TestCase
