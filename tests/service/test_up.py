"""`brume up` and `brume down`: what goes wrong is said in a sentence, and what ends, ends cleanly."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.service.process import BRUME, brume

DETACHED = ("up", "--detach", "--port", "0")


def test_a_port_that_is_taken(tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = brume(tmp_path / "a", "up", "--port", str(port))
        assert ended.returncode == 1
        assert ended.stderr == f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
        detached = brume(tmp_path / "b", "up", "--detach", "--port", str(port))
        assert detached.returncode == 1
        assert f"port {port}: Address already in use" in detached.stderr
        assert "Traceback" not in detached.stderr


def test_an_address_that_is_not_ours(tmp_path) -> None:
    ended = brume(tmp_path, "up", "--port", "0", "--bind", "192.0.2.1")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: cannot listen on 192.0.2.1 port 0: ")
    ended = brume(tmp_path, "up", "--port", "0", "--bind", "no such name.invalid")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: cannot listen on no such name.invalid port 0: ")
    assert "Traceback" not in ended.stderr


def test_a_data_directory_that_cannot_be(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    ended = brume(tmp_path / "file" / "below", "up", "--port", "0")
    assert ended.returncode == 1
    assert ended.stderr == f"Error: cannot use {tmp_path}/file/below as data directory: Not a directory\n"
    assert "Traceback" not in ended.stderr
    assert brume(tmp_path / "file", "up", "--port", "0").returncode == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_directory_that_may_not_be_written(tmp_path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    for directory in (tmp_path / "closed", tmp_path / "closed" / "below"):
        ended = brume(directory, "up", "--port", "0")
        assert ended.returncode == 1
        assert ended.stderr == f"Error: cannot use {directory} as data directory: Permission denied\n"


def test_one_cloud_for_each_directory(tmp_path) -> None:
    """Also when two are started at the same moment."""
    environment = os.environ | {"BRUME_DATA_DIR": str(tmp_path / "state")}
    both = [
        subprocess.Popen(
            [*BRUME, *DETACHED], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ended = [(one.communicate(timeout=30), one.returncode) for one in both]
    try:
        assert sorted(code for _, code in ended) == [0, 1], ended
        (refusal,) = (errors for (_, errors), code in ended if code == 1)
        assert "a cloud is running already with the data directory" in refusal
        again = brume(tmp_path / "state", *DETACHED)
        assert again.returncode == 1
        assert again.stderr == f"Error: a cloud is running already with the data directory {tmp_path / 'state'}\n"
        assert brume(tmp_path / "state", "status").returncode == 0
    finally:
        assert brume(tmp_path / "state", "down").returncode == 0


def test_commands_without_a_cloud(tmp_path) -> None:
    ended = brume(tmp_path, "status")
    assert ended.returncode == 1
    assert ended.stderr == f"Error: no cloud is running with the data directory {tmp_path}; start one with: brume up\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_the_state_stays(tmp_path, up, number) -> None:
    cloud = up(tmp_path / "state")
    cloud.log_in()
    made = cloud.ask("POST", "/network/v2.0/networks", {"network": {"name": "kept"}})
    assert made.status == 201
    code, output, errors = cloud.end(number)
    assert code == 0
    assert "Brume is running at http://127.0.0.1:" in output
    assert "Traceback" not in errors
    left = {path.name for path in cloud.paths.directory.iterdir()}
    assert {"control.sock", "brume.pid"} & left == set()

    again = up(tmp_path / "state")
    again.token = cloud.token  # keys are state, too: tokens stay good
    shown = again.ask("GET", f"/network/v2.0/networks/{made.body['network']['id']}")
    assert (shown.status, shown.body["network"]["name"]) == (200, "kept")


def test_a_signal_while_it_starts(tmp_path) -> None:
    """Whenever it comes, nothing half-made is left: the next start succeeds."""
    for delay in (0.05, 0.6):
        starting = subprocess.Popen(
            [*BRUME, "up", "--port", "0", "--data-dir", str(tmp_path / "state")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            starting.wait(delay)
        except subprocess.TimeoutExpired:
            starting.send_signal(signal.SIGTERM)
        starting.communicate(timeout=30)
    assert brume(tmp_path / "state", *DETACHED).returncode == 0
    assert brume(tmp_path / "state", "down").returncode == 0


def test_what_a_killed_cloud_left_behind_is_replaced(tmp_path, up) -> None:
    first = up(tmp_path / "state")
    first.kill()
    assert first.paths.control_socket.exists()
    assert brume(tmp_path / "state", "status").returncode == 1
    second = up(tmp_path / "state")
    second.log_in()
    assert second.ask("GET", "/network/v2.0/networks").status == 200
    assert json.loads(second.paths.process_id.read_text()) == second.popen.pid


def test_the_command_is_installed_with_the_package() -> None:
    ended = subprocess.run([*BRUME, "--help"], capture_output=True, text=True)
    assert ended.returncode == 0
    for word in ("up", "down", "status", "exec", "trace", "flows", "pcap"):
        assert f"\n  {word} " in ended.stdout
    assert sys.executable  # the interpreter of the tests runs it
