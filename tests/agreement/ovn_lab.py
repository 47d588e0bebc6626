"""The real ovn-northd as an oracle: our northbound in, its southbound out. A helper, not a test.

    lab = OvnLab(tmp_path)                       # starts two ovsdb-servers and ovn-northd, no root needed
    theirs = lab.compile(northbound, chassis)    # a Database of southbound rows, match and actions as text
    print(difference(picture(ours), picture(theirs)))
    lab.stop()

Unix socket paths are short: give `OvnLab` a short directory (`short_directory()` makes one).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from subprocess import Popen
from typing import Any, NamedTuple

from brume.northbound.schema import NORTHBOUND, NBGlobal
from brume.ovsdb.client.decoding import table_reader
from brume.ovsdb.columns import columns
from brume.ovsdb.data import datum_to_json
from brume.ovsdb.rows import column_datum
from brume.ovsdb.schema import Schema
from brume.southbound.schema import (
    DNS,
    SOUTHBOUND,
    AddressSet,
    Chassis,
    DatapathBinding,
    DHCPOptions,
    DHCPv6Options,
    Encap,
    HAChassis,
    HAChassisGroup,
    LoadBalancer,
    LogicalDPGroup,
    LogicalFlow,
    MulticastGroup,
    PortBinding,
    PortGroup,
    ServiceMonitor,
)
from brume.tables.database import Database, Transaction
from tests.agreement.ovsdb_server import OvsdbServer, end, missing, run, start
from tests.agreement.switch_rows import switch_rows

OVN = Path("/usr/share/ovn")
Json = Any


def why_not() -> str:
    """Why the lab cannot run here; empty if it can."""
    reason = missing("ovn-northd", "ovn-nbctl")
    if not reason and not (OVN / "ovn-nb.ovsschema").exists():
        reason = f"no {OVN}/ovn-nb.ovsschema"
    return reason


def short_directory() -> tempfile.TemporaryDirectory[str]:
    """A directory whose path is short enough for unix sockets."""
    return tempfile.TemporaryDirectory(prefix="ovn", dir="/tmp")


def start_northd(directory: Path, northbound: str, southbound: str) -> Popen[bytes]:
    """Start ovn-northd. The row of settings is there first: ovn-northd and the first ovn-nbctl would both make it where
    it is missing, and one of them fail."""
    run("ovn-nbctl", "--timeout=30", f"--db={northbound}", "init", directory=directory)
    return start(
        "ovn-northd",
        f"--ovnnb-db={northbound}",
        f"--ovnsb-db={southbound}",
        f"--unixctl={directory}/northd.ctl",
        "-vconsole:off",
        f"--log-file={directory}/northd.log",
        directory=directory,
    )


class OvnLab:
    """ovn-northd between two real databases."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.northbound = OvsdbServer(directory, "ovnnb_db", OVN / "ovn-nb.ovsschema")
        self.southbound = OvsdbServer(directory, "ovnsb_db", OVN / "ovn-sb.ovsschema")
        remotes = (f"unix:{self.northbound.socket}", f"unix:{self.southbound.socket}")
        self._northd = start_northd(directory, *remotes)

    def stop(self) -> None:
        """End all three programs."""
        end(self._northd)
        self.northbound.stop()
        self.southbound.stop()

    def compile(self, northbound: Database, chassis: Database | None = None) -> Database:
        """What ovn-northd makes of `northbound`, with the Chassis and Encap rows of `chassis` present."""
        self._clear()
        if chassis is not None:
            commit(self.southbound, inserts(chassis, SOUTHBOUND, (Encap.TABLE.name, Chassis.TABLE.name)))
        others = [name for name in NORTHBOUND.tables if name != NBGlobal.TABLE.name]
        commit(self.northbound, [*_settings(northbound), *inserts(northbound, NORTHBOUND, others)])
        self.sync()
        return self.read()

    def read(self) -> Database:
        """The southbound database as it is now."""
        return read_database(self.southbound, SOUTHBOUND)

    def sync(self) -> None:
        """Wait until ovn-northd has taken in the northbound."""
        run(
            "ovn-nbctl", "--timeout=60", f"--db=unix:{self.northbound.socket}", "--wait=sb", "sync",
            directory=self.directory,
        )  # fmt: skip

    def _clear(self) -> None:
        kept = (NBGlobal.TABLE.name, "Connection", "SSL")
        commit(
            self.northbound,
            [{"op": "delete", "table": name, "where": []} for name in NORTHBOUND.tables if name not in kept],
        )
        observed = ("IGMP_Group", "Chassis")  # groups of no chassis would be the same twice
        commit(self.southbound, [{"op": "delete", "table": name, "where": []} for name in observed])
        self.sync()


