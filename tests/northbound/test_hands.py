"""Rows written by hand beside the derived ones stay; derived rows changed by hand are put right."""

import pytest

from brume.cloud.network import networks, ports, security_groups
from brume.cloud.network.resources import Network
from brume.northbound.compiler import NorthboundCompiler
from brume.northbound.from_cloud import names
from brume.northbound.hands import DERIVED
from brume.northbound.schema import (
    ACL,
    NORTHBOUND,
    DHCPOptions,
    GatewayChassis,
    LogicalRouter,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    LogicalSwitch,
    LogicalSwitchPort,
    NBGlobal,
    PortGroup,
)
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import is_derived
from tests.northbound.conftest import NOW, World
from tests.northbound.hand import Hand, assert_sound, derived_part, hand_rows, mutate
from tests.northbound.steps import outside


class Cloud(World):
    """A network with two ports behind a router with a way out, and a hand on its northbound."""

    def __init__(self):
        super().__init__()
        self.chassis("gw1", gateway=True)
        self.public, _ = outside(self)
        self.net = self.network()
        self.sub = self.subnet(self.net)
        self.r1 = self.router()
        self.plug(self.r1, self.sub)
        self.gateway(self.r1, self.public)
        self.first, self.second = self.port(self.net), self.port(self.net)
        self.floating_ip(self.public, self.first)
        self.switch = names.switch_uuid(self.net.id)
        self.hand = Hand(self.nb)

    def right(self):
        """Put right; the northbound is then as compiled from nothing, beside the hand's rows."""
        by_hand = hand_rows(self.nb)
        made = self.compiler.put_right(NOW)
        assert derived_part(self.nb) == derived_part(self.recompiled())
        gone = {one.subject for one in made if one.action == "removed"}
        assert hand_rows(self.nb) == by_hand - gone
        assert_sound(self.nb)
        return made


@pytest.fixture
def cloud():
    return Cloud()


def test_every_derived_row_has_a_derived_uuid_and_is_of_a_table_known_as_derived(cloud):
    found = {kind for kind in NORTHBOUND.tables.values() if cloud.nb.rows(kind)}
    assert found <= DERIVED
    assert all(is_derived(row.uuid) for kind in found for row in cloud.nb.rows(kind))
    assert hand_rows(cloud.nb) == set()


def test_an_acl_beside_neutrons_stays_whatever_happens_to_its_switch(cloud):
    acl = cloud.hand.acl(cloud.switch, "ip4.src == 10.0.0.9")
    assert cloud.right() == []
    cloud.do(lambda c, s, settings: networks.update(c, s, settings, s.get(Network, cloud.net.id), {"name": "other"}))
    cloud.port(cloud.net)
    assert cloud.nb.get(ACL, acl) is not None
    assert acl in cloud.nb.members(LogicalSwitch.acls, cloud.switch)
    assert cloud.right() == []


def test_a_changed_name_and_an_added_external_id_are_put_back(cloud):
    uuid = names.switch_port_uuid(cloud.first.id)
    before = cloud.nb.get(LogicalSwitchPort, uuid)
    cloud.hand.set("Logical_Switch_Port", uuid, enabled=False, up=True)
    cloud.hand.do(
        mutate("Logical_Switch_Port", uuid, "external_ids", "insert", ["map", [["mine", "1"]]]),
    )
    made = cloud.right()
    assert {one.column for one in made} == {"enabled", "external_ids"}
    assert all(one.action == "put back" and one.subject.uuid == uuid and one.time == NOW for one in made)
    after = cloud.nb.get(LogicalSwitchPort, uuid)
    assert after.up is True  # what agents write is nobody's to put back
    assert after.external_ids == before.external_ids


def test_a_deleted_network_comes_back_with_all_that_hung_on_it(cloud):
    cloud.hand.delete("Logical_Switch", cloud.switch)
    assert cloud.nb.get(LogicalSwitchPort, names.switch_port_uuid(cloud.first.id)) is None
    made = cloud.right()
    assert {type(one.subject) for one in made} == {LogicalSwitch, LogicalSwitchPort}  # no line for each element
    assert {one.action for one in made} == {"written again"}


