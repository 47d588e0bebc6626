"""Ports: addresses of both families, changes that keep what is kept, and constant work."""

import pytest

from brume.cloud.network import ports, subnets
from brume.cloud.network.errors import AllocationOnAutoAddressSubnet
from brume.cloud.network.resources import DhcpOption, FixedIp, IpAllocation, Pool, Port, PortSecurityGroup
from brume.cloud.network.security_group_errors import SecurityGroupConflict
from brume.cloud.network.security_groups import create as create_group

SLAAC = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}


def test_hosts_make_their_own_ipv6_address(rules):
    network, _ = rules.network("fd00:77::/64", **SLAAC)
    port = rules.port(network, mac_address="fa:16:3e:ce:c5:33")
    assert [fixed.ip_address for fixed in port.fixed_ips] == ["fd00:77::f816:3eff:fece:c533"]
    with pytest.raises(AllocationOnAutoAddressSubnet):
        rules.port(network, fixed_ips=(FixedIp("", "fd00:77::5"),))


def test_a_new_slaac_subnet_gives_present_ports_an_address(rules):
    network, _ = rules.network()
    port = rules.port(network)
    wish = {"network_id": network.id, "ip_version": 6, "cidr": "fd00::/64", **SLAAC}
    subnet = rules.do(subnets.create, wish)
    after = rules.rows(Port, id=port.id)[0]
    assert [fixed.subnet_id for fixed in after.fixed_ips[1:]] == [subnet.id]
    rules.do(lambda context, session, _: subnets.delete(context, session, subnet))
    assert rules.rows(Port, id=port.id)[0].fixed_ips == port.fixed_ips


def test_stateful_dhcpv6_gives_an_address_of_the_pool(rules):
    modes = {"ipv6_ra_mode": "dhcpv6-stateful", "ipv6_address_mode": "dhcpv6-stateful"}
    network, subnet = rules.network("fd00:5::/64", **modes)
    port = rules.port(network)
    assert port.fixed_ips[0].subnet_id == subnet.id
    assert port.fixed_ips[0].ip_address.startswith("fd00:5::")


def test_an_update_by_subnet_keeps_the_address(rules):
    network, subnet = rules.network(allocation_pools=(Pool("10.0.0.10", "10.0.0.99"),))
    port = rules.port(network)
    same = rules.do(ports.update, port, {"fixed_ips": (FixedIp(subnet.id, ""),)})
    assert same == port
    more = rules.do(ports.update, port, {"fixed_ips": (FixedIp(subnet.id, ""), FixedIp("", "10.0.0.200"))})
    assert [fixed.ip_address for fixed in more.fixed_ips] == [port.fixed_ips[0].ip_address, "10.0.0.200"]
    none = rules.do(ports.update, more, {"fixed_ips": ()})
    assert none.fixed_ips == ()
    assert rules.rows(IpAllocation, port_id=port.id) == []


def test_deleting_a_port_gives_everything_back(rules):
    network, _ = rules.network()
    port = rules.port(network)
    rules.do(ports.delete, port)
    assert rules.rows(Port, id=port.id) == []
    assert rules.rows(IpAllocation, port_id=port.id) == []
    assert rules.rows(PortSecurityGroup, port_id=port.id) == []


def test_dhcp_options_are_changed_one_by_one(rules):
    network, _ = rules.network()
    port = rules.port(network, extra_dhcp_opts=(DhcpOption("mtu", "1400"), DhcpOption("router", "10.0.0.9")))
    wish = (DhcpOption("mtu", None), DhcpOption("router", "10.0.0.8"))
    changed = rules.do(ports.update, port, {"extra_dhcp_opts": wish})
    assert changed.extra_dhcp_opts == (DhcpOption("router", "10.0.0.8"),)


def test_stateful_and_stateless_groups_do_not_mix(rules):
    network, _ = rules.network()
    groups = [rules.do(create_group, {"name": "g", "stateful": stateful}).id for stateful in (True, False)]
    with pytest.raises(SecurityGroupConflict):
        rules.port(network, security_groups=tuple(groups))


def test_status_follows_the_chassis(rules):
    network, _ = rules.network()
    port = rules.port(network)
    with rules.store.write(rules.context) as session:
        up = ports.set_port_status(rules.context, session, port.id, True)
        assert up is not None
        assert up.status == "ACTIVE"
        assert ports.set_port_status(rules.context, session, port.id, False).status == "DOWN"
        assert ports.set_port_status(rules.context, session, "gone", True) is None


def test_a_nearly_full_pool_is_used_up(rules):
    network, subnet = rules.network("10.0.0.0/26")
    taken = {rules.port(network).fixed_ips[0].ip_address for _ in range(60)}
    assert len(taken) == 60
    assert len(rules.rows(IpAllocation, subnet_id=subnet.id)) == 61


def test_a_port_costs_the_same_statements_whatever_the_size(rules):
    network, _ = rules.network("10.0.0.0/8")  # large: an address that is taken costs a look more
    counts = []
    for _ in range(2):
        seen = []
        rules.store._database._connection.driver_connection.set_trace_callback(seen.append)
        rules.port(network)
        rules.store._database._connection.driver_connection.set_trace_callback(None)
        counts.append(len(seen))
        with rules.store.write(rules.context) as session:
            for _ in range(300):
                ports.create(rules.context, session, rules.settings, {"network_id": network.id})
    assert counts[0] == counts[1] < 25


def test_the_metadata_port_follows_dhcp(rules):
    network, subnet = rules.network()

    def addresses():
        return rules.rows(Port, network_id=network.id, device_owner="network:distributed")[0].fixed_ips

    assert [fixed.subnet_id for fixed in addresses()] == [subnet.id]
    subnet = rules.do(subnets.update, subnet, {"enable_dhcp": False})
    assert addresses() == ()
    rules.do(subnets.update, subnet, {"enable_dhcp": True})
    assert len(addresses()) == 1
