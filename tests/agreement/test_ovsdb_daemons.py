"""ovn-nbctl as a daemon, ovn-nbctl that waits for northd and the chassis, and locks, on both servers alike."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.agreement.ovn_lab import why_not
from tests.agreement.ovsdb_server import environment, missing
from tests.agreement.tool_sides import NB, Side, both_sides
from tests.agreement.wire_peer import WirePeer

NOT_HERE = why_not() or missing("ovn-nbctl", "ovsdb-client", "ovn-appctl")
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=f"no real tools here: {NOT_HERE}")
Json = Any
TYPED = (
    "ls-add left",
    "ls-add left",
    "--may-exist ls-add left",
    "lsp-add left vma -- lsp-set-addresses vma unknown",
    "lsp-add nowhere vmb",
    "show",
    "--bare --columns=name list Logical_Switch_Port",
    "set Logical_Switch left other_config:subnet=10.0.0.0/24",
    "get Logical_Switch left other_config",
    "acl-add left to-lport 1 ip drop -- acl-list left",
    "destroy Logical_Switch left",
    "ls-list",
    "nonsense",
)


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[Side, Side]]:
    with both_sides() as found:
        for side in found:
            assert side.raw("ovn-nbctl", "init").returncode == 0
        yield found


def test_a_daemon_does_the_same(sides: tuple[Side, Side]) -> None:
    ours, theirs = (typed_at_a_daemon(side) for side in sides)
    assert ours == theirs
    assert sides[0].contents(NB) == sides[1].contents(NB)


def typed_at_a_daemon(side: Side) -> list[Any]:
    """What a daemon answers; it keeps a replica, and so it sees what was written past it."""
    pidfile = side.directory / f"{side.name}-nbctl.pid"
    started = side.raw("ovn-nbctl", f"--pidfile={pidfile}", "--detach", f"--log-file={side.directory}/{side.name}.log")
    control = started.stdout.strip()
    try:
        said = [side.run("ovn-nbctl", "-u", control, *shlex.split(line)) for line in TYPED]
        side.raw("ovn-nbctl", "ls-add", "past")
        # The daemon's own transaction comes after: when it is done, the replica has both.
        said.append(side.run("ovn-nbctl", "-u", control, "ls-add", "behind"))
        said.append(side.run("ovn-nbctl", "-u", control, "ls-list"))
        for name in ("past", "behind"):
            side.raw("ovn-nbctl", "ls-del", name)
        return said
    finally:
        side.raw("ovn-appctl", "-t", control, "exit")


@pytest.mark.parametrize(("how", "columns"), [("sb", ("sb_cfg",)), ("hv", ("sb_cfg", "hv_cfg"))])
def test_who_waits_is_let_go_when_northd_and_the_chassis_are_done(
    sides: tuple[Side, Side], how: str, columns: tuple[str, ...]
) -> None:
    for side in sides:
        northd = WirePeer(side.socket)
        (found,) = northd.result("transact", NB, select("nb_cfg"))
        wanted = found["rows"][0]["nb_cfg"] + 1
        words = ["ovn-nbctl", f"--db={side.remote}", f"--wait={how}", "-t", "20", "ls-add", f"waited-{how}"]
        with subprocess.Popen(words, env=environment(side.directory)) as waiting:
            until_written = {"op": "wait", "table": "NB_Global", "where": [], "columns": ["nb_cfg"], "until": "=="}
            until_written |= {"rows": [{"nb_cfg": wanted}], "timeout": 20_000}
            assert northd.result("transact", NB, until_written) == [{}]
            assert waiting.poll() is None
            for column in columns:
                update = {"op": "update", "table": "NB_Global", "where": [], "row": {column: wanted}}
                assert northd.result("transact", NB, update) == [{"count": 1}]
            assert waiting.wait(20) == 0
        northd.close()
    assert sides[0].contents(NB) == sides[1].contents(NB)


def select(*names: str) -> Json:
    return {"op": "select", "table": "NB_Global", "where": [], "columns": list(names)}


def test_locks_of_ovsdb_client(sides: tuple[Side, Side]) -> None:
    ours, theirs = (locks(side) for side in sides)
    assert ours == theirs
    assert ours[0] == ['{"locked":true}', '{"locked":false}', "stolen", '["northd"]']


def locks(side: Side) -> tuple[list[str], str]:
    """What two who want one lock are told, the second stealing it."""
    holder = start(side, "lock")
    told = [line(holder)]
    waiter = start(side, "lock")
    told.append(line(waiter))
    thief = start(side, "steal")
    stolen = line(thief)
    told += [line(holder), line(holder)]
    for process in (thief, waiter, holder):
        process.kill()
        process.communicate()
    return ["".join(text.split()) for text in told], stolen


def start(side: Side, method: str) -> subprocess.Popen[str]:
    words = ["ovsdb-client", method, side.remote, "northd"]
    return subprocess.Popen(words, env=environment(side.directory), stdout=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()