def test_a_derived_port_put_into_or_taken_out_of_a_derived_group_is_put_right(cloud):
    group = names.group_uuid(names.group_name(cloud.default_group().id))
    other = names.group_uuid(names.group_name(cloud.group().id))
    port = ["uuid", names.switch_port_uuid(cloud.first.id)]
    cloud.hand.do(
        mutate("Port_Group", group, "ports", "delete", port), mutate("Port_Group", other, "ports", "insert", port)
    )
    assert [one.action for one in cloud.right()] == ["written again", "removed"]


def test_a_port_by_hand_in_a_derived_group_stays(cloud):
    group = names.group_uuid(names.group_name(cloud.default_group().id))
    mine = cloud.hand.port(cloud.switch, "mine")
    cloud.hand.do(mutate("Port_Group", group, "ports", "insert", ["uuid", mine]))
    cloud.do(ports.delete, cloud.first)
    cloud.rule(cloud.default_group().id, protocol="tcp")
    assert cloud.right() == []
    assert mine in cloud.nb.members(PortGroup.ports, group)


def test_a_group_by_hand_loses_a_port_that_neutron_deletes(cloud):
    both = [["uuid", names.switch_port_uuid(port.id)] for port in (cloud.first, cloud.second)]
    (mine,) = cloud.hand.do({"op": "insert", "table": "Port_Group", "row": {"name": "mine", "ports": ["set", both]}})
    cloud.do(ports.delete, cloud.first)
    assert cloud.nb.members(PortGroup.ports, mine) == (both[1][1],)
    assert cloud.right() == []


def test_rows_by_hand_go_with_the_network_they_hang_on_and_that_is_told(cloud):
    network = cloud.network()
    switch = names.switch_uuid(network.id)
    acl = cloud.hand.acl(switch, "ip4")
    port = cloud.hand.port(switch, "mine")
    other = cloud.hand.acl(cloud.switch, "ip6")
    (group,) = cloud.hand.do(
        {"op": "insert", "table": "Port_Group", "row": {"name": "pg", "ports": ["set", [["uuid", port]]]}}
    )
    cloud.do(networks.delete, network)
    assert_sound(cloud.nb)
    assert {row.uuid for row in hand_rows(cloud.nb)} == {other, group}
    made = cloud.right()
    assert {one.subject.uuid for one in made} == {acl, port}
    assert all(one.because == f"Logical_Switch {switch} is gone" for one in made)


def test_a_row_by_hand_that_two_switches_share_stays_while_one_of_them_does(cloud):
    network = cloud.network()
    acl = cloud.hand.acl(cloud.switch, "ip4")
    cloud.hand.do(mutate("Logical_Switch", names.switch_uuid(network.id), "acls", "insert", ["uuid", acl]))
    cloud.do(networks.delete, network)
    assert cloud.nb.owners(LogicalSwitch.acls, acl) == (cloud.switch,)
    assert cloud.right() == []


def test_a_reference_of_a_row_by_hand_to_a_row_that_goes_is_dropped(cloud):
    network = cloud.network()
    subnet = cloud.subnet(network, "10.9.0.0/24")
    mine = cloud.hand.port(cloud.switch, "mine", dhcpv4_options=["uuid", names.dhcp_uuid(subnet.id)])
    assert cloud.nb.get(LogicalSwitchPort, mine).dhcpv4_options is not None
    cloud.do(networks.delete, network)
    assert cloud.nb.get(DHCPOptions, names.dhcp_uuid(subnet.id)) is None
    assert cloud.nb.get(LogicalSwitchPort, mine).dhcpv4_options is None
    assert_sound(cloud.nb)


