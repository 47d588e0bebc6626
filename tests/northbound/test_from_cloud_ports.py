"""What tenants ask of ports and subnets, and the northbound rows that follow: switch ports and DHCP options."""

import pytest

from brume.cloud.network.resources import AddressPair, DhcpOption, FixedIp, Port
from brume.northbound.from_cloud.names import group_name
from brume.northbound.schema import (
    DHCPOptions,
    LogicalSwitch,
    LogicalSwitchPort,
    PortGroup,
)


def test_a_subnet_is_a_row_of_dhcp_options(world):
    network = world.network()
    subnet = world.subnet(network, dns_nameservers=("8.8.8.8",))
    row = world.one(DHCPOptions)
    metadata = world.look(lambda s: s.first(Port, network_id=network.id)).fixed_ips[0].ip_address
    assert row.cidr == "10.0.1.0/24"
    assert row.external_ids["subnet_id"] == subnet.id
    mac = row.options["server_mac"]
    assert mac.startswith("fa:16:3e:")
    assert row.options == {
        "server_id": "10.0.1.1",
        "server_mac": mac,
        "lease_time": "43200",
        "mtu": "1442",
        "router": "10.0.1.1",
        "dns_server": "{8.8.8.8}",
        "classless_static_route": f"{{169.254.169.254/32,{metadata}, 0.0.0.0/0,10.0.1.1}}",
    }


def test_a_port_is_a_logical_switch_port_in_its_groups(world):
    network = world.network()
    world.subnet(network)
    port = world.port(network, name="vm1", binding_host_id="cmp1", device_owner="compute:nova")
    row = world.one(LogicalSwitchPort, name=port.id)
    address = port.fixed_ips[0].ip_address
    assert row.addresses == {f"{port.mac_address} {address}"}
    assert row.port_security == row.addresses
    assert row.options == {"requested-chassis": "cmp1"}
    assert row.up is None
    assert row.dhcpv4_options == world.one(DHCPOptions).uuid
    assert row.external_ids["neutron:cidrs"] == f"{address}/24"
    assert row.external_ids["neutron:port_name"] == "vm1"
    switch = world.one(LogicalSwitch)
    assert row.uuid in world.nb.members(LogicalSwitch.ports, switch.uuid)
    groups = {world.nb.get(PortGroup, uuid).name for uuid in world.nb.owners(PortGroup.ports, row.uuid)}
    assert groups == {"neutron_pg_drop", group_name(world.default_group().id)}


def test_a_port_without_port_security_may_be_anybody(world):
    network = world.network()
    world.subnet(network)
    port = world.port(network, port_security_enabled=False)
    row = world.one(LogicalSwitchPort, name=port.id)
    assert row.port_security == frozenset()
    assert row.addresses == {f"{port.mac_address} {port.fixed_ips[0].ip_address}", "unknown"}
    assert world.nb.owners(PortGroup.ports, row.uuid) == ()


def test_address_pairs_widen_port_security(world):
    network = world.network()
    world.subnet(network)
    pairs = (AddressPair("", "10.0.1.200"), AddressPair("fa:16:3e:00:00:99", "10.0.1.201"))
    port = world.port(network, allowed_address_pairs=pairs)
    row = world.one(LogicalSwitchPort, name=port.id)
    own = f"{port.mac_address} {port.fixed_ips[0].ip_address}"
    assert row.port_security == {f"{own} 10.0.1.200", "fa:16:3e:00:00:99 10.0.1.201"}
    assert row.addresses == {own, "fa:16:3e:00:00:99"}


def test_a_reserved_address_that_others_may_use_is_a_virtual_port(world):
    network = world.network()
    world.subnet(network)
    shared = world.port(network)
    address = shared.fixed_ips[0].ip_address
    row = world.one(LogicalSwitchPort, name=shared.id)
    assert row.type == ""
    pairs = (AddressPair("", address),)
    parents = [world.port(network, allowed_address_pairs=pairs) for _ in range(2)]
    row = world.one(LogicalSwitchPort, name=shared.id)
    assert row.type == "virtual"
    assert row.options == {"virtual-ip": address, "virtual-parents": ",".join(sorted(one.id for one in parents))}
    assert row.addresses == {f"{shared.mac_address} {address}"}
    assert row.dhcpv4_options
    world.port(world.network(name="other"), allowed_address_pairs=pairs)
    assert world.one(LogicalSwitchPort, name=shared.id) == row


