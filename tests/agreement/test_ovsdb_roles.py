"""Roles (RBAC): who comes over TLS by a remote with a role may change with our server exactly what ovsdb-server lets
it change, and is told the same; and our compiler permits what ovn-northd permits."""

from __future__ import annotations

import random
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from brume.northbound.schema import NORTHBOUND, NBGlobal
from brume.ovsdb.authority import CLIENT, SERVER, Authority, make_authority
from brume.ovsdb.store import Store
from brume.ovsdb.tls import TlsFiles, client_context, contexts
from brume.southbound.compiler import Compiler
from brume.southbound.schema import SOUTHBOUND, RBACPermission, RBACRole
from brume.tables.database import Database, Transaction
from brume.values import derive_uuid
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import OVN, OvnLab, inserts, short_directory, why_not
from tests.agreement.ovsdb_server import OvsdbServer, run
from tests.agreement.wire_peer import WirePeer, connect_when_there

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
Json = Any
SB, ROLE = "OVN_Southbound", "ovn-controller"
NOW = datetime.now(UTC)
PATIENCE = 30.0
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ROUNDS = 12
"""Random sets of roles."""


class Side:
    """A server of a southbound, reached in three ways: by us, with a role over TLS, with a role and no certificate."""

    def __init__(self, directory: Path, path: Path, authority: Authority) -> None:
        self._authority = authority
        self._sbctl: Callable[..., str] = lambda *words: run(
            "ovn-sbctl", f"--db=unix:{path}", "--timeout=30", *words, directory=directory
        )
        self._sbctl("init")
        targets = ("pssl:0:127.0.0.1", "ptcp:0:127.0.0.2")
        self._sbctl("set-connection", f"role={ROLE}", *targets)
        self._ports = dict(zip(("tls", "plain"), map(self._port, targets), strict=True))
        self.root = connect_when_there(path)

    def _port(self, target: str) -> int:
        deadline = time.monotonic() + PATIENCE
        while True:
            status = self._sbctl("--bare", "--columns=status", "find", "connection", f'target="{target}"')
            found = re.search(r"bound_port=(\d+)", status)
            if found is not None:
                return int(found[1])
            assert time.monotonic() < deadline, status
            time.sleep(0.05)

    def chassis(self, name: str) -> WirePeer:
        """A client with a certificate in a name."""
        files: TlsFiles = self._authority.issue(name, CLIENT, now=NOW)
        plain = socket.create_connection(("127.0.0.1", self._ports["tls"]), timeout=PATIENCE)
        return WirePeer(client_context(files).wrap_socket(plain))

    def nobody(self) -> WirePeer:
        """A client without a certificate."""
        return WirePeer(socket.create_connection(("127.0.0.2", self._ports["plain"]), timeout=PATIENCE))

    @contextmanager
    def read_only(self) -> Iterator[WirePeer]:
        """A client of a remote that is read only, while there is one."""
        target = "ptcp:0:127.0.0.3"
        self._sbctl("--", "--id=@new", "create", "Connection", f'target="{target}"', "read_only=true", "--",
                    "add", "SB_Global", ".", "connections", "@new")  # fmt: skip
        port = self._port(target)
        peer = WirePeer(socket.create_connection(("127.0.0.3", port), timeout=PATIENCE))
        try:
            yield peer
        finally:
            peer.close()

    def has(self, *operations: Json) -> None:
        """Let the database hold this beside its remotes, and nothing else."""
        tables = ("RBAC_Role", "RBAC_Permission", "Chassis_Private", "Chassis", "Encap", "MAC_Binding")
        empty = [{"op": "delete", "table": table, "where": []} for table in tables]
        for result in self.root.result("transact", SB, *empty, *operations):
            assert "error" not in result, result


def closing(side: Side) -> Iterator[Side]:
    try:
        yield side
    finally:
        side.root.close()


@contextmanager
def ours(directory: Path, authority: Authority) -> Iterator[Side]:
    tls = contexts(authority.issue("server", SERVER, now=NOW))
    with OurServer(directory, Store(Database("sb"), SOUTHBOUND), tls=tls) as server:
        server.follow(SB, "SB_Global", seconds_to_status=0.05)
        yield from closing(Side(directory, Path(server.unix.removeprefix("unix:")), authority))


@contextmanager
def real(directory: Path, authority: Authority) -> Iterator[Side]:
    options = authority.issue("server", SERVER, now=NOW).options()
    remotes = f"--remote=db:{SB},SB_Global,connections"
    server = OvsdbServer(directory, "sb", OVN / "ovn-sb.ovsschema", remotes, *options)
    try:
        yield from closing(Side(directory, server.socket, authority))
    finally:
        server.stop()


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[Side, Side]]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(short_directory()))
        authority = make_authority(directory / "pki", now=NOW)
        for name in ("ours", "real"):
            (directory / name).mkdir()
        yield (
            stack.enter_context(ours(directory / "ours", authority)),
            stack.enter_context(real(directory / "real", authority)),
        )


