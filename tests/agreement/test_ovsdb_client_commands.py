"""Every command of ovsdb-client on our server and on a real ovsdb-server, with the same rows in both.

Conversion to another schema is not offered while a database is served: ours says so (`test_conversion`).
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from brume.ovsdb.schema_reader import read_schema
from tests.agreement.ovn_lab import OVN, why_not
from tests.agreement.ovsdb_server import environment, missing
from tests.agreement.tool_sides import NB, SB, UUID, Said, Side, both_sides, names_of

NOT_HERE = why_not() or missing("ovn-nbctl", "ovsdb-client")
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=f"no real tools here: {NOT_HERE}")
Json = Any
PREPARED = (
    "init",
    "ls-add left -- set Logical_Switch left other_config:subnet=10.0.0.0/24 external_ids:a='\"with space\"'",
    "lsp-add left vma -- lsp-set-addresses vma unknown -- lsp-add left vmb",
    "lr-add edge -- lrp-add edge out 00:00:00:00:00:05 172.16.0.1/24 fd00::1/64",
    "acl-add left to-lport 1000 ip drop",
    "meter-add slow drop 10 pktps 7",
)
SELECT = '["OVN_Northbound",{"op":"select","table":"ACL","where":[],"columns":["priority","match","label"]}]'
INSERT = '["OVN_Northbound",{"op":"insert","table":"Logical_Switch","row":{"name":"new"}}]'
COMMANDS = [
    "list-dbs {remote}",
    *(f"get-schema-version {{remote}} {name}" for name in (NB, SB, "_Server", "Nothing")),
    *(f"get-schema-cksum {{remote}} {name}" for name in (NB, SB, "_Server")),
    *(f"list-tables {{remote}} {name}" for name in (NB, SB, "_Server", "Nothing", "")),
    *(f"list-columns {{remote}} {name}" for name in (NB, SB, "_Server", f"{NB} ACL", f"{NB} Nothing")),
    *(
        f"dump {{remote}} {name}"
        for name in (NB, SB, f"{NB} ACL", f"{NB} ACL match _uuid", f"{NB} Nothing", f"{NB} ACL x")
    ),
    *(
        f"-f {form} dump {{remote}} {NB} Logical_Switch name other_config"
        for form in ("csv", "list", "json", "html", "table")
    ),
    f"-d json dump {{remote}} {NB} Logical_Switch name other_config",
    "dump {remote} _Server Database name model connected leader cid sid index",
    f"transact {{remote}} '{SELECT}'",
    f"transact {{remote}} '{INSERT}'",
    'transact {remote} \'["OVN_Northbound",{"op":"fly"}]\'',
    "transact {remote} '[\"OVN_Northbound\"]'",
    "transact {remote} '[\"Nothing\"]'",
    "transact {remote} '[]'",
    "transact {remote} '{}'",
    f"query {{remote}} '{SELECT}'",
    f"query {{remote}} '{INSERT}'",
    "-t 20 wait {remote} OVN_Northbound connected",
    "-t 20 wait {remote} OVN_Northbound added",
    "-t 20 wait {remote} Nothing removed",
    "-t 1 wait {remote} OVN_Northbound removed",
    "-t 1 wait {remote} OVN_Northbound flying",
    "needs-conversion {remote} /usr/share/ovn/ovn-nb.ovsschema",
    "needs-conversion {remote} /usr/share/ovn/ovn-sb.ovsschema",
    "needs-conversion {remote} {directory}/other.ovsschema",
    "convert {remote} /usr/share/ovn/ovn-nb.ovsschema",
    "backup {remote} Nothing",
]


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[Side, Side]]:
    with both_sides() as found:
        other = json.loads((OVN / "ovn-nb.ovsschema").read_text()) | {"version": "99.0.0"}
        (found[0].directory / "other.ovsschema").write_text(json.dumps(other))
        for side in found:
            for command in PREPARED:
                assert side.raw("ovn-nbctl", *shlex.split(command)).returncode == 0, command
        yield found


def said(side: Side, command: str) -> Said:
    for name, value in (("{remote}", side.remote), ("{directory}", str(side.directory))):
        command = command.replace(name, value)
    return side.run("ovsdb-client", *shlex.split(command))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_the_same(sides: tuple[Side, Side], command: str) -> None:
    ours, theirs = (said(side, command) for side in sides)
    assert ours == theirs


@pytest.mark.parametrize("name", [NB, SB, "_Server"])
def test_get_schema_gives_the_same_schema(sides: tuple[Side, Side], name: str) -> None:
    ours, theirs = (json.loads(side.raw("ovsdb-client", "get-schema", side.remote, name).stdout) for side in sides)
    if name == "_Server":
        assert ours == theirs
    assert read_schema(ours).to_json() == read_schema(theirs).to_json()


def test_conversion(sides: tuple[Side, Side]) -> None:
    ours, _ = sides
    refused = ours.raw("ovsdb-client", "convert", ours.remote, f"{ours.directory}/other.ovsschema")
    assert "a database that is served cannot be converted" in refused.stderr


@pytest.mark.parametrize("name", [NB, SB])
def test_a_backup_holds_the_same(sides: tuple[Side, Side], name: str) -> None:
    ours, theirs = (backup(side, name) for side in sides)
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]


def backup(side: Side, name: str) -> tuple[Json, list[str]]:
    """The schema and the rows of a backup, rows named by what they hold."""
    lines = side.raw("ovsdb-client", "backup", side.remote, name).stdout.splitlines()
    schema, *records = (json.loads(line) for line in lines if line.startswith("{"))
    rows = {}
    for record in records:
        for table, some in record.items():
            if not table.startswith("_"):
                rows |= {uuid: (table, dict(row) | {"_uuid": 0, "_version": 0}) for uuid, row in some.items()}
    return read_schema(schema).to_json(), sorted(names_of(rows).values())


def test_a_backup_of_one_is_restored_to_the_other(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    with both_sides() as fresh:
        for source, target in ((theirs, fresh[0]), (ours, fresh[1])):
            saved = source.directory / "saved.db"
            saved.write_text(source.raw("ovsdb-client", "backup", source.remote, NB).stdout)
            with saved.open() as file:
                words = ["ovsdb-client", "--force", "restore", target.remote, NB]
                subprocess.run(words, env=environment(target.directory), stdin=file, check=True, timeout=30)
            assert target.contents(NB) == source.contents(NB)


MONITORS = [
    f"monitor {{remote}} {NB} Logical_Switch",
    f"monitor {{remote}} {NB} Logical_Switch name,!initial ports,!delete",
    f"monitor {{remote}} {NB} Logical_Switch name,!insert",
    f"monitor {{remote}} {NB} Logical_Switch name,other_config,!modify,!delete",
    f"monitor {{remote}} {NB} ALL",
    f'monitor-cond {{remote}} {NB} \'[["name","!=","hidden"]]\' Logical_Switch name,other_config',
    f"monitor-cond {{remote}} {NB} '[true]' Logical_Switch name,ports,other_config",
    f'monitor-cond-since {{remote}} {NB} \'[["name","==","w2"],["name","==","zz9"]]\' Logical_Switch',
    f"monitor-cond-since {{remote}} {NB} 5b0c5a9a-22d3-4d55-8c6a-b3b8f7a8a111 '[]' Logical_Switch name",
]
WRONG = [
    f"monitor {{remote}} {NB} Nothing",
    f"monitor {{remote}} {NB} Logical_Switch nothing",
    f'monitor-cond {{remote}} {NB} \'[["nothing","==",1]]\' Logical_Switch',
    f"monitor-cond {{remote}} {NB} '[' Logical_Switch",
    f'monitor-cond-since {{remote}} {NB} \'[["name","=",1]]\' Logical_Switch',
]
SEEN = (
    "ls-add w1 -- lsp-add w1 wp1",
    "ls-add hidden",
    "set Logical_Switch w1 name=w2 other_config:a=b",
    "set Logical_Switch hidden name=shown",
    "lsp-add w2 wp2 -- lsp-del wp1",
    "set Logical_Switch shown name=hidden",
    "clear Logical_Switch w2 other_config",
    "ls-del w2 -- ls-del hidden",
)


@pytest.mark.parametrize("command", WRONG)
def test_a_watcher_of_what_is_not_there_is_told_the_same(sides: tuple[Side, Side], command: str) -> None:
    ours, theirs = (said(side, command) for side in sides)
    assert ours == theirs


@pytest.mark.parametrize("command", MONITORS)
def test_a_watcher_sees_the_same(sides: tuple[Side, Side], command: str) -> None:
    ours, theirs = (watched(side, command) for side in sides)
    assert ours == theirs


def watched(side: Side, command: str) -> list[str]:
    """What a watcher prints while others change things; the last of it is about the switch `zz9`."""
    last = LAST if "!insert" not in command else (*LAST, "set Logical_Switch zz9 name=zz99")
    output, pidfile = side.directory / f"{side.name}.out", side.directory / f"{side.name}.pid"
    options = ("--detach", f"--pidfile={pidfile}", "--format=csv")
    with output.open("w") as file:
        # It goes to the background when it has had its first answer: what changes from now on, it sees.
        subprocess.run(
            ["ovsdb-client", *options, *shlex.split(command.replace("{remote}", side.remote))],
            env=environment(side.directory),
            stdout=file,
            check=True,
            timeout=30,
        )
    process = int(pidfile.read_text())
    try:
        for change in (*SEEN, *last):
            assert side.raw("ovn-nbctl", *shlex.split(change)).returncode == 0
        deadline = time.monotonic() + 20
        while "zz9" not in (text := output.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.kill(process, signal.SIGTERM)
        side.raw("ovn-nbctl", "--if-exists", "ls-del", "zz9", "--", "--if-exists", "ls-del", "zz99")
    return tidy(text)


def tidy(text: str) -> list[str]:
    """What is said of rows, without uuids, versions and transactions."""
    lines = [_VERSION.sub("", line) for line in UUID.sub("<uuid>", text).splitlines()]
    return sorted(line for line in lines if line and not line.startswith(NO_ROWS))


LAST = ("ls-add zz9",)
NO_ROWS = ("row,action", "last_id", "found")
_VERSION = re.compile(r",(<uuid>)?$")
"""Our store keeps no versions that were: `update` has them in its old rows."""
