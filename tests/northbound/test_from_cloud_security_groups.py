"""What tenants ask of security groups, and the northbound rows that follow: ACLs, port groups and address sets."""

import pytest

from brume.northbound.from_cloud.names import group_name
from brume.northbound.schema import (
    ACL,
    PortGroup,
)

RULES = [
    ({"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}, "ip4 && tcp && tcp.dst == 22"),
    (
        {"protocol": "udp", "port_range_min": 1, "port_range_max": 9},
        "ip4 && udp && udp.dst >= 1 && udp.dst <= 9",
    ),
    ({"protocol": "icmp"}, "ip4 && icmp4"),
    (
        {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0},
        "ip4 && icmp4 && icmp4.type == 8 && icmp4.code == 0",
    ),
    ({"protocol": "icmp", "ethertype": "IPv6"}, "ip6 && icmp6"),
    ({"protocol": "vrrp"}, "ip4 && ip.proto == 112"),
    ({"protocol": "6", "port_range_min": 80, "port_range_max": 80}, "ip4 && tcp && tcp.dst == 80"),
    ({"remote_ip_prefix": "192.0.2.7/24"}, "ip4 && ip4.src == 192.0.2.0/24"),
    ({"ethertype": "IPv6", "remote_ip_prefix": "fd00::/8"}, "ip6 && ip6.src == fd00::/8"),
]


@pytest.mark.parametrize(("values", "match"), RULES, ids=[match for _, match in RULES])
def test_a_security_group_rule_is_an_acl(world, values, match):
    group = world.group()
    rule = world.rule(group.id, **values)
    acl = world.one(ACL, external_ids={"neutron:security_group_rule_id": rule.id})
    assert acl.match == f"outport == @{group_name(group.id)} && {match}"
    assert (acl.priority, acl.direction, acl.action) == (1002, "to-lport", "allow-related")


def test_a_remote_group_is_an_address_set(world):
    web, database = world.group(), world.group(name="database")
    rule = world.rule(database.id, protocol="tcp", remote_group_id=web.id)
    acl = world.one(ACL, external_ids={"neutron:security_group_rule_id": rule.id})
    assert f"ip4.src == ${group_name(web.id)}_ip4 && tcp" in acl.match


def test_stateless_groups_do_not_remember(world):
    group = world.group(stateful=False)
    actions = {
        world.nb.get(ACL, uuid).action
        for row in world.nb.rows(PortGroup)
        if row.name == group_name(group.id)
        for uuid in world.nb.members(PortGroup.acls, row.uuid)
    }
    assert actions == {"allow-stateless"}


def test_what_no_rule_allows_is_dropped(world):
    group = world.one(PortGroup, name="neutron_pg_drop")
    acls = [world.nb.get(ACL, uuid) for uuid in world.nb.members(PortGroup.acls, group.uuid)]
    assert {(a.direction, a.match, a.priority, a.action) for a in acls} == {
        ("from-lport", "inport == @neutron_pg_drop && ip", 1001, "drop"),
        ("to-lport", "outport == @neutron_pg_drop && ip", 1001, "drop"),
    }