def comparable(reply: Json) -> Json:
    """A reply in which all uuids are one; which of several columns is wrong first is chance (ovsdb-server hashes)."""
    if isinstance(reply, dict):
        if reply.get("error") == "constraint violation":
            return reply["error"]
        if "rows" in reply:
            return sorted(map(repr, comparable(reply["rows"])))  # rows have no order
        return {name: comparable(value) for name, value in reply.items() if name != "id" and value is not None}
    if isinstance(reply, list):
        return [comparable(value) for value in reply]
    return UUID.sub("<uuid>", reply) if isinstance(reply, str) else reply


def compiled_roles() -> Database:
    """A southbound with what our compiler makes of an empty northbound."""
    northbound, southbound = Database("nb"), Database("sb")
    transaction = Transaction()
    transaction.put(NBGlobal(uuid=derive_uuid("global")))
    northbound.apply(transaction)
    Compiler(northbound, southbound).start()
    return southbound


def the_roles() -> list[Json]:
    """Operations that insert them."""
    return inserts(compiled_roles(), SOUTHBOUND, ("RBAC_Permission", "RBAC_Role"))


def chassis(name: str) -> list[Json]:
    """Operations that insert a chassis, and its encapsulation."""
    encap = {"type": "geneve", "ip": f"address of {name}", "chassis_name": name}
    row = {"name": name, "hostname": name, "encaps": ["named-uuid", "e"], "external_ids": ["map", [["owner", name]]]}
    return [
        {"op": "insert", "table": "Encap", "row": encap, "uuid-name": "e"},
        {"op": "insert", "table": "Chassis", "row": row},
    ]


def with_chassis(side: Side, roles: list[Json]) -> None:
    side.has(*roles)
    for name in ("chassis1", "chassis2"):
        for result in side.root.result("transact", SB, *chassis(name)):
            assert "error" not in result, result


def everything_once() -> list[list[Json]]:
    """One transaction for each kind of change of each table."""
    found: list[list[Json]] = []
    for name, row_type in SOUTHBOUND.tables.items():
        if name in ("Connection", "SSL", "SB_Global"):
            continue
        column = next(iter(SOUTHBOUND.to_json()["tables"][name]["columns"]))
        assert row_type is not None
        found += [
            [{"op": "insert", "table": name, "row": {}}],
            [{"op": "delete", "table": name, "where": []}],
            [{"op": "update", "table": name, "where": [], "row": {}}],
            [{"op": "mutate", "table": name, "where": [], "mutations": []}],
            [{"op": "select", "table": name, "where": [], "columns": [column]}],
        ]
    return found


def of_chassis(name: str) -> list[list[Json]]:
    """What chassis do."""
    mine: Json = [["name", "==", name]]
    encaps: Json = [["chassis_name", "==", name]]
    return [
        [{"op": "update", "table": "Chassis", "where": mine, "row": {"nb_cfg": 1}}],
        [{"op": "update", "table": "Chassis", "where": mine, "row": {"hostname": "x"}}],
        [{"op": "update", "table": "Chassis", "where": mine, "row": {"name": "x"}}],
        [{"op": "mutate", "table": "Chassis", "where": mine, "mutations": [["nb_cfg", "+=", 1]]}],
        [{"op": "mutate", "table": "Chassis", "where": mine, "mutations": [["name", "insert", "x"]]}],
        [{"op": "update", "table": "Encap", "where": encaps, "row": {"ip": name}}],
        [{"op": "update", "table": "Encap", "where": encaps, "row": {"ip": name}, "nonsense": 1}],
        [*chassis("chassis3")],
        [{"op": "insert", "table": "Chassis_Private", "row": {"name": name}}],
        [{"op": "wait", "table": "Chassis", "where": mine, "until": "!=", "rows": [{}], "timeout": 0}],
        [{"op": "delete", "table": "Encap", "where": encaps}],
        [{"op": "delete", "table": "Chassis", "where": mine}],
    ]  # fmt: skip


def test_the_role_of_our_compiler(sides: tuple[Side, Side]) -> None:
    said: list[list[Json]] = []
    for side in sides:
        with_chassis(side, the_roles())
        found: list[Json] = []
        for client in (side.chassis("chassis1"), side.chassis("chassis2"), side.nobody()):
            found += [
                (operations, comparable(client.ask("transact", SB, *operations)))
                for operations in (*of_chassis("chassis2"), *everything_once())
            ]
            found.append(comparable(client.ask("convert", SB, SOUTHBOUND.to_json())))
            found.append(comparable(client.ask("lock", "x")))
            found.append(comparable(client.ask("unlock", "x")))
            client.close()
        said.append(found)
    refused = [one for one in said[0] if "permission error" in str(one)]
    assert len(refused) > 100
    assert "read only" not in str(refused)
    for one, other in zip(*said, strict=True):
        assert one == other


