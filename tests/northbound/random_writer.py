"""Random transactions of somebody who knows NB's schema and little else: any values that it lets pass."""

from __future__ import annotations

import random
from typing import Any

from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.columns import Column, columns
from brume.ovsdb.types import AtomType, BaseType
from brume.tables.database import Database
from tests.northbound.hand import Hand, mutate, where

TABLES = sorted(NORTHBOUND.tables)
WORDS = (
    *("", "router", "localnet", "dynamic", "unknown", "external", "virtual", "l2gateway", "vtep", "localport", "true"),
    *(
        "fa:16:3e:00:00:01 10.0.0.2",
        "fa:16:3e:00:00:02 10.0.0.3 fd00::3",
        "fa:16:3e:00:00:09",
        "10.0.0.0/24",
        "10.0.0.9",
    ),
    *("fd00::/64", "fd00::9", "0.0.0.0/0", "compute1", "compute9", "physnet1", "x", "{", "ip4 && tcp", "1", "ip4 &&"),
    *("vm1", "vm2", "lrp-net", "net", "10.0.0.1/24", "fa:16:3e:00:00:fe", "1-1000", "tcp.dst == {1, 2}", "\u00e9\x00"),
)
OPTIONS = (
    *(
        "router-port",
        "network_name",
        "requested-chassis",
        "requested-tnl-key",
        "nat-addresses",
        "chassis",
        "mcast_snoop",
    ),
    *(
        "subnet",
        "exclude_ips",
        "ipv6_prefix",
        "mac_prefix",
        "gateway_mtu",
        "vlan-passthru",
        "svc_monitor_mac",
        "server_id",
    ),
    *(
        "reside-on-redirect-chassis",
        "redirect-type",
        "always_learn_from_arp_request",
        "dynamic_neigh_routers",
        "router",
    ),
    *("lease_time", "server_mac", "hostname", "address_mode", "virtual-ip", "virtual-parents", "stateless", "mac_only"),
)


class RandomWriter:
    """Writes rows of every table into a northbound. The same seed writes the same."""

    def __init__(self, northbound: Database, seed: int) -> None:
        self.northbound = northbound
        self.random = random.Random(seed)
        self.hand = Hand(northbound)

    def step(self) -> None:
        table = self.random.choice(TABLES)
        self.random.choices((self.insert, self.change, self.delete), (5, 4, 1))[0](table)

    def uuids(self, table: str) -> list[str]:
        return sorted(row.uuid for row in self.northbound.rows(NORTHBOUND.tables[table]))

    def some(self, table: str) -> str | None:
        found = self.uuids(table)
        return self.random.choice(found) if found else None

    def atom(self, base: BaseType) -> Any:
        if base.table is not None:
            uuid = self.some(base.table)
            return None if uuid is None else ["uuid", uuid]
        if base.enum is not None:
            return self.random.choice(sorted(base.enum))
        match base.atom:
            case AtomType.STRING:
                text = self.random.choice((*WORDS, *self.names()))
                return text[: int(base.maximum)] if base.maximum else text
            case AtomType.INTEGER:
                low = int(base.minimum) if base.minimum is not None else -5
                high = int(base.maximum) if base.maximum is not None else 100_000
                return self.random.choice((low, min(low + 1, high), high, min(max(low, 100), high)))
            case AtomType.BOOLEAN:
                return self.random.random() < 0.5
            case AtomType.REAL:
                return 0.5
            case _:
                return ["uuid", "00000000-0000-4000-8000-00000000ffff"]

    def names(self) -> list[str]:
        """Names that rows have: what other rows may speak of."""
        kinds = ("Logical_Switch_Port", "Logical_Router_Port", "Port_Group", "Logical_Switch", "Address_Set")
        return [row.name for kind in kinds for row in self.northbound.rows(NORTHBOUND.tables[kind])]  # type: ignore[attr-defined]

    def value(self, column: Column) -> Any:
        count = self.random.randint(column.type.minimum, min(column.type.maximum or 3, 3))
        key, value = column.type.key, column.type.value
        if value is not None:
            known = OPTIONS if key.enum is None else sorted(key.enum)
            return ["map", [[name, self.atom(value)] for name in self.random.sample(known, min(count, len(known)))]]
        return ["set", [atom for atom in (self.atom(key) for _ in range(count)) if atom is not None]]

    def row(self, table: str, chance: float) -> dict[str, Any]:
        found = columns(NORTHBOUND.tables[table]).values()
        return {column.name: self.value(column) for column in found if self.random.random() < chance}

    def insert(self, table: str) -> None:
        owners = [
            (name, column.name)
            for name, kind in NORTHBOUND.tables.items()
            for column in columns(kind).values()
            if column.relation is not None and column.type.key.table == table
        ]
        made: list[Any] = [{"op": "insert", "table": table, "uuid-name": "new", "row": self.row(table, 0.6)}]
        if owners:
            owner, column = self.random.choice(owners)
            uuid = self.some(owner)
            if uuid is not None:
                made.append(mutate(owner, uuid, column, "insert", ["named-uuid", "new"]))
        self.hand.send(*made)

    def change(self, table: str) -> None:
        uuid = self.some(table)
        if uuid is not None:
            self.hand.send({"op": "update", "table": table, "where": where(uuid), "row": self.row(table, 0.3)})

    def delete(self, table: str) -> None:
        uuid = self.some(table)
        if uuid is not None and table != "NB_Global":
            self.hand.send({"op": "delete", "table": table, "where": where(uuid)})