def commit(server: OvsdbServer, operations: list[Json]) -> None:
    """Run a transaction that must succeed."""
    results = server.transact(*operations)
    errors = [result for result in results if result and "error" in result]
    if errors:
        raise ValueError(f"{server.database}: {errors}")


def inserts(database: Database, schema: Schema, tables: Iterable[str]) -> list[Json]:
    """Insert operations for all rows of some tables; observed columns are left to who observes."""
    operations = []
    for name in tables:
        row_type = schema.tables[name]
        wanted = {
            name: column for name, column in columns(row_type).items() if column.attribute not in row_type.OBSERVED
        }
        for row in database.rows(row_type):
            datums = {name: (column.type, column_datum(database, row, column)) for name, column in wanted.items()}
            values = {name: datum_to_json(kind, datum) for name, (kind, datum) in datums.items() if datum}
            operations.append({"op": "insert", "table": name, "uuid": row.uuid, "row": values})
    return operations


def _settings(northbound: Database) -> list[Json]:
    """NB_Global is kept and updated: its counters belong to ovn-nbctl."""
    return [
        {
            "op": "update",
            "table": "NB_Global",
            "where": [],
            "row": {"options": ["map", sorted(map(list, row.options.items()))], "ipsec": row.ipsec, "name": row.name},
        }
        for row in northbound.rows(NBGlobal)
    ]


def read_database(server: OvsdbServer, schema: Schema) -> Database:
    """Everything a real database holds, as rows of ours."""
    database, transaction = Database(schema.name), Transaction()
    names = list(schema.tables)
    results = server.transact(*({"op": "select", "table": name, "where": []} for name in names))
    for name, result in zip(names, results, strict=True):
        for row in result["rows"]:
            (_, uuid), _ = row.pop("_uuid"), row.pop("_version")
            found, members = table_reader(schema.tables[name]).row(uuid, row)
            transaction.put(found)
            for relation, children in members.items():
                for child in children:
                    transaction.add(relation, uuid, child)
    database.apply(transaction)
    return database


class Picture(NamedTuple):
    """A southbound database by names instead of uuids and numbers: two pictures can be compared."""

    flows: frozenset[tuple[str, str, int, int, str, str]]
    """(datapath, pipeline, table, priority, match, actions)"""
    datapaths: dict[str, Json]
    ports: dict[str, Json]
    groups: dict[tuple[str, str], Json]
    address_sets: dict[str, frozenset[str]]
    port_groups: dict[str, frozenset[str]]
    dhcp_options: dict[str, tuple[int, str]]
    """DHCPv4 and, as `6:name`, DHCPv6 options: code and type."""
    names: dict[str, Json]
    """Rows of DNS by the northbound's: (records, datapaths)"""
    switch_rows: dict[str, Json]
    """Meters and the like: see `switch_rows`"""
    balancers: dict[str, Json]
    """Rows of Load_Balancer by the northbound's."""
    monitors: dict[str, Json]
    """Rows of Service_Monitor by what is probed: (from which MAC and address, how)"""


def picture(database: Database, text: Callable[[str], str] = lambda text: " ".join(text.split())) -> Picture:
    """The picture of a southbound database; `text` is applied to each match and to each actions."""
    names = {row.uuid: row.external_ids.get("name", row.uuid) for row in database.rows(DatapathBinding)}
    return Picture(
        frozenset(_flows(database, names, text)),
        {names[row.uuid]: _kind(row) for row in database.rows(DatapathBinding)},
        {row.logical_port: _port(database, row, names) for row in database.rows(PortBinding)},
        {(names[row.datapath], row.name): _group(database, row) for row in database.rows(MulticastGroup)},
        {row.name: frozenset(database.members(AddressSet.addresses, row.uuid)) for row in database.rows(AddressSet)},
        {row.name: frozenset(database.members(PortGroup.ports, row.uuid)) for row in database.rows(PortGroup)},
        {row.name: (row.code, row.type) for row in database.rows(DHCPOptions)}
        | {f"6:{row.name}": (row.code, row.type) for row in database.rows(DHCPv6Options)},
        {row.external_ids.get("dns_id", row.uuid): _names(database, row, names) for row in database.rows(DNS)},
        switch_rows(database),
        {
            row.external_ids.get("lb_id", row.uuid): _balancer(database, row, names)
            for row in database.rows(LoadBalancer)
        },
        {
            f"{row.logical_port} {row.protocol} {row.ip} {row.port}": (
                row.src_mac,
                row.src_ip,
                sorted(row.options.items()),
            )
            for row in database.rows(ServiceMonitor)
        },
    )