AUTHORIZATIONS = (
    "", "name", "hostname", "chassis_name", "external_ids:owner", "external_ids:other", "external_ids", "encaps",
    "nothing", "nothing:x", "external_ids::owner", ":external_ids:owner", "name:owner", ":", "nb_cfg", "ip",
)  # fmt: skip
COLUMNS = {"Chassis": ("nb_cfg", "hostname", "external_ids", "name"), "Encap": ("ip", "chassis_name")}
VALUES: dict[str, tuple[Json, ...]] = {
    "nb_cfg": (1, 2),
    "external_ids": (["map", [["owner", "chassis1"]]], ["map", []]),
}


def random_roles(dice: random.Random) -> list[Json]:
    """Permissions that make sense or do not."""
    found: list[Json] = []
    permitted: list[Json] = []
    for table in COLUMNS:
        if dice.random() < 0.1:
            continue
        row = {
            "table": dice.choice((table, "another")),
            "authorization": ["set", dice.sample(AUTHORIZATIONS, dice.choice((0, 1, 1, 2, 3)))],
            "insert_delete": dice.random() < 0.7,
            "update": ["set", dice.sample(COLUMNS[table], dice.randrange(len(COLUMNS[table]) + 1))],
        }
        found.append({"op": "insert", "table": "RBAC_Permission", "row": row, "uuid-name": f"p_{table}"})
        permitted.append([table, ["named-uuid", f"p_{table}"]])
    name = ROLE if dice.random() < 0.95 else "another"
    role = {"name": name, "permissions": ["map", permitted]}
    return [*found, {"op": "insert", "table": "RBAC_Role", "row": role}]


def random_transaction(dice: random.Random) -> list[Json]:
    """One to three operations of a client."""
    return [random_operation(dice, number) for number in range(dice.choice((1, 1, 2, 3)))]


def random_operation(dice: random.Random, number: int) -> Json:
    table = dice.choice(tuple(COLUMNS))
    key = "name" if table == "Chassis" else "chassis_name"
    name = dice.choice(("chassis1", "chassis1", "chassis2", "chassis3"))
    where: Json = dice.choice(([[key, "==", name]], [[key, "==", name]], []))
    column = dice.choice(COLUMNS[table])
    value = dice.choice(VALUES.get(column, ("chassis1", "chassis2")))
    kind = dice.choice(("insert", "update", "update", "mutate", "delete"))
    if kind == "update":
        return {"op": kind, "table": table, "where": where, "row": {column: value}}
    if kind == "mutate":
        mutation = ["nb_cfg", "+=", 1] if column == "nb_cfg" else ["external_ids", "insert", ["map", [["a", "b"]]]]
        return {"op": kind, "table": table, "where": where, "mutations": [mutation] if table == "Chassis" else []}
    if kind == "delete":
        return {"op": kind, "table": table, "where": where}
    if table == "Encap":
        return {"op": kind, "table": table, "row": {"type": "geneve", "ip": value, "chassis_name": name}}
    return {"op": kind, "table": table, "row": {"name": f"{name}_{number}", column: value}}


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_roles(sides: tuple[Side, Side], seed: int) -> None:
    dice = random.Random(seed)
    roles, transactions = random_roles(dice), [random_transaction(dice) for _ in range(40)]
    said = []
    for side in sides:
        with_chassis(side, roles)
        client = side.chassis("chassis1")
        said.append([comparable(client.ask("transact", SB, *operations)) for operations in transactions])
        client.close()
    for operations, one, other in zip(transactions, *said, strict=True):
        assert one == other, (roles, operations)


def test_a_remote_that_is_read_only(sides: tuple[Side, Side]) -> None:
    """Nobody writes, and nobody locks what only writers need."""
    said = []
    for side in sides:
        with_chassis(side, the_roles())
        with side.read_only() as client:
            found = [
                comparable(client.ask("transact", SB, *operations)) for operations in (*of_chassis("chassis1"), [])
            ]
            found += [comparable(client.ask(method, "x")) for method in ("lock", "steal", "unlock")]
            found.append(comparable(client.ask("monitor", SB, "m", {"DNS": {"columns": ["records"]}})))
        said.append(found)
    assert "read only mode" in str(said[0])
    assert said[0] == said[1]


def test_our_compiler_permits_what_northd_permits() -> None:
    def rows(southbound: Database) -> tuple[Json, Json]:
        tables = {row.uuid: row.table for row in southbound.rows(RBACPermission)}
        permissions = {
            row.table: (row.authorization, row.insert_delete, row.update) for row in southbound.rows(RBACPermission)
        }
        roles = {
            row.name: {table: tables[uuid] for table, uuid in row.permissions.items()}
            for row in southbound.rows(RBACRole)
        }
        return permissions, roles

    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        try:
            northbound = Database("nb")
            transaction = Transaction()
            transaction.put(NBGlobal(uuid=derive_uuid("global")))
            northbound.apply(transaction)
            theirs = lab.compile(northbound)
        finally:
            lab.stop()
    assert NORTHBOUND.name == "OVN_Northbound"
    assert rows(compiled_roles()) == rows(theirs)