def test_a_port_of_a_server_is_nobody_elses(world):
    """And one's own address among one's own pairs says nothing."""
    network = world.network()
    world.subnet(network)
    bound = world.port(network, binding_host_id="cmp1", device_owner="compute:nova")
    pairs = (AddressPair("", bound.fixed_ips[0].ip_address),)
    other = world.port(network, allowed_address_pairs=pairs)
    assert world.one(LogicalSwitchPort, name=bound.id).type == ""
    assert world.one(LogicalSwitchPort, name=other.id).type == ""
    own = (FixedIp(ip_address="10.0.1.77"),)
    alone = world.port(network, fixed_ips=own, allowed_address_pairs=(AddressPair("", "10.0.1.77"),))
    assert world.one(LogicalSwitchPort, name=alone.id).type == ""


def test_extra_dhcp_options_make_a_row_of_their_own(world):
    network = world.network()
    world.subnet(network)
    options = (DhcpOption("bootfile-name", "pxe.0"), DhcpOption("66", "10.0.1.9"))
    port = world.port(network, extra_dhcp_opts=options)
    row = world.nb.get(DHCPOptions, world.one(LogicalSwitchPort, name=port.id).dhcpv4_options)
    assert row.external_ids["port_id"] == port.id
    assert row.options["bootfile_name"] == '"pxe.0"'
    assert row.options["tftp_server"] == '"10.0.1.9"'
    assert row.options["server_id"] == "10.0.1.1"


@pytest.mark.parametrize(
    ("name", "value", "printed"),
    [
        ("domain-name", "example.org", '"example.org"'),
        ("domain-name", '"example.org"', '"example.org"'),
        ("domain-name", '"', None),
        ("domain-name", 'x"); outport = "lsp"; output; ("', None),
        ("domain-name", '"x"); outport = "lsp"; output; ("', None),
        ("domain-name", "x\\", None),
        ("domain-name", "x\n", None),
        ("ntp-server", "192.0.2.1", "192.0.2.1"),
        ("ntp-server", "192.0.2.1,192.0.2.2", "{192.0.2.1, 192.0.2.2}"),
        ("ntp-server", "{192.0.2.1}", "192.0.2.1"),
        ("ntp-server", "fd00::5", None),
        ("ntp-server", "192.0.2.1); output; (", None),
        ("mtu", "1300", "1300"),
        ("mtu", "70000", None),
        ("mtu", "1300, router = 10.0.1.9", None),
        ("ip-forward-enable", "1", "1"),
        ("ip-forward-enable", "2", None),
        ("249", "10.9.0.0/16,10.0.1.9", "{10.9.0.0/16,10.0.1.9}"),
        ("249", "10.9.0.0/16", None),
        ("249", "fd00::/16,10.0.1.9", None),
        ("no-such-option", "1", None),
    ],
)
def test_options_are_printed_anew_or_left_out(world, name, value, printed):
    """What a tenant writes never gets into an action as it is; and a mistake does not cost the port its DHCP."""
    network = world.network()
    world.subnet(network)
    port = world.port(network, extra_dhcp_opts=(DhcpOption("lease-time", "600"), DhcpOption(name, value)))
    row = world.nb.get(DHCPOptions, world.one(LogicalSwitchPort, name=port.id).dhcpv4_options)
    assert row.options["lease_time"] == "600"
    common = {"server_id", "server_mac", "lease_time", "mtu", "router", "classless_static_route"}
    own = set(row.options) - common | ({"mtu"} if row.options["mtu"] != "1442" else set())
    assert [row.options[one] for one in own] == ([] if printed is None else [printed])


def test_the_metadata_port_is_on_every_chassis(world):
    world.subnet(world.network())
    row = world.one(LogicalSwitchPort)
    assert row.type == "localport"
    assert row.external_ids["neutron:mtu"] == "1442"
    assert row.dhcpv4_options is None
