"""A start in the background that comes to nothing: it says why, in words of its own, and nothing stays behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from brume.cli.paths import LabPaths
from brume.service.ownership import owned
from tests.service.lab import FREE_PORTS
from tests.service.process import BRUME, PATIENCE

IMPATIENT = "import brume.service.detach as detach; detach.PATIENCE = 6; from brume.service.main import main; main()"


def start(directory: Path, *options: str, impatient: bool = False) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", IMPATIENT] if impatient else [*BRUME]
    command = [*program, "ovn", "--data-dir", str(directory), "--detach", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)


def test_a_database_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    done = start(tmp_path, "--northbound", f"unix:{tmp_path}/nobody", impatient=True)
    first, *rest = done.stderr.splitlines()
    assert done.returncode == 1
    assert first == "Error: the lab did not answer within 6 seconds, and was ended:"
    assert f"waiting for OVN_Northbound at unix:{tmp_path}/nobody" in rest[0]
    with owned(LabPaths(tmp_path)):
        assert not LabPaths(tmp_path).control_socket.exists()


def hear_interrupts() -> None:
    """A shell has what it starts in the background ignore SIGINT; a user's Ctrl-C is not ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    paths = LabPaths(tmp_path)
    command = [*BRUME, "ovn", "--data-dir", str(tmp_path), "--detach", "--northbound", f"unix:{tmp_path}/nobody"]
    waiting = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts)
    while not paths.log.exists() or "waiting for OVN_Northbound" not in paths.log.read_text():
        assert waiting.poll() is None
    waiting.send_signal(number)
    _, errors = waiting.communicate(timeout=PATIENCE)
    assert (waiting.returncode, errors.strip()) == (1, "Aborted!")
    with owned(paths):
        pass


def test_what_is_said_is_of_this_start(tmp_path: Path) -> None:
    paths = LabPaths(tmp_path)
    paths.log.write_text("an error of yesterday\n")
    with owned(paths):
        done = start(tmp_path, *FREE_PORTS)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: the lab did not start (exit code 1):",
        f"Error: a lab is running already with the data directory {tmp_path}",
    ]
    assert paths.log.read_text().startswith("an error of yesterday")
