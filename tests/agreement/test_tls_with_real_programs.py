"""`ssl:` between us and the real programs: ovn-nbctl and ovsdb-client on our server, we on ovsdb-server."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from brume.northbound.schema import NORTHBOUND, LogicalSwitch
from brume.ovsdb.authority import CLIENT, SERVER, Authority, make_authority
from brume.ovsdb.bootstrap import fetch_authority
from brume.ovsdb.storage.file import DatabaseFile, open_file, read_file
from brume.ovsdb.tls import client_context, contexts
from brume.ovsdb.wire.remotes import Remote
from tests.agreement.our_server import OurServer
from tests.agreement.ovn_lab import short_directory
from tests.agreement.ovsdb_server import end, environment, missing, run, start

TOOLS = ("ovn-nbctl", "ovsdb-client", "ovs-appctl")
pytestmark = pytest.mark.skipif(bool(missing(*TOOLS)), reason=f"no real programs here: {missing(*TOOLS)}")
NOW = datetime.now(UTC)


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as name:
        yield Path(name)


@pytest.fixture
def authority(directory: Path) -> Authority:
    return make_authority(directory / "pki", now=NOW)


@pytest.fixture
def file(directory: Path) -> Iterator[DatabaseFile]:
    with open_file(str(directory / "nb.db"), NORTHBOUND) as file:
        yield file


@pytest.fixture
def server(directory: Path, authority: Authority, file: DatabaseFile) -> Iterator[OurServer]:
    tls = contexts(authority.issue("nb", SERVER, now=NOW, names=("127.0.0.1",)))
    with OurServer(directory, file.store, storages={"OVN_Northbound": file}, tls=tls) as server:
        yield server


def failed(*command: str, directory: Path) -> str:
    """What a program says that does not succeed."""
    done = subprocess.run(command, env=environment(directory), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    return done.stderr


def test_tools_with_a_certificate_write_our_northbound_and_its_file(
    directory: Path, authority: Authority, server: OurServer, file: DatabaseFile
) -> None:
    remote = f"ssl:127.0.0.1:{server.listen('pssl:0:127.0.0.1')}"
    options = authority.issue("ctl", CLIENT, now=NOW).options()
    run("ovn-nbctl", *options, f"--db={remote}", "ls-add", "left", "--", "lsp-add", "left", "vma", directory=directory)
    assert "left" in run("ovn-nbctl", *options, f"--db={remote}", "show", directory=directory)
    assert run("ovsdb-client", *options, "list-dbs", remote, directory=directory).split() == [
        "OVN_Northbound",
        "_Server",
    ]
    held = read_file(file.path, NORTHBOUND).database
    assert [row.name for row in held.rows(LogicalSwitch)] == ["left"]
    assert server.call(lambda: [row.name for row in file.store.database.rows(LogicalSwitch)]) == ["left"]


def test_who_has_no_certificate_of_our_authority_is_not_let_in(
    directory: Path, authority: Authority, server: OurServer
) -> None:
    port = server.listen("pssl:0:127.0.0.1")
    list_dbs = ("ovsdb-client", "--timeout=10", "list-dbs", f"ssl:127.0.0.1:{port}")
    ours = authority.issue("ctl", CLIENT, now=NOW)
    stranger = make_authority(directory / "theirs", now=NOW).issue("ctl", CLIENT, now=NOW)
    half = stranger._replace(ca_cert=ours.ca_cert)
    assert "private key" in failed(*list_dbs, directory=directory).lower()
    assert "failed to connect" in failed(*list_dbs, *stranger.options(), directory=directory)
    failed(*list_dbs, *half.options(), directory=directory)
    with socket.create_connection(("127.0.0.1", port)) as plain:  # who does not speak TLS at all hears nothing of use
        plain.sendall(b'{"id":0,"method":"list_dbs","params":[]}')
        assert b"OVN_Northbound" not in plain.recv(1000)
    assert "OVN_Northbound" in run(*list_dbs, *ours.options(), directory=directory)  # and others are served on


def test_who_does_not_know_our_authority_learns_of_it(directory: Path, authority: Authority, server: OurServer) -> None:
    files = authority.issue("ctl", CLIENT, now=NOW)
    learned = directory / "learned.pem"
    options = (*files.options()[:2], f"--bootstrap-ca-cert={learned}")
    remote = f"--db=ssl:127.0.0.1:{server.listen('pssl:0:127.0.0.1')}"
    failed("ovn-nbctl", "--timeout=20", *options, remote, "show", directory=directory)  # it learns, and hangs up
    run("ovn-nbctl", "--timeout=20", *options, remote, "ls-add", "left", directory=directory)
    assert ssl.PEM_cert_to_DER_cert(learned.read_text()) == ssl.PEM_cert_to_DER_cert(Path(files.ca_cert).read_text())


def test_we_connect_to_a_real_server(directory: Path, authority: Authority) -> None:
    files = authority.issue("theirs", SERVER, now=NOW)
    control, log = directory / "theirs.ctl", directory / "theirs.log"
    open_file(str(directory / "theirs.db"), NORTHBOUND).close()
    process = start(
        "ovsdb-server", "--remote=pssl:0:127.0.0.1", *files.options(), f"--unixctl={control}", "-vconsole:off",
        f"--log-file={log}", "--remote=punix:" + str(directory / "theirs.sock"), str(directory / "theirs.db"),
        directory=directory,
    )  # fmt: skip
    try:
        run("ovsdb-client", "--timeout=10", "wait", f"unix:{directory}/theirs.sock", "OVN_Northbound", "connected",
            directory=directory)  # fmt: skip
        found = re.search(r"listening on port (\d+)", log.read_text())
        assert found is not None
        ours = authority.issue("ctl", CLIENT, now=NOW)._replace(ca_cert=str(directory / "learned.pem"))
        fetch_authority([Remote("ssl", "127.0.0.1", int(found[1]))], ours)
        context = client_context(ours)
        with (
            socket.create_connection(("127.0.0.1", int(found[1])), timeout=10) as plain,
            context.wrap_socket(plain) as connection,
        ):
            connection.sendall(b'{"id":0,"method":"list_dbs","params":[]}')
            assert json.loads(connection.recv(1000))["result"] == ["OVN_Northbound", "_Server"]
        other = make_authority(directory / "other", now=NOW).issue("ctl", CLIENT, now=NOW)
        with (
            socket.create_connection(("127.0.0.1", int(found[1])), timeout=10) as plain,
            pytest.raises(ssl.SSLError),
        ):
            client_context(other).wrap_socket(plain)
    finally:
        end(process)
