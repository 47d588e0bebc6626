"""A northbound database as Neutron writes it, as OVSDB operations: what the OVSDB benchmark loads and changes.

Networks of 50 ports. Each network has its switch, its DHCP options and its project's default security group; every
port is in that group and in the group that drops the rest. Nothing here is sent; `ovsdb.py` does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brume.values.uuids import derive_uuid

Json = Any
PORTS_OF_A_NETWORK = 50
DATABASE = "OVN_Northbound"
DROP_GROUP = "neutron_pg_drop"


def insert(table: str, row_name: str, /, **row: Json) -> Json:
    """An insert whose row other operations call `row_name`."""
    return {"op": "insert", "table": table, "uuid-name": row_name, "row": row}


def mutate(table: str, uuid: Json, column: str, values: list[Json]) -> Json:
    """Add references to one row."""
    return {
        "op": "mutate",
        "table": table,
        "where": [["_uuid", "==", uuid]],
        "mutations": [[column, "insert", ["set", values]]],
    }


def names(*found: str) -> list[Json]:
    """References to rows of the same transaction."""
    return [["named-uuid", name] for name in found]


def string_map(**pairs: str) -> Json:
    """A map of strings; `__` in a key stands for a colon."""
    return ["map", [[key.replace("__", ":"), value] for key, value in pairs.items()]]


def acl(name: str, group: str, direction: str, priority: int, match: str, action: str) -> Json:
    """One security group rule."""
    rule = derive_uuid("rule", name)
    return insert(
        "ACL",
        name,
        direction=direction,
        priority=priority,
        match=match.replace("@", f"@{group}").replace("$", f"${group}"),
        action=action,
        log=False,
        severity=["set", []],
        name=["set", []],
        external_ids=string_map(neutron__security_group_rule_id=rule),
    )


def first() -> list[Json]:
    """What is there once: the global row and the group that drops what no other group allows."""
    return [
        insert("NB_Global", "global"),
        acl("drop_in", DROP_GROUP, "to-lport", 1001, "outport == @ && ip", "drop"),
        acl("drop_out", DROP_GROUP, "from-lport", 1001, "inport == @ && ip", "drop"),
        insert("Port_Group", "group", name=DROP_GROUP, acls=["set", names("drop_in", "drop_out")]),
    ]


def network(number: int) -> list[Json]:
    """A network with its ports; everything in one transaction."""
    net, group = f"net{number}", f"pg_{number}"
    rules = [
        acl(f"a0_{number}", group, "from-lport", 1002, "inport == @ && ip4", "allow-related"),
        acl(f"a1_{number}", group, "from-lport", 1002, "inport == @ && ip6", "allow-related"),
        acl(f"a2_{number}", group, "to-lport", 1002, "outport == @ && ip4 && ip4.src == $_ip4", "allow-related"),
        acl(f"a3_{number}", group, "to-lport", 1002, "outport == @ && ip6 && ip6.src == $_ip6", "allow-related"),
    ]
    ports = [f"p{number}_{place}" for place in range(PORTS_OF_A_NETWORK)]
    switch = insert(
        "Logical_Switch",
        net,
        name=f"neutron-{derive_uuid('network', number)}",
        ports=["set", names(*ports)],
        external_ids=string_map(neutron__network_name=net, neutron__mtu="1442", neutron__revision_number="2"),
        other_config=string_map(mcast_snoop="false", mcast_flood_unregistered="false", vlan_passthru="false"),
    )
    return [
        _dhcp(number),
        *(port(name, number, place, f"dhcp{number}") for place, name in enumerate(ports)),
        switch,
        *rules,
        insert(
            "Port_Group",
            group,
            name=group,
            ports=["set", names(*ports)],
            acls=["set", names(*(rule["uuid-name"] for rule in rules))],
            external_ids=string_map(neutron__security_group_id=derive_uuid("group", number)),
        ),
        {
            "op": "mutate",
            "table": "Port_Group",
            "where": [["name", "==", DROP_GROUP]],
            "mutations": [["ports", "insert", ["set", names(*ports)]]],
        },
    ]


def _dhcp(number: int) -> Json:
    options = string_map(
        server_id="10.0.0.1",
        server_mac="fa:16:3e:00:00:01",
        lease_time="43200",
        router="10.0.0.1",
        mtu="1442",
        dns_server="{192.0.2.53}",
    )
    subnet = string_map(subnet_id=derive_uuid("subnet", number), neutron__revision_number="0")
    return insert("DHCP_Options", f"dhcp{number}", cidr="10.0.0.0/24", options=options, external_ids=subnet)


def port(name: str, number: int, place: int, dhcp: str | None = None) -> Json:
    """One port with an address, port security and what Neutron remembers of it."""
    address = f"fa:16:3e:{number >> 8:02x}:{number & 255:02x}:{place:02x} 10.0.0.{place + 2}"
    external = string_map(
        neutron__cidrs=f"10.0.0.{place + 2}/24",
        neutron__device_id=derive_uuid("server", number, place),
        neutron__device_owner="compute:nova",
        neutron__network_name=f"neutron-{derive_uuid('network', number)}",
        neutron__port_name=f"port {place}",
        neutron__project_id=derive_uuid("project", number).replace("-", ""),
        neutron__revision_number="1",
        neutron__security_group_ids=derive_uuid("group", number),
    )
    return insert(
        "Logical_Switch_Port",
        name,
        name=derive_uuid("port", number, place),
        addresses=address,
        port_security=address,
        enabled=True,
        dhcpv4_options=["named-uuid", dhcp] if dhcp else ["set", []],
        options=string_map(mcast_flood_reports="true", requested__chassis=f"compute{number % 20}"),
        external_ids=external,
    )


def load(ports: int) -> list[list[Json]]:
    """The transactions that make a database of so many ports: the first, then one for each network."""
    return [first(), *(network(number) for number in range(ports // PORTS_OF_A_NETWORK))]


def set_column(port: Json, count: int) -> list[Json]:
    """The small transaction of an agent: one column of one port."""
    row = {"options": string_map(mcast_flood_reports="true", requested__chassis=f"compute{count}")}
    return [{"op": "update", "table": "Logical_Switch_Port", "where": [["_uuid", "==", port]], "row": row}]


def add_port(rows: Mapping[str, Json], number: int, place: int) -> list[Json]:
    """One port more on a switch and in its two groups, as Neutron adds it."""
    return [
        port("new", number, place),
        mutate("Logical_Switch", rows[f"net{number}"], "ports", names("new")),
        mutate("Port_Group", rows[f"pg_{number}"], "ports", names("new")),
        mutate("Port_Group", rows["group"], "ports", names("new")),
    ]


def inserted(operations: list[Json], results: list[Json]) -> dict[str, Json]:
    """The rows that a transaction made, by the names it gave them."""
    pairs = zip(operations, results, strict=True)
    return {operation["uuid-name"]: result["uuid"] for operation, result in pairs if operation["op"] == "insert"}