def _balancer(database: Database, row: LoadBalancer, names: dict[str, str]) -> Json:
    group = database.members(LogicalDPGroup.datapaths, row.datapath_group) if row.datapath_group else ()
    return {
        "name": row.name,
        "vips": sorted(row.vips.items()),
        "protocol": row.protocol,
        "options": sorted(row.options.items()),
        "external_ids": sorted(row.external_ids),
        "datapaths": sorted(names[uuid] for uuid in (*group, *database.members(LoadBalancer.datapaths, row.uuid))),
    }


def _flows(database: Database, names: dict[str, str], text: Callable[[str], str]) -> Iterable[Any]:
    known: dict[str, str] = {}

    def said(value: object) -> str:
        found = str(value)
        if found not in known:
            known[found] = text(found)
        return known[found]

    for flow in database.rows(LogicalFlow):
        if flow.logical_datapath is not None:
            datapaths: Iterable[str] = (flow.logical_datapath,)
        else:
            datapaths = database.members(LogicalDPGroup.datapaths, flow.logical_dp_group)
        for uuid in datapaths:
            yield (names[uuid], flow.pipeline, flow.table_id, flow.priority, said(flow.match), said(flow.actions))


def _kind(row: DatapathBinding) -> Json:
    return {name: value for name, value in sorted(row.external_ids.items()) if name != "name"}


def _port(database: Database, row: PortBinding, names: dict[str, str]) -> Json:
    chassis = {found.uuid: found.name for found in database.rows(Chassis)}
    group = database.get(HAChassisGroup, row.ha_chassis_group) if row.ha_chassis_group else None
    return {
        "datapath": names[row.datapath],
        "type": row.type,
        "options": dict(sorted(row.options.items())),
        "mac": sorted(row.mac),
        "port_security": sorted(row.port_security),
        "nat_addresses": sorted(row.nat_addresses),
        "parent_port": row.parent_port,
        "tag": row.tag,
        "requested_chassis": chassis.get(row.requested_chassis or ""),
        "ha_chassis_group": None if group is None else [group.name, _ha_chassis(database, group, chassis)],
        "external_ids": dict(sorted(row.external_ids.items())),
    }


def _ha_chassis(database: Database, group: HAChassisGroup, names: dict[str, str]) -> Json:
    rows = [database.get(HAChassis, uuid) for uuid in database.members(HAChassisGroup.ha_chassis, group.uuid)]
    return sorted([names.get(row.chassis or "", ""), row.priority] for row in rows if row is not None)


def _names(database: Database, row: DNS, names: dict[str, str]) -> Json:
    datapaths = sorted(names[uuid] for uuid in database.members(DNS.datapaths, row.uuid))
    return dict(sorted(row.records.items())), datapaths


def _group(database: Database, row: MulticastGroup) -> Json:
    ports = (database.get(PortBinding, uuid) for uuid in database.members(MulticastGroup.ports, row.uuid))
    return {"tunnel_key": row.tunnel_key, "ports": sorted(port.logical_port for port in ports if port is not None)}


def difference(ours: Picture, theirs: Picture) -> str:
    """What differs, one line each: `-` only ours, `+` only theirs; empty if they agree."""
    lines = [f"- flow {flow}" for flow in sorted(ours.flows - theirs.flows)]
    lines += [f"+ flow {flow}" for flow in sorted(theirs.flows - ours.flows)]
    for what in Picture._fields[1:]:
        mine, other = getattr(ours, what), getattr(theirs, what)
        for name in sorted({*mine, *other}, key=str):
            if mine.get(name) != other.get(name):
                lines += [
                    f"{sign} {what} {name} {side[name]}" for sign, side in (("-", mine), ("+", other)) if name in side
                ]
    return "\n".join(lines)