def test_a_port_deleted_and_made_again_by_hand_under_its_name_is_neutrons_again(cloud):
    port, name = names.switch_port_uuid(cloud.first.id), cloud.first.id
    mine = cloud.hand.do(
        mutate("Logical_Switch", cloud.switch, "ports", "delete", ["uuid", port]),
        {"op": "delete", "table": "Logical_Switch_Port", "where": [["name", "==", name]]},
        {"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "new", "row": {"name": name}},
        mutate("Logical_Switch", cloud.switch, "ports", "insert", ["named-uuid", "new"]),
    )[0]
    made = cloud.right()
    assert cloud.nb.get(LogicalSwitchPort, mine) is None
    assert [(one.action, one.because) for one in made if one.subject.uuid == mine] == [
        ("removed", f"{name} is the name of a row that the rules make")
    ]


def test_a_route_by_hand_stays_when_its_router_changes(cloud):
    router = names.router_uuid(cloud.r1.id)
    route = cloud.hand.add(
        "Logical_Router", router, "static_routes", "Logical_Router_Static_Route", ip_prefix="192.0.2.0/24",
        nexthop="10.0.1.77",
    )  # fmt: skip
    cloud.gateway(cloud.r1, cloud.public, enable_snat=False)
    assert cloud.nb.get(LogicalRouterStaticRoute, route) is not None
    assert cloud.nb.owners(LogicalRouter.static_routes, route) == (router,)
    assert cloud.right() == []


def test_a_row_with_a_uuid_that_only_rules_make_is_the_rules(cloud):
    uuid = names.switch_uuid("nobody's")
    cloud.hand.do({"op": "insert", "table": "Logical_Switch", "uuid": uuid, "row": {"name": "x"}})
    assert [one.action for one in cloud.right()] == ["removed"]


def copied(database):
    """The database as a file would keep it."""
    copy, transaction = Database(database.name), Transaction()
    changes = database.snapshot()
    for change in changes.rows:
        transaction.put(change.new)
    for change in changes.members:
        transaction.add(*change.member)
    copy.apply(transaction)
    return copy


def test_after_a_restart_stale_rows_are_gone_and_rows_by_hand_are_there(cloud):
    acl = cloud.hand.acl(cloud.switch, "ip4")
    mine = cloud.hand.port(cloud.switch, "mine")
    network = cloud.network()
    lost = cloud.hand.acl(names.switch_uuid(network.id), "ip6")
    cloud.hand.set("Logical_Switch", cloud.switch, other_config=["map", [["mcast_snoop", "true"]]])
    old = copied(cloud.nb)
    cloud.do(networks.delete, network)
    cloud.do(ports.delete, cloud.second)
    cloud.do(security_groups.delete, cloud.group())
    cloud.gateway(cloud.r1, cloud.public, enable_snat=False)

    again = NorthboundCompiler(old, cloud.settings)
    again.load(cloud.store)
    assert derived_part(old) == derived_part(cloud.recompiled())
    assert {row.uuid for row in hand_rows(old)} == {acl, mine}
    assert old.get(ACL, lost) is None
    assert_sound(old)
    assert [one.subject.uuid for one in again.put_right(NOW)] == [lost]


def test_after_a_restart_what_agents_wrote_is_there(cloud):
    uuid = names.switch_port_uuid(cloud.first.id)
    cloud.hand.set("Logical_Switch_Port", uuid, up=True)
    old = copied(cloud.nb)
    NorthboundCompiler(old, cloud.settings).load(cloud.store)
    assert old.get(LogicalSwitchPort, uuid).up is True


def test_the_settings_row_and_its_connections_are_the_operators(cloud):
    options = {"use_logical_dp_groups": "true"}
    cloud.hand.do(
        {"op": "insert", "table": "NB_Global", "row": {"options": ["map", [[*pair] for pair in options.items()]]}}
    )
    assert cloud.right() == []
    assert cloud.one(NBGlobal).options == Map(options)
    assert hand_rows(cloud.nb) == set()


def test_a_gateway_chassis_taken_away_by_hand_comes_back_with_its_element(cloud):
    (chassis,) = cloud.nb.rows(GatewayChassis)
    (owner,) = cloud.nb.owners(LogicalRouterPort.gateway_chassis, chassis.uuid)
    cloud.hand.do(mutate("Logical_Router_Port", owner, "gateway_chassis", "delete", ["uuid", chassis.uuid]))
    assert cloud.nb.rows(GatewayChassis) == []
    assert [one.subject for one in cloud.right()] == [chassis]
